"""Finding daemons and registries by UDP: a call, broadcast or directed, and the answers to it.

Nothing here may fail a caller on a host without a broadcast route, or with only loopback: what cannot be sent
or bound is left out.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

#: Where registries listen, and where daemons do; any number of them on one host.
REGISTRY_PORT, DAEMON_PORT = 10103, 10111

CALL = b"Aloha mKTL"
ANSWER = b"E komo mai:"
_ANSWER = re.compile(rb"E komo mai:(-?\d{1,5})\Z")

#: A caller that was answered within this time is not answered again.
QUIET_S = 1.0
#: How often one who collects answers looks whether there is still somebody who wants them.
LOOK_S = 0.02
#: Callers remembered for that, before those are forgotten who were answered longer ago; and at the most: a
#: flood of forged ones must not fill the memory.
MANY_CALLERS, MOST_CALLERS = 100, 1000
#: Everybody who can be reached without knowing anything: the local network, and this host by itself.
EVERYBODY = ("255.255.255.255", "127.255.255.255", "127.0.0.1")


def udp_ports() -> tuple[int, int]:
    """The ports of registries and daemons; ``MKTL_UDP_PORTS=10103,10111`` moves them, for tests."""
    text = os.environ.get("MKTL_UDP_PORTS", "")
    with contextlib.suppress(ValueError):
        registry, daemon = (int(port) for port in text.split(","))
        return registry, daemon
    return REGISTRY_PORT, DAEMON_PORT


class Responder:
    """Answers calls on one UDP port with the request port of whoever made it.

    Args:
        port: The UDP port to listen on.
        rep: The request port to tell callers.
        now: Monotonic seconds.
    """

    def __init__(self, port: int, rep: int, now: Callable[[], float] = time.monotonic) -> None:
        self._answer = ANSWER + str(rep).encode()
        self._now = now
        self._answered: dict[tuple[str, int], float] = {}
        #: When this many are remembered, those of no more use are forgotten.
        self._forget_from = MANY_CALLERS
        self._socket: socket.socket | None = None
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(("", port))
        except OSError as error:
            listener.close()
            log.warning(
                "UDP port %d cannot be listened on (%s); others may not find this daemon", port, error
            )
        else:
            self._socket = listener

    def fileno(self) -> int | None:
        """What to watch; None when the port could not be had."""
        return self._socket.fileno() if self._socket is not None else None

    def respond(self, most: int = 100) -> None:
        """Answer the calls that have arrived."""
        if self._socket is None:
            return
        for _ in range(most):
            try:
                data, caller = self._socket.recvfrom(64)
            except OSError:
                return
            if data == CALL and self._is_due(caller):
                with contextlib.suppress(OSError):
                    self._socket.sendto(self._answer, caller)

    def _is_due(self, caller: tuple[str, int]) -> bool:
        now_s = self._now()
        if len(self._answered) >= self._forget_from:
            self._answered = {who: at for who, at in self._answered.items() if now_s - at < QUIET_S}
            self._forget_from = min(MANY_CALLERS + 2 * len(self._answered), MOST_CALLERS)
            if len(self._answered) >= MOST_CALLERS:
                return False
        if now_s - self._answered.get(caller, -QUIET_S) < QUIET_S:
            return False
        self._answered[caller] = now_s
        return True

    def close(self) -> None:
        """Free the port."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def addresses() -> tuple[str, ...]:
    """Whom to call; ``MKTL_CALL``, addresses joined by commas, takes the place of everybody."""
    chosen = tuple(
        address.strip() for address in os.environ.get("MKTL_CALL", "").split(",") if address.strip()
    )
    return chosen or EVERYBODY


def call(
    ports: Iterable[int],
    wait_s: float,
    hosts: Iterable[str] | None = None,
    *,
    enough: int | None = None,
    lowest: int = 1,
    stop: threading.Event | None = None,
) -> list[tuple[str, int]]:
    """Call *ports* of *hosts* and collect for *wait_s* seconds who answers: ``[(host, request port)]``.

    A host that answers from several of its addresses is in the list with each.

    Args:
        ports: UDP ports.
        wait_s: How long answers are waited for.
        hosts: Whom to call; everybody near, when left out.
        enough: Wait no longer once so many have answered.
        lowest: Answers with a lower request port than this are passed over.
        stop: Wait no longer once this is set.
    """
    ports = tuple(ports)
    hosts = addresses() if hosts is None else hosts
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        caller.setblocking(False)
        sent = 0
        for host in hosts:
            for port in ports:
                with contextlib.suppress(OSError):  # no such route here
                    sent += caller.sendto(CALL, (host, port))
        answers = _collect(caller, time.monotonic() + wait_s, enough, stop) if sent else []
    return [(host, port) for host, port in answers if lowest <= port < 65536]


def _collect(
    caller: socket.socket, end_s: float, enough: int | None, stop: threading.Event | None
) -> list[tuple[str, int]]:
    found: dict[tuple[str, int], None] = {}
    while (left_s := end_s - time.monotonic()) > 0 and not (stop is not None and stop.is_set()):
        if not select.select([caller], [], [], left_s if stop is None else min(left_s, LOOK_S))[0]:
            continue
        try:
            data, (host, _) = caller.recvfrom(64)
        except OSError:
            continue
        match = _ANSWER.match(data)
        if match:
            found[host, int(match.group(1))] = None
        if enough is not None and len(found) >= enough:
            break
    return list(found)


# -- the same by the names of the published interface

#: How long :func:`search` waits for answers.
SEARCH_S = 1.0


def search(port: int | None = None, wait: bool = False, targets: Iterable[str] = ()) -> list[tuple[str, int]]:
    """Call registries near, and those at *targets*: ``[(host, request port)]`` as they answered.

    Args:
        port: The UDP port to call; that of registries, when left out.
        wait: Collect answers for a second, instead of returning with the first.
        targets: Addresses to call besides.
    """
    hosts = (*addresses(), *targets)
    udp_port = udp_ports()[0] if port is None else port
    # A number that cannot be a port is returned as well: here, what to make of it is for the caller to say.
    return call([udp_port], SEARCH_S, hosts, enough=None if wait else 1, lowest=-99999)


def search_direct(port: int | None = None, wait: bool = True) -> list[tuple[str, int]]:
    """The same, of daemons that answer for themselves."""
    return search(udp_ports()[1] if port is None else port, wait)


class Server:
    """Answers calls for registries with *rep*, the port that it takes requests on, until :meth:`cleanup`."""

    _which = 0

    def __init__(self, rep: int) -> None:
        self._responder = Responder(udp_ports()[self._which], int(rep))
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="mktl-discover", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        watched = [self._stop, *(fd for fd in [self._responder.fileno()] if fd is not None)]
        while self._stop not in select.select(watched, [], [])[0]:
            self._responder.respond()

    def cleanup(self) -> None:
        """Answer no more; a second call does nothing."""
        if self._thread.is_alive():
            os.close(self._wake)
            self._thread.join()
            os.close(self._stop)
            self._responder.close()


class DirectServer(Server):
    """Answers calls for daemons that answer for themselves."""

    _which = 1
