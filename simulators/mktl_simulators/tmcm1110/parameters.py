"""Axis parameters of the TMCM-1110: TMCL firmware manual, chapter on axis parameters.

[M] marks what is from memory: every number but 1, 3 to 8, 204 and 208, the ranges of those, and all values
that a module starts with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .drive import FARTHEST, Drive

#: Of speeds and accelerations in internal units.
MOST = 2047


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that is read, and where it has a range also set."""

    read: Callable[[Drive], int]
    write: Callable[[Drive, int], None] | None = None
    low: int = 0
    high: int = 0


def _setting(name: str, high: int, low: int = 0) -> Parameter:
    """An attribute of the drive that is a number or a truth."""

    def write(drive: Drive, value: int) -> None:
        setattr(drive, name, type(getattr(drive, name))(value))
        drive.reconfigure()

    return Parameter(lambda drive: int(getattr(drive, name)), write, low, high)


PARAMETERS: Mapping[int, Parameter] = {
    0: Parameter(lambda drive: drive.target, Drive.go_to, -FARTHEST, FARTHEST),
    1: Parameter(lambda drive: drive.position, Drive.call_it, -FARTHEST, FARTHEST),
    2: Parameter(lambda drive: drive.target_speed, Drive.run_at, -MOST, MOST),
    3: Parameter(lambda drive: drive.speed),
    4: _setting("top_speed", MOST),
    5: _setting("acceleration", MOST),
    6: _setting("run_current", 255),
    7: _setting("standby_current", 255),
    8: Parameter(lambda drive: int(drive.has_arrived)),
    9: Parameter(lambda drive: int(drive.is_at_home)),
    10: Parameter(lambda drive: int(drive.is_at_right)),
    11: Parameter(lambda drive: int(drive.is_at_left)),
    12: _setting("right_disabled", 1),
    13: _setting("left_disabled", 1),
    140: _setting("microsteps", 8),
    153: _setting("ramp_divisor", 13),
    154: _setting("pulse_divisor", 13),
    194: _setting("search_speed", MOST),
    195: _setting("switch_speed", MOST),
    204: _setting("freewheeling", 65535),
    208: Parameter(lambda drive: drive.driver_flags),
}
