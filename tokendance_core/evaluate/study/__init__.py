"""A checkpoint beside ground truth and controls, section by section, with the gates of a release.

It stands on ``metrics`` and ``dance``. Begin with ``run.py``; ``material.py`` gathers what the sections look at.
"""
