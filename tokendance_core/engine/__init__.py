"""What runs the networks of ``model``: numpy, always there, or torch, where it is installed.

``engine.py`` says what the pipeline asks of either. The numpy side computes the same numbers from the same arrays,
layer by layer under the same names; ``numpy_engine.py`` puts it together. ``sampler.py`` draws dances with any of them.
"""
