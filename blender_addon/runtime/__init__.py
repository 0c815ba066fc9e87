"""The Python that makes the dances: found, set up and checked, and the resident worker that runs in it.

It stands on ``interface``; torch never enters Blender. Begin with ``worker.py``; ``child/`` runs outside of Blender.
"""
