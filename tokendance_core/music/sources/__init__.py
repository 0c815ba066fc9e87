"""What lies between a sound file and its samples: ffmpeg, a program of its own, and what the file says of its length.

It stands on the errors alone. Begin with ``ffmpeg.py``.
"""
