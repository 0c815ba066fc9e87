"""Beats: from an onset envelope, 30 frames a second, to the frames on which the beats of a song lie.

It knows neither songs nor features, and stands on numpy alone. Begin with ``tracker.py``.
"""
