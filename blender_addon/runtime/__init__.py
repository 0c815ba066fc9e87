"""What makes the dances: Blender's own Python, or another with torch, in a resident worker; its set-up and check.

It stands on ``interface``; torch never enters Blender. Begin with ``worker.py``; ``child/`` runs outside of Blender.
"""
