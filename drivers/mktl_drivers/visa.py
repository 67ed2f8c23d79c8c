"""Devices that a VISA library opens: instruments on LAN, USB and GPIB, and its sockets and serial lines.

The only file that knows PyVISA, and where PyVISA-py keeps the sockets that it does not let anybody wait for.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field, model_validator

from mktl.errors import LinkDownError

from .link import TextLink
from .ports import is_pseudo_terminal
from .serial import FrameSettings
from .transport import Transport
from .visa_ports import WRITE_TIMEOUT_S, MessagePort, RawPort
from .visa_words import library_trouble, resource_trouble

if TYPE_CHECKING:
    import pyvisa

#: What a library does in vain for so long is given up.
OPEN_TIMEOUT_S = 3.0
CLEAR_TIMEOUT_S = 1.0
#: The most that is read at once, in bytes.
CHUNK = 64 * 1024

#: Managers are made and closed one at a time, for PyVISA keeps the last one of each library.
_MANAGERS = threading.Lock()


class VisaSettings(FrameSettings):
    """A VISA resource; those of the frame are for a serial line, `ASRL…`.

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
    def is_serial(self) -> bool:
        """True for a serial line."""
        return self.resource.upper().startswith("ASRL")

    @property
    def is_raw(self) -> bool:
        """True where bytes come without message ends."""
        return self.is_serial or self.resource.upper().endswith("::SOCKET")

    @property
    def forgets_on_close(self) -> bool:
        """True where a session takes along what is under way; a GPIB gateway does not do so for its bus."""
        name = self.resource.upper()
        return name.startswith("TCPIP") and "GPIB" not in name

    @property
    def serial_port(self) -> str:
        """The device file or COM port of a serial line, as far as its name gives it."""
        return self.resource[len("ASRL") :].split("::")[0]

    @model_validator(mode="after")
    def _has_a_frame_only_when_serial(self) -> VisaSettings:
        keys = FrameSettings.model_fields
        given = [key for key, field in keys.items() if getattr(self, key) != field.default]
        if given and not self.is_serial:
            raise ValueError(f"{', '.join(given)}: only a serial line (ASRL…) has a frame")
        return self


class _Session:
    """A resource that is open, with a resource manager of its own.

    PyVISA shares one manager among all that use a library, and closing it closes every session of it. A link
    whose device was lost needs a new manager while its neighbours keep theirs.
    """

    def __init__(self, settings: VisaSettings) -> None:
        self._settings = settings
        self._manager = _manager(settings.library)
        self._timeout_s: float | None = None
        try:
            self._resource = self._open()
            self._stream = _stream_of(self._resource)
            self._set_up()
        except Exception as error:
            trouble = resource_trouble(error, settings.resource, self._present)
            _close_what_was_left(error)
            self.close()
            raise LinkDownError(trouble) from None

    def _open(self) -> Any:
        return self._manager.open_resource(self._settings.resource, open_timeout=round(OPEN_TIMEOUT_S * 1000))

    def _present(self) -> tuple[str, ...]:
        """What the library sees, unless it has to call the whole network for that."""
        if type(self._manager.visalib).__module__.startswith("pyvisa_py"):
            return ()
        return self._manager.list_resources()

    def _set_up(self) -> None:
        from pyvisa.constants import ResourceAttribute

        if not self._settings.is_raw:
            return
        self._resource.set_visa_attribute(ResourceAttribute.termchar_enabled, False)
        if self._settings.is_serial:
            self._set_up_serial()
            return
        # What is there is returned at once, and not only when as many bytes as asked for have come.
        self._resource.set_visa_attribute(ResourceAttribute.suppress_end_enabled, False)
        if isinstance(self._stream, socket.socket):
            self._stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            refused = self._stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if refused:  # PyVISA-py takes that for a connection
                raise OSError(refused, os.strerror(refused))

    def _set_up_serial(self) -> None:
        from pyvisa.constants import BufferOperation, Parity, SerialTermination, StopBits

        line, settings = self._resource, self._settings
        line.end_input = line.end_output = SerialTermination.none
        line.baud_rate = settings.baudrate
        if not is_pseudo_terminal(settings.serial_port):
            line.data_bits = settings.bytesize
            line.parity = Parity[settings.parity]
            line.stop_bits = StopBits(round(settings.stopbits * 10))
        with contextlib.suppress(NotImplementedError):  # a new port of a simulated one is empty anyway
            line.flush(BufferOperation.discard_read_buffer)

    @property
    def fd(self) -> int | None:
        """The descriptor that tells when there is something to read, where the library has one."""
        return None if self._stream is None else int(self._stream.fileno())

    def read(self, timeout_s: float) -> tuple[bytes, bool]:
        """What comes within *timeout_s*, and whether a message ends with it; ``b""`` when nothing came.

        Raises:
            LinkDownError: The session is lost.
        """
        from pyvisa import VisaIOError
        from pyvisa.constants import StatusCode

        try:
            count = self._count()
            self._set_timeout(timeout_s)
            with self._resource.ignore_warning(StatusCode.success_max_count_read):
                data, status = self._resource.visalib.read(self._resource.session, count)
        except VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                return b"", False
            raise self._trouble(error) from None
        except Exception as error:  # PyVISA-py lets through whatever its parts raise
            raise self._trouble(error) from None
        return bytes(data), status != StatusCode.success_max_count_read

    def _count(self) -> int:
        """How many bytes to ask for; where messages have no end, only so many as are there."""
        if self._settings.is_serial:
            return self._count_on_line()
        if not isinstance(self._stream, socket.socket):
            return CHUNK
        there = len(self._stream.recv(CHUNK, socket.MSG_PEEK))
        if not there:  # which PyVISA-py takes for silence
            raise LinkDownError("the device closed the connection")
        return there if self._settings.is_raw else CHUNK

    def _count_on_line(self) -> int:
        try:
            there: int = self._resource.bytes_in_buffer
        except Exception as error:
            if isinstance(error, OSError):
                raise
            return 1  # the library does not know; a single byte can be waited for
        return max(1, there)

    def write(self, data: bytes) -> None:
        """Hand *data* to the library.

        Raises:
            LinkDownError: It did not take all of it.
        """
        try:
            self._set_timeout(WRITE_TIMEOUT_S)
            self._resource.write_raw(data)
        except Exception as error:
            raise self._trouble(error) from None

    def clear(self) -> bool:
        """Device clear; False where the library knows none for such a resource.

        Raises:
            LinkDownError: It failed.
        """
        from pyvisa import VisaIOError
        from pyvisa.constants import StatusCode

        try:
            self._set_timeout(CLEAR_TIMEOUT_S)
            self._resource.clear()
        except NotImplementedError:
            return False
        except VisaIOError as error:
            if error.error_code == StatusCode.error_nonsupported_operation:
                return False
            raise self._trouble(error) from None
        except Exception as error:
            raise self._trouble(error) from None
        return True

    def _set_timeout(self, timeout_s: float) -> None:
        if timeout_s != self._timeout_s:
            self._resource.timeout = max(1, round(timeout_s * 1000))
            self._timeout_s = timeout_s

    def _trouble(self, error: Exception) -> LinkDownError:
        return LinkDownError(resource_trouble(error, self._settings.resource, lambda: ()))

    def close(self) -> None:
        """Close the session and its manager, whatever state they are in."""
        resource = getattr(self, "_resource", None)
        if resource is not None:
            session = getattr(resource, "_session", None)
            with contextlib.suppress(Exception):
                resource.close()
            # PyVISA-py would remember it for ever.
            getattr(resource.visalib, "sessions", {}).pop(session, None)
        with _MANAGERS, contextlib.suppress(Exception):
            own = self._manager.session
            self._manager.close()
            getattr(self._manager.visalib, "sessions", {}).pop(own, None)


def _manager(library: str) -> pyvisa.ResourceManager:
    """A manager that nobody else has."""
    try:
        import pyvisa
        from pyvisa.highlevel import open_visa_library
    except ImportError:
        raise LinkDownError("visa link needs PyVISA: pip install pyvisa pyvisa-py") from None
    if _said_by_the_link not in pyvisa.logger.filters:
        pyvisa.logger.addFilter(_said_by_the_link)
    try:
        with _MANAGERS:
            opened = open_visa_library(library)
            opened.resource_manager = None
            return pyvisa.ResourceManager(opened)
    except Exception as error:
        raise LinkDownError(library_trouble(error, library)) from None


def _said_by_the_link(record: logging.LogRecord) -> bool:
    """False for what PyVISA logs while a link is at work: with a traceback, and again for each attempt."""
    return not (record.threadName or "").startswith("mktl-link-")


def _stream_of(resource: Any) -> Any:
    """What PyVISA-py reads from, where that can be waited for: a socket or a port of pySerial; else None."""
    session = getattr(resource.visalib, "sessions", {}).get(resource.session)
    interface = getattr(session, "interface", None)
    stream = getattr(interface, "_sync", interface)  # of the two sockets of HiSLIP, the one with the replies
    if isinstance(stream, socket.socket):
        return stream
    try:
        has_descriptor = os.name == "posix" and stream.fileno() >= 0  # type: ignore[union-attr]
    except Exception:  # anything else, such as a port by URL
        return None
    return stream if has_descriptor else None


def _close_what_was_left(error: BaseException | None) -> None:
    """Close the sockets that PyVISA-py leaves open when an instrument cannot be reached."""
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            owner = trace.tb_frame.f_locals.get("self")
            for name in ("interface", "_sync", "_async", "sock"):
                left = getattr(owner, name, None)
                if isinstance(left, socket.socket):
                    left.close()
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


class VisaLink(TextLink):
    """A text device that a VISA library opens."""

    Settings: ClassVar[type[BaseModel]] = VisaSettings

    def _make_transport(self, settings: BaseModel) -> Transport:
        assert isinstance(settings, VisaSettings)

        def connect() -> _Session:
            return _Session(settings)

        if settings.is_raw:
            transmit_s = settings.transmit_s if settings.is_serial else None
            return RawPort(settings.resource, connect, settings.forgets_on_close, transmit_s)
        return MessagePort(
            settings.resource, connect, settings.forgets_on_close, clears=settings.device_clear
        )
