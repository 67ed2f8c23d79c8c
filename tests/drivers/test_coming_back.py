"""A device that was asked much while it was busy, and answers all of it when it comes back."""

from __future__ import annotations

import pytest

from tests.conftest import wait_for
from tests.drivers.fakes import Dialogue, FakePort, fake_link

NAME = "LSCI,MODEL336,LSA1234,2.9"


class Busy:
    """Does one thing at a time: nothing until *free_s*, and then what it was asked, *each_s* apart."""

    def __init__(self, port: FakePort) -> None:
        self.port = port
        self.free_s = 0.0
        self.each_s = 0.0

    def __call__(self, command: bytes) -> list[tuple[float, bytes]]:
        self.free_s = max(self.free_s, self.port.now_s) + self.each_s
        return [(self.free_s - self.port.now_s, self.answer(command.decode().strip()).encode() + b"\r\n")]

    def answer(self, command: str) -> str:
        return NAME if command == "*IDN?" else "Stage"


class Echo(Busy):
    """Says what it was asked, so that everybody sees whose answer it is."""

    def answer(self, command: str) -> str:
        return command


# Up to nearly the reply timeout of 1 s from answer to answer, which is more than the gap of 0.2 s within one.
@pytest.mark.parametrize("each_s", [0.01, 0.3, 0.9])
def test_answers_to_all_the_questions_who_it_is_are_no_answers_to_anything_else(serve, each_s) -> None:
    port = FakePort()
    port.device = device = Busy(port)
    link = fake_link(port, identity=("*IDN?", "LSCI,MODEL336,{_:s}"))
    items = serve(link, name={"get": "INNAME? A", "reply": "{:s}", "type": "string", "poll_s": 0.005})
    name = items["name"]
    wait_for(lambda: name.status == "ok")
    taken: list[object] = []
    take = name.take
    name.take = lambda reading: (taken.append(reading.fields[""]), take(reading))

    device.each_s, device.free_s = each_s, port.now_s + 60.0
    wait_for(lambda: link.state == "disconnected")
    wait_for(lambda: name.status == "ok")
    assert set(taken) == {"Stage"}
    assert port.received.count(b"*IDN?\n") > 5


# -- without an identity


@pytest.mark.parametrize("busy_s", [60.0, 60.5, 61.0, 61.5])
@pytest.mark.parametrize("each_s", [0.01, 0.3, 0.9])
def test_without_an_identity_a_late_reply_is_no_answer_to_another_query_either(serve, each_s, busy_s) -> None:
    port = FakePort()
    port.device = device = Echo(port)
    queries = {key: f"KRDG? {key.upper()}" for key in "abc"}
    items = serve(
        fake_link(port),
        **{
            key: {"get": query, "reply": "{:s}", "type": "string", "poll_s": 0.005}
            for key, query in queries.items()
        },
    )

    def all_are(ok: bool) -> bool:
        return all((items[key].status == "ok") is ok for key in queries)

    wait_for(lambda: all_are(ok=True))
    taken: set[tuple[str, object]] = set()
    for key in queries:

        def taking(reading, key=key, take=items[key].take) -> None:
            taken.add((key, reading.fields[""]))
            take(reading)

        items[key].take = taking

    device.each_s, device.free_s = each_s, port.now_s + busy_s
    wait_for(lambda: all_are(ok=False))
    wait_for(lambda: all_are(ok=True))
    assert taken == set(queries.items())


def test_one_query_that_is_answered_no_more_does_not_keep_the_others_away(serve) -> None:
    book = Dialogue({f"KRDG? {letter}": "+4.2" for letter in "ABCDE"})
    port = FakePort(book)
    items = serve(
        fake_link(port),
        **{key: {"get": f"KRDG? {key.upper()}", "reply": "{:f}", "poll_s": 0.005} for key in "abcde"},
    )
    wait_for(lambda: all(items[key].status == "ok" for key in "abcde"))
    for letter in "ABCD":
        del book.book[f"KRDG? {letter}"]
    wait_for(lambda: all(items[key].status != "ok" for key in "abcd"))
    sampled = items["e"].sampled
    wait_for(lambda: items["e"].status == "ok" and items["e"].sampled > sampled)


def test_a_device_without_an_identity_that_stays_mute_is_away(serve) -> None:
    book = Dialogue({"KRDG? A": "+4.2"})
    link = fake_link(FakePort(book))
    items = serve(link, a={"get": "KRDG? A", "reply": "{:f}", "poll_s": 0.005})
    wait_for(lambda: items["a"].status == "ok")
    book.mute["KRDG? A"] = 1_000_000
    wait_for(lambda: items["a"].status == "disconnected")
    assert "no reply to 'KRDG? A'" in items["a"].reason
    book.mute.clear()
    wait_for(lambda: items["a"].status == "ok")
