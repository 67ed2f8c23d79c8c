"""mktl.json, mktl.weakref and mktl.poll.period, as the published interface has them."""

from __future__ import annotations

import pytest

import mktl


class Thing:
    def method(self) -> None:
        pass


def test_a_weak_reference_to_a_bound_method_lives_as_long_as_its_object() -> None:
    thing = Thing()
    reference = mktl.weakref.ref(thing.method)
    assert reference() == thing.method
    del thing
    assert reference() is None


def test_a_weak_reference_to_an_object_dies_with_it() -> None:
    thing = Thing()
    reference = mktl.weakref.ref(thing)
    assert reference() is thing
    del thing
    assert reference() is None


def test_json_is_bytes_and_back() -> None:
    value = {"list": [1, "a", None], "dict": {1: "one"}, "true": True}
    raw = mktl.json.dumps(value)
    assert isinstance(raw, bytes)
    assert mktl.json.loads(raw) == {**value, "dict": {"1": "one"}}


@pytest.mark.parametrize("value", [{None: 1}, [{"a": {None: 1}}], {"a": {1, 2}}])
def test_what_json_would_change_on_the_way_is_a_type_error(value) -> None:
    with pytest.raises(TypeError):
        mktl.json.dumps(value)


def test_the_period_of_a_poll_can_be_asked_for() -> None:
    thing = Thing()
    mktl.poll.start(thing.method, period=1000)
    assert mktl.poll.period(thing.method) == 1000
    mktl.poll.stop(thing.method)
    assert mktl.poll.period(thing.method) is None
