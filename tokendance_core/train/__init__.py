"""Both training stages: four tokenizers, then the generator on pairs of songs and dances.

It stands on ``datasets``, ``dance`` and ``model``; nothing but its command imports it. Begin with ``recipe.py``,
then ``loop.py``; ``tokenizers.py`` and ``generator.py`` say what is learned.
"""
