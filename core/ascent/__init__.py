"""Gradient ascent on the input: it finds what a unit looks for.

Four independent parts: how an image is parametrised, how it is shaken before the net sees it, what is climbed, and the
one loop.
"""

from core.ascent.ascend import Step, ascend, best_of, grow

__all__ = ["Step", "ascend", "best_of", "grow"]
