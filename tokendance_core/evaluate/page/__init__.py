"""A report as one HTML page: tables, plots, and a player for each dance.

It stands on ``results.py``, and on ``study`` for the plots. Begin with ``page.py``.
"""
