"""What passed on a line, for a person: bytes as text and in hex, and each reply taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..devicefile import Device, ItemSpec, LinkSpec, Otherwise, Register, Step, Template
from ..devicefile.traffic import as_text, escaped
from ..errors import TemplateMismatchError

#: Bytes of which the hex stands beside them; more of them get lines of their own.
_BESIDE = 24
_ROW = 16
_COLUMN = 34
#: Characters of a field, and of a whole form, as the file writes them.
_FIELD = 24
_FORM = 150


@dataclass(slots=True)
class Exchange:
    """One thing sent, or heard unasked, and what came in return."""

    sent: bytes = b""
    received: bytes = b""
    #: Replies as they were cut: the bytes, how their end was known, and what they are the reply to.
    replies: list[tuple[bytes, str, Step]] = field(default_factory=list)


class Transcript:
    """A tap on a link that remembers all of it."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def sent(self, data: bytes) -> None:
        """A new exchange begins."""
        self.exchanges.append(Exchange(sent=data))

    def received(self, data: bytes) -> None:
        """It goes on."""
        self._last.received += data

    def replied(self, reply: bytes, cut: object, step: Step) -> None:
        """A reply is whole."""
        self._last.replies.append((reply, str(cut), step))

    @property
    def _last(self) -> Exchange:
        if not self.exchanges:
            self.exchanges.append(Exchange())
        return self.exchanges[-1]


class Teller:
    """Puts exchanges into words, knowing the file that they come from.

    Args:
        device: The file.
        spec: The item that it is about.
    """

    def __init__(self, device: Device, spec: ItemSpec) -> None:
        assert spec.link is not None
        self._device, self._spec = device, spec
        self._link: LinkSpec = device.links[spec.link]

    def lines(self, exchanges: Sequence[Exchange]) -> Iterator[str]:
        """All of them, line by line."""
        for exchange in exchanges:
            yield self._title(exchange)
            if exchange.sent:
                yield from _bytes_lines(">", exchange.sent)
            if exchange.received:
                yield from _bytes_lines("<", exchange.received)
            elif not exchange.replies and self._expects(exchange):
                yield "  < nothing"
            for reply, cut, step in exchange.replies:
                yield from self._reply_lines(reply, cut, step)

    def _title(self, exchange: Exchange) -> str:
        """What it is for, as far as the file tells."""
        replied = [step for _, _, step in exchange.replies]
        if self._spec.command is not None and _is_of(self._spec.command.steps, exchange, replied):
            return f"set {self._spec.key}"
        asked = (("identity", self._link.identity), ("check_after_set", self._link.check_after_set))
        for what, table in asked:
            known = not replied or any(step.reply is table.reply for step in replied) if table else False
            if table is not None and known and _begins(table.send, exchange.sent):
                return what
        for query in self._device.queries.values():
            if query.link == self._link.name and _is_of(query.steps, exchange, replied):
                own = query.name.removeprefix("item:")
                return f"query {own}" if own == query.name else f"get {own}"
        return "exchange" if exchange.sent else "heard"

    def _expects(self, exchange: Exchange) -> bool:
        """Whether anything should have come; a set without a reply is answered by silence."""
        command = self._spec.command
        if command is None or not _is_of(command.steps, exchange, []):
            return True
        return command.is_answered

    def _reply_lines(self, reply: bytes, cut: str, step: Step) -> Iterator[str]:
        yield f"  reply, cut at {cut}: {escaped(reply)}"
        if step.reply is None:
            return
        found = step.reply.dissect(reply)
        if found.stopped is None:
            yield f"  as '{_shortened(step.reply.source, _FORM)}'"
            yield from _piece_lines(step.reply, reply)
            return
        for other in (*step.otherwise, *self._link.otherwise):
            if _fits(other.reply, reply):
                yield f"  as another form, '{other.reply.source}': {_meaning(other)}"
                yield from _piece_lines(other.reply, reply)
                return
        yield f"  not as '{step.reply.source}'"
        yield from _piece_lines(step.reply, reply)
        yield from caret_lines(reply, *found.stopped)


def caret_lines(reply: bytes, at: int, expected: str) -> Iterator[str]:
    r"""The reply, and under its byte *at* what should be there.

    >>> print("\n".join(caret_lines(b"\x02X5", 2, "a whole number")))
        \x02X5
             ^ byte 3: expected a whole number
    """
    yield f"    {as_text(reply)}"
    yield f"    {' ' * len(as_text(reply[:at]))}^ byte {at + 1}: expected {expected}"


def _piece_lines(form: Template, reply: bytes) -> Iterator[str]:
    for piece in form.dissect(reply).pieces:
        value = "" if piece.name is None else f"  {piece.name + ' = ' if piece.name else ''}{piece.value!r}"
        taken = _readable(reply[piece.start : piece.end])
        yield f"    {taken:<20} {_shortened(piece.source, _FIELD):<{_FIELD}}{value}".rstrip()


def _readable(data: bytes) -> str:
    r"""Bytes of one field: text as it is, anything else in hex.

    >>> _readable(b"4.2\r"), _readable(b"\x01d")
    ('4.2\\r', '01 64')
    """
    return escaped(data) if all(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in data) else data.hex(" ")


def _shortened(text: str, most: int) -> str:
    """A form with many words in it must not push everything else off the screen."""
    return (
        text
        if len(text) <= most
        else f"{text[: most - 2]}…}}"
        if text.endswith("}")
        else f"{text[: most - 1]}…"
    )


def _bytes_lines(direction: str, data: bytes) -> Iterator[str]:
    """The bytes as text, and in hex: beside it, or below where they are many."""
    text = f"  {direction} {escaped(data)}"
    if len(data) <= _BESIDE:
        yield f"{text:<{_COLUMN}}  {data.hex(' ')}"
        return
    yield text
    for at in range(0, len(data), _ROW):
        yield f"      {at:04x}  {data[at : at + _ROW].hex(' ')}"


def _is_of(steps: Sequence[Step], exchange: Exchange, replied: Sequence[Step]) -> bool:
    """Whether the exchange is one of these steps: by what it is the reply to, or by what was sent."""
    if replied:
        return any(one is step for one in replied for step in steps)
    return any(step.send is not None and _begins(step.send, exchange.sent) for step in steps)


def _begins(send: Template, sent: bytes) -> bool:
    """Whether *sent* is this command with some end behind it."""
    return any(_fits(send, sent[: len(sent) - cut]) for cut in range(min(4, len(sent))))


def _fits(form: Template, reply: bytes) -> bool:
    try:
        form.parse(reply)
    except TemplateMismatchError:
        return False
    return True


def _meaning(other: Otherwise) -> str:
    if other.error is not None:
        return f'the error "{other.error}"'
    if other.status is not None:
        return f"no value, {other.status}"
    return "fields of another form" if other.value is None else f"the value {other.value!r}"


def conversion_line(spec: ItemSpec, raw: Any) -> str | None:
    """How the device's number becomes the item's; None where it stays as it is."""
    conversion = spec.conversion
    try:
        if spec.bit is not None:
            return f"bit {spec.bit} of {raw!r} is {int(raw) >> spec.bit & 1}"
        if conversion.is_identity or isinstance(raw, (str, bytes)) or raw is None:
            return None
        value = conversion.to_item(raw)
    except (TypeError, ValueError) as error:
        return f"{raw!r}: {error}"
    if conversion.table:
        return f"{raw!r} along its table is {value!r}"
    offset = f" + {conversion.offset:g}" if conversion.offset else ""
    return f"{raw!r} × {conversion.scale:g}{offset} = {value!r}"


def register_line(register: Register, spec: ItemSpec, value: Any) -> str:
    """Where a value stands, and what the registers hold for it.

    >>> from mktl.devicefile import Conversion, Place
    >>> spec = ItemSpec("pv", {}, conversion=Conversion(scale=0.1))
    >>> register_line(Register(Place("holding", 1), "int16"), spec, 24.5)
    'holding 1 as int16: 245 × 0.1 = 24.5'
    """
    count = "" if register.count == 1 else f" × {register.count}"
    order = "" if register.width == 1 or register.order == "ABCD" else f", order {register.order}"
    bit = "" if register.bit is None else f", bit {register.bit}"
    where = f"{register.place} as {register.type}{count}{order}{bit}"
    raw = spec.conversion.to_device(value, whole=not register.type.startswith("float"))
    return f"{where}: {conversion_line(spec, raw) or repr(raw)}"
