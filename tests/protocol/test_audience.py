"""What is wanted is what ZeroMQ would deliver: whatever begins as somebody has asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mktl.protocol.audience import Audience

prefixes = st.text("ab.:", max_size=6).map(str.encode)
topics = st.text("ab.:", min_size=1, max_size=8).map(lambda text: text.encode() + b".")


@given(st.lists(st.tuples(st.booleans(), prefixes), max_size=8), st.lists(topics, min_size=1))
def test_a_topic_is_wanted_while_somebody_subscribes_to_what_it_begins_with(
    said: list[tuple[bool, bytes]], asked: list[bytes]
) -> None:
    audience = Audience()
    subscribed: set[bytes] = set()
    for is_wanted, prefix in said:
        audience.note(bytes([is_wanted]) + prefix)
        (subscribed.add if is_wanted else subscribed.discard)(prefix)
        for topic in asked:
            assert audience.wanted[topic] == topic.startswith(tuple(subscribed))


def test_a_message_that_is_none_of_xpub_changes_nothing() -> None:
    audience = Audience()
    for message in (b"\x01lab.", b"", b"\x02lab."):
        audience.note(message)
    assert audience.wanted[b"lab.temp."]
    assert not audience.wanted[b"other.temp."]
