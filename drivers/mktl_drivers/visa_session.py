"""A session of a VISA library; the only file that knows PyVISA, and what PyVISA-py keeps for itself."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import threading
from typing import TYPE_CHECKING, Any

from mktl.errors import LinkDownError

from .ports import is_pseudo_terminal
from .transport import WriteError
from .visa_ports import PIECE, WRITE_TIMEOUT_S
from .visa_words import library_trouble, resource_trouble

if TYPE_CHECKING:
    import pyvisa

    from .visa import VisaSettings

#: What a library does in vain for so long is given up.
OPEN_TIMEOUT_S = 3.0
CLEAR_TIMEOUT_S = 1.0
#: The most that is read at once, in bytes.
CHUNK = 64 * 1024

#: Managers are made and closed one at a time, for PyVISA keeps the last one of each library.
_MANAGERS = threading.Lock()


class VisaSession:
    """A resource that is open, with a resource manager of its own.

    PyVISA shares one manager among all that use a library, and closing it closes every session of it. A link
    whose device was lost needs a new manager while its neighbours keep theirs.
    """

    def __init__(self, settings: VisaSettings) -> None:
        self._settings = settings
        self._manager = _manager(settings.library)
        self._timeout_s: float | None = None
        self._is_lost = False
        try:
            self._resource = self._open()
            self._wire, self._stream = _wire_of(self._resource)
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
        if self._settings.serial_port is not None:
            self._set_up_serial(self._settings.serial_port)
            return
        # What is there is returned at once, and not only when as many bytes as asked for have come.
        self._resource.set_visa_attribute(ResourceAttribute.suppress_end_enabled, False)
        if self._wire is not None:
            self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            refused = self._wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if refused:  # PyVISA-py takes that for a connection
                raise OSError(refused, os.strerror(refused))

    def _set_up_serial(self, port: str) -> None:
        from pyvisa.constants import BufferOperation, Parity, SerialTermination, StopBits

        line, settings = self._resource, self._settings
        line.end_input = line.end_output = SerialTermination.none
        line.baud_rate = settings.baudrate
        if not is_pseudo_terminal(port):
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
        if self._settings.serial_port is not None:
            return self._count_on_line()
        there = self._look_at_wire()
        return min(there, PIECE) if there and self._settings.is_raw else CHUNK

    def _look_at_wire(self) -> int:
        """How many bytes are there, as far as one can tell.

        Raises:
            LinkDownError: There will be no more, which PyVISA-py takes for silence.
        """
        if self._wire is None or not select.select([self._wire], [], [], 0.0)[0]:
            return 0
        there = len(self._wire.recv(CHUNK, socket.MSG_PEEK))
        if not there:
            raise LinkDownError("the device closed the connection")
        return there

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
            WriteError: The session was lost before, so that it took nothing.
        """
        try:
            self._look_at_wire()
        except (OSError, LinkDownError) as error:
            raise WriteError(str(self._trouble(error)), 0) from None
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
        except Exception as error:
            if isinstance(error, VisaIOError) and error.error_code == StatusCode.error_nonsupported_operation:
                return False
            raise LinkDownError(f"the device clear failed: {self._trouble(error)}") from None
        return True

    def _set_timeout(self, timeout_s: float) -> None:
        if timeout_s != self._timeout_s:
            self._resource.timeout = max(1, round(timeout_s * 1000))
            self._timeout_s = timeout_s

    def _trouble(self, error: Exception) -> LinkDownError:
        self._is_lost = True
        return LinkDownError(resource_trouble(error, self._settings.resource, lambda: ()))

    def close(self) -> None:
        """Close the session and its manager, whatever state they are in."""
        resource = getattr(self, "_resource", None)
        if resource is not None:
            if self._is_lost and self._wire is not None:
                with contextlib.suppress(OSError):  # or PyVISA-py says good-bye, and waits for an answer
                    self._wire.shutdown(socket.SHUT_RDWR)
            session = getattr(resource, "_session", None)
            with contextlib.suppress(Exception):
                resource.close()
            resource.session = None  # else it is closed again when it is collected, which is logged
            _forget(resource.visalib, session)
        library = self._manager.visalib
        with _MANAGERS, contextlib.suppress(Exception):
            session, other = self._manager.session, library.resource_manager
            self._manager.close()
            _forget(library, session)
            library.resource_manager = other


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
            other, opened.resource_manager = opened.resource_manager, None
            try:
                return pyvisa.ResourceManager(opened)
            finally:
                opened.resource_manager = other
    except Exception as error:
        raise LinkDownError(library_trouble(error, library)) from None


def _forget(library: Any, session: Any) -> None:
    """PyVISA-py would remember a closed session for ever."""
    getattr(library, "sessions", {}).pop(session, None)


def _said_by_the_link(record: logging.LogRecord) -> bool:
    """False for what PyVISA logs while a link is at work: with a traceback, and again for each attempt."""
    return not (record.threadName or "").startswith("mktl-link-")


def _wire_of(resource: Any) -> tuple[socket.socket | None, Any]:
    """The socket that PyVISA-py uses, and what can be waited for: the same, or a port of pySerial."""
    session = getattr(resource.visalib, "sessions", {}).get(resource.session)
    interface = getattr(session, "interface", None)
    for wire in (interface, getattr(interface, "_sync", None)):  # HiSLIP has another one, without replies
        if isinstance(wire, socket.socket):
            return wire, wire
    wire = getattr(interface, "sock", None)
    if isinstance(wire, socket.socket):
        return wire, None  # VXI-11: nothing comes but what a read asks for
    try:
        has_descriptor = os.name == "posix" and interface.fileno() >= 0  # type: ignore[union-attr]
    except Exception:  # anything else, such as a port by URL
        has_descriptor = False
    return None, interface if has_descriptor else None


def _close_what_was_left(error: BaseException | None) -> None:
    """Close the sockets that PyVISA-py leaves open when an instrument cannot be reached."""
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            owner = trace.tb_frame.f_locals.get("self")
            if type(owner).__module__.startswith("pyvisa_py"):
                for left in vars(owner).values():
                    if isinstance(left, socket.socket):
                        left.close()
            trace = trace.tb_next
        error = error.__cause__ or error.__context__
