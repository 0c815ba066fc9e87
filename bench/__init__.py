"""Time and memory of every stage: ``make bench``; clocks of clips: ``bench.clocks``; ways of sampling:
``bench.sampling``. The package imports none of it.
"""
