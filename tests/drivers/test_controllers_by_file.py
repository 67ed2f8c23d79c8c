"""Controllers that nobody here has a driver for, each by a device file alone.

They are invented, but each speaks as a kind of real one does: the telegrams are written out byte by byte from
the rules in the comment above them, and the devices know nothing of templates.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import mktl
from mktl.devicefile import load
from mktl.errors import DeviceRefusedError
from tests.conftest import wait_for
from tests.drivers.fakes import FakeLink, FakePort

Device = Callable[[bytes], bytes]


@pytest.fixture
def run(make_daemon, tmp_path: Path):
    """Serve a device file whose only line leads to a function of bytes; the items by key, and the port."""
    links: list[FakeLink] = []

    def start(text: str, device: Device) -> tuple[dict[str, mktl.Item], FakePort]:
        path = tmp_path / "lab.toml"
        path.write_text("[links.box]\ndriver = 'fake'\nreply_timeout_s = 0.5\nretry_s = 0.01\n" + text)
        described = load(path)
        port = FakePort(device)
        link = FakeLink(described.links["box"], port)
        links.append(link)

        class Bench(mktl.Daemon):
            def setup(self) -> None:
                for key, spec in described.items.items():
                    item_class, arguments = link.bind(spec, described)
                    self.add_item(item_class, key, **arguments)

        daemon = make_daemon(items=described.metadata(), daemon_class=Bench)
        link.open()
        return daemon.items, port

    yield start
    for link in links:
        link.close()


def settled(items: dict[str, mktl.Item], *keys: str) -> None:
    wait_for(lambda: all(items[key].status not in ("unset", "disconnected") for key in keys))


# -- Binary telegrams with an echo and a checksum: a bus of telescope mounts. 0x3B, the number of bytes to
#    come but for the checksum, from, to, command, data; the checksum is the negated sum of all after 0x3B.
#    Whatever is sent is heard again.

MOUNT = r"""
send_end = ''
reply_end = ''
echo = "bytes"
reply_length = { at = 1, as = "u8", plus = 3 }

[items.azimuth]
type = "numeric"
units = "deg"
get = '\x3b\x03\x20\x10\x01{#sum8neg,from=1}'
reply = '\x3b\x06\x10\x20\x01{:u24}{#sum8neg,from=1}'
set = '\x3b\x06\x20\x10\x02{:u24}{#sum8neg,from=1}'
set_reply = '\x3b\x04\x10\x20\x02\x01{#sum8neg,from=1}'
scale = 2.1457672119140625e-05     # 360 / 2**24
"""


def telegram(*data: int) -> bytes:
    body = bytes([len(data), *data])
    return b"\x3b" + body + bytes([-sum(body) & 0xFF])


class Mount:
    def __init__(self) -> None:
        self.counts = 0x400000  # 90 degrees

    def __call__(self, command: bytes) -> bytes:
        assert command == telegram(*command[2:-1])
        if command[4] == 1:
            return command + telegram(0x10, 0x20, 1, *self.counts.to_bytes(3, "big"))
        self.counts = int.from_bytes(command[5:8], "big")
        return command + telegram(0x10, 0x20, 2, 1)


def test_binary_telegrams_with_echo_and_checksum(run) -> None:
    mount = Mount()
    items, _ = run(MOUNT, mount)
    settled(items, "azimuth")
    assert items["azimuth"].value == 90.0
    items["azimuth"].set(180.0)
    assert mount.counts == 0x800000
    assert items["azimuth"].value == 180.0


# -- Replies of a fixed length that mix bytes and hex text: a pressure transmitter. STX, a status byte, four
#    hex digits in two's complement (0.1 Pa), two digits of temperature, ETX, exclusive or as two hex digits.

TRANSMITTER = r"""
send_end = '\r'
reply_length = 11

[queries.state]
send = 'R'
reply = '\x02{status:u8}{pressure:ihex4}{temperature:02d}\x03{#xor8,hex,from=1}'
[items.pressure]
type = "numeric"
units = "Pa"
from = "state.pressure"
scale = 0.1
sentinels = { "-32768" = "sensor broken" }
good_when = { status = [0, 1] }
[items.temperature]
type = "numeric"
from = "state.temperature"
[items.heating]
type = "boolean"
from = "state.status"
bit = 0
"""


def transmitted(status: int, pressure: str, temperature: str) -> bytes:
    body = bytes([status]) + pressure.encode() + temperature.encode() + b"\x03"
    check = 0
    for byte in body:
        check ^= byte
    return b"\x02" + body + b"%02X" % check


def test_replies_of_fixed_length_that_mix_bytes_and_hex_text(run) -> None:
    said = [transmitted(1, "FF9C", "23")]
    items, _ = run(TRANSMITTER, lambda command: said[0])
    settled(items, *items.keys() & {"pressure", "temperature", "heating"})
    assert items["pressure"].value == pytest.approx(-10.0)
    assert (items["temperature"].value, items["heating"].value) == (23, 1)
    said[0] = transmitted(0, "8000", "23")
    items["pressure"].get(refresh=True)
    assert (items["pressure"].status, items["pressure"].reason) == ("range", "sensor broken")
    said[0] = transmitted(2, "0000", "0\r")  # a byte that is the end of a command, in the middle
    with pytest.raises(mktl.errors.DeviceReplyError):
        items["pressure"].get(refresh=True)


# -- A report of several lines with an end mark, some of which may be missing.

REPORT = r"""
send_end = '\r\n'
reply_end = '\r\n'

[queries.status]
send = 'STATUS'
reply_until = 'END'
reply = 'TEMP={t:f} C\r\n{?HUM={h:f} %\r\n?}DOOR={door:OPEN=1|CLOSED=0}\r\nEND'
[items.temp]
type = "numeric"
from = "status.t"
[items.humidity]
type = "numeric"
from = "status.h"
[items.door]
type = "boolean"
from = "status.door"
[queries.log]
send = 'LOG'
reply_until = 'END'
reply = '{lines:s*\r\n}\r\nEND'
[items.version]
type = "string"
get = 'VER'
reply = '{:s}'
"""


def test_reports_of_several_lines_with_an_end_mark(run) -> None:
    book = {
        b"STATUS\r\n": b"TEMP=23.4 C\r\nHUM=45 %\r\nDOOR=OPEN\r\nEND\r\n",
        b"VER\r\n": b"1.2\r\n",
    }
    items, _ = run(REPORT, lambda command: book[command])
    settled(items, "temp", "humidity", "door", "version")
    assert [items[key].value for key in ("temp", "humidity", "door", "version")] == [23.4, 45.0, 1, "1.2"]
    book[b"STATUS\r\n"] = b"TEMP=23.5 C\r\nDOOR=CLOSED\r\nEND\r\n"
    items["temp"].get(refresh=True)
    assert [items[key].value for key in ("temp", "door")] == [23.5, 0]
    assert items["humidity"].status == "range"


# -- A reply with several forms: a laboratory balance.

BALANCE = r"""
reply_end = '\r\n'
otherwise = [
  { reply = '{_:[A-Z]} I', error = "not now: another command is under way" },
  { reply = 'ES', error = "unknown command" },
]

[items.weight]
type = "numeric"
units = "g"
get = 'SI'
reply = 'S S {:f} g'
otherwise = [
  { reply = 'S D {:f} g' },
  { reply = 'S +', status = "range", reason = "overload" },
  { reply = 'S -', status = "range", reason = "underload" },
]
[items.tare]
type = "numeric"
units = "g"
get = 'TA'
reply = 'TA A {:f} g'
set = 'TA {:.2f} g'
set_reply = 'TA A {_:f} g'
otherwise = [{ reply = 'TA L', error = "out of range" }]
"""


def test_replies_with_several_forms(run) -> None:
    weight = [b"S S     100.00 g\r\n"]

    def balance(command: bytes) -> bytes:
        if command == b"SI\n":
            return weight[0]
        if command == b"TA\n":
            return b"TA A      12.50 g\r\n"
        return b"TA L\r\n" if float(command[3:-3]) > 200 else b"TA A" + command[2:-1] + b"\r\n"

    items, _ = run(BALANCE, balance)
    settled(items, "weight", "tare")
    assert items["weight"].value == 100.0
    weight[0] = b"S D      99.98 g\r\n"
    assert items["weight"].get(refresh=True) == 99.98
    weight[0] = b"S +\r\n"
    items["weight"].get(refresh=True)
    assert (items["weight"].status, items["weight"].reason) == ("range", "overload")
    weight[0] = b"S I\r\n"
    with pytest.raises(DeviceRefusedError, match="another command is under way"):
        items["weight"].get(refresh=True)
    items["tare"].set(15.0)
    with pytest.raises(DeviceRefusedError, match=r"lab\.tare: .*refused 'TA 250\.00 g': out of range"):
        items["tare"].set(250.0)


# -- A stream between the commands: a scale that says its weight ten times a second, letter-prefixed, in
#    German numbers, and answers commands in between.

SCALE = r"""
send_end = '\r\n'
reply_end = '\r\n'

[queries.stream]
unsolicited = '{stable:ST|US},{kind:GS|NT},{weight:+08.2f,} kg'
[items.weight]
type = "numeric"
units = "kg"
from = "stream.weight"
[items.stable]
type = "string"
from = "stream.stable"
[items.zero]
type = "string"
set = 'Z{:s}'
set_reply = 'Z{_:s}'
otherwise = [{ reply = 'E{code:02d}', error = "error {code}" }]
[items.rate]
type = "numeric"
get = 'Q'
reply = 'N{:f,} Hz'
"""


def test_a_stream_between_commands_with_decimal_commas_and_letters_before_values(run) -> None:
    answers = {
        b"Q\r\n": b"N10,5 Hz\r\n",
        b"Z1\r\n": b"ST,GS,+0001,23 kg\r\nZ1\r\n",
        b"Z2\r\n": b"US,NT,-0000,50 kg\r\nE07\r\n",
    }
    items, port = run(SCALE, lambda command: answers[command])
    settled(items, "rate")
    assert items["rate"].value == 10.5
    port.send(b"US,GS,+0002,00 kg\r\n")
    wait_for(lambda: items["weight"].value == 2.0)
    items["zero"].set("1")
    assert (items["weight"].value, items["stable"].value) == (1.23, "ST")
    with pytest.raises(DeviceRefusedError, match="error 7"):
        items["zero"].set("2")
    assert items["weight"].value == -0.5
    assert items["weight"].link.late_replies == 0


def test_what_came_before_the_line_was_down_is_old_until_a_line_comes(run) -> None:
    items, port = run(SCALE, lambda command: b"N10,5 Hz\r\n")
    settled(items, "rate")
    assert items["weight"].status == "unset"
    port.send(b"US,GS,+0002,00 kg\r\n")
    wait_for(lambda: items["weight"].value == 2.0)

    port.unplug()
    wait_for(lambda: items["weight"].status == "disconnected")
    port.broken.clear()
    wait_for(lambda: items["rate"].status == "ok")
    assert (items["weight"].status, items["weight"].value) == ("stale", 2.0)
    assert items["weight"].reason == "nothing has come since the device is back"
    port.send(b"US,GS,+0003,00 kg\r\n")
    wait_for(lambda: (items["weight"].status, items["weight"].value) == ("ok", 3.0))


# -- An error queue, drained: a power supply that speaks SCPI.

SUPPLY = r"""
check_after_set = { send = 'SYST:ERR?', reply = '{:d},"{text:[^"]}"' }

[items.voltage]
type = "numeric"
units = "V"
get = 'VOLT?'
reply = '{:e}'
set = 'VOLT {:.3f}'
sentinels = { "9.91E37" = "not a number", "9.9E37" = "overload" }
"""


class Supply:
    def __init__(self) -> None:
        self.volts = 1.0
        self.errors = ['-410,"Query INTERRUPTED"']  # of somebody before us

    def __call__(self, command: bytes) -> bytes:
        text = command.decode().strip()
        if text == "SYST:ERR?":
            return (self.errors.pop(0) if self.errors else '+0,"No error"').encode() + b"\n"
        if text == "VOLT?":
            return b"%+.6E\n" % self.volts
        volts = float(text.split()[1])
        if volts > 30:
            self.errors += ['-222,"Data out of range"', '-221,"Settings conflict"']
        else:
            self.volts = volts
        return b""


def test_an_error_queue_is_drained_and_told_and_old_errors_are_nobodys(run) -> None:
    supply = Supply()
    items, _ = run(SUPPLY, supply)
    settled(items, "voltage")
    items["voltage"].set(5.0)
    assert items["voltage"].value == 5.0
    with pytest.raises(DeviceRefusedError, match=r"-222 \(Data out of range\), -221 \(Settings conflict\)"):
        items["voltage"].set(31.0)
    assert (supply.errors, supply.volts) == ([], 5.0)
    supply.volts = 9.9e37
    items["voltage"].get(refresh=True)
    assert (items["voltage"].status, items["voltage"].reason) == ("range", "overload")


# -- A status that is good in several ways, asked after each set.

CIRCULATOR = r"""
send_end = '\r'
reply_end = '\r\n'
check_after_set = { send = 'status', reply = '{:d} {text:s}', good = [2, 3] }

[items.setpoint]
type = "numeric"
units = "degC"
get = 'in_sp_00'
reply = '{:f}'
set = 'out_sp_00 {:.1f}'
"""


def test_a_status_that_is_good_in_several_ways(run) -> None:
    said = {b"status\r": b"03 REMOTE START\r\n", b"in_sp_00\r": b"55.0\r\n"}
    items, _ = run(CIRCULATOR, lambda command: said.get(command, b""))
    settled(items, "setpoint")
    items["setpoint"].set(55.0)
    said[b"status\r"] = b"02 REMOTE STOP\r\n"
    items["setpoint"].set(55.0)
    said[b"status\r"] = b"-11 VALUE TOO LARGE\r\n"
    with pytest.raises(DeviceRefusedError, match=r"-11 \(VALUE TOO LARGE\)"):
        items["setpoint"].set(400.0)


# -- Select, then act, then wait until it has happened: a filter wheel behind a login prompt.

WHEEL = r"""
send_end = '\r'
reply_end = '\r\n> '
echo = "line"
init = [{ send = 'login operator', reply = 'welcome' }]

[items.filter]
type = "enumerated"
enumerators = { 1 = "clear", 2 = "red", 3 = "blue" }
get = [ { send = 'unit 1', reply = 'ok' }, { send = 'pos', reply = '{:d}' } ]
set = [ { send = 'unit 1', reply = 'ok' }, { send = 'goto {:d}', reply = 'ok', wait_s = 0.1 } ]
done = { when = "moving == 'no'", timeout_s = 5, poll_s = 0.001 }
[items.moving]
type = "enumerated"
enumerators = { 0 = "no", 1 = "yes" }
get = 'busy'
reply = '{:0=0|1=1}'
"""


class Wheel:
    def __init__(self) -> None:
        self.position, self.busy, self.in_use, self.heard = 1, 0, False, []

    def __call__(self, command: bytes) -> bytes:
        text = command.decode().strip()
        self.heard.append(text)
        # The echo is a line of its own, ended as all are.
        return f"{text}\r\n> {self.answer(text)}\r\n> ".encode()

    def answer(self, text: str) -> str:
        if text == "login operator":
            self.in_use = True
            return "welcome"
        if not self.in_use:
            return "who are you?"
        if text == "busy":
            self.busy = max(0, self.busy - 1)
            return str(int(self.busy > 0))
        if text == "pos":
            return str(self.position)
        if text.startswith("goto"):
            self.position, self.busy = int(text.split()[1]), 4
        return "ok"


def test_select_act_and_wait_behind_a_prompt_that_echoes(run) -> None:
    wheel = Wheel()
    items, _ = run(WHEEL, wheel)
    settled(items, "filter", "moving")
    assert items["filter"].get(formatted=True) == "clear"
    items["filter"].set("blue", formatted=True)
    assert (wheel.position, wheel.busy) == (3, 0)
    assert items["filter"].get(formatted=True) == "blue"
    at = wheel.heard.index("goto 3")
    assert wheel.heard[at - 1] == "unit 1"
    assert wheel.heard[0] == "login operator"


# -- A waveform as a block, and 556 numbers in one line.

SCOPE = r"""
gap_timeout_s = 0.05
[items.wave]
type = "bulk"
get = 'CURV?'
reply = '{:block i16}'
[items.raw]
type = "bulk"
get = 'RAW?'
reply = '{:block}'
[items.trace]
type = "numeric array"
get = 'TRAC?'
reply = '{:e*,}'
"""


def test_a_waveform_as_a_block_and_as_a_long_line(run) -> None:
    samples = b"".join(n.to_bytes(2, "big", signed=True) for n in (-1, 10, 2570, 13))  # bytes that are ends
    numbers = [n / 7 for n in range(556)]
    book = {
        b"CURV?\n": b"#18" + samples + b"\n",
        b"RAW?\n": b"#13\x00\n\xff\n",
        b"TRAC?\n": ",".join(f"{number:.6E}" for number in numbers).encode() + b"\n",
    }
    items, _ = run(SCOPE, lambda command: book[command])
    settled(items, "wave", "raw", "trace")
    assert items["raw"].value.tolist() == [0, 10, 255]
    assert items["wave"].value.tolist() == [-1, 10, 2570, 13]
    assert items["trace"].value == pytest.approx(numbers, rel=1e-6)
