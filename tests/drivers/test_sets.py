"""A set, from the client's value to the device's word on it; on a port in memory."""

from __future__ import annotations

import pytest
from mktl_drivers.transport import WriteError

import mktl
from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    DeviceTimeoutError,
    ItemTypeError,
    ItemValueError,
    LimitError,
    LinkDownError,
    NotSettableError,
    OutcomeUnknownError,
)
from tests.conftest import wait_for
from tests.drivers.fakes import FakePort, fake_link

SETPOINT = {"get": "SETP? 1", "reply": "{:f}", "set": "SETP 1,{:.4f}", "range": [0, 600], "units": "K"}
PID = "PID 1,{item.p:.1f},{item.i:.1f},{item.d:.0f}"
ESR = ("*ESR?", "{:d}", 0)


class LakeShore:
    """As much of a Lake Shore 336 as sets need: no answer, and *ESR? tells and clears (manual, ch. 6)."""

    def __init__(self) -> None:
        self.setpoint_k = 0.0
        self.pid = [50.0, 20.0, 0.0]
        self.register = 0
        #: Commands that are swallowed, as on a broken line, so many times.
        self.swallow: dict[str, int] = {}

    def __call__(self, command: bytes) -> bytes:
        text = command.decode().removesuffix("\n")
        verb, _, rest = text.partition(" ")
        if self.swallow.get(verb, 0):
            self.swallow[verb] -= 1
            return b""
        answer = getattr(self, "do_" + verb.strip("*?") + ("_" if "?" in verb else ""))(rest)
        return b"" if answer is None else f"{answer}\r\n".encode()

    def do_IDN_(self, _: str) -> str:
        return "LSCI,MODEL336,LSA1234,2.9"

    def do_SETP(self, rest: str) -> None:
        value = float(rest.split(",")[1])
        if value > 400:
            self.register |= 16
        else:
            self.setpoint_k = round(value, 3)

    def do_SETP_(self, _: str) -> str:
        return f"{self.setpoint_k:+.4f}"

    def do_PID(self, rest: str) -> None:
        self.pid = [float(number) for number in rest.split(",")[1:]]

    def do_PID_(self, _: str) -> str:
        return ",".join(f"{number:+.1f}" for number in self.pid)

    def do_RANGE(self, rest: str) -> str:
        return "OK" if rest.endswith(("0", "1")) else "NO: 7"

    def do_ESR_(self, _: str) -> str:
        register, self.register = self.register, 0
        return f"{register:03d}"


@pytest.fixture
def device() -> LakeShore:
    return LakeShore()


@pytest.fixture
def port(device) -> FakePort:
    return FakePort(device)


def ready(items: dict[str, mktl.Item], port: FakePort) -> None:
    """Wait until everything was read at the start, and forget it."""
    wait_for(lambda: all(item.status == "ok" for item in items.values() if getattr(item, "source", None)))
    wait_for(lambda: next(iter(items.values())).link.state == "connected")
    port.received.clear()


@pytest.fixture
def stage(serve, device, port):
    """A setpoint on a link that checks each set."""
    link = fake_link(port, check_after_set=ESR, name="ls336")
    items = serve(link, setpoint1=SETPOINT)
    # The words come with the file only; here they are put in as it would have them.
    words = {4: "execution error: value out of range", 5: "command error"}
    object.__setattr__(link.check._check, "bits", words)
    ready(items, port)
    return items["setpoint1"]


def test_a_set_is_checked_read_back_and_published_as_the_device_has_it(stage, port) -> None:
    stage.set(20.50049)
    assert port.received == [b"*ESR?\n", b"SETP 1,20.5005\n", b"*ESR?\n", b"SETP? 1\n"]
    assert stage.value == 20.5  # the device keeps three places
    stage.set(21.0)
    assert port.received[4:] == [b"SETP 1,21.0000\n", b"*ESR?\n", b"SETP? 1\n"]


def test_a_refusal_comes_in_the_words_of_the_device_and_changes_nothing(stage, device, port) -> None:
    with pytest.raises(DeviceRefusedError) as caught:
        stage.set(500.0)
    assert str(caught.value) == (
        "lab.setpoint1: ls336 refused 'SETP 1,500.0000': "
        "*ESR? answered 16 (execution error: value out of range)"
    )
    assert (stage.value, stage.status) == (0.0, "ok")
    stage.set(300.0)
    assert stage.value == 300.0


def test_a_set_is_not_blamed_for_an_error_that_was_there_before(stage, device) -> None:
    device.register = 32
    stage.set(20.5)
    assert stage.value == 20.5


def test_nor_for_one_that_came_while_something_else_went_wrong(stage, device) -> None:
    stage.set(20.5)
    device.swallow["SETP?"] = 1
    with pytest.raises(DeviceTimeoutError):
        stage.get(refresh=True)
    device.register = 32
    stage.set(21.5)
    assert stage.value == 21.5


def test_a_queue_of_errors_is_emptied_before_the_next_set(serve, port) -> None:
    # SCPI: SYST:ERR? takes one error at a time from a queue.
    queue = ['-222,"Data out of range"', '-113,"Undefined header"']

    def power_supply(command: bytes) -> bytes:
        if command == b"SYST:ERR?\n":
            return (queue.pop(0) if queue else '+0,"No error"').encode() + b"\r\n"
        if command == b"VOLT 9.0\n":
            queue.append('-222,"Data out of range"')
        return b""

    port.device = power_supply
    link = fake_link(port, check_after_set=("SYST:ERR?", "{:d},{text:q}", 0), name="psu")
    items = serve(link, volt={"set": "VOLT {:.1f}"})
    ready(items, port)
    items["volt"].set(5.0)
    assert port.received == [b"SYST:ERR?\n"] * 3 + [b"VOLT 5.0\n", b"SYST:ERR?\n"]
    with pytest.raises(
        DeviceRefusedError, match=r"psu refused 'VOLT 9\.0': SYST:ERR\? answered -222 \(Data out of range\)"
    ):
        items["volt"].set(9.0)
    assert items["volt"].value == 5.0


# -- what never leaves


def test_a_value_out_of_range_never_reaches_the_line(stage, port) -> None:
    with pytest.raises(LimitError, match=r"lab\.setpoint1: 601\.0 K is above the maximum 600 K"):
        stage.set(601.0)
    with pytest.raises(ItemTypeError):
        stage.set("warm")
    assert port.received == []


def test_a_value_that_the_command_cannot_express_never_reaches_the_line(serve, port) -> None:
    items = serve(fake_link(port, check_after_set=ESR), heater={"set": "RANGE 1,{:d}"})
    ready(items, port)
    with pytest.raises(ItemValueError, match=r"^lab\.heater: \{:d\} takes a whole number, got 1\.5$"):
        items["heater"].set(1.5)
    assert port.received == []


def test_an_item_without_a_command_says_that_it_cannot_be_set(serve, port) -> None:
    items = serve(fake_link(port), temp={"get": "SETP? 1", "reply": "{:f}"})
    ready(items, port)
    with pytest.raises(NotSettableError, match=r"lab\.temp"):
        items["temp"].set(1.0)


# -- other items in a command

PID_ITEMS = {
    name: {
        "get": "PID? 1",
        "reply": "{p:f},{i:f},{d:f}",
        "field": name,
        "set": PID.replace(f"item.{name}", ""),
    }
    for name in "pid"
}


def test_what_somebody_changed_at_the_front_panel_is_not_written_back(serve, device, port) -> None:
    items = serve(fake_link(port), **PID_ITEMS)
    ready(items, port)
    device.pid = [50.0, 33.0, 7.0]
    items["p"].set(60.0)
    assert port.received == [b"PID? 1\n", b"PID 1,60.0,33.0,7\n", b"PID? 1\n"]
    assert [items[name].value for name in "pid"] == [60.0, 33.0, 7.0]


def test_when_the_others_cannot_be_read_nothing_is_sent(serve, device, port) -> None:
    items = serve(fake_link(port), **PID_ITEMS)
    ready(items, port)
    device.swallow["PID?"] = 1
    with pytest.raises(
        DeviceTimeoutError, match=r"lab\.p: .*no reply to 'PID\? 1' within 1\.0 s; nothing was sent"
    ):
        items["p"].set(60.0)
    assert set(port.received) == {b"PID? 1\n"}


def test_another_items_value_that_cannot_be_trusted_is_not_written(serve, port) -> None:
    port.device = lambda command: b""
    items = serve(fake_link(port), gain={"set": "G {:f},{item.rate:f}"}, rate={"set": "R {:f}"})
    ready(items, port)
    with pytest.raises(DeviceError, match=r"lab\.gain: needs the value of lab\.rate, which is unset: .*noth"):
        items["gain"].set(1.0)
    assert port.received == []
    items["rate"].set(2.0)
    items["gain"].set(1.0)
    assert port.received == [b"R 2.000000\n", b"G 1.000000,2.000000\n"]


def test_scale_goes_both_ways(serve, port) -> None:
    # Steps of 1.25 um, as a stepper controller counts them.
    port.device = lambda command: b"8000\r\n" if command == b"GAP 1\n" else b""
    items = serve(
        fake_link(port),
        pos={"get": "GAP 1", "reply": "{:d}", "set": "MVP {:d}", "scale": 0.00125},
        both={"set": "GO {:d},{item.pos:d}", "scale": 0.5},
    )
    ready(items, port)
    assert items["pos"].value == 10.0
    items["pos"].set(12.5)
    items["both"].set(2.0)
    assert port.received == [b"MVP 10000\n", b"GAP 1\n", b"GAP 1\n", b"GO 4,8000\n"]


def test_a_value_between_two_numbers_of_a_device_that_counts_goes_to_the_nearer(serve, port) -> None:
    port.device = lambda command: b""
    items = serve(
        fake_link(port),
        pos={"set": "MVP {:d}", "scale": 0.00125},
        raw={"set": "RAW {:d}"},
        fine={"set": "FINE {:.2f}", "scale": 2.0},
    )
    ready(items, port)
    items["pos"].set(-1.0016)  # 801.28 steps
    items["pos"].set(1.0019)  # 801.52 steps
    items["fine"].set(1.5)
    with pytest.raises(ItemValueError, match=r"raw: \{:d\} takes a whole number, got 5\.5"):
        items["raw"].set(5.5)  # nobody has said that it may be another one
    assert port.received == [b"MVP -801\n", b"MVP 802\n", b"FINE 0.75\n"]


# -- how it ended


def test_without_a_way_to_read_it_the_value_that_was_sent_is_published(serve, port) -> None:
    items = serve(fake_link(port), heater={"set": "RANGE 1,{:d}", "set_reply": "OK"})
    ready(items, port)
    items["heater"].set(1)
    assert (items["heater"].value, items["heater"].status) == (1, "ok")


def test_a_set_that_is_answered_by_something_else_may_have_been_carried_out_and_shows_what_came(
    serve, port
) -> None:
    items = serve(fake_link(port), heater={"set": "RANGE 1,{:d}", "set_reply": "OK"})
    ready(items, port)
    told = r"lab\.heater: .*sent b'RANGE 1,3', got b'NO: 7', expected 'OK' .*; it may have been carried out$"
    with pytest.raises(DeviceReplyError, match=told) as caught:
        items["heater"].set(3)
    assert isinstance(caught.value, OutcomeUnknownError)
    assert items["heater"].status == "unset"
    items["heater"].set(1)
    assert items["heater"].value == 1


@pytest.mark.parametrize(
    ("verb", "spec", "check"),
    [("RANGE", {"set": "RANGE 1,{:d}", "set_reply": "OK"}, None), ("*ESR?", {"set": "PID 1,{:d},1,1"}, ESR)],
    ids=["lost reply", "lost check"],
)
def test_a_set_whose_answer_is_lost_may_have_been_carried_out_and_is_not_sent_again(
    serve, device, port, verb, spec, check
) -> None:
    items = serve(fake_link(port, check_after_set=check), it=spec)
    ready(items, port)
    if check:
        items["it"].set(1)  # the register is empty now
        port.received.clear()
    device.swallow[verb] = 1
    with pytest.raises(OutcomeUnknownError) as caught:
        items["it"].set(0)
    command = spec["set"].format(0)
    assert str(caught.value) == (
        f"lab.it: '{command}' was written to dev (fake:1) and may have been carried out: "
        f"dev (fake:1): no reply to '{'*ESR?' if check else command}' within 1.0 s"
    )
    items["it"].set(1)
    assert port.received.count(command.encode() + b"\n") == 1


def test_a_set_that_the_port_took_before_it_broke_may_have_been_carried_out(serve, port) -> None:
    items = serve(fake_link(port), heater={"set": "RANGE 1,{:d}", "set_reply": "OK"})
    ready(items, port)

    def break_now(command: bytes) -> bytes:
        port.unplug()
        return b""

    port.device = break_now
    with pytest.raises(OutcomeUnknownError, match=r"may have been carried out: .*the port is gone"):
        items["heater"].set(1)
    wait_for(lambda: items["heater"].status == "disconnected")
    port.plug()
    wait_for(lambda: items["heater"].status != "disconnected")
    assert port.received == [b"RANGE 1,1\n"]


@pytest.mark.parametrize("where", ["read", "write"])
def test_a_set_that_the_port_never_took_says_that_nothing_was_sent(serve, port, where) -> None:
    items = serve(fake_link(port), heater={"set": "RANGE 1,{:d}", "set_reply": "OK"})
    ready(items, port)
    port.broken[where] = WriteError("broken pipe", 0)
    with pytest.raises(LinkDownError, match=r"^lab\.heater: dev \(fake:1\): broken pipe; nothing was sent$"):
        items["heater"].set(1)
    assert port.received == []


def test_a_set_that_was_acknowledged_stands_even_if_it_cannot_be_read_back(stage, device) -> None:
    device.swallow["SETP?"] = 1
    stage.set(20.5)
    assert device.setpoint_k == 20.5
    assert (stage.value, stage.status) == (0.0, "timeout")


def test_a_set_that_nothing_acknowledged_is_unknown_if_it_cannot_be_read_back(serve, device, port) -> None:
    items = serve(fake_link(port), setpoint=SETPOINT)
    ready(items, port)
    device.swallow["SETP?"] = 1
    with pytest.raises(OutcomeUnknownError, match="may have been carried out"):
        items["setpoint"].set(20.5)
    assert items["setpoint"].get(refresh=True) == 20.5
