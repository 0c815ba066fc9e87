"""Skins a dance with the user's own SMPL, SMPL-H or SMPL-X model.

It stands on ``motion`` and ``files``; smplx is imported only when it is used. Begin with ``skinning.py``.
"""
