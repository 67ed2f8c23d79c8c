"""Devices that a VISA library opens: instruments on LAN, USB and GPIB, and its sockets and serial lines."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field, model_validator

from .link import TextLink
from .serial import FrameSettings
from .transport import Transport
from .visa_ports import MessagePort, RawPort
from .visa_session import VisaSession
from .visa_words import serial_port_of


class VisaSettings(FrameSettings):
    """A VISA resource; `baudrate`, `bytesize`, `parity` and `stopbits` are for a serial line, `ASRL…`.

    A reply from an `INSTR` is whole at its `reply_end`, or else at the END of its message; `reply_end = ''`
    leaves it to END alone.
    """

    resource: str = Field(min_length=1)
    """As VISA names it: `TCPIP::10.0.0.7::INSTR`, `USB0::0x05E6::0x2450::04301234::INSTR`."""
    library: str = "@py"
    """`@py`, `@ivi`, a path to a vendor's library, `devices.yaml@sim`, or empty for what PyVISA finds."""
    device_clear: bool = True
    """Get in step again by a device clear; false for a device that takes it for a reset."""

    @property
    def serial_port(self) -> str | None:
        """The device file or COM port of a serial line; None of anything else."""
        return serial_port_of(self.resource)

    @property
    def is_raw(self) -> bool:
        """True where bytes come without message ends."""
        return self.serial_port is not None or self.resource.upper().endswith("::SOCKET")

    @property
    def forgets_on_close(self) -> bool:
        """True where a session takes along what is under way; a GPIB gateway does not do so for its bus."""
        name = self.resource.upper()
        return name.startswith("TCPIP") and "GPIB" not in name

    @model_validator(mode="after")
    def _has_a_frame_only_when_serial(self) -> VisaSettings:
        keys = FrameSettings.model_fields
        given = [key for key, field in keys.items() if getattr(self, key) != field.default]
        if given and self.serial_port is None:
            raise ValueError(f"{', '.join(given)}: only a serial line (ASRL…) has a frame")
        return self


class VisaLink(TextLink):
    """A text device that a VISA library opens."""

    Settings: ClassVar[type[BaseModel]] = VisaSettings

    def make_transport(self, settings: BaseModel) -> Transport:
        """The port that the file names."""
        assert isinstance(settings, VisaSettings)

        def connect() -> VisaSession:
            return VisaSession(settings)

        if settings.is_raw:
            transmit_s = None if settings.serial_port is None else settings.transmit_s
            return RawPort(settings.resource, connect, settings.forgets_on_close, transmit_s)
        return MessagePort(
            settings.resource, connect, settings.forgets_on_close, clears=settings.device_clear
        )
