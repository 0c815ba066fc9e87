"""Measuring dances: metrics, the study of a checkpoint, published benchmarks, and the page that shows them.

It stands on everything but training. Begin with ``study/run.py``; each metric in ``metrics/`` tells its own defects.
"""
