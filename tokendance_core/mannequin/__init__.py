"""The dancer that comes along: a smooth body around our skeleton, made of formulas, so that no model file is needed.

It stands on ``motion`` alone, numpy only. Begin with ``body.py``.
"""
