"""Replies cut out of what a port brings, in whatever pieces it brings it."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import mktl_drivers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mktl_drivers.backoff import Backoff
from mktl_drivers.framing import EndCut, Framer, cut_of

from mktl.devicefile import Counted, Framing, Template


@pytest.mark.parametrize(
    "name", sorted(module.name for module in pkgutil.iter_modules(mktl_drivers.__path__))
)
def test_the_examples_in_docstrings_are_true(name) -> None:
    assert doctest.testmod(import_module(f"mktl_drivers.{name}")).failed == 0


# Ends that devices are known to use: CR LF, a prompt, MKS's three bytes, one that repeats within itself.
@given(
    end=st.sampled_from([b"\r\n", b"\n", b"\r\n> ", b";FF", b"\r\r\n"]),
    replies=st.lists(st.binary(max_size=20), max_size=6),
    data=st.data(),
)
def test_replies_come_out_as_they_went_in_however_they_are_cut(end, replies, data) -> None:
    clean = [reply.replace(end[:1], b"_") for reply in replies]
    stream = b"".join(reply + end for reply in clean)
    framer, cut, got = Framer(), EndCut(end), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        framer.feed(stream[:size])
        stream = stream[size:]
        while (reply := framer.take(cut)) is not None:
            got.append(reply)
    assert got == clean
    assert len(framer) == 0


def test_a_frame_is_ended_by_all_bytes_of_its_end_and_not_by_some() -> None:
    framer, cut = Framer(), EndCut(b";FF")  # MKS: the value OFF ends in two of the three bytes
    framer.feed(b"@003ACKOFF")
    assert framer.take(cut) is None
    framer.feed(b";FF")
    assert framer.take(cut) == b"@003ACKOFF"


def test_without_an_end_nothing_but_silence_makes_a_reply() -> None:
    framer, cut = Framer(), cut_of(Framing(b""))
    framer.feed(b"\x02\x01\x64")
    assert framer.take(cut) is None
    assert framer.clear() == b"\x02\x01\x64"


def test_a_long_reply_is_not_searched_again_from_its_beginning_for_each_piece() -> None:
    framer, cut = Framer(), EndCut(b"\r\n")
    for _ in range(20_000):
        framer.feed(b"1.234567E-03,")
        assert framer.take(cut) is None
    framer.feed(b"\r\n")
    assert len(framer.take(cut) or b"") == 20_000 * 13


@pytest.mark.parametrize(
    ("framing", "stream", "reply", "rest"),
    [
        (
            Framing(length=9),
            b"\x02\x01\x64\x0a\0\0\0\x01\x72\x02",
            b"\x02\x01\x64\x0a\0\0\0\x01\x72",
            b"\x02",
        ),
        # The end within a reply of a known length is none.
        (Framing(b"\n", length=4), b"A\nB\nC", b"A\nB\n", b"C"),
        # STX, the number of bytes to come, those, and a checksum.
        (Framing(counted=Counted(at=1, plus=3)), b"\x02\x02AB\x99\x02", b"\x02\x02AB\x99", b"\x02"),
        (Framing(counted=Counted(at=0, size=2, little_endian=True, plus=2)), b"\x01\0Z", b"\x01\0Z", b""),
        (Framing(b"\r\n", lines=3), b"a\r\nb\r\nc\r\nd", b"a\r\nb\r\nc", b"d"),
        (Framing(b"\n", until=Template.compile("END {:d}")), b"a\nEND\nEND 2\nx", b"a\nEND\nEND 2", b"x"),
    ],
)
def test_a_reply_ends_where_its_framing_says_and_not_before(framing, stream, reply, rest) -> None:
    framer, cut = Framer(), cut_of(framing)
    taken = []
    for at in range(len(stream)):
        framer.feed(stream[at : at + 1])
        taken.append(framer.take(cut))
    whole = [one for one in taken if one is not None]
    assert (whole, framer.rest) == ([reply], rest)
    assert taken.index(reply) == len(stream) - len(rest) - 1


def test_pauses_grow_to_the_most_and_begin_again_after_success() -> None:
    backoff = Backoff(least_s=0.5, most_s=3.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next_s() == 0.5
