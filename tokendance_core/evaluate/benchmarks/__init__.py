"""Benchmarks as others published them: protocols, their tables, our figures beside theirs.

It stands on ``metrics`` and ``datasets``. Begin with ``protocols.py``.
"""
