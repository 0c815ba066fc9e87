"""How well the beats of songs are found: of songs made here, whose beats are known, and of real ones.

``python -m bench.beats`` prints the tables. Begin with ``songs.py``.
"""
