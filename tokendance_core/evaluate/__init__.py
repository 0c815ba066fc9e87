"""Measuring dances: metrics, the study of a checkpoint, published benchmarks, and the page that shows them.

It stands on everything but training. Begin with ``study/run.py``; ``results.py`` holds what a measurement returns,
``gates.py`` what a release must reach. Each metric in ``metrics/`` states its own defects.
"""
