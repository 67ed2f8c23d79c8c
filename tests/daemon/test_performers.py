"""The later names of the published interface: performers, placeholders, options, a catalog."""

from __future__ import annotations

import threading
import time

import pytest

import mktl
from tests.conftest import wait_for


class Serving(mktl.Daemon):
    """Describes its items itself; *filling* is its setup."""

    def describe_items(self):
        return self.options.items

    def setup(self) -> None:
        self.options.setup(self)


class Options:
    def __init__(self, items, setup=lambda daemon: None) -> None:
        self.items, self.setup = items, setup


@pytest.fixture
def serve():
    made = []

    def make(items, setup=lambda daemon: None) -> mktl.Daemon:
        made.append(Serving("lab", "one", options=Options(items, setup)))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


class Counter(mktl.Item):
    def perform_get(self):
        return self.value + 1


def test_what_perform_get_returns_is_published(serve) -> None:
    serve({"n": {"type": "numeric", "initial": 0}}, lambda daemon: daemon.add_item(Counter, "n"))
    n = mktl.get("lab.n")
    n.set(40)
    assert n == 40  # a SET is not followed by a reading that would count on
    n.get(refresh=True)
    assert n == 41


def test_perform_get_may_return_a_payload_with_the_time(serve) -> None:
    class Dated(mktl.Item):
        def perform_get(self):
            return mktl.protocol.message.Payload(value=7, time=1234.5)

    serve({"n": {}}, lambda daemon: daemon.add_item(Dated, "n"))
    n = mktl.get("lab.n")
    assert n.get(refresh=True) == 7
    assert n.time == 1234.5


def test_perform_get_that_returns_nothing_leaves_the_value(serve) -> None:
    serve({"n": {"initial": 3}}, lambda daemon: daemon.add_get_performer("n", lambda: None))
    assert mktl.get("lab.n").get(refresh=True) == 3


def test_a_set_runs_perform_set_and_publishes_the_validated_value(serve, remote_client) -> None:
    performed = []
    serve({"n": {"type": "numeric"}}, lambda daemon: daemon.add_set_performer("n", performed.append))
    assert remote_client().ask(do="set", key="lab.n", value="12.5")["value"] == 12.5
    assert performed == [12.5]


def test_a_set_whose_item_does_not_publish_on_set_changes_nothing_by_itself(serve) -> None:
    class Silent(mktl.Item):
        publish_on_set = False

        def perform_set(self, new_value):
            self.asked = new_value

    daemon = serve({"n": {"initial": 1}}, lambda daemon: daemon.add_item(Silent, "n"))
    mktl.get("lab.n").set(5)
    assert (daemon.items["n"].value, daemon.items["n"].asked) == (1, 5)


def test_a_refusing_performer_refuses_the_set(serve, remote_client) -> None:
    def refuse(new_value):
        raise ValueError(f"{new_value} is too much")

    serve({"n": {"initial": 1}}, lambda daemon: daemon.add_performer("n", "set", refuse))
    answer = remote_client().ask(do="set", key="lab.n", value=9)
    assert answer["error"] == "9 is too much"
    assert "ValueError" in answer["bases"]


def test_performers_are_for_get_and_set_of_an_item_there_is(serve) -> None:
    def setup(daemon) -> None:
        for request, method, error in (("get", "text", TypeError), ("put", print, ValueError)):
            with pytest.raises(error):
                daemon.add_performer("n", request, method)
        with pytest.raises(KeyError):
            daemon.add_get_performer("nothing", print)

    serve({"n": {}}, setup)


def test_an_item_asked_for_before_it_is_added_is_there_and_its_callbacks_move_on(serve) -> None:
    called = threading.Event()

    def setup(daemon) -> None:
        early = daemon.store["n"]
        early.register(lambda *_: called.set())
        assert early.authoritative
        daemon.add_item(Counter, "n")
        assert isinstance(daemon.store["n"], Counter)

    daemon = serve({"n": {"initial": 1}}, setup)
    daemon.items["n"].publish(2)
    assert called.wait(5)


def test_one_item_watches_another(serve) -> None:
    class Double(mktl.Item):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self.watch(self.store["n"])

        def perform_get(self):
            return 2 * self.store["n"].value

    daemon = serve({"n": {"initial": 1}, "double": {}}, lambda daemon: daemon.add_item(Double, "double"))
    daemon.items["n"].publish(21)
    wait_for(lambda: daemon.items["double"].value == 42)


def test_an_item_with_an_interval_is_polled(serve) -> None:
    serve({"n": {"initial": 0, "interval": 0.01}}, lambda daemon: daemon.add_item(Counter, "n"))
    n = mktl.get("lab.n")
    wait_for(lambda: n.value >= 2)


def test_a_daemon_of_nothing_but_its_own_items_serves(make_daemon) -> None:
    with mktl.Daemon("empty", "one", override=True) as daemon:
        assert mktl.get("empty", "_onepid").value > 0
        assert len(daemon.items) == len(mktl.get("empty").catalog)


def test_both_orders_of_the_arguments_are_understood() -> None:
    options = object()
    with mktl.Daemon("one", "x", options) as daemon:
        assert (daemon.arguments, daemon.options, daemon.override) == (options, options, False)
    with mktl.Daemon("one", "x", True, options) as daemon:
        assert (daemon.arguments, daemon.options, daemon.override) == (options, options, True)


@pytest.mark.parametrize("module", ["config", "meta"])
def test_a_stored_description_is_served_from_the_next_start_on(module) -> None:
    getattr(mktl, module).authoritative("lab", "one", {"TEMP": {"type": "numeric", "initial": 4.2}})
    with mktl.Daemon("lab", "one"):
        assert mktl.get("lab.temp") == 4.2


def test_the_word_for_an_empty_mask_is_read_in_both_spellings_and_sent_as_it_was_written(serve) -> None:
    words = {"None": "none set", 0: "A", 1: "B"}
    serve({"n": {"type": "mask", "enumerators": words, "initial": 0}})
    n = mktl.get("lab.n")
    assert n.formatted == "none set"
    n.formatted = "a, b"
    assert n == 3
    n.formatted = "None Set"
    assert n == 0
    [block] = n.store.blocks.values()
    assert block["items"]["n"]["enumerators"] == {"None": "none set", "0": "A", "1": "B"}


def test_callbacks_have_been_called_when_a_set_returns(make_daemon, remote_client) -> None:
    make_daemon()
    target = mktl.get("lab.target")
    called = []
    target.register(lambda item, value, timestamp: called.append(value))
    for value in range(20):
        target.set(value)
        assert called[-1] == value


def test_a_callback_that_sets_its_own_item_does_not_wait_for_itself(make_daemon) -> None:
    make_daemon()
    target, done = mktl.get("lab.target"), threading.Event()

    def again(item, value, timestamp) -> None:
        if value == 1:
            began_s = time.monotonic()
            item.set(2)
            if time.monotonic() - began_s < 5:
                done.set()

    target.register(again)
    target.set(1)
    assert done.wait(5)
    wait_for(lambda: target.value == 2)
