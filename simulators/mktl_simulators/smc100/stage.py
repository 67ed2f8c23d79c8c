"""A stage under an SMC100: the controller's states by its user's manual, section 5 and command TS.

[M] marks what is from memory: the bits of the positioner error, and what a following error does.
"""

from __future__ import annotations

import random

from ..motion import Axis

# States, by the two hex digits that TS ends with.
FROM_RESET, FROM_HOMING, FROM_CONFIGURATION, FROM_DISABLE, FROM_READY, FROM_MOVING = range(0x0A, 0x10)
CONFIGURATION, HOMING, MOVING = 0x14, 0x1E, 0x28
READY_HOMED, READY_MOVED, READY_ENABLED = 0x32, 0x33, 0x34
DISABLED_READY, DISABLED_MOVING = 0x3C, 0x3D

NOT_REFERENCED = frozenset(range(0x0A, 0x12))
READY = frozenset(range(0x32, 0x36))
DISABLED = frozenset(range(0x3C, 0x3F))

#: Bit of the positioner error [M].
FOLLOWING_ERROR = 1 << 5


class Stage:
    """One axis of 50 mm with an encoder; lengths in mm, or in degrees where the stage turns.

    Readings have a noise of *noise_mm*, the standard deviation of one, from *seed*. A move begins
    *start_delay_s* after its command, and until then the controller says that it is ready: clients have seen
    that, how long it takes is ours.
    """

    homing_s = 2.0
    reset_s = 2.0
    #: What the stage itself allows.
    most_mm_per_s, most_mm_per_s2 = 1.0, 4.0

    def __init__(self, *, seed: int | None = 0, noise_mm: float = 1e-5, start_delay_s: float = 0.02) -> None:
        self.noise_mm, self.start_delay_s = noise_mm, start_delay_s
        self._random = random.Random(seed)
        self.axis = Axis(top_speed=self.most_mm_per_s, acceleration=self.most_mm_per_s2)
        self.low_limit_mm, self.high_limit_mm = -25.0, 25.0
        self.state = FROM_RESET
        self.positioner_error = 0
        #: Seconds until it answers again after a reset.
        self.dead_s = 0.0
        self._target_mm = 0.0
        self._next_mm: float | None = None
        self._wait_s = 0.0
        self._homing_from_mm = 0.0

    def reading_mm(self) -> float:
        """One reading of the encoder."""
        return self.axis.position + (self._random.gauss(0.0, self.noise_mm) if self.noise_mm else 0.0)

    @property
    def setpoint_mm(self) -> float:
        """Where the profile says that it should be now."""
        return self.axis.position

    @property
    def target_mm(self) -> float:
        """Where it is going, or stands."""
        is_under_way = self._next_mm is not None or self.state == MOVING
        return self._target_mm if is_under_way else self.axis.position

    # -- orders; whether the state allows them is for the caller to see to

    def go_to(self, target_mm: float) -> None:
        """Move there, after the delay."""
        self._next_mm = self._target_mm = target_mm
        self._wait_s = self.start_delay_s
        if not self._wait_s:
            self._begin()

    def stop(self) -> None:
        """Slow down and stand; a move that has not begun does not begin."""
        self._next_mm = None
        self.axis.halt()

    def home(self) -> None:
        """Look for the home switch."""
        self.state, self._wait_s, self._homing_from_mm = HOMING, self.homing_s, self.axis.position

    def enable(self, on: bool) -> None:
        """Close the loop, or open it: whatever moves then stands."""
        if on:
            self.state = READY_ENABLED
            return
        self.state = DISABLED_MOVING if self.state == MOVING else DISABLED_READY
        self._stand()

    def reset(self) -> None:
        """As after power-up: silent at first, and not referenced; its place counts as 0."""
        self._stand()
        self.axis.position, self.axis.top_speed = 0.0, self.most_mm_per_s
        self.axis.acceleration = self.most_mm_per_s2
        self.state, self.positioner_error, self.dead_s = FROM_RESET, 0, self.reset_s

    def lose_its_way(self) -> None:
        """A following error: the motor is off and the reference lost."""
        self.positioner_error |= FOLLOWING_ERROR
        self.state = FROM_MOVING if self.state == MOVING else FROM_READY
        self._stand()

    def advance(self, dt_s: float) -> None:
        """Let time pass."""
        if self.dead_s > 0:
            passed_s = min(self.dead_s, dt_s)
            self.dead_s -= passed_s
            dt_s -= passed_s
        if self.state == HOMING:
            dt_s = self._go_on_homing(dt_s)
        if self._next_mm is not None:
            passed_s = min(self._wait_s, dt_s)
            self._wait_s -= passed_s
            dt_s -= passed_s
            if self._wait_s <= 0:
                self._begin()
        self.axis.advance(dt_s)
        if self.state == MOVING and not self.axis.is_moving:
            self.state = READY_MOVED

    def _go_on_homing(self, dt_s: float) -> float:
        """What is left of the time after the home switch is found."""
        passed_s = min(self._wait_s, dt_s)
        self._wait_s -= passed_s
        self.axis.position = self._homing_from_mm * self._wait_s / self.homing_s
        if self._wait_s <= 0:
            self.state = READY_HOMED
        return dt_s - passed_s

    def _begin(self) -> None:
        target_mm, self._next_mm = self._next_mm, None
        if target_mm is not None:
            self.axis.go_to(target_mm)
            self.state = MOVING if self.axis.is_moving else READY_MOVED

    def _stand(self) -> None:
        self._next_mm = None
        self.axis.freeze()
