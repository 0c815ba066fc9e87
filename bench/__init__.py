"""Time and memory of every stage: ``make bench``. Nothing in the package imports this."""
