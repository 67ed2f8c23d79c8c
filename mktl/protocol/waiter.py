"""Waiting for ZeroMQ sockets and descriptors at the same time, with one call of the system for a sleep."""

from __future__ import annotations

import select

import zmq

from .quick import events_of

Which = zmq.Socket[bytes] | int


POLLIN = int(zmq.POLLIN)


class _Entry:
    """A socket or a descriptor, and what is waited for on it."""

    __slots__ = ("alone", "events", "fd", "number", "socket", "used", "which")

    def __init__(self, which: Which, number: int) -> None:
        self.which = which
        self.socket = None if isinstance(which, int) else which
        self.fd = which if isinstance(which, int) else which.fileno()
        self.events = POLLIN
        #: Who came first is told of first.
        self.number = number
        #: What is told, and what has been used then, where there is a message on it and nothing else.
        self.alone = [(which, POLLIN)]
        self.used = [] if self.socket is None else [self]

    def now(self) -> int:
        """What there is on it, of what is waited for."""
        return POLLIN if self.socket is None else events_of(self.socket) & self.events


class Waiter:
    """As ``zmq.Poller``, for one thread at a time.

    ZeroMQ's own asks each socket twice for each sleep. The descriptor of a socket tells of what is new, once:
    so before a sleep those are asked that have been used since, and after it those whose descriptor called.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        self._entries: dict[Which, _Entry] = {}
        self._by_fd: dict[int, _Entry] = {}
        self._count = 0
        #: Those with something of which their descriptor may have told already.
        self._used: list[_Entry] = []
        #: True when the last wait began with nothing: what it brought is a single message, mostly.
        self.has_slept = False

    def register(self, which: Which, events: int = POLLIN) -> None:
        """Wait for *events* on *which*, from now on for these alone; of a descriptor for what can be read."""
        entry = self._entries.get(which)
        if entry is None:
            self._count += 1
            entry = self._entries[which] = _Entry(which, self._count)
            self._by_fd[entry.fd] = entry
            self._poll.register(entry.fd, select.POLLIN)
        entry.events = int(events)
        self.note_use()

    def unregister(self, which: Which) -> None:
        """Wait for it no more; before it is closed."""
        entry = self._entries.pop(which)
        self._poll.unregister(entry.fd)
        del self._by_fd[entry.fd]
        self.note_use()

    def note_use(self) -> None:
        """Sockets were used otherwise than by those who were told of them."""
        self._used = [entry for entry in self._entries.values() if entry.socket is not None]

    def wait(self, timeout_ms: int = -1) -> list[tuple[Which, int]]:
        """What there is, and which events; nothing after *timeout_ms* without any.

        A socket may turn out to have nothing after all. Whoever is told of one need not take all that it has.
        """
        ready = [(entry, events) for entry in self._used if (events := entry.now())]
        self.has_slept = not ready
        called = self._poll.poll(0 if ready else timeout_ms)
        if len(called) == 1 and not ready:
            entry = self._by_fd[called[0][0]]
            if entry.events == POLLIN:
                self._used = entry.used
                return entry.alone
        for fd, _ in called:
            entry = self._by_fd[fd]
            # Who waits for messages finds out soonest by looking for one.
            events = POLLIN if entry.events == POLLIN else entry.now()
            if events and (entry, events) not in ready:
                ready.append((entry, events))
        self._used = [entry for entry, _ in ready if entry.socket is not None]
        if len(ready) > 1:
            ready.sort(key=lambda one: one[0].number)
        return [(entry.which, events) for entry, events in ready]
