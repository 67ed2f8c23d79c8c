"""What a file says of values: alarms, deadband, when a set is done, polls while busy, restore."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from mktl.condition import parse
from mktl.devicefile import Alarms, Done, Fast
from mktl.errors import DeviceTimeoutError, MktlError, SupersededError
from mktl.item.reading import Reading
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for
from tests.drivers.fakes import FakePort, fake_link

TEMP = {"get": "T?", "reply": "{:f}", "units": "K"}


class Oven:
    """Answers T? with the next of its temperatures, and the last for ever."""

    def __init__(self, *temperatures: float) -> None:
        self.temperatures = list(temperatures)

    def __call__(self, command: bytes) -> bytes:
        first = self.temperatures.pop(0) if len(self.temperatures) > 1 else self.temperatures[0]
        return f"{first}\r\n".encode()


def states(item, oven: Oven, *temperatures: float) -> list[tuple[str, str, str]]:
    """What the item says at each temperature."""
    found = []
    item.get(refresh=True)  # joins the first poll, if that is still under way
    for temperature in temperatures:
        oven.temperatures = [temperature]
        item.get(refresh=True)
        found.append((item.status, item.severity, item.reason))
    return found


def test_a_value_beyond_a_limit_is_good_and_alarming_until_it_is_well_back(serve) -> None:
    oven = Oven(20.0)
    alarms = Alarms(minor=(None, 300.0), major=(4.0, 350.0), hysteresis=5.0)
    items = serve(fake_link(FakePort(oven)), temp={**TEMP, "alarms": alarms})
    assert states(items["temp"], oven, 301, 351, 346, 344, 296, 294, 3, 8, 10) == [
        ("alarm", "minor", "above 300.0 K"),
        ("alarm", "major", "above 350.0 K"),
        ("alarm", "major", "above 350.0 K"),  # not yet 5 K below
        ("alarm", "minor", "above 300.0 K"),
        ("alarm", "minor", "above 300.0 K"),
        ("ok", "none", ""),
        ("alarm", "major", "below 4.0 K"),
        ("alarm", "major", "below 4.0 K"),
        ("ok", "none", ""),
    ]
    assert items["temp"].value == 10.0


def test_a_change_within_the_deadband_is_not_told_but_counts_as_a_reading(serve) -> None:
    oven = Oven(20.0)
    items = serve(fake_link(FakePort(oven)), temp={**TEMP, "deadband": 0.5})
    temp = items["temp"]
    wait_for(lambda: temp.status == "ok")
    told: list[float] = []
    temp.register(lambda item, value, *_: told.append(value))
    before = temp.sampled
    for temperature in (20.2, 20.4, 20.6, 20.3, 19.9):
        oven.temperatures = [temperature]
        temp.get(refresh=True)
    wait_for(lambda: told == [20.6, 19.9])
    assert temp.sampled > before


# -- done


class Stage:
    """Moves for so many questions after it is told to."""

    def __init__(self, questions: int) -> None:
        self.questions = questions
        self.left = 0
        self.target = 0.0

    def __call__(self, command: bytes) -> bytes:
        text = command.decode().strip()
        if text.startswith("PA"):
            self.target, self.left = float(text[2:]), self.questions
            return b""
        if text == "TP":
            return f"{self.target if not self.left else -1.0}\r\n".encode()
        self.left = max(0, self.left - 1)
        return b"28\r\n" if self.left else b"33\r\n"


MOVING = r"lab\.position: sent, but not done within 0\.05 s: state == 'ready'; state = moving"
STATE = {"get": "TS", "reply": "{:d}", "type": "enumerated", "enumerators": {"28": "moving", "33": "ready"}}


def position(**done: object) -> dict[str, object]:
    when = parse("state == 'ready'", "item")
    return {
        "get": "TP",
        "reply": "{:f}",
        "set": "PA{:.3f}",
        "done": Done(**{"poll_s": 0.001, "when": when, **done}),
    }


def in_background(function: Callable[[], object]) -> Future[object]:
    """What *function*, which blocks, returns or raises; on a thread of its own."""
    outcome: Future[object] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


def test_a_set_returns_when_its_condition_holds_and_not_before(serve) -> None:
    stage = Stage(questions=5)
    items = serve(fake_link(FakePort(stage)), state=STATE, position=position(timeout_s=60.0))
    items["position"].set(12.5)
    assert stage.left == 0
    assert items["position"].value == 12.5
    assert items["state"].get(formatted=True) == "ready"


def test_a_set_that_is_never_done_says_what_it_waited_for_and_how_things_stand(serve) -> None:
    items = serve(
        fake_link(FakePort(Stage(questions=1_000_000))), state=STATE, position=position(timeout_s=0.05)
    )
    items["position"].link.line.clock = time.monotonic  # the port's own stands still while a set waits
    with pytest.raises(DeviceTimeoutError, match=MOVING):
        items["position"].set(12.5)


def test_a_newer_set_takes_the_place_of_one_that_is_not_done(serve) -> None:
    stage = Stage(questions=1_000_000)
    items = serve(fake_link(FakePort(stage)), state=STATE, position=position(timeout_s=60.0))
    first = in_background(lambda: items["position"].set(1.0))
    wait_for(lambda: stage.target == 1.0)
    second = in_background(lambda: items["position"].set(2.0))
    with pytest.raises(
        SupersededError, match=r"lab\.position: sent, but a set of 2\.0 took over before it was"
    ):
        first.result(5)
    assert not second.done()
    stage.left = 0
    second.result(5)
    assert items["position"].value == 2.0


def test_a_newer_set_that_is_refused_leaves_the_one_that_waits_alone(serve) -> None:
    stage = Stage(questions=1_000_000)
    items = serve(fake_link(FakePort(stage)), state=STATE, position=position(timeout_s=60.0))
    first = in_background(lambda: items["position"].set(1.0))
    wait_for(lambda: stage.target == 1.0)
    with pytest.raises(MktlError):
        items["position"].set("up")
    assert not first.done()
    stage.left = 0
    first.result(5)
    assert items["position"].value == 1.0


def test_sets_queue_up_where_the_file_says_so(serve) -> None:
    stage = Stage(questions=1_000_000)
    items = serve(fake_link(FakePort(stage)), state=STATE, position=position(timeout_s=60.0, queue=True))
    first = in_background(lambda: items["position"].set(1.0))
    wait_for(lambda: stage.target == 1.0)
    second = in_background(lambda: items["position"].set(2.0))
    stage.questions = 0
    assert stage.target == 1.0
    stage.left = 0
    first.result(5)
    second.result(5)
    assert items["position"].value == 2.0


def test_a_hundred_sets_that_are_not_done_hold_no_thread(serve) -> None:
    stage = Stage(questions=1_000_000)
    many = {f"p{n}": position(timeout_s=60.0, poll_s=10.0) for n in range(100)}
    items = serve(fake_link(FakePort(stage)), state=STATE, **many)
    before = threading.active_count()
    outcomes = [items[key].req_set(Request("SET", payload=Payload(n))) for n, key in enumerate(many)]
    wait_for(lambda: stage.target == 99.0)
    items["state"].get(refresh=True)  # by then the last of them has been written to its end
    assert threading.active_count() <= before + 1
    assert not any(outcome.done() for outcome in outcomes)
    items["p0"].link.close()
    for outcome in outcomes:
        with pytest.raises(DeviceTimeoutError, match=r"the link was closed before it was done"):
            outcome.result(5)


# -- fast


def test_polls_are_fast_while_the_condition_holds(serve) -> None:
    stage = Stage(questions=3)
    fast = Fast(parse("state == 'moving'", "item"), 0.25)
    link = fake_link(FakePort(stage))
    items = serve(link, state=STATE, position={"get": "TP", "reply": "{:f}", "poll_s": 2.0, "fast": fast})
    source = items["position"].source
    assert source.period_s == 2.0
    stage.left = 3
    items["state"].get(refresh=True)
    wait_for(lambda: source.period_s == 0.25)
    stage.left = 0
    items["state"].get(refresh=True)
    wait_for(lambda: source.period_s == 2.0)


# -- restore

STORED = Reading(42.0, 1e9, 1e9, "ok")
SETPOINT = {"get": "SP?", "reply": "{:f}", "set": "SP {:.1f}"}


@pytest.mark.parametrize(
    ("restore", "value", "status", "sent"),
    [
        (None, None, "unset", False),
        ("never", None, "unset", False),
        ("value", 42.0, "stale", False),
        ("write", 42.0, "stale", True),
    ],
)
def test_the_value_of_the_last_run_is_shown_or_written_only_where_the_file_says_so(
    serve, restore, value, status, sent
) -> None:
    port = FakePort(lambda command: b"20.0\r\n" if command == b"SP?\n" else b"")
    port.unplug()
    link = fake_link(port)
    items = serve(link, is_open=False, sp={**SETPOINT, "restore": restore})
    items["sp"].restore(STORED)
    assert (items["sp"].value, items["sp"].status) == (value, status)
    port.plug()
    link.open()
    wait_for(lambda: items["sp"].status == "ok" and len(port.received) >= (3 if sent else 1))
    assert (b"SP 42.0\n" in port.received) is sent
