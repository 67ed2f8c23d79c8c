"""Every error that mktl raises on purpose.

All of them are ``RuntimeError``, as mKTL clients expect of a refused request; most are also the built-in
that says what kind of thing went wrong, so that ``except TimeoutError`` and ``except ValueError`` work.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass


class MktlError(RuntimeError):
    """Whatever mktl reports: the base of all the classes here."""

    #: What an item's ``status`` becomes when its refresh raises this.
    status = "invalid"

    def __str__(self) -> str:  # KeyError would put the message in quotes
        return RuntimeError.__str__(self)


# -- asking a daemon ---------------------------------------------------------------------------------


class NoAnswerError(MktlError, TimeoutError):
    """Nobody answered: no ACK, or no REP in the time allowed."""

    status = "timeout"


class OutcomeUnknownError(MktlError, TimeoutError):
    """A command left for the device and nothing tells whether it was carried out."""

    status = "timeout"


class UnansweredSetError(NoAnswerError, OutcomeUnknownError):
    """A SET went out and no answer came: nothing tells whether it was, or will be, carried out."""


class BusyError(MktlError):
    """Too much waits already; the request was not carried out and never will be."""


class StaleError(MktlError):
    """A value that cannot be trusted, where only one that can be is wanted."""

    def __init__(self, text: str, *, status: str, reason: str, age_s: float | None) -> None:
        super().__init__(text)
        #: That of the item, and so of one whose refresh needs it; and why.
        self.status, self.reason = status, reason
        #: Seconds since the last good reading; None when there was none.
        self.age_s = age_s


class UnknownStoreError(MktlError, KeyError):
    """No daemon that can be found serves this store."""


class UnknownItemError(MktlError, KeyError):
    """The store has no item of this name."""


class ConflictError(MktlError):
    """Two daemons for one thing: the other was there first."""


class WireError(MktlError, ValueError):
    """A message that is not mKTL."""


class UnsendableError(WireError, TypeError):
    """A value of a kind that no message can carry."""


# -- values ------------------------------------------------------------------------------------------


class ItemTypeError(MktlError, TypeError):
    """A value of another type than the item's."""


class ItemValueError(MktlError, ValueError):
    """A value of the right type that the item does not accept."""


class LimitError(ItemValueError):
    """A value outside the item's range."""


class UnknownWordError(ItemValueError, KeyError):
    """A word that is not among the enumerators of an item."""


class NotSettableError(MktlError, TypeError):
    """A SET of an item that is read only."""


class NotGettableError(MktlError, TypeError):
    """A GET of an item that can only be written."""


# -- devices -----------------------------------------------------------------------------------------


class DeviceError(MktlError):
    """Something between the daemon and its controller went wrong."""


class LinkDownError(DeviceError):
    """The link is not open: nothing was sent."""

    status = "disconnected"


class DeviceTimeoutError(DeviceError, TimeoutError):
    """The device did not answer in time."""

    status = "timeout"


class DeviceReplyError(DeviceError):
    """The device answered, but not with anything its manual allows."""

    def __init__(self, key: str, *, sent: bytes, got: bytes, expected: str) -> None:
        super().__init__(f"{key}: sent {sent!r}, got {got!r}, expected {expected}")
        self.key, self.sent, self.got, self.expected = key, sent, got, expected


class UnclearReplyError(DeviceReplyError, OutcomeUnknownError):
    """A command left for the device, and what came back is no answer to it: noise, or words of its own.

    >>> isinstance(rebuild("UnclearReplyError", "lab.heater: ..."), OutcomeUnknownError)
    True
    """


class DeviceRefusedError(DeviceError):
    """The device took the command and said no, in its own words."""


class SupersededError(DeviceError):
    """A set was sent, and a newer set of the same item took over before it was done."""


class DeviceIdentityError(DeviceError):
    """Another device answers on this link than the file names."""

    status = "disconnected"


# -- files -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where it is, what was found, what would be right."""

    file: str
    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class DeviceFileError(MktlError, ValueError):
    """A device file with mistakes; *problems* has all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class TemplateError(MktlError, ValueError):
    """A template that cannot be understood; *at* counts characters from 0."""

    def __init__(self, source: str, at: int, message: str) -> None:
        super().__init__(f"{source!r}, character {at + 1}: {message}")
        self.source, self.at, self.message = source, at, message


class TemplateMismatchError(MktlError, ValueError):
    """Bytes that do not have the form of the template; *at* is the first byte that differs."""

    def __init__(self, got: bytes, at: int, expected: str) -> None:
        super().__init__(f"got {_around(got, at)}, at byte {at + 1} expected {expected}")
        self.got, self.at, self.expected = got, at, expected


def _around(got: bytes, at: int) -> str:
    """*got* as a message shows it; of a waveform's thousands of bytes those where it goes wrong."""
    if len(got) <= 300:
        return repr(got)
    start = max(0, at - 50)
    shown = got[start : at + 50]
    return f"{shown!r} (bytes {start + 1} to {start + len(shown)} of {len(got)})"


# -- across the wire ---------------------------------------------------------------------------------


def describe(error: BaseException) -> dict[str, str]:
    """What a REP says of *error*: its class and its text.

    >>> describe(LimitError("lab.target: 312.0 mm is above the maximum 300.0 mm"))["type"]
    'LimitError'
    """
    text = str(error) or type(error).__name__
    if isinstance(error, KeyError) and not isinstance(error, MktlError) and error.args:
        text = str(error.args[0])
    return {"type": type(error).__name__, "text": text}


class RemoteError(MktlError):
    """The daemon refused a request; raised as a subclass that is also what the daemon raised."""

    #: The name of the class that the daemon raised.
    remote_type = "RemoteError"
    #: Where the daemon's log has more, for what nobody raised on purpose; empty otherwise.
    debug = ""


def rebuild(type_name: str, text: str, debug: str = "") -> RemoteError:
    """The client's form of a daemon's error: a ``RuntimeError``, and the same class where it is known.

    Only our own classes and built-in exceptions are looked up, so a reply can never choose other code.

    >>> error = rebuild("LimitError", "lab.target: 312.0 mm is above the maximum 300.0 mm")
    >>> isinstance(error, LimitError), isinstance(error, ValueError), isinstance(error, RuntimeError)
    (True, True, True)
    """
    known = _OURS.get(type_name) or getattr(builtins, type_name, None)
    if not (isinstance(known, type) and issubclass(known, Exception)) or known in (Exception, StopIteration):
        known = RemoteError
    cls = _REBUILT.get(known)
    if cls is None:
        bases = (known,) if issubclass(known, RemoteError) else (RemoteError, known)
        try:
            cls = type(known.__name__, bases, {"__init__": _keep_text, "__new__": known.__new__})
        except TypeError:  # a layout that does not mix
            cls = RemoteError
        _REBUILT[known] = cls
    error: RemoteError = cls(text)
    error.remote_type = type_name
    error.debug = debug
    return error


def _keep_text(self: BaseException, text: str) -> None:
    """Stand in for an ``__init__`` that would want the fields that only the daemon knows."""
    self.args = (text,)


_OURS = {
    name: value
    for name, value in list(globals().items())
    if isinstance(value, type) and issubclass(value, MktlError)
}
_REBUILT: dict[type[Exception], type[RemoteError]] = {}
