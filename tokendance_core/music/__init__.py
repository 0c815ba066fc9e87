"""Songs: reading them, their 35 features a frame, the beat clock, and how big a dance they ask for.

It stands on ``motion`` for filters and resampling. Begin with ``audio.py``, then ``features.py``; beats: ``rhythm``.
"""
