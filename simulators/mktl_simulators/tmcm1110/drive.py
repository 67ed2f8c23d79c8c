"""The motor, its ramp and its switches: TMC429 data sheet (units of speed and acceleration), TMCL manual.

[M] marks what is from memory: the divisors and their defaults, and how a search for the reference goes.
"""

from __future__ import annotations

import math
from enum import Enum

from ..motion import Axis

#: Of the motion controller.
CLOCK_HZ = 16_000_000

#: A position is a 24-bit number on a TMC429.
FARTHEST = (1 << 23) - 1


#: From where a limit switch closes to where it opens again.
SWITCH_STEPS = 64

#: A speed or an acceleration of 0 is set: it does not get there, but need not divide by 0.
_LEAST = 1e-9


class Search(Enum):
    """How far a search for the reference has come; the numbers are those of RFS status [M]."""

    NONE = 0
    TO_SWITCH = 1
    OFF_SWITCH = 2


class Drive:
    """A carriage between two limit switches, driven by a stepper; positions are in microsteps.

    The switches stand where they stand, whatever the position is called: :meth:`call_it` moves all.
    """

    def __init__(self) -> None:
        self.axis = Axis()
        self.target = 0
        self.target_speed = 0
        #: Internal units of 0 to 2047, as parameters 4, 5, 194 and 195 have them.
        self.top_speed, self.acceleration = 1000, 500
        self.search_speed, self.switch_speed = 500, 50
        self.pulse_divisor, self.ramp_divisor = 3, 7
        self.left_switch, self.right_switch, self.home_switch = -1_000_000.0, 1_000_000.0, 0.0
        #: Of 255; set and told, but no torque comes of them here.
        self.run_current, self.standby_current = 128, 8
        #: The resolution, 256 microsteps a full step at 8; the carriage has its scale in microsteps.
        self.microsteps = 8
        #: In 10 ms, from standing still to no current.
        self.freewheeling = 0
        #: Of the driver chip, by bits: 1 overtemperature, 2 a warning of it, 3 to 6 shorts and open loads.
        self.driver_faults = 0
        #: True ignores the switch, as parameters 12 and 13 do.
        self.right_disabled = self.left_disabled = False
        self.search = Search.NONE
        self._is_positioning = False
        self.reconfigure()

    # -- units

    def steps_per_s(self, speed: int) -> float:
        """Microsteps/s of an internal speed: clock * v / (2^divisor * 2048 * 32)."""
        return CLOCK_HZ * speed / float(2048 * 32 << self.pulse_divisor)

    def steps_per_s2(self, acceleration: int) -> float:
        """Microsteps/s² of an internal acceleration: clock² * a / 2^(both divisors + 29)."""
        return CLOCK_HZ**2 * acceleration / float(1 << self.pulse_divisor + self.ramp_divisor + 29)

    # -- what it tells

    @property
    def position(self) -> int:
        """In microsteps."""
        return round(self.axis.position)

    @property
    def speed(self) -> int:
        """In internal units, negative to the left."""
        return round(self.axis.speed / self.steps_per_s(1))

    @property
    def driver_flags(self) -> int:
        """Bits of the TMC262; 7 says that it stands still."""
        return self.driver_faults | (not self.axis.is_moving) << 7

    @property
    def has_arrived(self) -> bool:
        """The target-reached flag."""
        return self.position == self.target and not self.axis.is_moving

    @property
    def is_at_left(self) -> bool:
        """The left limit switch is closed."""
        return self.axis.position <= self.left_switch

    @property
    def is_at_right(self) -> bool:
        """The right limit switch is closed."""
        return self.axis.position >= self.right_switch

    @property
    def is_at_home(self) -> bool:
        """The home switch is closed, within half a full step of 256 microsteps."""
        return abs(self.axis.position - self.home_switch) <= 128

    # -- orders

    def go_to(self, target: int) -> None:
        """Move there by the ramp."""
        self.search = Search.NONE
        self.target, self.target_speed = target, 0
        self._is_positioning = True
        self.reconfigure()
        self.axis.go_to(float(target))

    def run_at(self, speed: int) -> None:
        """Turn at an internal speed, negative to the left, until the next order."""
        self.search = Search.NONE
        self._turn(speed)

    def call_it(self, position: int) -> None:
        """Give the present place another number; the motor does not turn [M]."""
        by = position - self.axis.position
        self.axis.position += by
        self.left_switch += by
        self.right_switch += by
        self.home_switch += by
        self.reconfigure()

    def start_search(self) -> None:
        """Look for the left switch, back off it, and call that place 0 [M]."""
        self.search = Search.TO_SWITCH
        self._turn(-self.search_speed)

    def reconfigure(self) -> None:
        """Take up changed units, speeds and switches; a way to a target goes on with them."""
        axis = self.axis
        axis.top_speed = max(self.steps_per_s(self.top_speed), _LEAST)
        axis.acceleration = max(self.steps_per_s2(self.acceleration), _LEAST)
        axis.low_stop = -math.inf if self.left_disabled else self.left_switch
        axis.high_stop = math.inf if self.right_disabled else self.right_switch
        if self._is_positioning and axis.is_moving:
            axis.go_to(float(self.target))

    def advance(self, dt_s: float) -> None:
        """Let time pass."""
        while dt_s > 0:
            dt_s = self.axis.advance(dt_s)
            if self.search is Search.NONE or self.axis.is_moving:
                break
            self._go_on_searching()

    def _turn(self, speed: int) -> None:
        self.target_speed = speed
        self._is_positioning = False
        self.reconfigure()
        self.axis.run_at(self.steps_per_s(speed))

    def _go_on_searching(self) -> None:
        """It stands: at the switch, or where the switch has just opened again."""
        if self.search is Search.TO_SWITCH:
            self.search = Search.OFF_SWITCH
            self.axis.top_speed = max(self.steps_per_s(self.switch_speed), _LEAST)
            self.axis.go_to(self.left_switch + SWITCH_STEPS)
        else:
            self.search = Search.NONE
            self.target = 0
            self.call_it(0)
