"""Each link as items: whether it is up, how it fares, what was said last, a raw command, a wire trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import poll
from ..errors import ItemValueError
from ..item import Item
from .explaining import told
from .listening import Listener, Trace

if TYPE_CHECKING:
    from .daemon import Daemon

PERIOD_S = 1.0

STATES = {"0": "disconnected", "1": "connecting", "2": "connected", "3": "closed"}
_NUMBERS = {word: int(number) for number, word in STATES.items()}


def _number(description: str, format: str = "%d", **more: str) -> dict[str, Any]:
    return {"type": "numeric", "format": format, "settable": False, "description": description, **more}


def _text(description: str, **more: bool) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


#: Counters that a link has, by the name of the attribute and of the item.
_COUNTERS = {
    "reconnects": _number("Connections after the first one."),
    "timeouts": _number("Replies that did not come, or broke off."),
    "late_replies": _number("Replies that answered nothing that was asked last; they were thrown away."),
}
_FACTS: Mapping[str, dict[str, Any]] = {
    "state": {
        "type": "enumerated",
        "enumerators": STATES,
        "settable": False,
        "description": "Whether the device is there.",
    },
    "since": _number("Since when the link is in this state, UNIX seconds.", "%.0f", units="s"),
    "last_error": _text("What went wrong last.", settable=False),
    **_COUNTERS,
    "latency": _number("From a command to the end of its reply, of the last ones.", "%.4f", units="s"),
    "load": _number("Share of the last second between commands and the ends of their replies.", "%.2f"),
}
_LAST = _text("What was said last, item by item, as JSON: for mark explain.", settable=False)
_RAW = _text(r"A raw command, with \r \n \xNN but without the end of a line; shows the reply.")
_TRACE = {
    "type": "boolean",
    "enumerators": {"0": "False", "1": "True"},
    "initial": False,
    "description": "Write all that passes to the daemon's log, as text and in hex.",
}


class LastSaid(Item):
    """What was sent and came last, for each query and each set of the link; put together when asked for."""

    def __init__(
        self, *args: Any, link: Any, listener: Listener, items: Iterable[Item], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._link, self._listener, self._items = link, listener, items

    def req_refresh(self) -> dict[str, Any]:
        """The newest."""
        return {"value": json.dumps(told(self._link, self._listener, self._items))}


class RawCommand(Item):
    r"""A command as somebody types it, ``*IDN?`` or ``\x05``, sent ahead of all polls; shows the reply."""

    def __init__(self, *args: Any, link: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._link = link

    def req_set(self, request: Any) -> str:
        """Send it, and wait for the reply."""
        from ..devicefile.traffic import escaped, unescaped

        try:
            command = unescaped(request.payload.value)
        except ValueError as error:
            raise ItemValueError(f"{self.full_key}: {error}") from None
        reply = escaped(self._link.raw(command))
        self.publish(reply, repeat=True)
        return reply


class TraceSwitch(Item):
    """Writes all that passes on the link to the daemon's log while it is true."""

    def __init__(self, *args: Any, link: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._link, self._trace = link, Trace(link.name)

    def req_set(self, request: Any) -> None:
        """Begin or end it."""
        wanted = bool(request.payload.value)
        if wanted:
            self._link.taps.add(self._trace)
        else:
            self._link.taps.remove(self._trace)
        self.publish(wanted)


class LinkItems:
    """The items of one link, brought up to date once a second.

    Args:
        daemon: Takes them.
        link: One for which :func:`is_visible` is true.
        add: As ``daemon.add_item``, which it is when left out.
    """

    def __init__(self, daemon: Daemon, link: Any, add: Callable[..., Item] | None = None) -> None:
        self._daemon, self._link = daemon, link
        self._add_item = add or daemon.add_item
        #: Of all of them.
        self.keys: set[str] = set()
        self._listener = Listener()
        self._facts = {name: self._add(name, Item, facts) for name, facts in _FACTS.items()}
        said = {"listener": self._listener, "items": daemon.items.values()}
        self._add("last", LastSaid, _LAST, link=link, **said)
        self._add("trace", TraceSwitch, _TRACE, link=link)
        if getattr(link, "is_text", False):
            self._add("raw", RawCommand, _RAW, link=link)

    def start(self) -> None:
        """Listen, and show how the link fares from now on."""
        self._link.taps.add(self._listener)
        poll.start(self.update, PERIOD_S)

    def stop(self) -> None:
        """No more updates."""
        poll.stop(self.update)
        self._link.taps.remove(self._listener)

    def update(self) -> None:
        """Publish what has changed."""
        link, latency_s = self._link, self._listener.latency_s
        self._show_state()
        self._publish("since", round(link.since, 3))
        self._publish("last_error", link.last_error)
        for name in _COUNTERS:
            self._publish(name, getattr(link, name))
        if latency_s is not None:
            self._publish("latency", float(f"{latency_s:.2g}"))  # its last digits change with each exchange
        self._publish("load", round(self._listener.load(), 2))

    def _show_state(self) -> None:
        item, link = self._facts["state"], self._link
        if link.state == "disconnected":
            reason = link.last_error or "it is not there"
            item.publish(_NUMBERS[link.state], status="alarm", severity="major", reason=reason)
        else:
            item.publish(_NUMBERS[link.state])

    def _publish(self, name: str, value: Any) -> None:
        self._facts[name].publish(value)

    def _add(
        self, name: str, item_class: type[Item], description: Mapping[str, Any], **arguments: Any
    ) -> Item:
        key = f"{prefix_of(self._daemon.alias)}{self._link.name}.{name}".lower()
        described = type(item_class.__name__, (item_class,), {"description_of_item": dict(description)})
        self.keys.add(key)
        return self._add_item(described, key, **arguments)


def prefix_of(alias: str) -> str:
    """What stands before the name of a link in the keys of its items.

    As in all that a daemon has about itself, its alias is in it: two daemons of one store may well have
    links of one name.

    >>> prefix_of("Cold") + "ls336.state"
    '_cold.link.ls336.state'
    """
    return f"_{alias.lower()}.link."


def is_visible(link: Any) -> bool:
    """Whether the link tells of itself."""
    parts = ("name", "taps", "state", "since", "last_error", *_COUNTERS)
    return all(hasattr(link, part) for part in parts)
