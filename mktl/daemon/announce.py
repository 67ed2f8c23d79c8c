"""Telling registries of a daemon: when it is ready, and again from time to time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .. import poll
from ..config.block import Block
from ..errors import MktlError, NoAnswerError
from ..lane import Lane
from ..protocol.client import client
from ..protocol.discover import call, udp_ports
from ..protocol.message import Request
from ..wire.payload import Payload

log = logging.getLogger(__name__)

#: A registry that was started later knows of a daemon after this long at the most.
PERIOD_S = 30.0
#: How long answers of registries are collected.
CALL_S = 0.3
#: How long a registry may take; it may have to ask another daemon whether it is alive.
ANSWER_S = 10.0


class Announcer:
    """Announces *block* to every registry that hears a call; on *lane*, so that nobody waits for it."""

    def __init__(self, block: Callable[[], Block], override: bool, lane: Lane) -> None:
        self._block = block
        self._override = override
        self._lane = lane
        self._complaints: dict[str, str] = {}
        self._stop = threading.Event()

    def start(self) -> None:
        """Announce now and every :data:`PERIOD_S` seconds."""
        poll.start(self._soon, PERIOD_S)

    def soon(self) -> None:
        """Announce now: something has changed."""
        self._soon()

    def stop(self) -> None:
        """Announce no more; one under way waits for no further answers."""
        self._stop.set()
        poll.stop(self._soon)

    def _soon(self) -> None:
        if not len(self._lane):
            self._lane.submit(self.announce)

    def announce(self) -> None:
        """Call, and tell each registry that answers."""
        own = self._block()
        for host, rep in call(udp_ports()[:1], CALL_S, stop=self._stop):
            if rep != own["provenance"][0]["rep"]:  # a registry announces itself to the others only
                self._tell(f"tcp://{host}:{rep}")

    def _tell(self, registry: str) -> None:
        value = {**self._block(), **({"override": True} if self._override else {})}
        try:
            client().request(registry, Request("SET", "_catalog", Payload(value)), ANSWER_S)
        except NoAnswerError:
            return  # it is asked again next time
        except MktlError as error:
            if self._complaints.get(registry) != str(error):
                log.error("the registry at %s refuses this daemon: %s", registry, error)
            self._complaints[registry] = str(error)
        else:
            if self._complaints.pop(registry, None):
                log.info("the registry at %s has taken this daemon in", registry)
