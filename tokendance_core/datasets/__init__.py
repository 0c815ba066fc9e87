"""Recorded dance and its music: the data pack, importers of published data sets, dances composed for songs.

It stands on ``motion``, ``music`` and ``retarget``. Begin with ``pack.py``; ``recording.py`` for importers.
"""
