"""The registry: a daemon whose catalog holds the blocks of all the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from .. import poll
from ..config.block import Block, check_block, endpoint
from ..config.names import check_alias
from ..errors import ConflictError, MktlError, WireError
from ..protocol.client import client
from ..protocol.discover import call, udp_ports
from ..protocol.host import own_hostname, reachable
from ..protocol.incoming import Incoming
from ..protocol.message import Request
from ..wire.payload import Payload
from .daemon import Daemon

log = logging.getLogger(__name__)

STORE = "markguide"
#: How long a daemon that is asked whether it is alive may take, and until it says that it has the question.
ALIVE_S, ALIVE_ACK_S = 2.0, 0.5
#: Conflicts that are listed.
MOST_CONFLICTS = 20
#: How long the answers of daemons to the first call are collected.
CALL_S = 0.5


class Registry(Daemon):
    """Keeps the blocks that daemons announce and hands them to clients, never their values.

    A block is refused when another daemon serves one of its keys, or its uuid elsewhere; with ``override``
    it takes the place of that one, if that is offline.
    """

    def __init__(self, configuration: str = "registry", arguments: Any = None) -> None:
        super().__init__(STORE, configuration, arguments)

    def describe_items(self) -> Mapping[str, Mapping[str, Any]]:
        """What has been refused, besides the items that every daemon has."""
        return {
            "conflicts": {
                "description": "Announcements refused for another daemon's sake, newest last",
                "type": "string",
                "settable": False,
                "initial": "",
            }
        }

    def setup_final(self) -> None:
        """Listen for calls, and call the daemons that run already."""
        self._lane = self._workers.lane()
        self._stop = threading.Event()
        self._endings.callback(self._stop.set)
        self._listen_for_calls(udp_ports()[0])
        poll.clock().once(0.0, lambda: self._workers.lane().submit(self._collect))

    def _answer(self, request: Incoming) -> bool:
        if request.target == "_catalog" and request.type == "SET":
            self._lane.submit(lambda: self._take_announcement(request))
            return False
        return super()._answer(request)

    def _take_announcement(self, request: Incoming) -> None:
        try:
            self.admit(request.payload.value)
        except Exception as error:  # whatever is wrong with it is its sender's business
            log.warning("refused: %s: %s", type(error).__name__, error)
            if isinstance(error, ConflictError):
                self._list_conflict(str(error))
            request.refuse(error)
        else:
            request.answer(Payload(True, time=time.time()))

    def _list_conflict(self, text: str) -> None:
        """Show it to clients; what is announced again and again stands there once."""
        known = [line for line in str(self.items["conflicts"].value).splitlines() if line != text]
        self.items["conflicts"].publish("\n".join([*known, text][-MOST_CONFLICTS:]))

    def admit(self, announced: object) -> None:
        """Take in a block.

        Raises:
            ConflictError: Another daemon stands in its way; the message says where that one runs.
            WireError, ItemValueError: It is no block.
        """
        override = isinstance(announced, dict) and bool(announced.get("override"))
        block = {name: part for name, part in check_block(announced).items() if name != "override"}
        check_alias(block.get("alias", ""))
        if "hash" not in block:
            raise WireError(f"the block of {block['store']} {block['alias']} has no hash")
        for other in self.catalog.blocks(block["store"]).values():
            reason = conflict(block, other)
            if not reason:
                continue
            if not (override or _has_moved(block, other)) or self._is_alive(other):
                raise ConflictError(reason)
            log.warning("%s; that one is offline and gives way", reason)
            self.catalog.remove(other["store"], other["uuid"])
        known = self.catalog.blocks(block["store"]).get(block["uuid"])
        if known is None or known["hash"] != block["hash"]:
            log.info(
                "%s %s: %d items, on %s", block["store"], block["alias"], len(block["items"]), _place(block)
            )
        self.catalog.add(self._with_provenance(block))

    def _with_provenance(self, block: Block) -> Block:
        """The block as clients get it from here: with this registry as one who has passed it on."""
        entries = [entry for entry in block["provenance"] if entry.get("pub") is not None]
        stratum = max((entry.get("stratum", 0) for entry in entries), default=0) + 1
        own = {"stratum": stratum, "hostname": own_hostname(), "rep": self.rep}
        return {**block, "provenance": [*entries, own]}

    def _is_alive(self, block: Block) -> bool:
        """Whether the daemon of *block* answers for itself."""
        host, rep, _ = endpoint(block)
        target = f"{block['store']}._{block['alias'].lower()}clk"
        request = Request("GET", target, Payload(refresh=True))
        try:
            client().request(f"tcp://{reachable(host)}:{rep}", request, ALIVE_S, ALIVE_ACK_S)
        except TimeoutError:
            return False
        except MktlError:
            return False  # somebody else answers there: this daemon is gone
        return True

    def _collect(self) -> None:
        """Ask the daemons that run already for their blocks."""
        for host, rep in call(udp_ports()[1:], CALL_S, stop=self._stop):
            if rep != self.rep:
                self._lane.submit(partial(self._ask, f"tcp://{host}:{rep}"))

    def _ask(self, address: str) -> None:
        try:
            known = client().request(address, Request("GET", "_hash"), ALIVE_S, ALIVE_ACK_S).value
            for store in known if isinstance(known, dict) else ():
                answer = client().request(address, Request("GET", f"{store}._catalog"), ALIVE_S).value
                for block in answer.values() if isinstance(answer, dict) else ():
                    self.admit(block)
        except MktlError as error:
            log.warning("%s: %s", address, error)


def conflict(block: Block, other: Block) -> str:
    """Why *block* and *other* cannot both be served; empty when they can.

    They cannot when one uuid is at two places, or one key is served by two daemons.
    """
    if block["uuid"] == other["uuid"]:
        if endpoint(block) == endpoint(other):
            return ""
        return (
            f"{block['store']} {block['alias']} on {_place(block)}: its uuid {block['uuid']} "
            f"is known on {_place(other)}"
        )
    shared = sorted(set(block["items"]) & set(other["items"]))
    if not shared:
        return ""
    more = f" and {len(shared) - 1} more keys" if len(shared) > 1 else ""
    return (
        f"{block['store']} {block['alias']} on {_place(block)}: {block['store']}.{shared[0]}{more} "
        f"are served by '{other['alias']}' on {_place(other)}"
    )


def _has_moved(block: Block, other: Block) -> bool:
    """True for a daemon that was started again on the same host and got other ports."""
    return block["uuid"] == other["uuid"] and endpoint(block)[0] == endpoint(other)[0]


def _place(block: Block) -> str:
    host, rep, _ = endpoint(block)
    return f"{host}:{rep}"
