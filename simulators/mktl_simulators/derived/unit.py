"""One device on a line, made from its link of a device file: what it knows, remembers and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mktl.devicefile import Device, ItemSpec, LinkSpec, Query, Step, Template
from mktl.errors import ItemTypeError, ItemValueError

from .errors import ErrorMemory, Mistake, error_form, error_values
from .framing import parsed
from .memory import Memory
from .motion import Motions
from .phrases import Heard, exchanges_of
from .replies import Writer, can_write, filled
from .start import accepts, to_device
from .stream import Stream
from .trial import check_reading, check_saying, replies_to
from .values import Values

_ITEM = "item."
#: Where nothing is known of what the device says, but that it says something.
_SOMETHING = b"OK"


class DerivedUnit:
    """What the file says of one link, run backwards.

    Items start with ``[simulate] initial``, else with their ``initial``, the middle of their range, their
    first word or 0. A set out of an item's range or words changes nothing and is refused in the form that the
    exchange or the link has for that, or else in silence; the answer to ``check_after_set`` tells once.
    """

    def __init__(self, device: Device, link: LinkSpec) -> None:
        self.link = link
        #: False: it hears nothing and says nothing.
        self.is_on = True
        self._writer = Writer(link)
        queries = [query for query in device.queries.values() if query.link == link.name]
        self.values = Values(device, link.name, lambda query: replies_to(query, self.values, self._writer))
        self._errors = ErrorMemory(link.check_after_set)
        self._memory = Memory(list(exchanges_of(device, link)))
        self._introduce(queries)
        check_reading(device.path, queries, self.values, self._writer)
        check_saying(device.path, self._memory.exchanges, self._writer)
        self.motions = Motions(device, self.values)
        self._streams = [
            Stream(query, device.fed_by(query.name))
            for query in queries
            if query.steps[0].send is None and query.steps[0].reply is not None
        ]

    @property
    def memory(self) -> Memory:
        """The commands that it knows, and which exchange it is in."""
        return self._memory

    # -- what it is told

    def hear(self, command: bytes, end: bytes) -> tuple[bytes, list[str]] | None:
        """Obey one command.

        Returns:
            What it says to that, and the items that have to be at rest before it does; None when the command
            is not one of its own.
        """
        meant = self._memory.follow(command, end)
        if not meant:
            return None
        if meant[0].exchange.sets is not None:
            return self._set([heard for heard in meant if heard.exchange.sets is not None]), []
        same = [heard for heard in meant if heard.turn.phrase == meant[0].turn.phrase]
        finished = [heard.exchange.finishes.key for heard in same if heard.exchange.finishes]
        return self._answer(same), finished

    def misunderstand(self) -> bytes:
        """A command came that it does not know."""
        self._memory.forget()
        return self._complain("unknown", Step())

    # -- what it does by itself

    def advance(self, dt_s: float) -> None:
        """Let its time pass."""
        self.motions.advance(dt_s)
        for stream in self._streams:
            stream.advance(dt_s)

    def unasked(self) -> bytes:
        """The lines that it says by itself by now."""
        changed = self.values.take_changes()
        due = [stream for stream in self._streams if stream.is_due(changed)]
        return b"".join(map(self._line, due))

    @property
    def due_in_s(self) -> float | None:
        """How long until it says something by itself; None when it never does."""
        return min((stream.due_in_s for stream in self._streams), default=None)

    # -- what it says

    def _line(self, stream: Stream) -> bytes:
        """What it says of its own accord; nothing while its values are none that it could say."""
        try:
            return self._writer.reply(stream.step, self._reading(stream.query))
        except (ItemTypeError, ItemValueError):
            return b""

    def _introduce(self, queries: Sequence[Query]) -> None:
        """Let queries that send the same as the identity know what it says."""
        identity = self.link.identity
        if identity is None:
            return
        alike = [query for query in queries if query.steps[0].send == identity.send]
        known = {name: value for query in alike for name, value in self.values.reply_values(query).items()}
        said = _formatted(identity.reply, filled(identity.reply, known))
        for query in alike:
            reply = query.steps[0].reply
            for name, value in ((parsed(reply, said) if reply else None) or {}).items():
                self.values.start_field(query, name, value)

    def _answer(self, meant: Sequence[Heard]) -> bytes:
        """What it says to a command that sets nothing; exchanges that send the same share what they know."""
        read = {id(heard): self._reading(heard.exchange.reads) for heard in meant if heard.exchange.reads}
        known = {name: value for fields in read.values() for name, value in fields.items() if name}
        out = b""
        for number, step in enumerate(meant[0].turn.steps):
            if step.reply is None:
                out += self._writer.line(_SOMETHING, step) if step.ignores_reply else b""
                continue
            alike = [(heard, heard.turn.steps[number]) for heard in meant if number < len(heard.turn.steps)]
            out += self._writer.together(
                [
                    (one, read.get(id(heard)) or self._fields(heard, one.reply, known))
                    for heard, one in alike
                    if one.reply is not None
                ]
            )
        return out

    def _fields(self, heard: Heard, reply: Template, known: Mapping[str, object]) -> Mapping[str, object]:
        """The fields of an answer that is no reading."""
        if heard.exchange.is_check:
            return self._errors.answer()
        values = filled(reply, {**known, **heard.given})
        return values if can_write(reply, values) else filled(reply, {})

    def _reading(self, query: Query) -> dict[str, object]:
        """The fields of a reply, as one reading has them."""
        values = self.values.reply_values(query)
        noisy = {}
        for spec in map(self.values.spec, self.motions.noisy_keys):
            value = self.values.of(spec.key)
            if spec.query == query.name and spec.bit is None and value is not None:
                noisy[spec.field] = self.values.fitted(
                    spec, to_device(spec, self.motions.noisy(spec.key, value))
                )
        try:
            for step in query.steps if noisy else ():
                if step.reply is not None:
                    self._writer.reply(step, {**values, **noisy})
        except (ItemTypeError, ItemValueError):  # noise beyond what the device can say
            return values
        return {**values, **noisy}

    def _set(self, meant: Sequence[Heard]) -> bytes:
        """Carry out a set; several items may be set by one command, each giving another of its numbers."""
        changes = [change for heard in meant for change in self._changes(heard)]
        first = meant[0]
        asked = next((step for step in first.turn.steps if step.reply is not None), None)
        try:
            if not all(accepts(spec, raw) for spec, raw in changes):
                raise ItemValueError("out of range")
            self.values.change(changes)
        except (ItemTypeError, ItemValueError):
            self._memory.forget()
            return self._complain("refused", asked)
        self.motions.settle()
        return b"".join(self._acknowledged(first, step) for step in first.turn.steps)

    def _changes(self, heard: Heard) -> Iterator[tuple[ItemSpec, Any]]:
        """What the values in a set come to: the item's own, and those of others that stand beside it."""
        spec = heard.exchange.sets
        if spec is not None and "" in heard.given:
            yield spec, heard.given[""]
        for name, value in heard.given.items():
            key = name.removeprefix(_ITEM)
            if key != name and self.values.has(key):
                yield self.values.spec(key), value

    def _acknowledged(self, heard: Heard, step: Step) -> bytes:
        """The answer to a set: what the command said, where the answer repeats it."""
        if step.reply is None:
            return self._writer.line(_SOMETHING, step) if step.ignores_reply else b""
        known = {"": self.values.raw(heard.exchange.sets), **heard.given} if heard.exchange.sets else {}
        values = filled(step.reply, known)
        return self._writer.reply(step, values if can_write(step.reply, values) else filled(step.reply, {}))

    def _complain(self, mistake: Mistake, step: Step | None) -> bytes:
        """Note a mistake, and say no in the form that there is for it; None for a step: nobody listens."""
        self._errors.note(mistake)
        if step is None:
            return b""
        form = error_form(step.otherwise, mistake) or error_form(self.link.otherwise, mistake)
        if form is None:
            return b""
        try:
            return self._writer.form(form.reply, error_values(form, mistake), step)
        except (ItemTypeError, ItemValueError):  # a form of which nobody can say how to fill it
            return b""


def _formatted(reply: Template, values: Mapping[str, object]) -> bytes:
    """*reply* with these values, or with something plain of their kinds where they do not fit."""
    try:
        return reply.format(values)
    except (ItemTypeError, ItemValueError):
        return reply.format({field.name: field.plain for field in reply.fields if field.name in values})
