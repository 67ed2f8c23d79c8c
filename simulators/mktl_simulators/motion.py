"""One axis that moves by trapezoids of speed, exactly, in any unit of length: the formulas of mechanics."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple


class _Phase(NamedTuple):
    duration_s: float
    #: Signed, in units/s².
    acceleration: float
    #: What the speed is when it is over.
    end_speed: float

    def direction(self, speed: float) -> int:
        """1 upwards, -1 downwards; *speed* is that of the moment."""
        return 1 if (speed or self.acceleration) > 0 else -1


@dataclass(slots=True)
class Axis:
    """A carriage between two hard stops; its speeds are in units/s, its accelerations in units/s².

    An order is planned once, as phases of constant acceleration none of which turns round, and carried out
    exactly however time is cut up.

    >>> axis = Axis(top_speed=1.0, acceleration=4.0)
    >>> axis.go_to(10.0)
    >>> axis.left_s                     # 10 s and what speeding up and slowing down cost, 1 / 4 s
    10.25
    >>> left_s = axis.advance(10.25)
    >>> axis.position, axis.speed, axis.is_moving
    (10.0, 0.0, False)
    """

    position: float = 0.0
    speed: float = 0.0
    top_speed: float = 1.0
    acceleration: float = 1.0
    low_stop: float = -math.inf
    high_stop: float = math.inf
    _phases: deque[_Phase] = field(default_factory=deque)
    #: Where the last phase ends, None when it ends nowhere or at no place in particular.
    _goal: float | None = None

    @property
    def is_moving(self) -> bool:
        """True while an order is carried out."""
        return bool(self._phases)

    @property
    def left_s(self) -> float:
        """How long the order still takes, infinite where it has no end."""
        return sum(phase.duration_s for phase in self._phases)

    def go_to(self, goal: float) -> None:
        """Move there, from whatever it is doing now."""
        self._phases.clear()
        self._goal = goal
        position, speed = self.position, self.speed
        if self._must_turn(goal - position, speed):
            self._change_speed(speed, 0.0)
            position, speed = position + speed * abs(speed) / (2 * self.acceleration), 0.0
        way = goal - position
        if not way:
            return
        self._go_straight(abs(way), abs(speed), math.copysign(1.0, way))

    def run_at(self, speed: float) -> None:
        """Reach this speed and keep it until the next order, or the stop."""
        self._phases.clear()
        self._goal = None
        if self.speed * speed < 0:
            self._change_speed(self.speed, 0.0)
            self._change_speed(0.0, speed)
        else:
            self._change_speed(self.speed, speed)
        if speed:
            self._phases.append(_Phase(math.inf, 0.0, speed))

    def halt(self) -> None:
        """Slow down and stand."""
        self.run_at(0.0)

    def freeze(self) -> None:
        """Stand at once, as with the brake on or the motor off."""
        self._phases.clear()
        self.speed, self._goal = 0.0, None

    def advance(self, dt_s: float) -> float:
        """Let time pass; what of it was left when the order ended, or 0."""
        while self._phases and dt_s > 0:
            phase = self._phases[0]
            stop_s = self._to_stop_s(phase)
            passed_s = min(dt_s, phase.duration_s, stop_s)
            self.position += (self.speed + phase.acceleration * passed_s / 2) * passed_s
            self.speed += phase.acceleration * passed_s
            dt_s -= passed_s
            if passed_s == stop_s:
                self._run_into_stop()
            elif passed_s == phase.duration_s:
                self.speed = self._phases.popleft().end_speed
            else:
                self._phases[0] = phase._replace(duration_s=phase.duration_s - passed_s)
        if not self._phases:
            self._arrive()
        return dt_s

    def _must_turn(self, way: float, speed: float) -> bool:
        """True when it moves away, or is too fast to stop in time."""
        shortest = speed * abs(speed) / (2 * self.acceleration)
        # A plan that is made again on its way must not turn round for the last digit.
        return bool(speed) and (speed * way <= 0 or abs(shortest) > abs(way) * (1 + 1e-9))

    def _go_straight(self, way: float, speed: float, sign: float) -> None:
        if speed > self.top_speed:
            self._change_speed(sign * speed, sign * self.top_speed)
            way -= (speed**2 - self.top_speed**2) / (2 * self.acceleration)
            speed = self.top_speed
        peak = min(self.top_speed, math.sqrt(speed**2 / 2 + self.acceleration * way))
        peak = max(peak, speed)
        self._change_speed(sign * speed, sign * peak)
        cruise = way - (2 * peak**2 - speed**2) / (2 * self.acceleration)
        if cruise > 0 and peak > 0:  # a way may be so short that the speed for it is none
            self._phases.append(_Phase(cruise / peak, 0.0, sign * peak))
        self._change_speed(sign * peak, 0.0)

    def _change_speed(self, before: float, after: float) -> None:
        if before != after:
            acceleration = math.copysign(self.acceleration, after - before)
            self._phases.append(_Phase((after - before) / acceleration, acceleration, after))

    def _to_stop_s(self, phase: _Phase) -> float:
        """When it runs into a hard stop, if this phase went on for ever; infinite where it never does."""
        direction = phase.direction(self.speed)
        stop = self.high_stop if direction > 0 else self.low_stop
        way = stop - self.position
        squared = self.speed**2 + 2 * phase.acceleration * way
        if math.isinf(stop) or stop == self._goal or squared < 0:
            return math.inf
        return 2 * way / (self.speed + direction * math.sqrt(squared)) if way * direction > 0 else 0.0

    def _run_into_stop(self) -> None:
        """Stand there; the order is over."""
        stop = self.high_stop if self._phases[0].direction(self.speed) > 0 else self.low_stop
        if math.isclose(self.position, stop, abs_tol=1e-6):  # else it was beyond when the stop was put there
            self.position = stop
        self.freeze()

    def _arrive(self) -> None:
        """Only rounding is left: the goal is where it stands, and it stands."""
        if self._goal is not None:
            self.position, self._goal = self._goal, None
        self.speed = 0.0
