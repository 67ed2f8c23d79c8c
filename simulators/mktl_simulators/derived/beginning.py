"""What stands in the fields of the replies at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mktl.devicefile import ItemSpec
from mktl.devicefile.template import Field

from .replies import plausible
from .start import fit, is_given, start_of, to_device

#: A query and one of its fields; an item that can only be written has a place of its own.
Place = tuple[str, str]


class Beginning:
    """Values with which all items of a link have one, and none is refused.

    Args:
        items: Of the link.
        initial: What the file says that some of them start with.
        fields: What may stand where.
        place: Where an item stands.
    """

    def __init__(
        self,
        items: Sequence[ItemSpec],
        initial: Mapping[str, Any],
        fields: Mapping[Place, Field],
        place: Callable[[ItemSpec], Place],
    ) -> None:
        self._items, self._initial, self._fields, self._place = items, initial, fields, place

    def of(self, place: Place) -> Any:
        """The value that a field starts with: an item's, one that its neighbours need, or a plausible one."""
        fed = self._fed(place)
        bits = [spec for spec in fed if spec.bit is not None]
        raw = self._of_whole(place, [spec for spec in fed if spec.bit is None])
        for spec in bits:
            if is_given(spec, self._initial) and isinstance(raw, int):
                on = bool(start_of(spec, self._initial))
                raw = raw | 1 << (spec.bit or 0) if on else raw & ~(1 << (spec.bit or 0))
        return raw

    def certainty(self, place: Place) -> int:
        """2 where the file says what it starts with, 1 where its neighbours want something, else 0."""
        if any(is_given(spec, self._initial) for spec in self._fed(place)):
            return 2
        return int(self._wanted(place) is not None)

    def _of_whole(self, place: Place, fed: list[ItemSpec]) -> Any:
        # An item with a starting value of its own comes before one that would get a guess.
        fed.sort(key=lambda spec: not is_given(spec, self._initial))
        if not fed or not is_given(fed[0], self._initial):
            wanted = self._wanted(place)
            if wanted is not None:
                return wanted
        if not fed or (fed[0].python is not None and not is_given(fed[0], self._initial)):
            return plausible(self._fields[place])
        return fit(to_device(fed[0], start_of(fed[0], self._initial)), self._fields[place], fed[0])

    def _wanted(self, place: Place) -> Any:
        """A value with which the other items of the reply are good and not disabled; None when all do."""
        query, field = place
        others = [spec for spec in self._items if self._place(spec)[0] == query]
        for spec in others:
            for good in spec.good_when.get(field, ())[:1]:
                return good
        bad = [value for spec in others for value in spec.disabled_when.get(field, ())]
        return next((value for value in range(len(bad) + 1) if value not in bad), None) if bad else None

    def _fed(self, place: Place) -> list[ItemSpec]:
        return [spec for spec in self._items if self._place(spec) == place]
