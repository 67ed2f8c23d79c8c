"""Frames, byte for byte, and what is not mKTL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.wire.frames import (
    ACK,
    GET,
    NO_ACK,
    NO_REP,
    REP,
    SET,
    FrameError,
    Frames,
    pack,
    pack_ack,
    pack_broadcast,
    topic,
    unpack,
    unpack_broadcast,
)


def test_a_get_has_the_frames_of_the_reference_client() -> None:
    # The protocol text: an 8-digit lower-case hex id, target in lower case, empty flags and payload.
    assert pack(Frames(b"00000023", GET, b"lab.temp", 0, b"")) == [
        b"a", b"00000023", b"GET", b"lab.temp", b"", b"",
    ]  # fmt: skip


def test_an_acknowledgement_is_six_frames_with_three_empty() -> None:
    assert pack_ack(b"00000023") == [b"a", b"00000023", b"ACK", b"", b"", b""]


def test_flags_are_a_big_endian_integer_and_empty_for_zero() -> None:
    assert pack(Frames(b"1", SET, b"a.b", NO_ACK | NO_REP, b""))[4] == b"\x03"
    assert unpack([b"a", b"1", b"SET", b"a.b", b"\x00\x02", b""]).flags == NO_REP


def test_empty_bulk_and_no_bulk_are_different_things() -> None:
    assert unpack(pack(Frames(b"1", REP, b"", 0, b"{}", b""))).bulk == b""
    assert unpack(pack(Frames(b"1", REP, b"", 0, b"{}", None))).bulk is None


@given(
    st.binary(min_size=1, max_size=20),
    st.sampled_from([GET, SET, ACK, REP]),
    st.binary(max_size=40),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=100),
    st.none() | st.binary(max_size=100),
    st.sampled_from([b"a", b"m"]),
)
def test_what_is_packed_is_unpacked(id, type, target, flags, payload, bulk, version) -> None:
    frames = Frames(id, type, target, flags, payload, bulk, version)
    assert unpack(pack(frames)) == frames


@pytest.mark.parametrize(
    ("parts", "id", "text"),
    [
        ([], b"", "0 frames and no request id"),
        ([b"a"], b"", "1 frames and no request id"),
        ([b"a", b"", b"GET", b"", b"", b""], b"", "no request id"),
        ([b"z", b"7", b"GET", b"", b"", b""], b"7", "version b'z' is not spoken here"),
        ([b"a", b"7", b"GET"], b"7", "expected 6 or 7 frames, got 3"),
        ([b"a", b"7", b"GET", b"", b"", b"", b"", b""], b"7", "expected 6 or 7 frames, got 8"),
        # The older dialect has its payload where flags belong.
        ([b"a", b"7", b"SET", b"a.b", b'{"value": 1}', b""], b"7", "flags of 12 bytes"),
    ],
)
def test_what_is_no_message_is_refused_with_the_id_to_answer_to(parts, id, text) -> None:
    with pytest.raises(FrameError, match=text) as caught:
        unpack(parts)
    assert caught.value.id == id


def test_a_topic_ends_with_a_dot_so_that_temp_is_not_temp2() -> None:
    assert topic("a.temp") == b"a.temp."
    assert not topic("a.temp2").startswith(topic("a.temp"))


def test_a_broadcast_has_bulk_only_when_there_is_some() -> None:
    assert pack_broadcast(b"a.b.", b"{}") == [b"a.b.", b"a", b"{}"]
    assert unpack_broadcast([b"a.b.", b"a", b"{}", b""]) == (b"a.b.", {}, b"")
    with pytest.raises(FrameError):
        unpack_broadcast([b"a.b.", b"a"])
