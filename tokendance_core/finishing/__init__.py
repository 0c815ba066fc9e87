"""What the network leaves undone on the dancer's own body: jitter, both ends, the floor, sliding feet.

It stands on ``motion``. Begin with ``finish.py``, which calls the others in order. The feet of a rig are another
matter: ``retarget/rig_feet.py``.
"""
