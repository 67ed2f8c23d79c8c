"""A chamber that is pumped down, and the line between its pumps. Its size is ours: 10 min to 2e-7 mbar."""

from __future__ import annotations

import math
from dataclasses import dataclass

ATMOSPHERE_MBAR = 1013.25


@dataclass(slots=True)
class Vacuum:
    """Two pressures; the pumps draw the chamber to where outgassing holds it, by one time constant.

    >>> vacuum = Vacuum()
    >>> vacuum.advance(600.0)
    >>> f"{vacuum.chamber_mbar:.3e}"            # 2e-7 and the e-th part of what was above it
    '2.956e-05'
    """

    chamber_mbar: float = 8e-5
    foreline_mbar: float = 2.4e-2
    #: What the pumps reach.
    base_mbar: float = 2e-7
    pump_tau_s: float = 600.0
    pumping: bool = True

    def advance(self, dt_s: float) -> None:
        """Let time pass; exact for any time."""
        if self.pumping:
            left = math.exp(-dt_s / self.pump_tau_s)
            self.chamber_mbar = self.base_mbar + (self.chamber_mbar - self.base_mbar) * left

    def vent(self) -> None:
        """Pumps off, and both volumes open to the air."""
        self.pumping = False
        self.chamber_mbar = self.foreline_mbar = ATMOSPHERE_MBAR
