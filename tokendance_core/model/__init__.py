"""The network of the paper in pure torch: quantizer, tokenizers, bidirectional Mamba-2, generator, sampler.

It stands on torch alone and knows neither songs nor bodies. Begin with ``generator.py``; ``ssm.py`` holds the scan.
"""
