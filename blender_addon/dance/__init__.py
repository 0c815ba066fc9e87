"""One press of *Generate Dance*, from the click to the keys, and motion files put on a character.

It stands on ``runtime``, ``song``, ``armature`` and ``takes``. Begin with ``generation.py``, then ``delivery.py``.
"""
