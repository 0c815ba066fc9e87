"""Both training stages: four tokenizers, then the generator on pairs of songs and dances.

It stands on ``datasets``, ``dance`` and ``model``; nothing but its command imports it. Begin with ``tokenizers.py`` and
``generator.py``.
"""
