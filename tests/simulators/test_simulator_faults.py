"""Each fault does what it says to the replies it was ordered for, and to no other."""

from __future__ import annotations

from collections import Counter

import pytest
from mktl_simulators.faults import Faults

REPLY = b"+77.3500\r\n"


@pytest.fixture
def faults() -> Faults:
    return Faults(seed=1)


def reply(
    faults: Faults, data: bytes = REPLY, now_s: float = 0.0, received: bytes = b"KRDG? A\n"
) -> list[bytes]:
    faults.pass_on(received, data, now_s)
    return faults.due(now_s)


def test_without_orders_replies_go_through_at_once(faults) -> None:
    assert reply(faults) == [REPLY]
    assert faults.next_due_s is None
    assert faults.happened == []


def test_no_reply_is_no_reply(faults) -> None:
    faults.lose_next_reply()
    assert reply(faults, b"") == []
    assert reply(faults) == []  # the order waited for a reply to lose
    assert reply(faults) == [REPLY]


def test_mute_swallows_so_many_replies_or_all_until_told(faults) -> None:
    faults.mute(2)
    assert [reply(faults) for _ in range(3)] == [[], [], [REPLY]]
    faults.mute()
    assert [reply(faults) for _ in range(3)] == [[], [], []]
    faults.unmute()
    assert reply(faults) == [REPLY]
    assert [one.kind for one in faults.happened] == ["lose"] * 5


def test_a_delayed_reply_comes_late_and_the_next_one_behind_it(faults) -> None:
    faults.delay(2.0)
    assert reply(faults, b"first", now_s=10.0) == []
    assert reply(faults, b"second", now_s=11.0) == []
    assert faults.next_due_s == 12.0
    assert faults.due(11.999) == []
    assert faults.due(12.0) == [b"first", b"second"]


def test_a_reply_is_cut_where_told_or_anywhere_within(faults) -> None:
    faults.cut(3)
    assert reply(faults) == [b"+77"]
    faults.cut(0)
    assert reply(faults) == []
    faults.cut(replies=50)
    for _ in range(50):
        (cut,) = reply(faults)
        assert 1 <= len(cut) < len(REPLY)
        assert REPLY.startswith(cut)


def test_a_garbled_reply_differs_in_one_byte_before_its_end(faults) -> None:
    faults.garble(50)
    for _ in range(50):
        (garbled,) = reply(faults)
        assert garbled.endswith(b"\r\n")
        assert sum(a != b for a, b in zip(garbled, REPLY, strict=True)) == 1


def test_a_double_reply_comes_twice(faults) -> None:
    faults.double()
    assert reply(faults) == [REPLY + REPLY]


def test_a_split_reply_comes_in_two_writes(faults) -> None:
    faults.split(gap_s=0.5)
    assert reply(faults, now_s=1.0) == [b"+77.3"]
    assert faults.due(1.49) == []
    assert faults.due(1.5) == [b"500\r\n"]


def test_an_echo_comes_before_the_reply(faults) -> None:
    faults.echo()
    assert reply(faults) == [b"KRDG? A\n", REPLY]
    assert reply(faults, b"", received=b"SETP 1,20\n") == [b"SETP 1,20\n"]


def test_another_device_gives_its_own_identity_and_the_rest_as_before(faults) -> None:
    faults.impersonate(b"*IDN?", b"LSCI,MODEL335,1234567/1234567,1.0\r\n")
    assert reply(faults, b"LSCI,MODEL336,LSA1/LSA2,2.9\r\n", received=b"*IDN?\n") == [
        b"LSCI,MODEL335,1234567/1234567,1.0\r\n"
    ]
    assert reply(faults) == [REPLY]


def test_orders_are_taken_one_a_reply_in_the_order_given(faults) -> None:
    faults.double()
    faults.lose_next_reply()
    faults.cut(1)
    assert [reply(faults, b"ab") for _ in range(4)] == [[b"abab"], [], [b"a"], [b"ab"]]
    assert [(one.number, one.kind, one.reply) for one in faults.happened] == [
        (0, "double", b"ab"),
        (1, "lose", b"ab"),
        (2, "cut", b"ab"),
    ]
    assert faults.replies == 4


def test_clear_takes_all_orders_back(faults) -> None:
    faults.mute()
    faults.echo()
    faults.cut(1)
    faults.impersonate(b"KRDG", b"?")
    faults.at_random({"lose": 1.0})
    faults.clear()
    assert reply(faults) == [REPLY]


def test_what_is_on_its_way_is_gone_with_the_line(faults) -> None:
    faults.delay(1.0)
    reply(faults)
    faults.drop_all()
    assert faults.due(100.0) == []


def test_chance_keeps_its_shares_and_repeats_with_the_seed() -> None:
    shares = {"delay": 0.05, "lose": 0.02, "cut": 0.02, "garble": 0.01, "double": 0.01}

    def run(seed: int) -> list[tuple[int, str]]:
        faults = Faults(seed)
        faults.at_random(shares, delay_s=0.3)
        for number in range(10_000):
            faults.pass_on(b"?", REPLY, float(number))
            faults.due(number + 0.5)
        return [(one.number, one.kind) for one in faults.happened]

    first = run(1)
    assert first == run(1) != run(2)
    counts = Counter(kind for _, kind in first)
    for kind, share in shares.items():
        assert counts[kind] == pytest.approx(10_000 * share, rel=0.3)


def test_shares_of_more_than_all_replies_are_refused(faults) -> None:
    with pytest.raises(ValueError, match="more than 1"):
        faults.at_random({"lose": 0.6, "cut": 0.6})
