"""What the device made from a file does by itself: values move, replies take time, lines come unasked."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from mktl_simulators.derived import DerivedDevice
from mktl_simulators.serve import PtyServer

from mktl.devicefile import load
from mktl.errors import MktlError
from tests.simulators.engine import Engine

HEAD = "[links.box]\ndriver = 'tcp'\nhost = '127.0.0.1'\nport = 7777\n"
DEADLINE_S = 10.0

STAGE = r"""
[items.target]
type = "numeric"
range = [0, 100]
get = 'T?'
reply = '{:.3f}'
set = 'T {:.3f}'
done = { send = '*OPC?', reply = '1', timeout_s = 60 }
[items.position]
type = "numeric"
get = 'P?'
reply = '{:.3f}'
[items.state]
type = "enumerated"
enumerators = { 0 = "idle", 1 = "moving" }
get = 'S?'
reply = '{:d}'
[simulate]
initial = { target = 10.0, position = 10.0 }
[simulate.items.position]
follow = "target"
rate_per_s = 2.0
[simulate.items.state]
follow = "position"
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Engine]:
    def build(text: str) -> Engine:
        path = tmp_path / "box.toml"
        path.write_text(HEAD + text)
        return Engine(load(path))

    return build


def one(motion: str, more: str = "", start: float = 50.0) -> str:
    """An item that moves as *motion* says."""
    return f"""
[items.x]
type = "numeric"
{more}
get = 'X?'
reply = '{{:.6f}}'
[items.goal]
type = "numeric"
get = 'G?'
reply = '{{:.6f}}'
set = 'G {{:.6f}}'
[simulate]
initial = {{ x = {start}, goal = {start} }}
[simulate.items.x]
{motion}
"""


# -- values that move


def test_a_value_goes_after_another_no_faster_than_it_can(make) -> None:
    box = make(one("follow = 'goal'\nrate_per_s = 2.0")).device
    box.receive(b"G 60\n")
    box.advance(3.0)
    assert box.of("x") == pytest.approx(56.0)
    box.advance(3.0)
    assert box.of("x") == 60.0


def test_a_value_goes_after_another_with_a_time_constant_however_time_is_cut(make) -> None:
    box = make(one("follow = 'goal'\ntau_s = 10.0")).device
    box.receive(b"G 150\n")
    for _ in range(100):
        box.advance(0.1)
    assert box.of("x") == pytest.approx(150.0 - 100.0 * 0.36787944, rel=1e-6)  # 1/e is left
    box.advance(1000.0)
    assert box.of("x") == 150.0


def test_a_value_that_the_device_says_with_few_digits_moves_all_the_same(make) -> None:
    box = make(one("follow = 'goal'\nrate_per_s = 0.1").replace("{:.6f}", "{:d}", 1)).device
    box.receive(b"G 51\n")
    for _ in range(101):
        box.advance(0.1)
    assert box.receive(b"X?\n") == b"51\n"


def test_a_value_drifts_from_end_to_end_of_its_range_and_back(make) -> None:
    box = make(one("drift_per_s = 1.0", "range = [0, 60]")).device
    seen = []
    for _ in range(4):
        box.advance(20.0)
        seen.append(box.of("x"))
    assert seen == pytest.approx([50.0, 30.0, 10.0, 10.0])


def test_noise_is_on_each_reading_and_the_same_for_the_same_seed(make) -> None:
    text = one("noise = 0.5").replace("[simulate]\n", "[simulate]\nseed = 7\n")
    readings = [
        [float(box.receive(b"X?\n")) for _ in range(400)] for box in (make(text).device, make(text).device)
    ]
    assert readings[0] == readings[1]
    assert statistics.mean(readings[0]) == pytest.approx(50.0, abs=0.1)
    assert statistics.stdev(readings[0]) == pytest.approx(0.5, rel=0.15)
    assert make(text).device.of("x") == 50.0


def test_what_is_put_in_by_hand_is_where_it_goes_on_from(make) -> None:
    box = make(one("follow = 'goal'\nrate_per_s = 2.0")).device
    box.put("x", 0.0)
    box.advance(1.0)
    assert box.of("x") == 2.0


def test_words_say_whether_what_they_follow_moves(make) -> None:
    stage = make(STAGE).device
    assert stage.receive(b"S?\n") == b"0\n"
    assert stage.receive(b"T 20\nS?\n") == b"1\n"
    stage.advance(4.9)
    assert stage.receive(b"S?\n") == b"1\n"
    stage.advance(0.2)
    assert stage.receive(b"S?\nP?\n") == b"0\n20.000\n"


def test_one_that_follows_what_is_on_another_line_is_told_at_the_start(make) -> None:
    other = "[links.far]\ndriver = 'tcp'\nhost = '127.0.0.1'\nport = 7778\n"
    text = (
        one("follow = 'goal'")
        .replace("get = 'X?'", "link = 'far'\nget = 'X?'")
        .replace("get = 'G?'", "link = 'box'\nget = 'G?'")
    )
    file = make(other + text).file
    with pytest.raises(
        MktlError, match=r"simulate\.items\.x: it follows 'goal', which is not on its link 'far'"
    ):
        DerivedDevice(file, "far")


def test_one_that_follows_itself_by_way_of_another_is_told_at_the_start(make) -> None:
    with pytest.raises(MktlError, match=r"it follows itself: x → goal → x"):
        make(one("follow = 'goal'") + "[simulate.items.goal]\nfollow = 'x'\n")


# -- replies that take time


def test_whether_a_set_is_complete_is_answered_only_then(make) -> None:
    engine = make(STAGE)
    began_s = engine.port.now_s
    engine.write("target", 20.0)
    assert engine.port.now_s - began_s == pytest.approx(5.0, abs=0.2)
    assert engine.read("position").value == 20.0


def test_a_device_thinks_before_each_reply_and_does_one_thing_after_the_other(make) -> None:
    box = make(STAGE.replace("[simulate]\n", "[simulate]\ndelay_s = 0.5\n")).device
    assert box.receive(b"T?\nP?\n") == b""
    assert box.due_in_s == 0.5
    box.advance(0.4)
    assert box.unasked() == b""
    box.advance(0.3)
    assert box.unasked() == b"10.000\n"
    assert box.due_in_s == pytest.approx(0.3)
    box.advance(0.3)
    assert box.unasked() == b"10.000\n"
    assert box.due_in_s is None


def test_who_hangs_up_hears_no_reply_to_what_was_asked_before(make) -> None:
    box = make(STAGE.replace("[simulate]\n", "[simulate]\ndelay_s = 0.5\n")).device
    box.receive(b"T?\nP")
    box.hang_up()
    box.advance(1.0)
    assert box.unasked() == b""
    box.receive(b"P?\n")
    box.advance(1.0)
    assert box.unasked() == b"10.000\n"


# -- lines that come unasked

SCALE = r"""
reply_end = '\r\n'
[queries.stream]
unsolicited = 'W {weight:.2f}'
[items.weight]
type = "numeric"
from = "stream.weight"
poll_s = 0.5
[queries.event]
unsolicited = 'ZERO {zero:d}'
[items.zero]
type = "boolean"
from = "event.zero"
set = 'Z{:d}'
[items.rate]
type = "numeric"
get = 'R?'
reply = '{:d}'
"""


def test_a_line_comes_as_often_as_its_items_expect_it_or_once_a_second(make) -> None:
    box = make(SCALE).device
    said = []
    for _ in range(16):
        box.advance(0.125)
        said.append(box.unasked())
    lines = [line for line in said if line]
    assert lines == [b"W 0.00\r\n", b"W 0.00\r\nZERO 0\r\n", b"W 0.00\r\n", b"W 0.00\r\nZERO 0\r\n"]


def test_a_line_that_was_late_does_not_put_off_the_next(make) -> None:
    box = make(SCALE).device
    box.advance(0.75)
    assert box.unasked() == b"W 0.00\r\n"
    assert box.due_in_s == 0.25


def test_a_line_comes_when_a_value_in_it_changes(make) -> None:
    box = make(SCALE).device
    assert box.receive(b"Z1\n") == b""
    assert box.unasked() == b"ZERO 1\r\n"
    box.put("weight", 2.5)
    assert box.unasked() == b"W 2.50\r\n"
    assert box.unasked() == b""
    assert box.due_in_s == 0.5


def test_lines_between_a_command_and_its_reply_reach_their_items(make) -> None:
    engine = make(SCALE)
    engine.device.put("weight", 2.5)
    assert engine.read("rate").value == 0
    assert engine.read("weight").value == 2.5
    assert engine.lines["box"].counts.late_replies == 0


def test_a_line_that_has_nothing_to_say_yet_does_not_come(make) -> None:
    text = (
        "[queries.s]\nunsolicited = '{:/[0-9]+ kg/}'\n[items.x]\ntype = 'string'\nfrom = 's'\ninitial = ''\n"
    )
    box = make(text).device
    box.advance(5.0)
    assert box.unasked() == b""
    box.put("x", "12 kg")
    assert box.unasked() == b"12 kg\n"


PROMPT = r"""
send_end = '\r'
reply_end = '\r\n'
echo = "line"
[items.filter]
type = "enumerated"
enumerators = { 1 = "clear", 2 = "red" }
get = [ { send = 'unit 1', reply = 'ok' }, { send = 'pos', reply = '{:d}' } ]
set = [ { send = 'unit 1', reply = 'ok' }, { send = 'goto {:d}', reply = 'ok' } ]
[queries.event]
unsolicited = '!door {:d}'
[items.door]
type = "boolean"
from = "event"
poll_s = 30
[simulate]
delay_s = 0.01
"""


def test_steps_echoes_and_lines_that_come_unasked_on_a_terminal(make) -> None:
    with PtyServer(make(PROMPT).device) as server, serial.Serial(server.url, timeout=DEADLINE_S) as line:

        def ask(command: bytes) -> list[bytes]:
            line.write(command + b"\r")
            return [line.readline(), line.readline()]

        assert ask(b"unit 1") == [b"unit 1\r\n", b"ok\r\n"]
        assert ask(b"goto 2") == [b"goto 2\r\n", b"ok\r\n"]
        assert ask(b"unit 1") == [b"unit 1\r\n", b"ok\r\n"]
        assert ask(b"pos") == [b"pos\r\n", b"2\r\n"]
        with server.hold() as device:
            device.put("door", 1)
        server.nudge()
        assert line.readline() == b"!door 1\r\n"
        server.advance(30.0)
        server.nudge()
        assert line.readline() == b"!door 1\r\n"
