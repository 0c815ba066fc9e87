"""An armature as plain data, and keys on it: the only room that reads bones and writes f-curves.

It stands on ``interface``. Begin with ``placement.py``: a dance onto an armature, on one page.
"""
