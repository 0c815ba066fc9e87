"""The dancer's motion: skeleton, rotations, forward kinematics, filters, foot contacts, speed.

Plain numpy on the types of ``types.py``; it stands on nothing else. Begin with ``skeleton.py`` and ``kinematics.py``.
"""
