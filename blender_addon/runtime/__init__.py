"""The Python runtime: which interpreter makes the dances, its set-up and check, and the resident worker it runs.

It stands on ``interface``; torch never enters Blender. Begin with ``worker.py``; ``child/`` runs outside of Blender.
"""
