"""The add-on without a window: ``blender --command tokendance``, tables of jobs, character files in and dances out.

It stands on ``dance``. Begin with ``cli.py``.
"""
