"""What a daemon learns by listening in on a link; time is handed in."""

from __future__ import annotations

import logging

import pytest

from mktl.daemon.explaining import said_of
from mktl.daemon.listening import MOST_COMMANDS, Listener, Trace
from mktl.devicefile import Step, Template

#: By the reply: what it is the reply to.
STEPS: dict[bytes, Step] = {}


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def hear(listener: Listener, clock: Clock, *events: tuple[float, str, bytes]) -> None:
    """Events at seconds since the start."""
    for at_s, method, data in events:
        clock.now_s = 100.0 + at_s
        if method == "replied":
            listener.replied(data, None, STEPS.setdefault(data, Step(Template.compile(data.hex()))))
        else:
            getattr(listener, method)(data)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_last_exchange_of_each_command_is_remembered(clock: Clock) -> None:
    listener = Listener(clock)
    hear(
        listener, clock,
        (0.0, "sent", b"A?\n"), (0.1, "received", b"1"), (0.2, "received", b"\n"), (0.2, "replied", b"1"),
        (0.3, "sent", b"B?\n"), (0.4, "received", b"2\n"), (0.4, "replied", b"2"),
        (0.5, "sent", b"A?\n"),
    )  # fmt: skip
    assert [(one.sent, one.came) for one in listener.exchanges.values()] == [
        (b"A?\n", b"1\n"),
        (b"B?\n", b"2\n"),
        (b"A?\n", b""),  # under way
    ]


def test_sets_of_ever_other_values_are_forgotten_in_the_end(clock: Clock) -> None:
    listener = Listener(clock)
    for value in range(MOST_COMMANDS + 10):
        listener.sent(b"SET %d\n" % value)
    assert len(listener.exchanges) == MOST_COMMANDS
    assert b"SET 0\n" not in [one.sent for one in listener.exchanges.values()]


def test_queries_that_send_the_same_are_told_apart_by_their_replies(clock: Clock) -> None:
    # Pfeiffer TPG 262: a mnemonic is acknowledged, then ENQ asks for what it was about.
    enquiry = Template.compile(r"\x05")
    pressure, status = Step(enquiry, Template.compile("{:f}")), Step(enquiry, Template.compile("{:d}"))
    listener = Listener(clock)
    for step, came in ((pressure, b"8.1E-5\r\n"), (status, b"0\r\n")):
        listener.sent(b"\x05")
        listener.received(came)
        listener.replied(came[:-2], None, step)
    listener.sent(b"\x05")  # and this one was never answered
    exchanges = list(listener.exchanges.values())
    assert said_of([pressure], exchanges, is_failing=False)["came"] == [r"8.1E-5\r\n"]
    assert said_of([status], exchanges, is_failing=False)["came"] == [r"0\r\n"]
    assert said_of([status], exchanges, is_failing=True)["came"] == [""]


def test_what_comes_unasked_between_a_command_and_its_reply_belongs_to_neither(clock: Clock) -> None:
    asked = Step(Template.compile("A?"), Template.compile("{:d}"))
    unasked = Step(None, Template.compile("W {:d}"))
    listener = Listener(clock)
    hear(listener, clock, (0.0, "sent", b"A?\n"), (0.1, "received", b"W 5\n"))
    listener.replied(b"W 5", None, unasked)
    hear(listener, clock, (0.3, "received", b"1\n"))
    listener.replied(b"1", None, asked)
    exchanges = list(listener.exchanges.values())
    assert said_of([unasked], exchanges)["came"] == ["W 5"]
    assert said_of([asked], exchanges)["sent"] == [r"A?\n"]
    assert listener.latency_s == pytest.approx(0.3)


def test_latency_is_from_a_command_to_the_end_of_its_reply(clock: Clock) -> None:
    listener = Listener(clock)
    assert listener.latency_s is None
    hear(listener, clock, (0.0, "sent", b"A"), (0.05, "received", b"1"), (0.1, "replied", b"1"))
    assert listener.latency_s == pytest.approx(0.1)
    hear(listener, clock, (1.0, "sent", b"A"), (1.2, "received", b"1"), (1.2, "replied", b"1"))
    assert listener.latency_s == pytest.approx(0.1 + 0.2 * 0.1)


def test_load_is_the_share_of_time_until_replies_ended_since_the_last_look(clock: Clock) -> None:
    listener = Listener(clock)
    hear(
        listener, clock,
        (0.0, "sent", b"A"), (0.2, "received", b"1"), (0.3, "received", b"1"), (0.3, "replied", b"11"),
        (0.8, "received", b"unasked"),
    )  # fmt: skip
    clock.now_s = 101.0
    assert listener.load() == pytest.approx(0.3)
    clock.now_s = 102.0
    assert listener.load() == 0.0


def test_the_trace_has_text_and_hex_of_both_directions(caplog: pytest.LogCaptureFixture) -> None:
    trace = Trace("oven")
    with caplog.at_level(logging.INFO, "mktl.trace"):
        trace.sent(b"T?\n")
        trace.received(b"\x02\r\n")
    assert [record.message for record in caplog.records] == [
        r"oven > T?\n  (54 3f 0a)",
        r"oven < \x02\r\n  (02 0d 0a)",
    ]
