"""F2: a stranger tells the registry that it is somebody else."""

from __future__ import annotations

import pytest

import mktl
from mktl.daemon.registry import Registry
from mktl.errors import ConflictError
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for

STRANGER = {"stratum": 0, "hostname": "10.9.9.9", "rep": 1, "pub": 2}


@pytest.fixture
def registry(home, monkeypatch):
    monkeypatch.setattr("mktl.daemon.announce.CALL_S", 0.3)
    with Registry() as registry:
        yield registry


def announce(registry: Registry, block: dict) -> None:
    request = Request("SET", "_catalog", Payload(block))
    client().request(f"tcp://127.0.0.1:{registry.rep}", request, 5.0)


def conflicts(registry: Registry) -> list[str]:
    return str(mktl.get("markguide.conflicts").get(refresh=False)).splitlines()


@pytest.mark.parametrize("wrong", [{"uuid": "0" * 32}, {"alias": "other", "uuid": "1" * 32}, {}])
def test_f2_who_announces_a_running_store_is_refused_and_listed(registry, make_daemon, wrong) -> None:
    daemon = make_daemon()
    [known] = wait_for(lambda: list(registry.catalog.blocks("lab").values()))
    for override in (False, True):
        with pytest.raises(ConflictError, match=f":{daemon.rep}"):
            announce(registry, {**known, **wrong, "provenance": [STRANGER], "override": override})
    assert len(wait_for(lambda: conflicts(registry))) == 1  # the same thing once
    assert list(registry.catalog.blocks("lab")) == [daemon.uuid]
    assert mktl.get("lab.temp").value == 4.2


def test_f2_who_announces_a_stopped_store_is_refused_and_the_real_one_starts(registry, make_daemon) -> None:
    daemon = make_daemon()
    [known] = wait_for(lambda: list(registry.catalog.blocks("lab").values()))
    daemon.close()
    with pytest.raises(ConflictError):
        announce(registry, {**known, "uuid": "0" * 32, "provenance": [STRANGER]})
    assert conflicts(registry)
    make_daemon()
    assert mktl.get("lab.temp").value == 4.2


def test_f2_a_daemon_whose_name_a_stranger_has_taken_starts_and_serves(registry, make_daemon) -> None:
    squatter = {
        "store": "lab", "alias": "one", "uuid": "0" * 32, "time": 1.0, "hash": 5,
        "provenance": [STRANGER], "items": {"temp": {}},
    }  # fmt: skip
    announce(registry, squatter)
    make_daemon()
    assert mktl.get("lab.temp").value == 4.2
    wait_for(lambda: conflicts(registry))


@pytest.mark.parametrize("uuid", ["../../x", "/etc/passwd", "a" * 31 + "/", "", "x" * 300])
def test_f2_a_uuid_with_a_path_is_refused(registry, uuid) -> None:
    block = {"store": "den", "alias": "a", "uuid": uuid, "time": 1.0, "hash": 5, "items": {}}
    block["provenance"] = [STRANGER]
    with pytest.raises(RuntimeError, match="without a uuid"):
        announce(registry, block)
    assert not registry.catalog.blocks("den")
