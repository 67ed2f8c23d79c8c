"""A Modbus line and the units on it: what a daemon and a device file see of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from pydantic import BaseModel

from mktl.devicefile import LinkSpec
from mktl.errors import MktlError

from ..link import TextLink
from ..transport import Transport
from ..unit import SharedLink
from .lines import ModbusLine
from .rtu_line import RtuLine
from .settings import ModbusSettings
from .tcp_line import TcpLine
from .units import ModbusUnit


class ModbusLink(ModbusUnit, TextLink):
    """One port, and the device that the link names on it; others may share it.

    Reads of registers that lie together are one exchange. On TCP a late answer is known by its number; on a
    serial line a unit that owes one is asked nothing before that is out.

    Args:
        spec: The link as the device file has it.
        clock: Seconds that never jump.

    Raises:
        pydantic.ValidationError: The driver's settings are wrong.
    """

    Settings: ClassVar[type[BaseModel]] = ModbusSettings

    def __init__(self, spec: LinkSpec, *, clock: Callable[[], float] = time.monotonic) -> None:
        settings = ModbusSettings.model_validate(dict(spec.settings))
        quiet_s = max(spec.quiet_s, settings.silence_s)
        super().__init__(replace(spec, quiet_s=quiet_s, send_end=b""), clock=clock)
        self.describe(settings)

    @property
    def is_alone(self) -> bool:
        """True when no other link is on this one."""
        return len(self.units) == 1

    def make_transport(self, settings: BaseModel) -> Transport:
        """The port that the file names."""
        assert isinstance(settings, ModbusSettings)
        return settings.transport

    def _make_line(self, spec: LinkSpec, clock: Callable[[], float]) -> ModbusLine:
        settings = ModbusSettings.model_validate(dict(spec.settings))
        if not settings.is_rtu:
            return TcpLine(spec.name, self.transport, spec, clock)
        return RtuLine(spec.name, self.transport, spec, clock, uses_loopback=settings.loopback)

    def _make_other(self, spec: LinkSpec) -> SharedModbus:
        return SharedModbus(spec, self)


class SharedModbus(ModbusUnit, SharedLink):
    """Another unit on a line.

    Args:
        spec: The link that it is in the device file.
        host: The link that has the port.

    Raises:
        MktlError: There is one of this number already.
    """

    def __init__(self, spec: LinkSpec, host: ModbusLink) -> None:
        super().__init__(spec, host)
        settings = ModbusSettings.model_validate(dict(spec.settings))
        self.describe(settings)
        for unit in host.units:
            if isinstance(unit, ModbusUnit) and unit.number == self.number:
                raise MktlError(
                    f"link {spec.name}: unit {self.number} on this line is link {unit.name} already"
                )
