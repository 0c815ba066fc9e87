"""Reading and writing files: motion files, atomic writes, pickles that are read without running their code.

It stands on ``motion``. Begin with ``clip.py``, which knows every format of a motion file.
"""
