"""Mends what the network leaves undone in the dancer's motion: jitter, abrupt ends, a floating floor, sliding feet,
steps that lead off the stage.

It stands on ``motion``. Begin with ``finish.py``, which calls the others in order. The feet of a rig are locked in
``retarget/rig_feet.py``.
"""
