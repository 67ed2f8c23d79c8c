"""``mark try``: one item of a file against a device, a simulator, or a reply that somebody typed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mktl.cli.mark import mark
from mktl.cli.transcript import caret_lines
from mktl.devicefile.traffic import unescaped
from tests.docs.pages import Page
from tests.drivers.controller import Controller
from tests.drivers.lines import TcpDevice

Call = Callable[..., Result]

FILE = r"""
[parameters]
port = 1
[links.ctl]
driver = "tcp"
host = "127.0.0.1"
port = "{port}"
reply_end = '\r\n'
reply_timeout_s = 0.2
gap_timeout_s = 0.05
retry_s = 0.01
identity = { send = '*IDN?', reply = 'ACME,X100,{serial:s}' }
otherwise = [{ reply = 'E,{code:d}', error = "error {code}" }]
[queries.temp]
send = 'TEMP?'
reply = '{kelvin:f};{status:d}'
[items.temp]
type = "numeric"
units = "K"
format = "%.2f"
from = "temp.kelvin"
good_when = { status = 0 }
[items.status]
type = "mask"
enumerators = { none = "ok", 5 = "overrange" }
from = "temp.status"
[items.setpoint]
type = "numeric"
units = "K"
range = [0, 40]
scale = 0.1
get = 'SETP?'
reply = '{:f}'
set = 'SETP {:.1f}'
[items.move]
type = "numeric"
set = 'MOVE {:d}'
set_reply = 'OK'
[items.note]
type = "string"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "Ctl 1.toml"
    path.write_text(FILE)
    return str(path)


@pytest.fixture
def device() -> Iterator[TcpDevice]:
    with TcpDevice(Controller()) as device:
        yield device


def port_of(device: TcpDevice) -> str:
    return f"port={device.settings['port']}"


def test_a_read_shows_every_byte_the_cut_the_parse_and_the_value(
    call: Call, file: str, device: TcpDevice
) -> None:
    result = call("try", file, "temp", "-p", port_of(device))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "identity",
        r"  > *IDN?\n                         2a 49 44 4e 3f 0a",
        r"  < ACME,X100,SN1\r\n               41 43 4d 45 2c 58 31 30 30 2c 53 4e 31 0d 0a",
        "query temp",
        r"  > TEMP?\n                         54 45 4d 50 3f 0a",
        r"  < 4.2;0\r\n                       34 2e 32 3b 30 0d 0a",
        r"  reply, cut at an end '\r\n': 4.2;0",
        "  as '{kelvin:f};{status:d}'",
        "    4.2                  {kelvin:f}                kelvin = 4.2",
        "    ;                    ';'",
        "    0                    {status:d}                status = 0",
        "temp = 4.20 K",
    ]
    assert device.commands() == ["TEMP?"]  # nothing of other items


def test_a_value_that_is_none_says_why(call: Call, file: str, device: TcpDevice) -> None:
    device.answer.status = 32  # type: ignore[attr-defined]
    result = call("try", file, "temp", "-p", port_of(device))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "temp: range: status is 32 (overrange)"


def test_another_device_is_told_with_both_texts(call: Call, file: str, device: TcpDevice) -> None:
    device.answer.idn = "OTHER,X1"  # type: ignore[attr-defined]
    result = call("try", file, "temp", "-p", port_of(device))
    assert result.exit_code == 1
    last = result.stdout.splitlines()[-1]
    assert "expected 'ACME,X100,{serial:s}', got 'OTHER,X1'" in last
    assert device.commands() == []


def test_a_device_that_is_away_is_told_at_once(call: Call, file: str) -> None:
    result = call("try", file, "temp", "-p", "port=1")
    assert (result.exit_code, result.stdout) == (
        1,
        "temp: disconnected: ctl (127.0.0.1:1): connection refused\n",
    )


def test_a_set_shows_what_the_device_is_told_and_what_it_says_then(
    call: Call, file: str, device: TcpDevice
) -> None:
    result = call("try", file, "setpoint", "2.5", "--yes", "-p", port_of(device))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "2.5 K is 25.0 for the device"
    assert "set setpoint" in lines
    assert lines[-2:] == ["  25.0 × 0.1 = 2.5", "setpoint = 2.5 K"]
    assert device.commands() == ["SETP?", "SETP 25.0", "SETP?"]


@pytest.mark.parametrize(("answer", "code", "sent"), [("y", 0, ["SETP 25.0"]), ("n", 1, [])])
def test_nothing_is_set_without_a_yes(
    home: Path, file: str, device: TcpDevice, answer: str, code: int, sent: list[str]
) -> None:
    argv = ["try", file, "setpoint", "2.5", "-p", port_of(device)]
    result = CliRunner().invoke(mark, argv, input=f"{answer}\n")
    assert result.exit_code == code
    assert "setpoint is 0.0 K; set it to 2.5 K?" in result.stderr
    assert [command for command in device.commands() if command.startswith("SETP ")] == sent


def test_a_refusal_is_in_the_devices_words(call: Call, file: str, device: TcpDevice) -> None:
    result = call("try", file, "move", "300", "--yes", "-p", port_of(device))
    assert result.exit_code == 1
    assert "as another form, 'E,{code:d}': the error \"error {code}\"" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("refused 'MOVE 300': error 4")


def test_a_typed_reply_needs_no_device(call: Call, file: str) -> None:
    result = call("try", file, "temp", "--reply", r"4.2;0\r\n")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "temp = 4.20 K"
    assert result.stdout.splitlines()[0] == "query temp"


def test_a_typed_reply_that_does_not_fit_has_a_caret_under_its_byte(call: Call, file: str) -> None:
    result = call("try", file, "temp", "--reply", r"4.2;\x05x\r\n")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[5:9] == [
        "    4.2                  {kelvin:f}                kelvin = 4.2",
        "    ;                    ';'",
        r"    4.2;\x05x",
        "        ^ byte 5: expected a whole number",
    ]


@pytest.mark.parametrize(("reply", "column"), [("' x", 6), (r"\x02 x", 9), ("it's  x", 10)])
def test_the_caret_stands_under_its_byte_whatever_is_before_it(reply: str, column: int) -> None:
    raw = unescaped(reply)
    shown, caret = caret_lines(raw, len(raw) - 1, "a number")
    assert (shown.index("x", column - 1), caret.index("^")) == (column, column)


def test_registers_have_no_reply_to_type(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "oven.toml"
    path.write_text(MODBUS)
    result = call("try", str(path), "pv", "--reply", "x")
    assert result.exit_code == 1
    assert "link oven: its driver talks in no replies that could be typed" in result.output


def test_a_typed_reply_without_its_end_breaks_off_in_no_time(call: Call, file: str) -> None:
    result = call("try", file, "temp", "--reply", "4.2;0")
    assert result.exit_code == 1
    assert "broke off after '4.2;0'" in result.stdout


def test_a_typed_reply_can_stand_for_the_answer_to_a_set(call: Call, file: str) -> None:
    result = call("try", file, "move", "5", "--reply", r"OK\r\n")
    assert result.exit_code == 0
    assert r"  > MOVE 5\n" in result.stdout
    assert result.stdout.splitlines()[-1] == "move = 5"


def test_the_simulator_of_the_file_can_be_asked(call: Call, file: str) -> None:
    result = call("try", file, "setpoint", "--simulate")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "setpoint = 20.0 K"  # the middle of its range


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["tmp"], "has no item 'tmp'; did you mean \"temp\"?"),
        (["note"], "note has no link"),
        (["move"], "move is only written: there is nothing to ask"),
        (["setpoint", "50"], "50 K is above the maximum 40 K"),
        (["setpoint", "warm"], "setpoint"),
        (["temp", "--reply", r"\q"], "is not an escape"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_opened(
    call: Call, file: str, argv: list[str], said: str
) -> None:
    result = call("try", file, *argv)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_wrong_file_is_told_as_by_check(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(FILE.replace("units", "unit"))
    result = call("try", str(path), "temp")
    assert result.exit_code == 2
    assert result.stderr.count('unknown key; did you mean "units"?') == 2


def test_what_is_asked_again_and_again_while_a_set_is_waited_for_is_shown_once(call, tmp_path) -> None:
    path = tmp_path / "slow.toml"
    path.write_text(
        "[links.x]\ndriver = 'tcp'\nhost = 'nowhere'\nport = 1\n"
        "[items.at]\ntype = 'numeric'\nget = 'AT?'\nreply = '{:f}'\n"
        "[items.go]\ntype = 'numeric'\nget = 'GO?'\nreply = '{:f}'\nset = 'GO {:.1f}'\n"
        "done = { when = 'at == go', timeout_s = 0.2, poll_s = 0.01 }\n"
    )
    result = call("try", str(path), "go", "5", "--simulate", "--yes")
    assert result.exit_code == 1
    assert result.output.count("set go") == 1
    assert result.output.count("get go") == 2  # before it was set, and after
    assert "more that say the same again" in result.output
    assert "not done within 0.2 s: at == go; at = 0.0, go = 5.0" in result.output


MODBUS = """
[links.oven]
driver = "modbus"
url = "rtu+tcp://127.0.0.1:1"
unit = 1
[items.pv]
type = "numeric"
units = "degC"
register = "holding 1"
as = "int16"
scale = 0.1
[simulate.initial]
pv = 24.5
"""


def test_a_register_is_shown_with_its_frames_and_what_it_holds(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "oven.toml"
    path.write_text(MODBUS)
    result = call("try", str(path), "pv", "--simulate")
    assert result.exit_code == 0, result.output
    # Function 3 of one register from address 1, and 245 in the answer (Modbus over serial line V1.02, 2.5.1).
    lines = result.stdout.splitlines()
    assert lines[1].endswith("01 03 00 01 00 01 d5 ca")
    assert "01 03 02 00 f5 " in lines[2]
    assert lines[-2:] == ["  holding 1 as int16: 245 × 0.1 = 24.5", "pv = 24.5 degC"]


def test_the_reference_shows_what_is_printed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = Page("docs/reference/commands.md")
    [(file, _, text)] = [block for block in page.blocks if block[0]]
    Path(file).write_text(text)
    [shown] = page.of("console")
    command, _, expected = shown.removeprefix("$ mark ").partition("\n")
    assert call(*shlex.split(command)).output == expected
