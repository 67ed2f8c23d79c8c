"""Devices on a serial port, or on anything that pySerial opens by URL."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mktl.errors import LinkDownError

from .link import TextLink
from .ports import GONE, GONE_NUMBERS, advice, is_pseudo_terminal
from .transport import Transport, WriteError
from .waiting import Waited

if TYPE_CHECKING:
    import serial

#: A port that takes no more bytes for this long (flow control, mostly) is broken.
WRITE_TIMEOUT_S = 2.0
#: How long a read lasts where only pySerial can wait: the most by which a wait is too long.
SLICE_S = 0.02

_PARITIES = {"none": "N", "odd": "O", "even": "E", "mark": "M", "space": "S"}


def _stop_bits(value: float) -> float:
    if value not in (1, 1.5, 2):
        raise ValueError("1, 1.5 or 2 stop bits")
    return value


class FrameSettings(BaseModel):
    """How bytes are put on a serial line."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    baudrate: int = Field(default=9600, gt=0)
    """Bits per second."""
    bytesize: Literal[5, 6, 7, 8] = 8
    """Bits of a byte."""
    parity: Literal["none", "odd", "even", "mark", "space"] = "none"
    """`none`, `odd`, `even`, `mark` or `space`."""
    stopbits: Annotated[float, AfterValidator(_stop_bits)] = 1
    """1, 1.5 or 2."""

    @property
    def bits_per_byte(self) -> float:
        """On the line: start bit, data, parity, stop bits."""
        return 1 + self.bytesize + (self.parity != "none") + self.stopbits

    def transmit_s(self, count: int) -> float:
        """How long *count* bytes are on the line."""
        return count * self.bits_per_byte / self.baudrate


class SerialSettings(FrameSettings):
    """A serial port."""

    port: str = Field(min_length=1)
    """A device file, a COM port, or any URL that pySerial knows: `rfc2217://host:4000`, `loop://`."""
    xonxoff: bool = False
    """Flow control by XON and XOFF."""
    rtscts: bool = False
    """Flow control by RTS and CTS."""
    dsrdtr: bool = False
    """Flow control by DSR and DTR."""
    exclusive: bool = True
    """Keep other programs from the port while it is open, where the system can."""


class SerialTransport(Waited):
    """A port by pySerial; what the device was asked before it was opened may still be answered."""

    forgets_on_close = False

    def __init__(self, settings: SerialSettings) -> None:
        super().__init__()
        self._settings = settings
        self._port: serial.Serial | None = None
        #: The descriptor, where reading it directly is the same as asking pySerial: half the system calls.
        self._fd: int | None = None
        #: True where a thread of the system carries over what is written, and not a port.
        self._is_pseudo = False
        self._cancelled = False

    @property
    def address(self) -> str:
        """``/dev/ttyUSB0``."""
        return self._settings.port

    def open(self) -> None:
        """Open the port as the settings say, and empty its input."""
        self.close()
        if self._cancelled:
            raise LinkDownError("the link is being closed")
        try:
            import serial
        except ImportError:
            raise LinkDownError("serial link needs pyserial: pip install pyserial") from None
        # Each time: a path may lead elsewhere by now.
        self._is_pseudo = is_pseudo_terminal(self._settings.port)
        try:
            port = serial.serial_for_url(self._settings.port, **self._arguments())
        except Exception as error:  # termios.error, which pySerial lets through, is no OSError
            raise LinkDownError(advice(self._settings.port, error)) from None
        self._port = port
        try:
            if os.name == "posix" and type(port) is serial.Serial:
                self._fd = port.fileno()
                self._waiter.watch(self._fd)
            port.reset_input_buffer()
        except Exception as error:
            self.close()
            raise LinkDownError(str(error)) from None

    def _arguments(self) -> dict[str, Any]:
        settings = self._settings
        arguments = settings.model_dump(exclude={"port", "parity", "exclusive"})
        arguments["parity"] = _PARITIES[settings.parity]
        arguments |= {"timeout": SLICE_S, "write_timeout": WRITE_TIMEOUT_S}
        if os.name == "posix" and "://" not in settings.port:
            arguments["exclusive"] = settings.exclusive
        if self._is_pseudo:
            arguments |= {"bytesize": 8, "parity": "N"}
        return arguments

    def close(self) -> None:
        """Close the port."""
        self._waiter.close()
        self._fd = None
        if self._port is not None:
            try:
                self._port.close()
            except OSError:  # it is gone already
                pass
            self._port = None

    def write(self, data: bytes) -> None:
        """Hand all of *data* to the port."""
        accepted = 0
        try:
            if self._fd is None:
                port = self._open_port()
                accepted = -1  # pySerial does not tell how far it came
                port.write(data)
            while 0 <= accepted < len(data):
                accepted += self._write_some(data[accepted:])
            if self._is_pseudo:
                os.sched_yield()  # that thread goes first, before what this one has put off
        except (OSError, LinkDownError) as error:
            raise WriteError(_words(error), abs(accepted)) from None

    def _write_some(self, data: bytes) -> int:
        assert self._fd is not None
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            if not self._waiter.writable(WRITE_TIMEOUT_S):
                raise LinkDownError(f"takes no data for {WRITE_TIMEOUT_S} s (flow control?)") from None
            return 0

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, or ``b""`` after *timeout_s*."""
        try:
            return self._read_by_pyserial(timeout_s) if self._fd is None else self._read_fd(timeout_s)
        except OSError as error:
            raise LinkDownError(_words(error)) from None

    def _read_fd(self, timeout_s: float) -> bytes:
        assert self._fd is not None
        if not self._waiter.readable(timeout_s):
            return b""
        data = os.read(self._fd, 65536)
        if not data:
            raise LinkDownError(GONE)
        return data

    def _read_by_pyserial(self, timeout_s: float) -> bytes:
        port = self._open_port()
        deadline_s = time.monotonic() + timeout_s
        while True:
            waiting: int = port.in_waiting
            if waiting or timeout_s > 0:
                data: bytes = port.read(waiting or 1)
                if data:
                    return data
            if self._cancelled:
                raise LinkDownError("the link is being closed")
            if time.monotonic() >= deadline_s:
                return b""

    def _open_port(self) -> serial.Serial:
        if self._port is None:
            raise LinkDownError("the port is not open")
        return self._port

    def transmit_s(self, count: int) -> float:
        """The time that *count* bytes take at the baud rate."""
        return self._settings.transmit_s(count)

    def idle(self, timeout_s: float) -> None:
        """Wait until there is something to read, or somebody nudges."""
        self._waiter.idle(timeout_s if self._fd is not None else 0.0)
        if self._fd is None and not self._open_port().in_waiting:
            time.sleep(min(timeout_s, SLICE_S))

    def cancel(self) -> None:
        """End every wait."""
        self._cancelled = True
        super().cancel()


class SerialLink(TextLink):
    """A text device on a serial port."""

    Settings: ClassVar[type[BaseModel]] = SerialSettings

    def make_transport(self, settings: BaseModel) -> Transport:
        """The port that the file names."""
        assert isinstance(settings, SerialSettings)
        return SerialTransport(settings)


def _words(error: Exception) -> str:
    return GONE if getattr(error, "errno", None) in GONE_NUMBERS else str(error)
