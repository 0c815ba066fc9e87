"""Who dances: the character of the panel, what it was recognised as, the user's corrections, the mannequin.

It stands on ``armature``. Begin with ``dancer.py``.
"""
