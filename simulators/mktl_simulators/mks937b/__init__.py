"""MKS 937B six-channel gauge controller: instruction manuals of the 937B and 946, chapter 9."""

from .dialect import Mks937b
from .pair import Pair

__all__ = ["Mks937b", "Pair"]
