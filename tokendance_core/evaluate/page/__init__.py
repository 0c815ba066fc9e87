"""A study as one HTML page: tables, plots, and a player for each dance.

It stands on the study's results alone. Begin with ``page.py``.
"""
