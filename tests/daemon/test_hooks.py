"""A daemon with Item subclasses of its own, written as a reader of the published interface would."""

from __future__ import annotations

import threading
import time

import pytest

import mktl
from tests.conftest import wait_for

STAGE = {
    "POSITION": {"type": "numeric", "units": "mm", "settable": False},
    "TARGET": {"type": "numeric", "units": "mm", "range": [0, 300.0]},
    "DOUBLE": {"type": "numeric", "settable": False},
    "PLAIN": {"type": "string"},
}


class Controller:
    """What the hooks talk to: a stage that is where it was told to go."""

    def __init__(self) -> None:
        self.position_mm = 10.0
        self.commands: list[float] = []
        self.broken: Exception | None = None
        self.asked = 0


class Position(mktl.Item):
    def __init__(self, *args, controller, **kwargs) -> None:
        mktl.Item.__init__(self, *args, **kwargs)
        self.controller = controller

    def req_refresh(self):
        self.controller.asked += 1
        if self.controller.broken:
            raise self.controller.broken
        return {"value": self.controller.position_mm, "time": time.time()}


class Target(mktl.Item):
    def __init__(self, *args, controller, **kwargs) -> None:
        mktl.Item.__init__(self, *args, **kwargs)
        self.controller = controller

    def validate(self, value):
        if value == 13:
            raise ValueError("13 brings bad luck")
        return round(value, 1)

    def req_set(self, request):
        self.controller.commands.append(request.payload.value)
        self.controller.position_mm = request.payload.value
        self.publish(request.payload.value)


class Double(mktl.Item):
    def __init__(self, *args, **kwargs) -> None:
        mktl.Item.__init__(self, *args, **kwargs)
        self.store["target"].register(self.req_poll)

    def req_refresh(self):
        value = self.store["target"].value
        return None if value is None else {"value": 2 * value, "time": time.time()}


class Stage(mktl.Daemon):
    def setup(self) -> None:
        self.controller = self.arguments
        self.add_item(Position, "POSITION", controller=self.controller).poll(0.02)
        self.add_item(Target, "TARGET", controller=self.controller)
        self.add_item(Double, "DOUBLE")
        self.order = ["setup"]
        self.had_plain = "plain" in self.items

    def setup_final(self) -> None:
        self.order.append("final")
        self.has_plain = "plain" in self.items


@pytest.fixture
def controller() -> Controller:
    return Controller()


@pytest.fixture
def stage(make_daemon, controller) -> mktl.Daemon:
    return make_daemon("stage", "x", STAGE, Stage, arguments=controller)


@pytest.fixture
def client(remote_client, stage):
    return remote_client()


def test_custom_items_come_in_setup_and_the_rest_before_setup_final(stage) -> None:
    assert stage.order == ["setup", "final"]
    assert not stage.had_plain
    assert stage.has_plain


def test_a_polled_item_shows_the_hardware_and_calls_back(client, controller) -> None:
    client.ask(do="register", key="stage.position")
    controller.position_mm = 55.5
    assert client.hear()["value"] == 55.5


def test_a_set_is_validated_sent_once_and_shown_on_return(client, controller) -> None:
    assert client.ask(do="set", key="stage.target", value="12.34")["value"] == 12.3
    assert controller.commands == [12.3]


@pytest.mark.parametrize(
    ("value", "text", "bases"),
    [
        (312.0, "stage.target: 312.0 mm is above the maximum 300.0 mm", {"LimitError", "ValueError"}),
        ("warm", "stage.target: 'warm' is not a number", {"ItemTypeError", "TypeError"}),
        (13, "13 brings bad luck", {"ValueError", "RemoteError"}),
    ],
)
def test_a_refused_set_reaches_the_client_as_its_class_and_never_the_device(
    client, controller, value, text, bases
) -> None:
    answer = client.ask(do="set", key="stage.target", value=value)
    assert answer["error"] == text
    assert {*bases, "RuntimeError"} <= set(answer["bases"])
    assert controller.commands == []


def test_a_read_only_item_refuses_as_a_type_error(client) -> None:
    answer = client.ask(do="set", key="stage.position", value=1)
    assert answer["error"] == "stage.position is read only"
    assert "TypeError" in answer["bases"]


def test_req_poll_as_a_callback_of_another_item_refreshes_this_one(client) -> None:
    client.ask(do="register", key="stage.double")
    client.tell(do="set", key="stage.target", value=21)
    heard = [client.hear(), client.hear()]
    assert {answer.get("callback") for answer in heard} == {None, "stage.double"}
    assert [answer["value"] for answer in heard if "callback" in answer] == [42]


def test_a_get_with_refresh_asks_the_hardware_and_one_without_does_not(make_daemon, controller) -> None:
    class Unpolled(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Position, "POSITION", controller=controller)

    make_daemon("stage", "x", STAGE, Unpolled)
    item = mktl.get("stage.position")
    assert item.get() is None
    assert controller.asked == 0
    assert item.get(refresh=True) == 10.0
    assert controller.asked == 1


def test_a_raising_hook_leaves_the_value_says_so_once_and_recovers(client, controller, stage, caplog) -> None:
    position = stage.items["position"]
    wait_for(lambda: position.status == "ok")
    before = position.reading
    controller.broken = ConnectionError("the cable is out")
    wait_for(lambda: position.status == "invalid")
    broken_at = controller.asked
    wait_for(lambda: controller.asked > broken_at + 5, "polls go on")
    answer = client.ask(do="get", key="stage.position")
    assert (answer["value"], answer["status"], answer["reason"]) == (10.0, "invalid", "the cable is out")
    assert (position.time, position.sampled) >= (before.time, before.sampled)
    assert position.time == before.time
    assert len([record for record in caplog.records if "the cable is out" in record.message]) == 1

    refused = client.ask(do="get", key="stage.position", refresh=True)
    assert refused["error"] == "the cable is out"
    assert "ConnectionError" in refused["bases"] or "RemoteError" in refused["bases"]

    controller.broken = None
    wait_for(lambda: position.status == "ok")


def test_none_is_nothing_new_and_a_value_of_none_clears(make_daemon) -> None:
    answers = [{"value": 54, "time": 1234.5678}, None, {"value": None, "time": 8765.4321}]

    class Scripted(mktl.Item):
        def req_refresh(self):
            return answers.pop(0)

    class Only(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Scripted, "plain")

    make_daemon("stage", "x", {"plain": {}}, Only)
    item = mktl.get("stage.plain")
    assert item.req_poll() == {"value": 54, "time": 1234.5678}
    assert (item.value, item.time) == (54, 1234.5678)
    assert item.req_poll() is None
    assert (item.value, item.time) == (54, 1234.5678)
    item.req_poll()
    assert (item.value, item.time) == (None, 8765.4321)


def test_a_set_hook_that_publishes_nothing_is_followed_by_a_refresh(make_daemon, controller) -> None:
    class Silent(Position):
        def req_set(self, request):
            self.controller.position_mm = request.payload.value + 0.25  # the stage's own idea

    class Only(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Silent, "plain", controller=controller)

    make_daemon("stage", "x", {"plain": {"type": "numeric"}}, Only)
    item = mktl.get("stage.plain")
    item.set(5)
    assert item.value == 5.25


def test_what_a_set_hook_returns_goes_to_the_client(make_daemon, remote_client) -> None:
    class Returning(mktl.Item):
        def req_set(self, request):
            return "moved in 3 s"

    class Only(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Returning, "plain")

    make_daemon("stage", "x", {"plain": {}}, Only)
    request = mktl.protocol.message.Request("SET", "stage.plain", mktl.protocol.message.Payload(1))
    assert mktl.get("stage.plain")._ask(request).value == "moved in 3 s"


def test_sets_of_one_item_run_in_their_order_and_never_overlap(make_daemon, remote_client) -> None:
    seen: list[int] = []
    running = threading.Lock()

    class Slow(mktl.Item):
        def req_set(self, request):
            assert running.acquire(blocking=False), "two sets at once"
            seen.append(request.payload.value)
            running.release()
            self.publish(request.payload.value)

    class Only(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Slow, "plain")

    daemon = make_daemon("stage", "x", {"plain": {"type": "numeric"}}, Only)
    from mktl.protocol.client import client as connections

    requests = [
        mktl.protocol.message.Request("SET", "stage.plain", mktl.protocol.message.Payload(n))
        for n in range(500)
    ]
    for request in requests:
        connections().send(f"tcp://127.0.0.1:{daemon.rep}", request)
    for request in requests:
        assert request.wait(10) is not None
    assert seen == list(range(500))


def test_a_hook_that_hangs_holds_up_nobody_else(make_daemon, remote_client) -> None:
    release = threading.Event()

    class Hanging(mktl.Item):
        def req_refresh(self):
            release.wait(20)
            return {"value": 1, "time": time.time()}

    class Only(mktl.Daemon):
        def setup(self) -> None:
            for n in range(12):
                self.add_item(Hanging, f"h{n}").poll(0.05)

    items = {**{f"h{n}": {} for n in range(12)}, "plain": {"initial": "here"}, "quick": {}}
    daemon = make_daemon("stage", "x", items, Only)
    client = remote_client()
    wait_for(lambda: daemon.items["h11"].late_polls > 0, "polls are skipped, not bunched")
    assert client.ask(do="get", key="stage.plain")["value"] == "here"
    assert client.ask(do="set", key="stage.quick", value=2)["value"] == 2
    release.set()
    wait_for(lambda: all(daemon.items[f"h{n}"].value == 1 for n in range(12)))


def test_a_second_item_of_the_same_key_is_refused(stage) -> None:
    with pytest.raises(mktl.errors.MktlError, match=r"stage\.target exists already"):
        mktl.Item(stage.store, "target")


def test_cleanup_is_called_once_while_items_exist(make_daemon) -> None:
    seen = []

    class Tidy(mktl.Daemon):
        def cleanup(self) -> None:
            seen.append(sorted(key for key in self.items if not key.startswith("_")))

    daemon = make_daemon("stage", "x", {"plain": {}}, Tidy)
    daemon.close()
    daemon.close()
    assert seen == [["plain"]]


def test_a_setup_that_raises_leaves_nothing_open(make_daemon) -> None:
    class Failing(mktl.Daemon):
        def setup(self) -> None:
            raise ValueError("no controller here")

    with pytest.raises(ValueError, match="no controller here"):
        make_daemon("stage", "x", STAGE, Failing)
    make_daemon("stage", "x", STAGE)  # the lock and the ports are free again
