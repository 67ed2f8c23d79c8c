"""Several devices on one line: each answers for itself, and one that is mute costs the others little."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from mktl_drivers import unit as units
from mktl_drivers.jobs import Jobs, Priority

from mktl.errors import LinkDownError
from tests.conftest import wait_for
from tests.drivers.fakes import FakePort, fake_link, spec_of


class Gauges:
    """Answer to @001 and @002, those that are on."""

    def __init__(self) -> None:
        self.on = {"001", "002"}
        self.asked: Counter[str] = Counter()

    def __call__(self, command: bytes) -> bytes:
        text = command.decode().strip()
        address = text[1:4]
        self.asked[address] += 1
        if address not in self.on:
            return b""
        said = {"MD?": f"937B-{address}", "PR1?": "7.60E+2"}[text[4:]]
        return f"@{address}ACK{said}\r\n".encode()


def pressure(address: str) -> dict[str, object]:
    return {"get": f"@{address}PR1?", "reply": f"@{address}ACK{{:e}}", "poll_s": 0.002}


def identity(address: str) -> tuple[str, str]:
    return f"@{address}MD?", f"@{address}ACK937B-{address}"


@pytest.fixture
def gauges() -> Gauges:
    return Gauges()


@pytest.fixture
def bus(gauges, serve):
    """The host, two devices on it, and an item of each."""
    manners = {"reply_timeout_s": 0.005, "gap_timeout_s": 0.002}
    host = fake_link(FakePort(gauges), **manners)
    one, two = (
        host.share(replace(spec_of(name, identity=identity(address), **manners), on="dev"))
        for name, address in (("one", "001"), ("two", "002"))
    )
    items = serve(host, p1={"link": one, **pressure("001")}, p2={"link": two, **pressure("002")})
    return host, one, two, items["p1"], items["p2"]


def test_each_device_is_asked_for_its_own_name_and_read(bus) -> None:
    _, one, two, p1, p2 = bus
    wait_for(lambda: p1.status == p2.status == "ok")
    wait_for(lambda: one.state == two.state == "connected")
    assert p1.value == p2.value == 760.0


def test_nothing_is_sent_to_a_device_before_it_has_said_what_it_is(bus) -> None:
    host, _, _, p1, p2 = bus
    wait_for(lambda: p1.status == p2.status == "ok")
    for address in (b"@001", b"@002"):
        first = next(command for command in host.line.transport.received if address in command)
        assert first.startswith(address + b"MD?")


def test_a_device_that_is_off_at_the_start_keeps_nobody_waiting_and_comes_when_it_is_on(
    gauges, request
) -> None:
    gauges.on = {"002"}
    _, one, two, p1, p2 = request.getfixturevalue("bus")
    wait_for(lambda: p2.status == "ok")
    wait_for(lambda: one.state == "disconnected")
    assert "no reply to '@001MD?'" in p1.reason
    gauges.on = {"001", "002"}
    wait_for(lambda: p1.status == "ok")
    assert two.state == "connected"


def test_a_mute_device_is_left_alone_its_sets_fail_at_once_and_the_others_go_on(bus, gauges) -> None:
    _, one, _, p1, p2 = bus
    wait_for(lambda: p1.status == p2.status == "ok")
    gauges.on = {"002"}
    wait_for(lambda: one.state == "disconnected")
    assert (p1.status, p1.value) == ("disconnected", 760.0)
    with pytest.raises(LinkDownError, match="nothing was sent"):
        p1.get(refresh=True)
    before = gauges.asked.copy()
    wait_for(lambda: gauges.asked["002"] - before["002"] > 50)
    assert gauges.asked["001"] - before["001"] <= 2
    assert p2.status == "ok"
    gauges.on = {"001", "002"}
    wait_for(lambda: p1.status == "ok")


def test_what_is_asked_of_a_mute_device_leaves_the_others_nine_tenths_of_the_line() -> None:
    # One probe costs its timeout, and the silence that follows it about as much.
    assert 2 / units.PROBE_TIMEOUTS <= 0.1


def test_devices_take_turns_within_a_priority_however_much_one_of_them_is_asked() -> None:
    busy = Jobs()
    other = Jobs(busy.queue)
    for n in range(5):
        busy.submit(lambda n=n: f"busy {n}", Priority.REFRESH)
    other.submit(lambda: "other", Priority.REFRESH)
    other.submit(lambda: "set", Priority.SET)
    done = []
    while (job := busy.take()) is not None:
        done.append(job.run())
        job.lane.finish(job)
    assert done == ["set", "busy 0", "other", "busy 1", "busy 2", "busy 3", "busy 4"]


def test_a_lane_that_is_refused_keeps_the_other_going() -> None:
    one = Jobs()
    two = Jobs(one.queue)
    waiting = one.submit(lambda: 1, Priority.SET)
    two.submit(lambda: 2, Priority.SET)
    one.refuse("away")
    with pytest.raises(LinkDownError, match="away"):
        waiting.result(0)
    job = two.take()
    assert job is not None
    assert (job.run(), len(two)) == (2, 0)
