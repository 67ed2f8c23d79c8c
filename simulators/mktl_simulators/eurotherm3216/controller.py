"""Eurotherm 3216 behind its registers: manual HA028651, setpoints, modes, timer and status word."""

from __future__ import annotations

import random
from enum import IntEnum

from ..pid import Pid
from .alarms import Alarm
from .oven import Oven

#: The loop turns four times a second [M].
CYCLE_S = 0.25


class Mode(IntEnum):
    """IM, register 199."""

    OPERATE = 0
    STANDBY = 1
    CONFIGURATION = 2


class Timer(IntEnum):
    """T.STAT, register 23."""

    RESET = 0
    RUN = 1
    HOLD = 2
    END = 3


class Controller:
    """The instrument and its oven; all temperatures in °C, all outputs in %.

    Readings have a noise of *noise_k*, the standard deviation of one, from *seed*. *sensor_break* pulls the
    thermocouple off; ``oven.heater = False`` breaks the heater.
    """

    #: The span of a type K thermocouple, and of every setpoint.
    range_low_c, range_high_c = 0.0, 800.0
    #: How long a remote setpoint stays good [M].
    remote_patience_s = 5.0
    #: Where a reading goes when the sensor is off [M].
    broken_c = 900.0

    def __init__(self, *, seed: int | None = 0, noise_k: float = 0.03) -> None:
        self.noise_k = noise_k
        self._random = random.Random(seed)
        self.oven = Oven()
        #: Proportional band, Ti and Td as the maker sets them [M].
        self.pid = Pid(band_k=20.0, integral_s=360.0, derivative_s=60.0)
        self.alarms = [Alarm("high", 700.0), Alarm("deviation high", 50.0), Alarm(), Alarm()]
        self.mode = Mode.OPERATE
        self.manual = False
        self.manual_percent = 0.0
        self.setpoints_c = [20.0, 20.0]
        #: 0 for SP1, 1 for SP2.
        self.chosen = 0
        self.remote = False
        self.remote_c = 20.0
        #: 0 for none.
        self.rate_k_per_min = 0.0
        self.working_setpoint_c = 20.0
        self.output_percent = 0.0
        self.reading_c = 20.0
        self.sensor_break = False
        self.new_alarm = False
        #: How long the output must be at a stop, without an answer of the oven, to call it a break; 0 never.
        self.loop_break_s = 720.0
        self.timer = Timer.RESET
        #: How long the timer runs.
        self.dwell_s = 3600.0
        #: Writes to memory that bears 100 000 of them: registers 2, 24 and 25.
        self.setpoint_writes = 0
        self._ran_s = 0.0
        self._remote_age_s = 0.0
        self._stuck_s = 0.0
        self._stuck_c = 20.0
        self._over_s = 0.0

    # -- what the registers turn -----------------------------------------------------------------------

    def set_local(self, which: int, celsius: float) -> None:
        """Store SP1 or SP2."""
        self.setpoints_c[which] = celsius
        self.setpoint_writes += 1

    def set_remote(self, celsius: float) -> None:
        """Hear the remote setpoint once more."""
        self.remote_c, self._remote_age_s = celsius, 0.0

    def take_manual(self, on: bool) -> None:
        """Go to manual with the output as it is, or back to automatic without a jump."""
        if on and not self.manual:
            self.manual_percent = self.output_percent
        elif self.manual and not on:
            self.pid.begin_with(self.output_percent, self.working_setpoint_c, self.oven.sensor_c)
        self.manual = on

    def turn_timer(self, state: Timer) -> None:
        """Run, hold or reset; a run after the end begins again."""
        if state == Timer.RESET or (state == Timer.RUN and self.timer == Timer.END):
            self._ran_s = 0.0
        self.timer = state

    def hold(self, celsius: float) -> None:
        """Be as long after the loop has settled."""
        self.oven.settle_at(celsius)
        self.setpoints_c[0] = self.working_setpoint_c = self.reading_c = celsius
        self.output_percent = self.oven.power_to_hold(celsius)
        self.pid.begin_with(self.output_percent, celsius, celsius)

    # -- what the registers show -----------------------------------------------------------------------

    @property
    def target_c(self) -> float:
        """Where the loop is told to go: the remote setpoint while it is good, else SP1 or SP2."""
        good = self.remote and not self.remote_failed
        return self.remote_c if good else self.setpoints_c[self.chosen]

    @property
    def remote_failed(self) -> bool:
        """True when the remote setpoint is chosen and nobody has sent it for too long."""
        return self.remote and self._remote_age_s > self.remote_patience_s

    @property
    def loop_break(self) -> bool:
        """True when the output has been at a stop for long and the oven does not answer."""
        return 0.0 < self.loop_break_s <= self._stuck_s

    @property
    def load_a(self) -> float:
        """The current of the heater while it is on."""
        return self.oven.load_a if self.oven.heater and self.output_percent > 0.0 else 0.0

    @property
    def status(self) -> int:
        """Register 75."""
        span_k = self.range_high_c - self.range_low_c
        bits = [
            *(alarm.active for alarm in self.alarms),
            self.manual,
            self.sensor_break,
            self.loop_break,
            self.output_percent > 0.0 and not self.oven.heater,  # CT low load current
            False,  # CT leakage: the solid-state relay of this oven is sound
            self.timer == Timer.END,
            self.reading_c > self.range_high_c + 0.05 * span_k,
            False,  # CT overcurrent
            self.new_alarm,
            self.timer == Timer.RUN or self._is_ramping,
            self.remote_failed,
            False,  # autotune is not modelled
        ]
        return sum(1 << at for at, bit in enumerate(bits) if bit)

    # -- time ------------------------------------------------------------------------------------------

    def advance(self, dt_s: float) -> None:
        """Let time pass, in whole cycles; what is left over waits for the next call."""
        self._over_s += dt_s
        cycles = int(self._over_s / CYCLE_S + 1e-9)
        self._over_s -= cycles * CYCLE_S
        for _ in range(cycles):
            self._cycle()

    def _cycle(self) -> None:
        self.oven.advance(CYCLE_S, self.output_percent)
        noise_k = self._random.gauss(0.0, self.noise_k)
        self.reading_c = self.broken_c if self.sensor_break else self.oven.sensor_c + noise_k
        self._remote_age_s += CYCLE_S
        self._move_setpoint()
        self.output_percent = self._output()
        self._watch_loop()
        self._run_timer()
        for alarm in self.alarms:
            self.new_alarm |= alarm.look(self.reading_c, self.working_setpoint_c)
        self.new_alarm &= any(alarm.active for alarm in self.alarms)

    def _output(self) -> float:
        if self._is_automatic:
            # The input filter takes the noise out of what the loop sees.
            return self.pid.turn(CYCLE_S, self.working_setpoint_c, self.oven.sensor_c)
        self.pid.restart()
        # With a broken sensor it never heats blindly.
        return self.manual_percent if self.manual and self.mode == Mode.OPERATE else 0.0

    @property
    def _is_ramping(self) -> bool:
        return self.rate_k_per_min > 0.0 and self.working_setpoint_c != self.target_c

    def _move_setpoint(self) -> None:
        away_k = self.target_c - self.working_setpoint_c
        step_k = self.rate_k_per_min / 60.0 * CYCLE_S
        if not self._is_ramping or abs(away_k) <= step_k + 1e-9:
            self.working_setpoint_c = self.target_c
        else:
            self.working_setpoint_c += step_k if away_k > 0 else -step_k

    def _watch_loop(self) -> None:
        """Count how long full or no power has moved the oven by less than 2 K [M]."""
        answers = abs(self.oven.sensor_c - self._stuck_c) > 2.0
        is_away = abs(self.oven.sensor_c - self.working_setpoint_c) > self.pid.band_k / 2
        is_at_stop = self._is_automatic and self.output_percent in (0.0, 100.0)
        if answers or not (is_away and is_at_stop):
            self._stuck_s, self._stuck_c = 0.0, self.oven.sensor_c
        else:
            self._stuck_s += CYCLE_S

    @property
    def _is_automatic(self) -> bool:
        return self.mode == Mode.OPERATE and not self.manual and not self.sensor_break

    def _run_timer(self) -> None:
        if self.timer == Timer.RUN:
            self._ran_s += CYCLE_S
            if self._ran_s >= self.dwell_s:
                self.timer = Timer.END
