"""From the values of a reply to the bytes that a driver takes for a whole one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mktl.devicefile import Counted, Framing, LinkSpec, Otherwise, Step, Template
from mktl.devicefile.template import VALUE, Field
from mktl.errors import ItemTypeError, ItemValueError, TemplateMismatchError

#: What a text says that nobody knows better; see :func:`plausible`.
_TEXTS = {"serial": "SIM0001", "firmware": "1.0", "version": "1.0", "revision": "1.0"}


def plausible(field: Field) -> object:
    """A value for a field of which nothing is known but its form."""
    if field.kind == "word":
        return field.values[0]
    if field.kind in ("text", "any") and field.spec[:1] not in ("/", "["):
        return next((text for name, text in _TEXTS.items() if name in field.name.lower()), "sim")
    return field.plain


def fields_of(template: Template) -> dict[str, Field]:
    """The fields that carry a value, by name."""
    return {field.name: field for field in template.fields if field.name in template.names}


def filled(template: Template, known: Mapping[str, object]) -> dict[str, object]:
    """A value for each field: what is *known*, or something plausible."""
    return {name: known.get(name, plausible(field)) for name, field in fields_of(template).items()}


class Writer:
    """Writes the replies of one link.

    Args:
        link: Whose framing and other forms hold where a step has none of its own.
    """

    def __init__(self, link: LinkSpec) -> None:
        self._link = link

    def reply(self, step: Step, values: Mapping[str, object]) -> bytes:
        """The whole reply to *step*; where a value is None, the form that says that there is none.

        Raises:
            ItemValueError, ItemTypeError: No form of the reply has a place for these values.
        """
        assert step.reply is not None
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return self._whole(step.reply, given, step)
        except (ItemTypeError, ItemValueError):
            for other in (*step.otherwise, *self._link.otherwise):
                known = _values_in(other, given, is_absent=len(given) < len(values))
                if known is not None:
                    return self._whole(other.reply, known, step)
            raise

    def together(self, said: Sequence[tuple[Step, Mapping[str, object]]]) -> bytes:
        """One reply for several exchanges that sent the same; what one of them skips another may know."""
        step, values = said[0]
        try:
            bodies = [(one.reply, one.reply.format(known)) for one, known in said if one.reply is not None]
        except (ItemTypeError, ItemValueError):
            return self.reply(step, values)
        if len({template for template, _ in bodies}) == 1:
            return self.reply(step, values)
        template, _ = bodies[0]
        return self._finished(template, values, merged(bodies), step)

    def form(self, template: Template, values: Mapping[str, object], step: Step | None = None) -> bytes:
        """The whole reply of this form, such as an error; framed as the replies of *step*, or of the link."""
        return self._whole(template, values, step or Step())

    def can_write(self, template: Template, values: Mapping[str, object]) -> bool:
        """True when the template has a place for these values."""
        try:
            template.format(values)
        except (ItemTypeError, ItemValueError):
            return False
        return True

    def line(self, text: bytes, step: Step) -> bytes:
        """Something that nobody reads, as long as a reply to *step* has to be."""
        framing = self.framing(step)
        if framing.length is not None:
            return text[: framing.length].ljust(framing.length)
        if framing.counted is not None:
            text = text.ljust(framing.counted.at + framing.counted.size)
            return _counted_in(text, framing.counted)
        return text + framing.end

    def framing(self, step: Step) -> Framing:
        """How the replies to *step* end."""
        return self._link.framing if step.framing is None else step.framing

    def _whole(self, template: Template, values: Mapping[str, object], step: Step) -> bytes:
        return self._finished(template, values, template.format(values), step)

    def _finished(self, template: Template, values: Mapping[str, object], reply: bytes, step: Step) -> bytes:
        framing = self.framing(step)
        if framing.length is not None:
            return _stretched(template, reply, framing.length)
        if framing.counted is not None:
            return _counted(template, values, reply, framing.counted)
        if framing.until is not None:
            reply = _up_to(framing.until, template, reply, framing.end)
        return reply + framing.end


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
        ends = [_fits(framing.until, line) for line in lines]
        return None if ends.index(True) == len(lines) - 1 else "an earlier line is of the form of the last"
    if len(lines) > framing.lines:
        return f"the end {repr(framing.end)[1:]} stands within it"
    return None if len(lines) == framing.lines else f"it has {len(lines)} lines, not {framing.lines}"


def merged(replies: Sequence[tuple[Template, bytes]]) -> bytes:
    """One reply for several exchanges that send the same: what one of them skips another may know.

    Args:
        replies: Each one's form and what it would have said, without ends.

    Returns:
        The first of them that all forms can read, with what the others know put in, or else the first.
    """
    templates = [template for template, _ in replies]
    candidates = [*_patched(replies), *(reply for _, reply in replies)]
    for reply in candidates:
        if all(_fits(template, reply) for template in templates):
            return reply
    return replies[0][1]


def _patched(replies: Sequence[tuple[Template, bytes]]) -> Iterator[bytes]:
    """The first reply with the pieces put in that it skips and another one has."""
    first, reply = replies[0]
    pieces = [(piece, reply[piece.start : piece.end]) for piece in first.dissect(reply).pieces]
    for template, said in replies[1:]:
        others = template.dissect(said).pieces
        if len(others) != len(pieces):
            return
        pieces = [
            (mine, said[theirs.start : theirs.end])
            if mine.name is None and theirs.name is not None
            else (mine, text)
            for (mine, text), theirs in zip(pieces, others, strict=True)
        ]
    yield b"".join(text for _, text in pieces)


def _values_in(other: Otherwise, given: Mapping[str, object], *, is_absent: bool) -> dict[str, Any] | None:
    """The values with which the other form says the same; None when it says something else."""
    if is_absent:
        return filled(other.reply, given) if other.status is not None else None
    if not other.gives_fields:
        return None
    if other.value is not None:
        return filled(other.reply, given) if other.value == given.get(VALUE) else None
    return dict(given)


def _stretched(template: Template, reply: bytes, length: int) -> bytes:
    """*reply* with blanks before a number, or after all else, to be as long as it has to be."""
    lacking = length - len(reply)
    if lacking <= 0:
        return reply
    meant = template.parse(reply)
    for piece in template.dissect(reply).pieces:
        if isinstance(piece.value, (int, float)):
            longer = reply[: piece.start] + b" " * lacking + reply[piece.start :]
            if _parsed(template, longer) == meant:
                return longer
    return reply + b" " * lacking


def _counted(template: Template, values: Mapping[str, object], reply: bytes, counted: Counted) -> bytes:
    """*reply* with the number of its bytes in it, where the template leaves that open."""
    if _said(reply, counted) == len(reply):
        return reply
    field = next((f for f in _slots_at(template, reply, counted.at)), None)
    if field is not None:
        again = template.format({**values, field: len(reply) - counted.plus})
        if _said(again, counted) == len(again):
            return again
    return _counted_in(reply, counted)


def _slots_at(template: Template, reply: bytes, at: int) -> Iterator[str]:
    """The name of the field that begins at byte *at*, skipped ones included."""
    for piece in template.dissect(reply).pieces:
        if piece.start == at and piece.source.startswith("{"):
            yield piece.source[1:].partition(":")[0]


def _counted_in(reply: bytes, counted: Counted) -> bytes:
    order = "little" if counted.little_endian else "big"
    number = (len(reply) - counted.plus).to_bytes(counted.size, order)  # type: ignore[arg-type]
    return reply[: counted.at] + number + reply[counted.at + counted.size :]


def _said(reply: bytes, counted: Counted) -> int:
    number = reply[counted.at : counted.at + counted.size]
    return int.from_bytes(number, "little" if counted.little_endian else "big") + counted.plus


def _up_to(until: Template, template: Template, reply: bytes, end: bytes) -> bytes:
    """*reply* with its last line, where the template leaves that to a field."""
    if _fits(until, reply.rpartition(end)[2]):
        return reply
    longer = reply + end + until.format(filled(until, {}))
    return longer if _fits(template, longer) else reply


def _parsed(template: Template, reply: bytes) -> dict[str, object] | None:
    try:
        return template.parse(reply)
    except TemplateMismatchError:
        return None


def _fits(template: Template, reply: bytes) -> bool:
    return _parsed(template, reply) is not None
