"""Drivers and simulators, found by entry point: the core imports neither."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..errors import MktlError
from ..item import Item

if TYPE_CHECKING:
    import pydantic

    from ..devicefile import Device, ItemSpec, LinkSpec

DRIVERS = "mktl.drivers"
SIMULATORS = "mktl.simulators"


class Link(Protocol):
    """One physical line, as a driver makes it of the device file."""

    def bind(self, spec: ItemSpec, device: Device) -> tuple[type[Item], dict[str, Any]]:
        """The class and the arguments that make this item one of the line's."""

    def open(self) -> None:
        """Begin; returns at once, also when the device is away."""

    def close(self) -> None:
        """End within a second, the port closed."""


@runtime_checkable
class Host(Protocol):
    """A link that several devices can share."""

    def share(self, spec: LinkSpec) -> Link:
        """Another device on the same line; it talks while this link is open."""


@runtime_checkable
class Pliant(Protocol):
    """A link whose items can be changed while it is open; any other is closed and made anew."""

    def detach(self, item: Item) -> None:
        """Let *item* go: it is read no more."""

    def follow(self, device: Device) -> None:
        """Go on with the items that there are now, of the file as it is now."""


class StandIn(Protocol):
    """A simulated device in the place of a link's real one."""

    #: What to change in the link's settings so that it leads here.
    settings: Mapping[str, Any]
    #: What goes wrong on its line, and has done; ``witness`` is told what the device says.
    faults: Any

    @property
    def troubles(self) -> Sequence[str]:
        """What can be let go wrong on its line, from little to much."""
        ...

    def begin_trouble(self, word: str, *, reply_timeout_s: float, seed: int = 0) -> None:
        """Let one of them befall the line of a link that waits so long for a reply."""

    def end_trouble(self) -> None:
        """All is well again."""

    def follow(self, device: Device, link: str) -> None:
        """Be what the file says now; what stays in it keeps its state."""

    def verify(self) -> None:
        """Raise MktlError if it replays a recording, and something else was asked."""

    def close(self) -> None:
        """End it and free its port."""


def _load(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except ImportError as error:
        missing = getattr(error, "name", None) or str(error)
        raise MktlError(
            f"driver '{entry.name}' cannot be loaded: {error}; install what it needs: pip install {missing}"
        ) from None
    except AttributeError as error:
        raise MktlError(f"driver '{entry.name}' cannot be loaded: {error}") from None


class _Settings(Mapping[str, "type[pydantic.BaseModel]"]):
    """Loads a driver when its settings are asked for, so that one that lacks a library harms no other."""

    def __init__(self) -> None:
        self._entries = {entry.name: entry for entry in entry_points(group=DRIVERS)}

    def __getitem__(self, name: str) -> type[pydantic.BaseModel]:
        model: type[pydantic.BaseModel] = _load(self._entries[name]).Settings
        return model

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def settings() -> Mapping[str, type[pydantic.BaseModel]]:
    """``{driver: the model of its settings}`` for every driver that is installed.

    Looking one up raises MktlError when the driver lacks a library.
    """
    return _Settings()


def make_link(spec: LinkSpec, host: Link | None = None) -> Link:
    """The link that *spec* describes, not yet opened.

    Args:
        spec: The link as the device file has it.
        host: The link whose line it is on, where it has none of its own.

    Raises:
        MktlError: No such driver is installed, it lacks a library, or its lines are for one device each.
    """
    if host is not None:
        if not isinstance(host, Host):
            raise MktlError(
                f"link {spec.name}: driver '{spec.driver}' has one device on a line, no other on it"
            )
        return host.share(spec)
    installed = {entry.name: entry for entry in entry_points(group=DRIVERS)}
    if spec.driver not in installed:
        near = difflib.get_close_matches(spec.driver, installed, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; installed: {', '.join(sorted(installed))}"
        raise MktlError(f"link {spec.name}: no driver '{spec.driver}' is installed{hint}")
    link: Link = _load(installed[spec.driver])(spec)
    return link


def plan_text(device: Device, link: str) -> str | None:
    """What the driver of *link* says of its reads, line by line; None where one query is one exchange.

    The module of a driver that joins reads, as Modbus can, has a function ``plan_text(device)``.

    Raises:
        MktlError: An item that cannot be read or written as the file wants it.
    """
    spec = device.links[link]
    for entry in entry_points(group=DRIVERS, name=spec.driver):
        _load(entry)
        plan: Callable[[Device], str] | None = getattr(import_module(entry.module), "plan_text", None)
        return None if plan is None else plan(replace(device, links={link: spec}))
    return None


def make_stand_in(device: Device, link: str, speed: float, recording: str | None = None) -> StandIn:
    """A simulated device for *link*, serving; or with a *recording* what a real one said once.

    Raises:
        MktlError: No simulator is installed.
        DeviceFileError: The recording cannot be used.
    """
    for entry in entry_points(group=SIMULATORS, name="default"):
        make: Callable[..., StandIn] = _load(entry)
        return make(device, link, speed=speed, recording=recording)
    raise MktlError(f"no simulator is installed: the entry-point group {SIMULATORS} is empty")


def why_not_simulated(device: Device, link: str) -> str | None:
    """What keeps *link* from being simulated, found out without serving anything; None when nothing does.

    The module of a simulator may have a function ``refusal(device, link)`` that tells.
    """
    for entry in entry_points(group=SIMULATORS, name="default"):
        _load(entry)
        refusal: Callable[..., str | None] = getattr(import_module(entry.module), "refusal", lambda *_: None)
        return refusal(device, link)
    return None
