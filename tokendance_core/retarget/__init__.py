"""A dance onto any rig, and the motion of any rig onto our skeleton.

It stands on ``rigs`` and ``motion``, numpy only. Begin with ``transfer.py``, which calls the steps in order.
"""
