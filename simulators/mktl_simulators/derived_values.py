"""What a device made from its file remembers: one number or text for each field of each reply.

Values here are the device's own, before scale and offset; :meth:`Values.of` and :meth:`Values.put` speak in
the units of the item.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mktl.devicefile import Device, ItemSpec, Query, Template
from mktl.devicefile.template import Field
from mktl.errors import UnknownItemError

#: A query and one of its fields; an item that can only be written has a place of its own.
Place = tuple[str, str]

#: What a text says that nobody knows better; see :func:`plausible`.
_TEXTS = {"serial": "SIM0001", "firmware": "1.0", "version": "1.0", "revision": "1.0"}

# Half of the last digit of a double near a limit is not beyond it.
_ROUNDING = 1e-9


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


class Values:
    """The values of all items on one link."""

    def __init__(self, device: Device, link: str) -> None:
        self._items = {key: spec for key, spec in device.items.items() if spec.link == link}
        self._initial = device.simulate.initial
        self._queries = {name: query for name, query in device.queries.items() if query.link == link}
        self._fields: dict[Place, Field] = {
            (name, field.name): field
            for name, query in self._queries.items()
            for reply in query.steps[0].replies()
            for field in fields_of(reply).values()
        }
        self._raw: dict[Place, Any] = {}
        for place in self._fields:
            self._raw[place] = self._start(place)
        for spec in self._items.values():
            if _place(spec) not in self._raw:
                self._raw[_place(spec)] = spec.conversion.to_device(self._first_value(spec))

    def of(self, key: str) -> Any:
        """The value of an item, as its clients have it."""
        spec = self._spec(key)
        return spec.conversion.to_item(self._raw[_place(spec)])

    def put(self, key: str, value: Any) -> None:
        """Let an item have another value, as if the device had measured it."""
        self.put_raw(*self.as_raw(key, value))

    def as_raw(self, key: str, value: Any) -> tuple[ItemSpec, Any]:
        """An item and the device's number for a value of it."""
        spec = self._spec(key)
        return spec, _to_device(spec, value)

    def put_raw(self, spec: ItemSpec, raw: Any) -> None:
        """Let an item have another value in the device's numbers."""
        place = _place(spec)
        self._raw[place] = fit(raw, self._fields.get(place), spec)

    def has(self, key: str) -> bool:
        """True for an item on this link."""
        return key in self._items

    def reply_values(self, query: Query) -> dict[str, object]:
        """What stands in the fields of this query's reply now."""
        return {name: self._raw[query.name, name] for name in query.names}

    def _spec(self, key: str) -> ItemSpec:
        try:
            return self._items[key]
        except KeyError:
            raise UnknownItemError(f"no item '{key}' on this link, only {', '.join(self._items)}") from None

    def _start(self, place: Place) -> Any:
        """The value that a field starts with: an item's, one that its neighbours need, or a plausible one."""
        fed = [spec for spec in self._items.values() if _place(spec) == place]
        # An item with a starting value of its own comes before one that would get a guess.
        fed.sort(key=lambda spec: not self._is_given(spec))
        if fed and self._is_given(fed[0]):
            return fit(_to_device(fed[0], self._first_value(fed[0])), self._fields[place], fed[0])
        wanted = self._wanted_by_others(place)
        if wanted is not None:
            return wanted
        if fed:
            return fit(_to_device(fed[0], self._first_value(fed[0])), self._fields[place], fed[0])
        return plausible(self._fields[place])

    def _wanted_by_others(self, place: Place) -> Any:
        """A value with which the other items of the reply are good and not disabled; None when all do."""
        query, field = place
        others = [spec for spec in self._items.values() if spec.query == query]
        for spec in others:
            for good in spec.good_when.get(field, ())[:1]:
                return good
        bad = [value for spec in others for value in spec.disabled_when.get(field, ())]
        return next((value for value in range(len(bad) + 1) if value not in bad), None) if bad else None

    def _is_given(self, spec: ItemSpec) -> bool:
        return spec.key in self._initial or "initial" in spec.metadata

    def _first_value(self, spec: ItemSpec) -> Any:
        return start_of(spec, self._initial)


def accepts(spec: ItemSpec, raw: Any) -> bool:
    """Whether the device takes this number: within the range and among the words of the item."""
    words = spec.metadata.get("enumerators")
    if words and spec.metadata.get("type") in ("enumerated", "boolean"):
        return str(raw) in words.values() or _whole(raw) in words
    value = spec.conversion.to_item(raw)
    low, high = spec.metadata.get("range") or (None, None)
    if not isinstance(value, (int, float)):
        return True
    slack = _ROUNDING * max(1.0, abs(value))
    return (low is None or value >= low - slack) and (high is None or value <= high + slack)


def start_of(spec: ItemSpec, initial: Mapping[str, Any]) -> Any:
    """What an item starts with: of ``[simulate] initial``, its own ``initial``, or something sensible."""
    if spec.key in initial:
        return initial[spec.key]
    return spec.metadata["initial"] if "initial" in spec.metadata else first_value(spec.metadata)


def first_value(metadata: Mapping[str, Any]) -> Any:
    """A sensible value for an item of this description.

    >>> first_value({"type": "numeric", "range": [0, 300]}), first_value({"type": "string"})
    (150.0, 'sim')
    """
    item_type, words = metadata.get("type"), metadata.get("enumerators") or {}
    if item_type == "string":
        return "sim"
    if item_type == "enumerated":
        return int(next((key for key in words if key != "none"), 0))
    if item_type == "bulk":
        return b""
    low, high = metadata.get("range") or (None, None)
    middle = (low + high) / 2 if low is not None and high is not None else low or high or 0
    return [middle] if item_type == "numeric array" else middle


def fit(raw: Any, field: Field | None, spec: ItemSpec) -> Any:
    """*raw* as a field of this kind can be written: a word for its number, a whole number for 19.5."""
    kind = field.kind if field else "any"
    if field and isinstance(raw, str) and raw in field.values:
        return raw
    if field and isinstance(field.plain, list):
        return _as_array(raw, field.plain)
    if kind == "text" and not isinstance(raw, (str, bytes)):
        words = spec.metadata.get("enumerators") or {}
        return words.get(_whole(raw), str(raw))
    if kind in ("float", "int") and isinstance(raw, str):
        raw = _number(raw, spec)
    if kind == "int" and isinstance(raw, float):
        return round(raw)
    if kind == "word" and field and raw not in field.values:
        return _nearest(raw, field.values)
    return raw


def _as_array(raw: Any, plain: list[Any]) -> list[Any]:
    """*raw*, filled up to the elements of the *plain* array: a bulk item starts as none, any other as one."""
    given = list(raw) if isinstance(raw, Iterable) else [raw]
    if plain and isinstance(plain[0], int):
        given = [round(one) if isinstance(one, float) else one for one in given]
    return given + plain[len(given) :]


def _number(text: str, spec: ItemSpec) -> float | int:
    """The number that *text* is, or that it is the word for."""
    words: Mapping[str, str] = spec.metadata.get("enumerators") or {}
    for key, word in words.items():
        if word.lower() == text.strip().lower():
            return int(key)
    try:
        return float(text)
    except ValueError:
        return 0


def _nearest(raw: Any, values: Sequence[Any]) -> Any:
    if not isinstance(raw, (int, float)):
        return values[0]
    numbers = [value for value in values if isinstance(value, (int, float))]
    return min(numbers, key=lambda value: abs(value - raw)) if numbers else values[0]


def _to_device(spec: ItemSpec, value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [spec.conversion.to_device(number) for number in value]
    return spec.conversion.to_device(value)


def _place(spec: ItemSpec) -> Place:
    return (spec.query, spec.field) if spec.query is not None else ("", spec.key)


def _whole(raw: Any) -> str:
    """A whole number as the key of its word."""
    if isinstance(raw, (int, float)) and math.isfinite(raw) and raw == int(raw):
        return str(int(raw))
    return ""
