"""Programs that another Python runs, outside of Blender.

They use the standard library alone and import nothing of the add-on, which takes names and types from them. Begin with
``start_core.py``.
"""
