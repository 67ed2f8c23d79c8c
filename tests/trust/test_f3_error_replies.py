"""F3: what a client is told of an error, and what only the daemon's log has."""

from __future__ import annotations

import json
import re

import pytest

import mktl
from mktl.errors import RemoteError
from tests.trust.conftest import get, put


class Broken(mktl.Item):
    def req_refresh(self):
        return {"value": 1 / 0}

    def req_set(self, request):
        raise ValueError("the shutter is in the way")


class Limited(mktl.Item):
    def req_set(self, request):
        raise mktl.errors.LimitError("lab.limited: 9 mm is above the maximum 5 mm")


class Daemon(mktl.Daemon):
    def setup(self) -> None:
        self.add_item(Broken, "broken")
        self.add_item(Limited, "limited")


@pytest.fixture
def raw(make_daemon, wire):
    daemon = make_daemon(items={"broken": {}, "limited": {}}, daemon_class=Daemon)
    return wire(f"tcp://127.0.0.1:{daemon.rep}")


def error_of(raw, parts: list[bytes]) -> tuple[dict, bytes]:
    raw.send(*parts)
    answer = raw.receive()
    while answer[2] == b"ACK":
        answer = raw.receive()
    return json.loads(answer[5])["error"], b"".join(answer)


def refreshing(target: str) -> list[bytes]:
    return [*get(target)[:5], b'{"refresh": true}']


@pytest.mark.parametrize(
    ("request_", "type", "text"),
    [
        (refreshing("lab.broken"), "ZeroDivisionError", "division by zero"),
        (put("lab.broken", 1), "ValueError", "the shutter is in the way"),
    ],
)
def test_f3_an_error_nobody_meant_has_its_class_text_and_a_reference_to_the_log(
    raw, caplog, request_, type, text
) -> None:
    error, sent = error_of(raw, request_)
    assert (error["type"], error["text"]) == (type, text)
    reference = re.fullmatch(r"reference ([0-9a-f]{8}) in the daemon's log", error["debug"])[1]
    assert b"Traceback" not in sent
    assert b".py" not in sent
    [record] = [record for record in caplog.records if reference in record.getMessage()]
    assert record.exc_info
    assert type in record.getMessage()


def test_f3_an_error_that_was_meant_has_its_class_and_text_and_is_no_news_for_the_log(raw, caplog) -> None:
    error, _ = error_of(raw, put("lab.limited", 9))
    assert error == {"type": "LimitError", "text": "lab.limited: 9 mm is above the maximum 5 mm"}
    assert not [record for record in caplog.records if record.exc_info]


def test_f3_a_client_has_the_class_the_text_and_the_reference(make_daemon, remote_client) -> None:
    daemon = make_daemon(items={"broken": {}, "limited": {}}, daemon_class=Daemon)
    from mktl.protocol.client import client
    from mktl.protocol.message import Payload, Request

    with pytest.raises(ValueError, match="the shutter is in the way") as caught:
        client().request(f"tcp://127.0.0.1:{daemon.rep}", Request("SET", "lab.broken", Payload(1)), 5.0)
    assert isinstance(caught.value, RemoteError)
    assert "in the daemon's log" in caught.value.debug
