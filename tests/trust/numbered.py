"""A device whose replies tell what they answer, a line with faults in front of it, and a daemon on that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from mktl_simulators.dialect import LineDevice
from mktl_simulators.faultline import Journal, PtyFaultline, TcpFaultline, parse_mix, upstream_to
from mktl_simulators.faults import Faults
from mktl_simulators.modbus import Bank, RtuLine, TcpPort
from mktl_simulators.serve import PtyServer, TcpServer

from mktl.testing import Served, serve

#: The reply timeout; a late reply is one and a half of it late.
TIMEOUT_S = 0.04
MIX = "late=5%,drop=2%,truncate=2%,garble=1%,double=1%"
#: TCP has checksums of its own, and Modbus/TCP trusts them.
MIX_WITHOUT_GARBLE = "late=5%,drop=2%,truncate=2%,double=1%"
ITEMS = 8
KINDS = ["text tcp", "text serial", "modbus tcp", "modbus rtu"]

_MANNERS = f"reply_timeout_s = {TIMEOUT_S}\ngap_timeout_s = 0.02\nretry_s = 0.01\nretry_max_s = 0.05\n"
_TEXT = r"""
identity = { send = 'WHO', reply = 'NUMBERED*{#xor8,hex}' }
[items.go]
type = "numeric"
set = 'DO {:d}'
set_reply = '{:d}*{#xor8,hex}'
"""
_READ = r"""
[items.n{n}]
type = "numeric"
get = 'GET {n}'
reply = '{{:d}}*{{#xor8,hex}}'
poll_s = 0.005
"""
_GO = """
[items.go]
type = "numeric"
register = "holding 100"
as = "uint16"
settable = true
"""
_REGISTER = """
[items.n{n}]
type = "numeric"
register = "holding {n}0"
as = "uint16"
poll_s = 0.005
"""


class Numbered(LineDevice):
    """Answers ``GET 7`` and ``DO 7`` by their numbers, with a checksum."""

    def __init__(self) -> None:
        super().__init__(line_end=b"\n", reply_end=b"\n")
        self.done: Counter[int] = Counter()

    def answer(self, command: str) -> str:
        if command == "WHO":
            said = "NUMBERED*"
        else:
            verb, _, number = command.partition(" ")
            if verb == "DO":
                self.done[int(number)] += 1
            said = f"{number}*"
        checksum = 0
        for byte in said.encode():
            checksum ^= byte
        return f"{said}{checksum:02X}"

    def advance(self, dt_s: float) -> None:
        """Time is nothing to it."""


class Counting(Bank):
    """Registers that tell where they are; what is written to the hundredth is counted."""

    def __init__(self) -> None:
        super().__init__(holding={at: at for at in range(101)})
        self.done: Counter[int] = Counter()

    def write(self, table: Any, address: int, values: Any) -> None:
        if address == 100:
            self.done[values[0]] += 1
        super().write(table, address, values)


class Bench(NamedTuple):
    """The daemon, what the device has done, and what passed on its side."""

    served: Served
    done: Counter[int]
    journal: Journal
    faults: Faults


@contextmanager
def numbered(kind: str, directory: Path, seed: int) -> Iterator[Bench]:
    """A daemon on a line of this kind; faults begin with ``bench.faults.at_random``."""
    is_text, is_tcp = kind.startswith("text"), kind.endswith("tcp")
    device: Any = Numbered() if is_text else Counting()
    line: Any = device if is_text else (TcpPort if is_tcp else RtuLine)({1: device})
    faults, journal = Faults(seed), Journal()
    with ExitStack() as endings:
        server = endings.enter_context((TcpServer if is_tcp else PtyServer)(line))
        make: Any = TcpFaultline if is_tcp else PtyFaultline
        upstream = upstream_to(server.url)
        if not is_tcp:
            upstream.write(b"")  # opens the port, which stays open: it is not the daemon's to close
        options = {"faults": faults, "journal": journal, "gap_s": 0.002}
        proxy = endings.enter_context(make(upstream, **options))
        path = directory / "numbered.toml"
        path.write_text(_file(is_text, is_tcp, proxy))
        served = endings.enter_context(serve(path, is_simulated=False))
        served.wait_until_read()
        yield Bench(served, device.done, journal, faults)


def start_faults(bench: Bench, kind: str) -> None:
    """From now on replies suffer."""
    mix = MIX_WITHOUT_GARBLE if kind == "modbus tcp" else MIX
    bench.faults.at_random(parse_mix(mix), delay_s=1.5 * TIMEOUT_S)


def _file(is_text: bool, is_tcp: bool, proxy: Any) -> str:
    if is_text:
        where = (
            f'driver = "tcp"\nhost = "{proxy.host}"\nport = {proxy.port}\n'
            if is_tcp
            else f'driver = "serial"\nport = "{proxy.url}"\nbaudrate = 115200\n'
        )
        reads = "".join(_READ.format(n=n) for n in range(ITEMS))
        return f"[links.box]\n{where}{_MANNERS}send_end = '\\n'\nreply_end = '\\n'\n{_TEXT}{reads}"
    url = f"tcp://{proxy.host}:{proxy.port}" if is_tcp else f"rtu://{proxy.url}?baudrate=115200"
    reads = "".join(_REGISTER.format(n=n) for n in range(1, ITEMS))
    # Each register is a read of its own: there are more replies to be mistaken.
    return f'[links.box]\ndriver = "modbus"\nurl = "{url}"\n{_MANNERS}{_GO}{reads}'
