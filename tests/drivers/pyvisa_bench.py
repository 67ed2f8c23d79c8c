"""A VISA library in memory, as PyVISA finds any: ``@bench``. Its instruments heed message ends (IEEE 488.2).

A read that nothing was asked before is an error of the instrument (SCPI: -420, query unterminated), and so
is a command before the reply to the last one was read (-410, query interrupted).
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from pyvisa import constants, errors, highlevel, rname
from pyvisa.constants import StatusCode


class Instrument:
    """Answers what ``answers`` has, after ``after_s``, in pieces of ``piece`` bytes."""

    def __init__(self, answers: dict[bytes, bytes], *, after_s: float = 0.0, piece: int = 1 << 20) -> None:
        self.answers, self.after_s, self.piece = answers, after_s, piece
        self.received: list[bytes] = []
        self.errors: list[int] = []
        self.clears = 0
        self.can_clear = True
        #: Seconds that each read was given, as the library was told.
        self.timeouts_s: list[float] = []
        self._reply = b""
        self._due_s = 0.0

    def write(self, data: bytes) -> None:
        self.received.append(data)
        if self._reply:
            self.errors.append(-410)
        self._reply, self._due_s = self.answers.get(data, b""), time.monotonic() + self.after_s

    def read(self, count: int, timeout_s: float) -> tuple[bytes, StatusCode]:
        self.timeouts_s.append(timeout_s)
        wait_s = self._due_s - time.monotonic()
        if not self._reply or wait_s > timeout_s:
            if not self._reply:
                self.errors.append(-420)
            time.sleep(timeout_s)
            return b"", StatusCode.error_timeout
        time.sleep(max(0.0, wait_s))
        count = min(count, self.piece)
        data, self._reply = self._reply[:count], self._reply[count:]
        return data, StatusCode.success_max_count_read if self._reply else StatusCode.success

    def clear(self) -> StatusCode:
        if not self.can_clear:
            return StatusCode.error_nonsupported_operation
        self.clears += 1
        self._reply = b""
        return StatusCode.success


class BenchLibrary(highlevel.VisaLibraryBase):
    """Opens what ``bench`` has."""

    bench: ClassVar[dict[str, Instrument]] = {}
    #: Every session that was opened and not closed, managers included.
    living: ClassVar[set[int]] = set()
    _last = 0

    @staticmethod
    def get_library_paths() -> Any:
        return ("bench",)

    def _init(self) -> None:
        self._open: dict[int, tuple[Instrument, dict[int, Any]]] = {}

    def _new(self) -> int:
        BenchLibrary._last += 1
        self.living.add(BenchLibrary._last)
        return BenchLibrary._last

    def _done(self, session: Any, status: StatusCode) -> StatusCode:
        self._last_status_in_session[session] = status
        if status < 0:
            raise errors.VisaIOError(status)
        return status

    def open_default_resource_manager(self) -> Any:
        return self._new(), StatusCode.success

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        return tuple(self.bench)

    def parse_resource_extended(self, session: Any, resource_name: str) -> Any:
        parsed = rname.parse_resource_name(resource_name)
        info = highlevel.ResourceInfo(
            parsed.interface_type_const, 0, parsed.resource_class, str(parsed), None
        )
        return info, StatusCode.success

    def open(self, session: Any, resource_name: str, access_mode: Any = 0, open_timeout: Any = 0) -> Any:
        found = [one for name, one in self.bench.items() if _same(name, resource_name)]
        if not found:
            self._done(None, StatusCode.error_resource_not_found)
        new = self._new()
        self._open[new] = found[0], {}
        return new, StatusCode.success

    def close(self, session: Any) -> StatusCode:
        self.living.discard(session)
        self._open.pop(session, None)
        return StatusCode.success

    def disable_event(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        return StatusCode.success

    discard_events = disable_event

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        self._open[session][0].write(data)
        return len(data), StatusCode.success

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        instrument, attributes = self._open[session]
        timeout_ms = attributes.get(constants.VI_ATTR_TMO_VALUE, 2000)  # what VISA begins with
        data, status = instrument.read(count, timeout_ms / 1000)
        return data, self._done(session, status)

    def clear(self, session: Any) -> StatusCode:
        return self._done(session, self._open[session][0].clear())

    def get_attribute(self, session: Any, attribute: Any) -> Any:
        return self._open[session][1].get(int(attribute), 0), StatusCode.success

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        self._open[session][1][int(attribute)] = attribute_state
        return StatusCode.success


def _same(one: str, other: str) -> bool:
    """Names may leave out what is understood, such as the number of a USB interface."""
    return str(rname.parse_resource_name(one)) == str(rname.parse_resource_name(other))


WRAPPER_CLASS = BenchLibrary
