"""Lake Shore 336 outputs: user's manual, section 2.7 (PID control) and OUTMODE, RAMP, RANGE in chapter 6.

The law is the manual's: output = P [e + I ∫e dt + D de/dt]. Its units are [M]: P in % of the range per K of
error, I as 1000 / (reset time in s), D in % of a quarter of that reset time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OFF, CLOSED_LOOP, ZONE, OPEN_LOOP, MONITOR_OUT, WARM_UP = range(6)


@dataclass(slots=True)
class Output:
    """One of the outputs 1 to 4 with its control loop; 1 and 2 have heaters on them, 3 and 4 have nothing."""

    #: What 100 % of the highest range is; 0 where nothing is connected.
    full_scale_w: float = 0.0
    #: RANGE goes from 0, off, to this; each step down is a decade less.
    highest_range: int = 1
    mode: int = OFF
    #: 0 none, 1 to 4 the inputs A to D.
    input: int = 0
    on_after_power_up: int = 0
    #: P, 0.1 to 1000 % per K.
    gain: float = 50.0
    #: I, 0.1 to 1000, or 0 for none; 20 is a reset time of 50 s.
    reset: float = 20.0
    #: D, 0 to 200 %.
    rate: float = 0.0
    #: What the loop steers to now …
    setpoint_k: float = 0.0
    #: … and where a ramp takes it.
    target_k: float = 0.0
    ramping: int = 0
    ramp_k_per_min: float = 0.0
    manual_percent: float = 0.0
    range: int = 0
    #: The heater on this output; one that is not ok trips the output when it is switched on.
    load: Literal["ok", "open", "short"] = "ok"
    #: HTRST?: 0 no error, 1 open load, 2 short; kept until it is read.
    heater_error: int = 0
    #: What comes out now, in % of the range.
    percent: float = 0.0
    _integral_ks: float = 0.0
    _last_error_k: float | None = None

    @property
    def watts(self) -> float:
        """The power into the load now."""
        if self.range == 0:
            return 0.0
        decade: float = 10.0 ** (self.range - self.highest_range)
        return self.full_scale_w * decade * self.percent / 100.0

    @property
    def is_on_the_way(self) -> bool:
        """True while the setpoint is ramping."""
        return self.setpoint_k != self.target_k

    def switch(self, range_: int) -> None:
        """RANGE: choose a range, and begin with an empty integral when the output was off."""
        if range_ == 0 or self.range == 0:
            self._integral_ks, self._last_error_k = 0.0, None
        self.range = range_

    def steer_to(self, target_k: float) -> None:
        """SETP: at once, or by a ramp from the present setpoint when ramping is on."""
        self.target_k = target_k
        if not self._ramps():
            self.setpoint_k = target_k

    def ramp(self, on: int, k_per_min: float) -> None:
        """RAMP: a rate of 0 counts as off; switching off in the middle of a ramp ends it at its target."""
        self.ramping, self.ramp_k_per_min = on, k_per_min
        self.steer_to(self.target_k)

    def settle_at(self, kelvin: float, watts: float) -> None:
        """Begin as if the loop had held this temperature with this power for a long time."""
        self.setpoint_k = self.target_k = kelvin
        full_w = self.full_scale_w * 10.0 ** (self.range - self.highest_range)
        self.percent = 100.0 * watts / full_w
        self._integral_ks = self.percent / (self.gain * self.reset / 1000.0)
        self._last_error_k = 0.0

    def cycle(self, dt_s: float, kelvin: float | None) -> None:
        """One turn of the control loop; *kelvin* is None while its input has no good reading."""
        self._move_setpoint(dt_s)
        if self.range and self.load != "ok":
            self.heater_error = 1 if self.load == "open" else 2
            self.switch(0)
        if self.range == 0 or self.mode in (OFF, MONITOR_OUT, WARM_UP):
            self.percent = 0.0
        elif self.mode == OPEN_LOOP:
            self.percent = self.manual_percent
        elif kelvin is None:  # never heat blindly
            self.percent = 0.0
        else:
            self.percent = self._pid(dt_s, self.setpoint_k - kelvin)

    def _pid(self, dt_s: float, error_k: float) -> float:
        per_s = self.reset / 1000.0
        rate_s = self.rate / 100.0 / (4.0 * per_s) if per_s else 0.0
        slope = 0.0 if self._last_error_k is None else (error_k - self._last_error_k) / dt_s
        self._last_error_k = error_k
        integral_ks = self._integral_ks + error_k * dt_s
        wanted = self.gain * (error_k + per_s * integral_ks + rate_s * slope) + self.manual_percent
        # Anti-windup: at a stop, only an error that leads away from the stop is added up.
        if 0.0 < wanted < 100.0 or (wanted >= 100.0) != (error_k > 0.0):
            self._integral_ks = integral_ks
        return min(max(wanted, 0.0), 100.0)

    def _move_setpoint(self, dt_s: float) -> None:
        if not self._ramps():
            return
        step_k = self.ramp_k_per_min / 60.0 * dt_s
        away_k = self.target_k - self.setpoint_k
        if abs(away_k) <= step_k + 1e-9:  # what many steps leave
            self.setpoint_k = self.target_k
        else:
            self.setpoint_k += step_k if away_k > 0 else -step_k

    def _ramps(self) -> bool:
        return bool(self.ramping) and self.ramp_k_per_min > 0.0
