"""The song in the sequencer: its strip, the part of it that is heard, its tempo and beats.

It stands on ``runtime``, which listens to songs. Begin with ``strip.py``.
"""
