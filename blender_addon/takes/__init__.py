"""The dances of a character, each an action: listed, compared, finished anew, kept in sync with their song.

It stands on ``character``, ``armature`` and ``song``. Begin with ``store.py``.
"""
