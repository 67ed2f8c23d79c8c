"""A small cryostat: a stage on a cold bath and a sample on the stage, each with a heater.

The heat capacities, 5 J/K and 1 J/K at 4.2 K, are those that the shipped simulators agree on. The links are
ours, chosen so that 25 W holds the stage at 361 K and a cold start takes minutes, not the hours of a large
machine. Both are constants here, as they are not in life below about 50 K.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: The longest step of the integration; the fastest time constant of the defaults is 8 s.
STEP_S = 0.1


@dataclass(slots=True)
class Cryostat:
    """Two masses in a row on a bath that never changes.

    By itself the pair cools with a time constant of ``(stage + sample) / link``, 86 s; the sample follows the
    stage with ``sample / sample link``, 10 s.

    >>> cryostat = Cryostat()
    >>> cryostat.advance(3600.0, stage_w=0.7)
    >>> round(cryostat.stage_k, 3), round(cryostat.sample_k, 3)     # 4.2 K + 0.7 W / 0.07 W/K
    (14.2, 14.2)
    """

    stage_k: float = 4.2
    sample_k: float = 4.2
    bath_k: float = 4.2
    stage_j_per_k: float = 5.0
    sample_j_per_k: float = 1.0
    #: Between the stage and the bath.
    bath_w_per_k: float = 0.07
    #: Between the sample and the stage.
    sample_w_per_k: float = 0.1

    def advance(self, dt_s: float, *, stage_w: float = 0.0, sample_w: float = 0.0) -> None:
        """Let *dt_s* pass with both heaters at constant power."""
        steps = max(1, math.ceil(dt_s / STEP_S - 1e-9))
        step_s = dt_s / steps
        for _ in range(steps):
            stage_rate, sample_rate = self._rates(self.stage_k, self.sample_k, stage_w, sample_w)
            # The midpoint rule: second order, and the energy that leaves one mass enters the other.
            stage_rate, sample_rate = self._rates(
                self.stage_k + stage_rate * step_s / 2,
                self.sample_k + sample_rate * step_s / 2,
                stage_w,
                sample_w,
            )
            self.stage_k += stage_rate * step_s
            self.sample_k += sample_rate * step_s

    def power_to_hold(self, stage_k: float) -> float:
        """The power in W that keeps the stage at this temperature for ever."""
        return (stage_k - self.bath_k) * self.bath_w_per_k

    def _rates(self, stage_k: float, sample_k: float, stage_w: float, sample_w: float) -> tuple[float, float]:
        to_sample_w = (stage_k - sample_k) * self.sample_w_per_k
        to_bath_w = (stage_k - self.bath_k) * self.bath_w_per_k
        return (
            (stage_w - to_sample_w - to_bath_w) / self.stage_j_per_k,
            (sample_w + to_sample_w) / self.sample_j_per_k,
        )
