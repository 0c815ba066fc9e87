"""Time and memory of every stage: ``make bench``; clocks of clips: ``bench.clocks``. Nothing in the package imports this."""
