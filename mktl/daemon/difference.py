"""What has changed from one reading of a configuration to the next; plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .configure import Configuration

if TYPE_CHECKING:
    from ..devicefile import Device, LinkSpec

#: What a value means; a description that differs elsewhere leaves it what it was.
_OF_THE_VALUE = ("type", "units", "enumerators")
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one kind that differ, in the order of the file."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @classmethod
    def of(cls, old: Mapping[str, Any], new: Mapping[str, Any], also: Collection[str] = ()) -> Names:
        """From *old* to *new*; those in *also* have changed though they are equal."""
        return cls(
            tuple(name for name in new if name not in old),
            tuple(name for name in old if name not in new),
            tuple(name for name in new if name in old and (name in also or old[name] != new[name])),
        )

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def told(self, noun: str) -> Iterator[str]:
        """One line for each way in which they differ."""
        for way, names in (("added", self.added), ("removed", self.removed), ("changed", self.changed)):
            if names:
                more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
                listed = ", ".join(names[:_MOST_NAMES])
                yield f"{len(names)} {noun if len(names) == 1 else f'{noun}s'} {way}: {listed}{more}"


@dataclass(frozen=True, slots=True)
class Difference:
    """From one configuration to another."""

    items: Names
    #: Those with a name of their own.
    queries: Names
    links: Names
    #: Links, old and new, of the lines on which anything is set otherwise.
    reopened: frozenset[str] = frozenset()
    #: Items whose value means what it meant, though something about them has changed.
    comparable: frozenset[str] = frozenset()
    simulation: bool = False

    @classmethod
    def between(cls, old: Configuration, new: Configuration, modules: Collection[str] = ()) -> Difference:
        """The difference; *modules* beside the file have changed, too."""
        was, now = _facts(old), _facts(new)
        links = _links(old), _links(new)
        rewritten = {key for key, facts in now.items() if facts.module in modules}
        items = Names.of(was, now, rewritten)
        return cls(
            items,
            Names.of(_queries(old), _queries(new)),
            Names.of(*links),
            _reopened(*links),
            frozenset(
                key for key in items.changed if key not in rewritten and was[key].is_comparable(now[key])
            ),
            simulation=_simulation(old) != _simulation(new),
        )

    def __bool__(self) -> bool:
        return bool(self.items or self.queries or self.links or self.simulation)

    def told(self) -> list[str]:
        """What a person wants to know of it, line by line."""
        lines = [*self.links.told("link"), *self.queries.told("query"), *self.items.told("item")]
        lines = [line.replace("querys", "queries") for line in lines]
        return [*lines, *(["[simulate] changed"] if self.simulation else [])]


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything that makes an item what it is."""

    description: Mapping[str, Any]
    spec: Any = None
    query: Any = None

    @property
    def module(self) -> str | None:
        named = getattr(self.spec, "python", None)
        return None if named is None else str(named).partition(":")[0]

    def is_comparable(self, other: _Facts) -> bool:
        """Whether a value of the one is as good for the other."""
        if any(self.description.get(word) != other.description.get(word) for word in _OF_THE_VALUE):
            return False
        if self.spec is None or other.spec is None:
            return self.spec is other.spec
        bare = replace(self.spec, metadata={}), replace(other.spec, metadata={})
        return bool(bare[0] == bare[1] and self.query == other.query)


def _facts(configuration: Configuration) -> dict[str, _Facts]:
    device = configuration.device
    if device is None:
        return {key: _Facts(description) for key, description in configuration.items.items()}
    specs = {key.lower(): spec for key, spec in device.items.items()}
    return {
        key: _Facts(description, specs[key], device.queries.get(specs[key].query or ""))
        for key, description in configuration.items.items()
    }


def _links(configuration: Configuration) -> Mapping[str, LinkSpec]:
    return configuration.device.links if configuration.device is not None else {}


def _queries(configuration: Configuration) -> dict[str, Any]:
    device = configuration.device
    queries = device.queries if device is not None else {}
    # An item's own query is named after it, with a colon, which no name in a file has.
    return {name: query for name, query in queries.items() if ":" not in name}


def _simulation(configuration: Configuration) -> Any:
    device: Device | None = configuration.device
    return device.simulate if device is not None else None


def _reopened(old: Mapping[str, LinkSpec], new: Mapping[str, LinkSpec]) -> frozenset[str]:
    names: set[str] = set()
    for line in {spec.on or name for links in (old, new) for name, spec in links.items()}:
        was, now = (
            {name: spec for name, spec in links.items() if line in (name, spec.on)} for links in (old, new)
        )
        if was != now:
            names |= was.keys() | now.keys()
    return frozenset(names)
