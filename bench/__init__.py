"""Time and memory of every stage: ``make bench``; clocks of clips: ``bench.clocks``. The package imports none of it."""
