"""The paper's pipeline: a song to codes, codes to codes, codes to a dance; and the checkpoint that holds all of it.

It stands on ``model``, ``music``, ``motion`` and ``finishing``. Begin with ``pipeline.py``: the story on one page.
"""
