"""What every part of the add-on needs to speak with Blender: drawing, reports, timers, a scene that can be given back.

It stands on ``compat.py``. Begin with ``scene_guard.py``.
"""
