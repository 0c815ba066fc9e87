"""Which bone plays which joint: by the names of known families, by the shape of the skeleton, or by both.

It stands on ``motion`` and ``files``. Begin with ``recognise.py``. ``families/`` holds the tables of names, ``fitting``
reads them, ``structure`` needs no names, ``checks`` judges any map, ``map_file`` keeps one.
"""
