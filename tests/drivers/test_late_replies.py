"""A line on which replies come late, cut, garbled, twice or never: whose reply is whose is never mistaken."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mktl_drivers import TextLink
from mktl_drivers.jobs import Priority
from mktl_drivers.line import Line
from mktl_drivers.turns import Turn

import mktl
from mktl.devicefile import Template
from mktl.errors import DeviceError, LinkDownError, OutcomeUnknownError
from tests.conftest import wait_for
from tests.drivers.lines import IDENTITY, IDN, PtyDevice, TcpDevice, UdpDevice
from tests.drivers.visa_lines import HislipResource, SerialResource, SocketResource

TIMEOUT_S = 0.04
#: The shares of TARGETS E1, with the time that a late reply takes.
SHARES = {"late": 0.05, "lost": 0.02, "cut": 0.02, "garbled": 0.01, "doubled": 0.01}
LATE_S = (1.1 * TIMEOUT_S, 2.5 * TIMEOUT_S)

#: A reply carries the number of its command, and a checksum that shows that a byte was changed.
NUMBERED = Template.compile("{number:d}*{#xor8,hex}")


class Unreliable:
    """Answers ``GET 17`` and ``DO 18`` by their numbers; its replies suffer on their way."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        #: How often each ``DO`` was carried out.
        self.done: Counter[int] = Counter()
        #: The commands whose reply was sent whole and in time.
        self.served: set[int] = set()

    def __call__(self, command: str) -> list[tuple[float, bytes]]:
        fault = self._draw()
        if command == "*IDN?":
            return self._tampered(IDN.encode(), fault)
        verb, _, rest = command.partition(" ")
        number = int(rest)
        if verb == "DO":
            self.done[number] += 1
        if fault in (None, "doubled"):
            self.served.add(number)
        return self._tampered(NUMBERED.format({"number": number}), fault)

    def _draw(self) -> str | None:
        kinds = [*SHARES, None]
        return self._random.choices(kinds, [*SHARES.values(), 1 - sum(SHARES.values())])[0]

    def _tampered(self, reply: bytes, fault: str | None) -> list[tuple[float, bytes]]:
        whole = reply + b"\r\n"
        if fault == "lost":
            return []
        if fault == "late":
            return [(self._random.uniform(*LATE_S), whole)]
        if fault == "cut":
            return [(0.0, whole[: self._random.randrange(1, len(whole))])]
        if fault == "garbled":
            at = self._random.randrange(len(whole))
            return [(0.0, whole[:at] + bytes([whole[at] ^ 1 << self._random.randrange(7)]) + whole[at + 1 :])]
        return [(0.0, whole * (2 if fault == "doubled" else 1))]


class Tally:
    """What became of each command."""

    def __init__(self) -> None:
        #: Each command that got a reply, with the number in that reply; an item has had the first.
        self.attributed: list[tuple[int, int]] = [(0, 0)]
        self.unknown: set[int] = set()
        self.unsent: dict[int, str] = {}
        self.failed: set[int] = set()

    def watch(self, line: Line) -> None:
        """Note every reply that the line takes for the answer to a numbered command."""
        converse = line.converse

        def noting(turns: Sequence[Turn], frames: Sequence[bytes]) -> Mapping[str, Any]:
            fields = converse(turns, frames)
            self.attributed.append((int(frames[0].split()[1]), fields["number"]))
            return fields

        line.converse = noting


def exchange_all(link: TextLink, item: mktl.Item, count: int) -> Tally:
    """Every other command a read, every other a set, one after the other."""
    tally = Tally()
    tally.watch(link.line)
    for number in range(1, count):
        wait_for(lambda: link.state == "connected")
        try:
            if number % 2:
                item.set(number)
            else:
                read = partial(link.line.exchange, b"GET %d" % number, NUMBERED)
                link.jobs.submit(read, Priority.REFRESH).result()
        except OutcomeUnknownError:
            tally.unknown.add(number)
        except LinkDownError as error:
            tally.unsent[number] = str(error)
        except DeviceError:
            tally.failed.add(number)
    return tally


SOAK = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(
    ("device_class", "identity", "count"),
    [
        pytest.param(PtyDevice, IDENTITY, 160, id="pty"),
        pytest.param(TcpDevice, IDENTITY, 400, id="tcp"),
        pytest.param(UdpDevice, IDENTITY, 200, id="udp"),
        pytest.param(SocketResource, IDENTITY, 100, id="visa-socket"),
        pytest.param(HislipResource, IDENTITY, 100, id="visa-hislip"),
        pytest.param(PtyDevice, IDENTITY, 10_000, marks=SOAK, id="pty-soak"),
        pytest.param(TcpDevice, IDENTITY, 10_000, marks=SOAK, id="tcp-soak"),
        pytest.param(UdpDevice, IDENTITY, 10_000, marks=SOAK, id="udp-soak"),
        pytest.param(UdpDevice, None, 3_000, marks=SOAK, id="udp-without-identity-soak"),
        pytest.param(SocketResource, IDENTITY, 10_000, marks=SOAK, id="visa-socket-soak"),
        pytest.param(SerialResource, IDENTITY, 3_000, marks=SOAK, id="visa-serial-soak"),
        pytest.param(HislipResource, IDENTITY, 10_000, marks=SOAK, id="visa-hislip-soak"),
        pytest.param(HislipResource, None, 3_000, marks=SOAK, id="visa-hislip-without-identity-soak"),
        pytest.param(PtyDevice, None, 3_000, marks=SOAK, id="pty-without-identity-soak"),
    ],
)
def test_no_reply_is_taken_for_another_commands_and_no_command_runs_twice(
    device_class, identity, count, tmp_path: Path, serve, monkeypatch
) -> None:
    # A message that is cut is waited for as long as a network may take; here there is none.
    monkeypatch.setattr("mktl_drivers.visa_ports.STALL_S", TIMEOUT_S)
    unreliable = Unreliable(seed=count)
    with device_class(unreliable, tmp_path / "port") as device:
        link = device.link(reply_timeout_s=TIMEOUT_S, gap_timeout_s=0.02, identity=identity)
        items = serve(
            link,
            go={"set": "DO {:d}", "set_reply": NUMBERED.source},
            zero={"get": "GET 0", "reply": NUMBERED.source, "field": "number"},
        )
        wait_for(lambda: items["zero"].status == "ok")
        tally = exchange_all(link, items["go"], count)
        link.close()

    assert [pair for pair in tally.attributed if pair[0] != pair[1]] == []
    answered = {number for number, _ in tally.attributed}
    used = len(answered & unreliable.served) / len(unreliable.served)
    print(f"{len(unreliable.served)} replies whole and in time, {used:.4f} of them used; {link.line.counts}")
    assert used >= 0.98

    # A command with an effect: once when it succeeded, never when it was not sent, else once at the most.
    sets = set(range(1, count, 2))
    unsent = {number: text for number, text in tally.unsent.items() if number in sets}
    assert max(unreliable.done.values()) == 1
    assert [number for number in sets & answered if unreliable.done[number] != 1] == []
    assert [number for number in unsent if unreliable.done[number]] == []
    assert [text for text in unsent.values() if "nothing was sent" not in text] == []
    # Lost, late or cut: unknown. Garbled: shown as it came, for it may have been a refusal.
    assert sets - answered == (sets & tally.unknown) | unsent.keys() | (sets & tally.failed)
    assert sets & tally.unknown


class SerialServer(TcpDevice):
    """A serial line behind a TCP port: what is on its way comes through the next connection as well."""

    def _detach(self) -> int | None:
        pieces = self._pieces
        fd = super()._detach()
        self._pieces = pieces
        return fd


@pytest.mark.parametrize("identity", [IDENTITY, None], ids=["identity", "silence"])
def test_a_serial_server_is_no_device_that_forgets(serve, identity) -> None:
    late = {"GET 1": 1.5 * TIMEOUT_S}

    def answer(command: str) -> list[tuple[float, bytes]]:
        said = IDN if command == "*IDN?" else command.removeprefix("GET ")
        return [(late.get(command, 0.0), said.encode() + b"\r\n")]

    with SerialServer(answer) as device:
        link = device.link(
            reply_timeout_s=TIMEOUT_S, gap_timeout_s=0.01, identity=identity, serial_server=True
        )
        items = serve(link, one={"get": "GET 1", "reply": "{:d}"}, two={"get": "GET 2", "reply": "{:d}"})
        wait_for(lambda: items["two"].status == "ok")
        assert items["two"].value == 2
        assert items["one"].status == "timeout"
        assert (link.reconnects, device.connections) == (0, 1)
        link.close()
