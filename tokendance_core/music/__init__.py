"""Songs: reading them, the 35 features a frame that the network gets, the beat clock, how big a song asks to be danced.

It stands on ``motion`` for filters and resampling. Begin with ``audio.py``, then ``features.py``.
"""
