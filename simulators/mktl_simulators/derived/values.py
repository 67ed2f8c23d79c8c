"""What a device made from its file remembers: one number or text for each field of each reply.

Values here are the device's own, before scale and offset; :meth:`Values.of` and :meth:`Values.put` speak in
the units of the item.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from mktl.devicefile import Device, ItemSpec, Query
from mktl.devicefile.template import Field
from mktl.errors import ItemTypeError, ItemValueError, UnknownItemError

from .alike import Alike
from .beginning import Beginning, Place
from .replies import fields_of
from .start import fit, is_given, sentinel_number, start_of, to_device

#: Raises ItemValueError or ItemTypeError when the reply to a query cannot be written with the present values.
Trial = Callable[[Query], object]


class Values:
    """The values of all items on one link.

    Args:
        device: The file.
        link: Whose items they are.
        trial: Tells whether the device could say what it remembers.
    """

    def __init__(self, device: Device, link: str, trial: Trial = lambda _: None) -> None:
        self._items = {key: spec for key, spec in device.items.items() if spec.link == link}
        self._initial = device.simulate.initial
        self._queries = {name: query for name, query in device.queries.items() if query.link == link}
        #: Query → the first one that asks for the same; they share their places.
        self._same = _same_questions(self._queries)
        self._alike = Alike(query for query in self._queries.values() if not query.unsolicited)
        self._trial = trial
        self._fields: dict[Place, Field] = {
            (self._same[name], field.name): field
            for name, query in reversed(self._queries.items())
            for step in query.steps
            for form in reversed(list(step.replies()))
            for field in fields_of(form).values()
        }
        self._raw: dict[Place, Any] = {}
        #: Places that have been written to from outside since somebody looked; see :meth:`take_changes`.
        self._changed: set[Place] = set()
        beginning = Beginning(list(self._items.values()), self._initial, self._fields, self._place)
        for place in self._fields:
            self._raw[place] = beginning.of(place)
        for spec in self._items.values():
            if self._place(spec) not in self._raw:
                self._raw[self._place(spec)] = to_device(spec, start_of(spec, self._initial))
        # What the file says of an answer wins over what its neighbours want, and that over a guess.
        settled = set[Place]()
        for place in sorted(self._fields, key=beginning.certainty, reverse=True):
            settled.add(place)
            self._spread({place}, settled)

    @property
    def keys(self) -> Iterable[str]:
        """The items on this link."""
        return self._items.keys()

    def of(self, key: str) -> Any:
        """The value of an item, as its clients have it; None while the device says that there is none."""
        spec = self.spec(key)
        raw = self._raw[self._place(spec)]
        if raw is None or any(raw == none for none in self._nones(spec).values()):
            return None
        if isinstance(raw, str) and spec.metadata.get("type") == "numeric":
            return None
        return raw >> spec.bit & 1 if spec.bit is not None else spec.conversion.to_item(raw)

    def put(self, key: str, value: Any) -> None:
        """Let an item have another value, as if the device had measured it.

        Args:
            key: Of the item.
            value: In the unit of the item; one of its sentinels, such as ``"---"``, for what stands in the
                place of a value; None where the reply has another form that says that there is none.

        Raises:
            ItemValueError, ItemTypeError: The device has no way to say this; nothing has changed.
        """
        spec = self.spec(key)
        nones = self._nones(spec)
        is_none = value is None or (isinstance(value, str) and value in nones)
        self.change([(spec, nones.get(value) if is_none else as_raw(spec, value))])

    def change(self, changes: Iterable[tuple[ItemSpec, Any]]) -> None:
        """Let items have other values in the device's numbers, all of them or none.

        Raises:
            ItemValueError, ItemTypeError: One of the replies has no place for its value; nothing has changed.
        """
        before, touched = dict(self._raw), set[Place]()
        for spec, raw in changes:
            self._write(spec, raw)
            touched.add(self._place(spec))
        self._spread(touched, touched)
        try:
            for name in self._told_by(touched):
                self._trial(self._queries[name])
        except (ItemTypeError, ItemValueError):
            self._raw = before
            raise
        self._changed |= touched

    def move(self, key: str, value: Any) -> None:
        """Let a value change by itself; where the device cannot say it, it stays as it is."""
        changed = set(self._changed)
        try:
            self.put(key, value)
        except (ItemTypeError, ItemValueError, ValueError):
            pass
        self._changed = changed  # what moves is said in its time, and not at each step of the way

    def has(self, key: str) -> bool:
        """True for an item on this link."""
        return key in self._items

    def reply_values(self, query: Query) -> dict[str, object]:
        """What stands in the fields of this query's reply now."""
        return {name: self._raw[self._same[query.name], name] for name in query.names}

    def start_field(self, query: Query, field: str, raw: object) -> None:
        """Let a field of a reply start with another value, unless the file says what its item starts with."""
        place = self._same[query.name], field
        fed = [spec for spec in self._items.values() if self._place(spec) == place]
        if not any(is_given(spec, self._initial) for spec in fed):
            self._raw[place] = raw

    def raw(self, spec: ItemSpec) -> Any:
        """The device's number for an item."""
        return self._raw[self._place(spec)]

    def fitted(self, spec: ItemSpec, raw: Any) -> Any:
        """A number of the device as the field of the item has it."""
        return fit(raw, self._fields.get(self._place(spec)), spec)

    def take_changes(self) -> set[str]:
        """The queries whose replies have become others since this was asked last."""
        changed, self._changed = self._changed, set()
        return self._told_by(changed)

    def spec(self, key: str) -> ItemSpec:
        """The item of this key.

        Raises:
            UnknownItemError: Not on this link.
        """
        try:
            return self._items[key]
        except KeyError:
            raise UnknownItemError(f"no item '{key}' on this link, only {', '.join(self._items)}") from None

    def _spread(self, touched: Collection[Place], settled: Collection[Place]) -> None:
        """Let queries that send the same know of what was touched, where that is not settled already."""
        for name in sorted({query for query, _ in touched} & self._queries.keys()):
            fields = [field for query, field in touched if query == name]
            told = self._alike.told(self._queries[name], fields, self.reply_values)
            for query, field, raw in list(told):
                place = self._same[query.name], field
                if place not in settled:
                    self._raw[place] = raw

    def _told_by(self, places: Iterable[Place]) -> set[str]:
        """The queries whose replies tell what stands there."""
        told = {query for query, _ in places}
        return {name for name, first in self._same.items() if first in told}

    def _place(self, spec: ItemSpec) -> Place:
        return ("", spec.key) if spec.query is None else (self._same[spec.query], spec.field)

    def _write(self, spec: ItemSpec, raw: Any) -> None:
        place = self._place(spec)
        if spec.bit is not None and isinstance(raw, (int, float)):
            there = self._raw[place]
            bits = there if isinstance(there, int) else 0
            raw = bits | 1 << spec.bit if raw else bits & ~(1 << spec.bit)
        self._raw[place] = None if raw is None else fit(raw, self._fields.get(place), spec)

    def _nones(self, spec: ItemSpec) -> dict[str, Any]:
        """What the device says in the place of a value, by how the file spells it."""
        field = self._fields.get(self._place(spec))
        words = field.values if field else ()
        numbers = {said: sentinel_number(said) for said in spec.sentinels}
        return {said: said if number is None or said in words else number for said, number in numbers.items()}


def as_raw(spec: ItemSpec, value: Any) -> Any:
    """The device's number for a value of the item, of which a bit is one by itself."""
    return value if spec.bit is not None else to_device(spec, value)


def _same_questions(queries: dict[str, Query]) -> dict[str, str]:
    """Each query, and the first one that sends the same and has the same fields in its replies."""
    first: dict[object, str] = {}
    same = {}
    for name, query in queries.items():
        key = tuple((step.send, _shape(query, number)) for number, step in enumerate(query.steps))
        same[name] = name if query.unsolicited else first.setdefault(key, name)
    return same


def _shape(query: Query, number: int) -> tuple[str, ...]:
    """The fields of a reply, whatever words may stand for them."""
    reply = query.steps[number].reply
    return () if reply is None else tuple(field.name for field in reply.fields)
