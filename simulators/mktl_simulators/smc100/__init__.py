"""Newport SMC100CC motion controller: user's manual EDH0206En, chapter 6 (command set)."""

from .dialect import Smc100

__all__ = ["Smc100"]
