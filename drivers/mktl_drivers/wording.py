"""How bytes and errors are worded for people."""

from __future__ import annotations

from mktl.errors import DeviceReplyError, MktlError


def quoted(data: bytes) -> str:
    r"""Bytes as an error shows them, without the b of Python.

    >>> print(quoted(b"KRDG? A"), quoted(b"\x06"))
    'KRDG? A' '\x06'
    """
    text = repr(data)[1:]
    return text if len(text) <= 80 else f"{text[:77]}..."


def named(error: MktlError, key: str) -> MktlError:
    """The same error as the client of the item *key* gets it; its fields are kept.

    >>> from mktl.errors import DeviceTimeoutError
    >>> str(named(DeviceTimeoutError("ls336: no reply"), "lab.tempa"))
    'lab.tempa: ls336: no reply'
    """
    if isinstance(error, DeviceReplyError):
        return type(error)(f"{key}: {error.key}", sent=error.sent, got=error.got, expected=error.expected)
    return type(error)(f"{key}: {error}")


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "item"), plural(14, "item")
    ('1 item', '14 items')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def kept(count: int) -> str:
    """What becomes of the values of so many items while a device is away.

    >>> kept(1), kept(14)
    ('1 item keeps its last value', '14 items keep their last values')
    """
    return f"{plural(count, 'item')} {'keeps its last value' if count == 1 else 'keep their last values'}"
