"""The add-on's own dancer: an SMPL-named armature and a smooth, procedurally made body.

It stands on numpy and ``compat.py``. Begin with ``build.py``.
"""
