"""What can be measured on a dance, each figure with its source and its known defects.

Functions from clips and beats to numbers; they stand on ``motion`` alone. Begin with ``beats.py`` and ``motion.py``.
"""
