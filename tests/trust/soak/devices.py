"""A process with every simulated device of the soak: orders as lines of JSON in, one line back for each."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from mktl_simulators.modbus import RtuLine, TcpPort
from mktl_simulators.serve import PtyServer, TcpServer

from tests.trust.soak.bench import RegisterBench, TextBench
from tests.trust.soak.journal import Journal

KEEP = 1000
#: Which kinds of line each daemon has, and the server and the device on it.
LINES = ("tcp", "tty", "mtcp", "rtu")


def main(directory: Path, *owners: str) -> None:
    """Serve a device of each kind for each of *owners*; say where, then obey until the input ends."""
    journal = Journal(directory / "devices.journal")
    with ExitStack() as stack:
        servers: dict[str, Any] = {}
        for name in [f"{owner}-{kind}" for owner in owners for kind in LINES]:
            servers[name] = stack.enter_context(_serve(directory, name, journal))
        _say({name: server.url for name, server in servers.items()})
        for line in sys.stdin:
            _obey(servers, **json.loads(line))
            _say("done")


def _serve(directory: Path, name: str, journal: Journal) -> Any:
    kind = name.rpartition("-")[2]
    log = partial(_note, journal, name)
    if kind in ("tcp", "tty"):
        text = TextBench(log)
        return (
            TcpServer(text, keep=KEEP)
            if kind == "tcp"
            else PtyServer(text, link_path=directory / name, keep=KEEP)
        )
    units = {1: RegisterBench(log)}
    if kind == "mtcp":
        return TcpServer(TcpPort(units), keep=KEEP)
    return PtyServer(RtuLine(units), link_path=directory / name, keep=KEEP)


def _note(journal: Journal, name: str, register: str, value: int) -> None:
    owner, _, kind = name.rpartition("-")
    journal.note(wrote=f"{owner}.{kind}_{register}", value=value)


def _obey(servers: dict[str, Any], line: str, do: str, arguments: list[Any]) -> None:
    server = servers[line]
    owner = server if do in ("plug", "unplug") else server.faults
    getattr(owner, do)(*arguments)
    del server.faults.happened[:]


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
