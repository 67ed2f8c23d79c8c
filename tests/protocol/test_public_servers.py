"""Servers and clients without items, by the names of the published interface."""

from __future__ import annotations

import threading

import pytest

import mktl
from mktl.protocol import discover, publish, request
from mktl.protocol.message import NO_ACK_OR_REP, NO_REP, Broadcast, Payload, Request
from tests.conftest import wait_for


@pytest.fixture
def server():
    server = request.Server()
    yield server
    server.close()
    request.shutdown()


@pytest.fixture
def broadcasts():
    broadcasts = publish.Server()
    yield broadcasts
    broadcasts.close()
    publish.shutdown()


@pytest.mark.parametrize("kind", [request.Server, publish.Server])
def test_servers_share_no_port_and_say_when_one_is_taken(kind) -> None:
    first = kind()
    second = kind(avoid={first.port})
    try:
        assert second.port != first.port
        with pytest.raises(ConnectionError, match=str(first.port)):
            kind(port=first.port)
    finally:
        first.close()
        second.close()


def test_a_request_is_acknowledged_and_answered(server) -> None:
    asked = Request("GET", "some_topic")
    request.client("localhost", server.port).send(asked)
    assert asked.wait_ack(5)
    assert asked.wait(5)
    assert isinstance(asked.response.payload, Payload)


def test_a_request_that_wants_nothing_back_stays_without(server) -> None:
    asked = Request("GET", "some_topic", flags=NO_ACK_OR_REP)
    request.client("localhost", server.port).send(asked)
    assert (asked.wait_ack(0.05), asked.poll(), asked.wait(0.05)) == (False, False, None)


def test_there_is_one_client_for_each_address() -> None:
    for module in (request, publish):
        client = module.client("localhost", 10999)
        assert module.client("localhost", 10999) is client
        with pytest.raises(ConnectionError, match=r"client to localhost:10999 already"):
            module.Client("localhost", 10999)
        module.shutdown()


def test_nobody_there_is_a_timeout(monkeypatch) -> None:
    monkeypatch.setattr(request.Client, "timeout", 0.05)
    with pytest.raises(TimeoutError, match="no ACK"):
        request.send("localhost", 10999, Request("GET", "lab.temp"))
    request.shutdown()


def test_a_server_of_ones_own_answers_now_or_later_or_refuses() -> None:
    class Server(request.Server):
        def req_handler(self, asked):
            if asked.target == "later":
                threading.Thread(target=self.respond, args=(asked, Payload(2))).start()
                return None
            if asked.target == "never":
                raise KeyError("no such thing")
            return Payload(1)

    server = Server()
    try:
        answers = {
            target: request.send("localhost", server.port, Request("GET", target))
            for target in ("now", "later", "never")
        }
    finally:
        server.close()
        request.shutdown()
    assert (answers["now"].value, answers["later"].value) == (1, 2)
    error = answers["never"].error
    assert (error["type"], error["text"]) == ("KeyError", "no such thing")


def test_an_ack_is_all_that_comes_for_a_request_that_wants_no_rep(make_daemon) -> None:
    class Slow(mktl.Item):
        def perform_set(self, new_value) -> None:
            pass

    class Only(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Slow, "n")

    daemon = make_daemon("lab", "one", {"n": {}}, Only)
    asked = Request("SET", "lab.n", Payload(5), flags=NO_REP)
    request.client("localhost", daemon.rep).send(asked)
    assert asked.wait_ack(5)
    wait_for(lambda: daemon.items["n"].value == 5)
    assert not asked.poll()
    request.shutdown()


def test_a_callback_hears_its_topic_until_it_is_unregistered(broadcasts) -> None:
    client, heard = publish.client("localhost", broadcasts.port), []
    client.register(heard.append, "lab.temp")
    for topic in ("text", b"bytes", 44, None):
        client.subscribe(topic)

    def tell() -> bool:
        broadcasts.publish(Broadcast("PUB", "lab.temp", Payload(4.2)))
        broadcasts.publish(Broadcast("PUB", "lab.temp2", Payload(7)))
        return bool(heard)

    wait_for(tell)
    assert {(one.target, one.payload.value) for one in heard} == {("lab.temp.", 4.2)}
    client.unregister(heard.append, "nothing")
    with pytest.raises(TypeError):
        client.register("not callable", "lab.temp")


def test_a_callback_that_raises_does_not_stop_the_next(broadcasts) -> None:
    client, heard = publish.client("localhost", broadcasts.port), []

    def fail(broadcast) -> None:
        raise RuntimeError("on purpose")

    client.register(fail, "lab.temp")
    client.register(heard.append, "lab.temp")
    wait_for(lambda: broadcasts.publish(Broadcast("PUB", "lab.temp", Payload(1))) or heard)


@pytest.mark.parametrize(
    ("kind", "search", "other"),
    [
        (discover.Server, discover.search, discover.search_direct),
        (discover.DirectServer, discover.search_direct, discover.search),
    ],
)
def test_who_listens_on_one_udp_port_is_found_there_only(kind, search, other, monkeypatch) -> None:
    monkeypatch.setattr(discover, "SEARCH_S", 0.1)
    server = kind(12345)
    try:
        assert 12345 in {port for _, port in search(wait=True)}
        assert 12345 not in {port for _, port in other(wait=True)}
    finally:
        server.cleanup()
        server.cleanup()
