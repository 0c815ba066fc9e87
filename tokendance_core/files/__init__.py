"""Files in and out: motion files, atomic writes, pickles that are read without running them.

It stands on ``motion``. Begin with ``clip.py``, which knows every format of a motion file.
"""
