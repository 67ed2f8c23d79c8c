"""What a device file comes to once it is read: links, queries and items, with nothing left to resolve.

Drivers run it forwards, simulators backwards. Everything here is a plain value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .template import Template


@dataclass(frozen=True, slots=True)
class Check:
    """A query whose reply says whether the set before it was accepted, such as ``*ESR?``."""

    send: Template
    reply: Template
    #: The value of ``{:...}`` in *reply* when all is well.
    good: Any
    #: Bit number of the answer → the device's words for it; empty when the answer is not a mask.
    bits: Mapping[int, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """A query that tells one device from another, asked on each connect."""

    send: Template
    reply: Template


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """One physical line and the manners of what sits on it."""

    name: str
    driver: str
    #: The driver's own settings (port, baudrate, host …), already validated by it when it was known.
    settings: Mapping[str, Any]
    send_end: bytes
    reply_end: bytes
    reply_timeout_s: float
    gap_timeout_s: float
    quiet_s: float
    retry_s: float
    retry_max_s: float
    encoding: str
    identity: Identity | None
    check_after_set: Check | None


@dataclass(frozen=True, slots=True)
class Query:
    """One exchange that reads, feeding every item that names one of its fields."""

    name: str
    link: str
    send: Template
    reply: Template
    reply_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One exchange that writes; *reply* is None when the device answers nothing."""

    send: Template
    reply: Template | None
    #: Whether the link's ``check_after_set`` follows.
    check: bool = True
    reply_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """Between the device's number and the item's: ``value = raw * scale + offset``."""

    scale: float = 1.0
    offset: float = 0.0

    def to_item(self, raw: Any) -> Any:
        """The item's value of what the device said; anything but a number passes unchanged.

        >>> Conversion(scale=0.1).to_item(245)
        24.5
        """
        if self.is_identity or isinstance(raw, (str, bytes)) or raw is None:
            return raw
        return raw * self.scale + self.offset

    def to_device(self, value: Any) -> Any:
        """The device's number for the item's value: the inverse of :meth:`to_item`."""
        if self.is_identity or isinstance(value, (str, bytes)) or value is None:
            return value
        return (value - self.offset) / self.scale

    @property
    def is_identity(self) -> bool:
        """True when both directions leave the value, and its type, as it is."""
        return self.scale == 1.0 and self.offset == 0.0


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One item: what clients are told of it, and where its value comes from and goes to."""

    key: str
    #: The description that clients get: type, units, enumerators, settable …; nothing of links.
    metadata: Mapping[str, Any]
    link: str | None = None
    #: Name of the query that carries the value, and the field of its reply ("" is the anonymous one).
    query: str | None = None
    field: str = ""
    command: Command | None = None
    conversion: Conversion = Conversion()
    poll_s: float | None = None
    read_back: bool = True
    #: Other fields of the same reply → the values they must have for this one to be a value at all …
    good_when: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    #: … and → the values that mean that the channel is switched off.
    disabled_when: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulateSpec:
    """How the simulator made from this file behaves: a model, or starting values."""

    #: ``package.module:Class`` of a device model, or None: the file alone is the model.
    model: str | None = None
    #: Item key → the value it starts with.
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """A device file, read and resolved."""

    path: Path
    links: Mapping[str, LinkSpec]
    queries: Mapping[str, Query]
    #: In the order of the file.
    items: Mapping[str, ItemSpec]
    simulate: SimulateSpec = SimulateSpec()

    def metadata(self) -> dict[str, dict[str, Any]]:
        """The items as clients are told of them: ``{key: description}``."""
        return {key: dict(spec.metadata) for key, spec in self.items.items()}

    def fed_by(self, query: str) -> list[ItemSpec]:
        """The items that take a field of this query's reply."""
        return [spec for spec in self.items.values() if spec.query == query]
