"""What every part of the add-on needs of Blender: drawing, reports, a timer, and a scene that can be restored.

It stands on ``compat.py``. Begin with ``scene_guard.py``.
"""
