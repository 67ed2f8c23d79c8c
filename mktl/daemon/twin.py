"""The other daemon of the same name, if there is one: found before anything is opened.

The lock under ``$MKTL_HOME`` stops a second daemon of one home. One with another home, or on another host, is
found by calling: whoever hears it says what it serves.
"""

from __future__ import annotations

import threading

from ..config.block import Block, endpoint
from ..errors import ConflictError, MktlError
from ..protocol.client import client
from ..protocol.discover import call, udp_ports
from ..protocol.message import Request
from ..wire.payload import Payload

#: How long answers are waited for: a network answers within some milliseconds, or not.
CALL_S = 0.1
#: How long one that has answered the call may take to say what it serves.
ANSWER_S = 1.0


class TwinSearch:
    """Calls from when it is made, beside whatever else a start has to do."""

    def __init__(self, store: str, alias: str) -> None:
        self._store = store
        self._alias = alias
        self._answers: list[tuple[str, int]] = []
        self._thread = threading.Thread(target=self._call, name="mktl-twin", daemon=True)
        self._thread.start()

    def _call(self) -> None:
        self._answers = call(udp_ports(), CALL_S)

    def refuse(self, rep: int) -> None:
        """Return if nobody serves the store under this alias.

        Args:
            rep: Our own request port, which is no twin.

        Raises:
            ConflictError: Somebody does; the message says where.
        """
        self._thread.join()
        target = f"{self._store}._{self._alias.lower()}cat"
        for host, port in self._answers:
            block = _ask(f"tcp://{host}:{port}", target) if port != rep else None
            if block is not None and _is_alive(host, block):
                place = "{}:{}".format(*endpoint(block)[:2])
                raise ConflictError(
                    f"{self._store} {self._alias} runs already on {place} (found by calling the network)"
                )


def _ask(address: str, target: str) -> Block | None:
    try:
        block = client().request(address, Request("GET", target), ANSWER_S, ANSWER_S).value
        return block if isinstance(block, dict) and endpoint(block) else None
    except MktlError:  # it serves something else
        return None


def _is_alive(host: str, block: Block) -> bool:
    """Whether the daemon itself answers, and not only a registry that remembers it."""
    _, rep, _ = endpoint(block)
    target = f"{block['store']}._{block['alias'].lower()}clk"
    try:
        client().request(
            f"tcp://{host}:{rep}", Request("GET", target, Payload(refresh=True)), ANSWER_S, ANSWER_S
        )
    except MktlError:
        return False
    return True
