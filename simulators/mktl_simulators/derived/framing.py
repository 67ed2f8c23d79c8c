"""What makes the bytes of a reply a whole one for the driver: ends, lengths, counts and last lines."""

from __future__ import annotations

from collections.abc import Mapping

from mktl.devicefile import Counted, Framing, Template
from mktl.errors import TemplateMismatchError


def whole(template: Template, values: Mapping[str, object], reply: bytes, framing: Framing) -> bytes:
    """*reply*, which *template* made of *values*, with all that ends it."""
    if framing.length is not None:
        return _stretched(template, reply, framing.length)
    if framing.counted is not None:
        return _counted(template, values, reply, framing.counted)
    if framing.until is not None:
        reply = _up_to(framing.until, template, reply, framing.end)
    return reply + framing.end


def anything(text: bytes, framing: Framing) -> bytes:
    """*text*, as long as a reply has to be."""
    if framing.length is not None:
        return text[: framing.length].ljust(framing.length)
    if framing.counted is not None:
        text = text.ljust(framing.counted.at + framing.counted.size)
        return _with_count(text, framing.counted)
    return text + framing.end


def why_not_whole(reply: bytes, framing: Framing, template: Template) -> str | None:
    r"""Why a driver would not take *reply* for one whole reply; None when it would.

    >>> why_not_whole(b"1.0\r\n2.0\r\n", Framing(b"\r\n"), Template.compile("{:s}"))
    "the end '\\r\\n' stands within it"
    """
    if framing.length is not None:
        return None if len(reply) == framing.length else f"it has {len(reply)} bytes, not {framing.length}"
    if framing.counted is not None:
        said = _said(reply, framing.counted)
        return None if said == len(reply) else f"it has {len(reply)} bytes, and says that it has {said}"
    if template.block is not None or not framing.end:
        return None
    *lines, _ = reply.split(framing.end)
    if framing.until is not None:
        ends = [fits(framing.until, line) for line in lines]
        if not ends or not ends[-1]:
            return f"no line '{framing.until.source}' ends it"
        return "an earlier line is of the form of the last" if any(ends[:-1]) else None
    if len(lines) > framing.lines:
        return f"the end {repr(framing.end)[1:]} stands within it"
    return None if len(lines) == framing.lines else f"it has {len(lines)} lines, not {framing.lines}"


def parsed(template: Template, reply: bytes) -> dict[str, object] | None:
    """The fields of *reply*; None when it is of another form."""
    try:
        return template.parse(reply)
    except TemplateMismatchError:
        return None


def fits(template: Template, reply: bytes) -> bool:
    """True when *reply* is of this form."""
    return parsed(template, reply) is not None


def _stretched(template: Template, reply: bytes, length: int) -> bytes:
    """*reply* with blanks before a number, or after all else, to be as long as it has to be."""
    lacking = length - len(reply)
    if lacking <= 0:
        return reply
    meant = template.parse(reply)
    for piece in template.dissect(reply).pieces:
        if isinstance(piece.value, (int, float)):
            longer = reply[: piece.start] + b" " * lacking + reply[piece.start :]
            if parsed(template, longer) == meant:
                return longer
    return reply + b" " * lacking


def _counted(template: Template, values: Mapping[str, object], reply: bytes, counted: Counted) -> bytes:
    """*reply* with the number of its bytes in it, where the template leaves that open."""
    if _said(reply, counted) == len(reply):
        return reply
    field = _field_at(template, reply, counted.at)
    if field is not None:
        again = template.format({**values, field: len(reply) - counted.plus})
        if _said(again, counted) == len(again):
            return again
    return _with_count(reply, counted)


def _field_at(template: Template, reply: bytes, at: int) -> str | None:
    """The name of the field that begins at byte *at*, also of one that is skipped; None without one."""
    for piece in template.dissect(reply).pieces:
        if piece.start == at and piece.source.startswith("{"):
            return piece.source[1:].partition(":")[0]
    return None


def _with_count(reply: bytes, counted: Counted) -> bytes:
    number = (len(reply) - counted.plus).to_bytes(counted.size, "little" if counted.little_endian else "big")
    return reply[: counted.at] + number + reply[counted.at + counted.size :]


def _said(reply: bytes, counted: Counted) -> int:
    number = reply[counted.at : counted.at + counted.size]
    return int.from_bytes(number, "little" if counted.little_endian else "big") + counted.plus


def _up_to(until: Template, template: Template, reply: bytes, end: bytes) -> bytes:
    """*reply* with its last line, where the template leaves that to a field."""
    if fits(until, reply.rpartition(end)[2]):
        return reply
    longer = reply + end + until.format({field.name: field.plain for field in until.fields})
    return longer if fits(template, longer) else reply
