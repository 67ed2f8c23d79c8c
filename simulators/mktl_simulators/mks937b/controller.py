"""A 937B with its gauges on a chamber and a foreline, and the unit it tells their pressures in."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from ..vacuum import Vacuum
from .gauges import COLD_CATHODE, HOT_CATHODE, PIRANI, Gauge
from .refusals import INVALID_CHANNEL, NO_GAUGE, RefusedError
from .relays import Relay

TORR_PER_MBAR = 0.750062
CHANNELS, RELAYS = 6, 12

#: Of one Torr.
UNITS: Mapping[str, float] = {
    "TORR": 1.0,
    "MBAR": 1 / TORR_PER_MBAR,
    "PASCAL": 100 / TORR_PER_MBAR,
    "MICRON": 1e3,
}


class Controller:
    """Slot A has a hot cathode, B two Piranis, C a cold cathode; channels 2 and 6 are empty.

    Channels 1, 3 and 5 are on the chamber, 4 is on the foreline. Readings scatter by *noise*, the standard
    deviation as a share of the pressure, from *seed*.
    """

    def __init__(self, *, seed: int | None = 0, noise: float = 0.01) -> None:
        self.noise = noise
        self._random = random.Random(seed)
        self.vacuum = Vacuum()
        self.gauges: dict[int, Gauge] = {
            1: Gauge(HOT_CATHODE),
            3: Gauge(PIRANI),
            4: Gauge(PIRANI),
            5: Gauge(COLD_CATHODE),
        }
        self.relays = {number: Relay() for number in range(1, RELAYS + 1)}
        self.unit = "TORR"

    def gauge(self, channel: int) -> Gauge:
        """The gauge on a channel, which must have one."""
        if not 1 <= channel <= CHANNELS:
            raise RefusedError(INVALID_CHANNEL)
        if channel not in self.gauges:
            raise RefusedError(NO_GAUGE)
        return self.gauges[channel]

    def relay(self, number: int) -> tuple[Relay, Gauge]:
        """A relay, and the gauge it looks at: 1 and 2 at that of channel 1, 3 and 4 at that of 2 …"""
        if number not in self.relays:
            raise RefusedError(INVALID_CHANNEL)
        return self.relays[number], self.gauge((number + 1) // 2)

    def reading(self, channel: int) -> float | str:
        """One reading in the unit in use, or the word that stands in its place."""
        if channel not in self.gauges:
            return "NOGAUGE"
        said = self.gauges[channel].measure(self.actual_torr(channel) * self._scatter())
        return said if isinstance(said, str) else said * UNITS[self.unit]

    def combined(self) -> float | str:
        """The hot cathode where it measures, else the Pirani of the same chamber."""
        said = self.reading(1)
        return self.reading(3) if isinstance(said, str) else said

    def actual_torr(self, channel: int) -> float:
        """What a perfect gauge would read."""
        mbar = self.vacuum.foreline_mbar if channel == 4 else self.vacuum.chamber_mbar
        return mbar * TORR_PER_MBAR

    def advance(self, dt_s: float) -> None:
        """Let time pass; gauges protect themselves, and relays follow."""
        self.vacuum.advance(dt_s)
        for channel, gauge in self.gauges.items():
            gauge.advance(dt_s, self.actual_torr(channel))
        self.switch_relays()

    def switch_relays(self) -> None:
        """Look at the pressures of this moment."""
        for number, relay in self.relays.items():
            channel = (number + 1) // 2
            gauge = self.gauges.get(channel)
            said = "NOGAUGE" if gauge is None else gauge.measure(self.actual_torr(channel))
            relay.look_at(_pressure(said))

    def _scatter(self) -> float:
        return max(1.0 + self._random.gauss(0.0, self.noise), 0.0) if self.noise else 1.0


def _pressure(said: float | str) -> float | None:
    """What a relay takes a reading for: a word for too low or too high is that, any other is none."""
    if not isinstance(said, str):
        return said
    if said.startswith("LO<"):
        return 0.0
    return math.inf if said == "ATM" else None
