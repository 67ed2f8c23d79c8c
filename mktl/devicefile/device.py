"""What a device file comes to once it is read: links, queries and items, with nothing left to resolve.

Drivers run it forwards, simulators backwards. Everything here is a plain value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .exchanges import Check, Command, Framing, Identity, Otherwise, Query, Step
from .register import Register
from .values import Alarms, Conversion, Done, Fast, Sentinel


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """One physical line and the manners of what sits on it."""

    name: str
    driver: str
    #: The driver's own settings (port, baudrate, host …), already validated by it when it was known.
    settings: Mapping[str, Any]
    send_end: bytes
    framing: Framing
    reply_timeout_s: float
    gap_timeout_s: float
    quiet_s: float
    retry_s: float
    retry_max_s: float
    encoding: str
    identity: Identity | None
    check_after_set: Check | None
    #: The link whose port this one shares: another device on the same line.
    on: str | None = None
    #: What a device on the line, or the line itself, says again of what it hears.
    echo: Literal["none", "line", "bytes"] = "none"
    #: Done after each connect, once the identity is right and before anything is read.
    init: tuple[Step, ...] = ()
    #: Other forms that any reply may have.
    otherwise: tuple[Otherwise, ...] = ()
    #: How often a read is tried again after no or a broken reply.
    retries: int = 0

    @property
    def reply_end(self) -> bytes:
        """What stands after each line of a reply."""
        return self.framing.end


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One item: what clients are told of it, and where its value comes from and goes to."""

    key: str
    #: The description that clients get: type, units, enumerators, settable …; nothing of links.
    metadata: Mapping[str, Any]
    link: str | None = None
    #: Name of the query that carries the value, and the field of its reply ("" is the one without a name).
    query: str | None = None
    field: str = ""
    command: Command | None = None
    conversion: Conversion = dataclasses.field(default_factory=Conversion)
    poll_s: float | None = None
    read_back: bool = True
    #: Other fields of the same reply → the values they must have for this one to be a value at all …
    good_when: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    #: … and → the values that mean that the channel is switched off.
    disabled_when: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    #: What the device says in the place of a value: text, or a number as text.
    sentinels: Mapping[str, Sentinel] = dataclasses.field(default_factory=dict)
    #: One bit of the device's number, from 0, is the value.
    bit: int | None = None
    alarms: Alarms | None = None
    #: A change of less than this is not broadcast.
    deadband: float = 0.0
    done: Done | None = None
    fast: Fast | None = None
    restore: Literal["never", "value", "write"] | None = None
    #: ``module:Class``: an Item subclass beside the file.
    python: str | None = None
    register: Register | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """How a simulated value moves by itself, in the item's unit."""

    #: Standard deviation of what is added to each reading.
    noise: float = 0.0
    #: The item that it goes after, at most so fast or with a time constant.
    follow: str | None = None
    rate_per_s: float | None = None
    tau_s: float | None = None
    #: Without *follow*: what it changes by in a second, from end to end of its range and back.
    drift_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SimulateSpec:
    """How the simulator made from this file behaves: a model, or starting values and how they move."""

    #: ``package.module:Class`` of a device model, or None: the file alone is the model.
    model: str | None = None
    #: Item key → the value it starts with.
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: Item key → how its value moves.
    motions: Mapping[str, Motion] = dataclasses.field(default_factory=dict)
    #: How long the device thinks before each reply.
    delay_s: float = 0.0
    #: Of the noise.
    seed: int = 0


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
