"""A simulated device follows its file when that changes: what is in both keeps its state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from mktl.devicefile import Device
from mktl.errors import MktlError

from .derived import DerivedDevice
from .dialect import SimulatedDevice
from .modbus import ModbusLine
from .models import make_device


def successor(present: SimulatedDevice, before: Device, after: Device, link: str) -> SimulatedDevice:
    """What sits on the line of *link* once the file is *after*; *present* was made of it as it was *before*.

    A model of its own knows nothing of the file, and stays.

    Raises:
        MktlError: Nothing can be made of the file.
    """
    if after.simulate.model is not None and after.simulate.model == before.simulate.model:
        return present
    made = make_device(_with_what_may_still_be_asked(before, after), link)
    same = [key for key, spec in after.items.items() if before.items.get(key) == spec]
    if isinstance(made, ModbusLine) and isinstance(present, ModbusLine):
        for number, unit in made.units.items():
            _carry_over(same, present.units.get(number), unit)
        present.units = made.units
        return present
    _carry_over(same, present, made)
    if isinstance(made, DerivedDevice) and isinstance(present, DerivedDevice):
        made.resume(present)
    return made


def _with_what_may_still_be_asked(before: Device, after: Device) -> Device:
    """*after* with what it has no more of *before*: a question about it may be on its way."""
    gone = {
        key: spec
        for key, spec in before.items.items()
        if key not in after.items and spec.link in after.links and spec.python is None
    }
    asked = {spec.query: before.queries[spec.query] for spec in gone.values() if spec.query is not None}
    return replace(after, items={**after.items, **gone}, queries={**asked, **after.queries})


def _carry_over(keys: list[str], present: Any, made: Any) -> None:
    """Give *made* the values that *present* has; models of other kinds have none by these keys."""
    for key in keys if hasattr(present, "of") and hasattr(made, "put") else ():
        with suppress(MktlError):  # an item of another line
            value = present.of(key)
            if value is not None:
                made.put(key, value)
