"""The registry: announcements, refusals, and clients that know nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import mktl
from mktl.daemon.registry import Registry, conflict
from mktl.errors import ConflictError, WireError
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for


@pytest.fixture(autouse=True)
def patience(home, monkeypatch) -> None:
    """Here somebody answers: the real time to wait for that."""
    monkeypatch.setattr("mktl.daemon.announce.CALL_S", 0.3)


@pytest.fixture
def registry(home):
    with Registry() as registry:
        yield registry


def block(
    alias: str = "one", keys: str = "a b", uuid: int = 1, rep: int = 1, host: str = "127.0.0.1", **more
):
    return {
        "store": "far",
        "alias": alias,
        "uuid": f"00000000-0000-0000-0000-{uuid:012d}",
        "time": 1.0,
        "hash": 2**100 + uuid,
        "provenance": [{"stratum": 0, "hostname": host, "rep": rep, "pub": rep + 1}],
        "items": {key: {} for key in keys.split()},
        **more,
    }


def test_a_daemon_announces_itself_and_is_passed_on_with_the_registrys_own_entry(
    registry, make_daemon
) -> None:
    daemon = make_daemon()
    [known] = wait_for(lambda: list(registry.catalog.blocks("lab").values()))
    assert known["items"].keys() == daemon.catalog.blocks("lab")[daemon.uuid]["items"].keys()
    first, last = known["provenance"]
    assert (first["stratum"], first["rep"], first["pub"]) == (0, daemon.rep, daemon.pub)
    assert (last["stratum"], last["rep"], "pub" in last) == (1, registry.rep, False)


def test_a_registry_that_starts_later_asks_the_daemons_that_run(make_daemon, home) -> None:
    daemon = make_daemon()
    with Registry() as registry:
        wait_for(lambda: daemon.uuid in registry.catalog.blocks("lab"))


def test_a_client_that_knows_nothing_finds_the_store_through_the_registry(
    registry, make_daemon, tmp_path, monkeypatch
) -> None:
    make_daemon()
    wait_for(lambda: registry.catalog.blocks("lab"))
    code = "import mktl; print(mktl.get('lab.temp').value); mktl.close()"
    from mktl.protocol.discover import udp_ports

    environment = {
        **os.environ,
        "MKTL_HOME": str(tmp_path / "elsewhere"),
        "MKTL_UDP_PORTS": f"{udp_ports()[0]},9",  # nobody but registries hears it
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "4.2\n", done.stderr


def test_keys_of_a_daemon_that_is_alive_are_refused_to_another_with_its_place(registry, make_daemon) -> None:
    daemon = make_daemon()
    wait_for(lambda: registry.catalog.blocks("lab"))
    for override in (False, True):
        thief = block("two", "temp target", store="lab", override=override)
        request = Request("SET", "_catalog", Payload(thief))
        with pytest.raises(ConflictError) as caught:
            client().request(f"tcp://127.0.0.1:{registry.rep}", request, 5)
        assert "lab.target and 1 more keys are served by 'one'" in str(caught.value)
        assert f":{daemon.rep}" in str(caught.value)
    assert list(registry.catalog.blocks("lab")) == [daemon.uuid]


def test_override_takes_the_place_of_one_that_is_offline(registry) -> None:
    registry.admit(block("one", uuid=1, rep=2))
    with pytest.raises(ConflictError):
        registry.admit(block("two", uuid=2, rep=4))
    registry.admit(block("two", uuid=2, rep=4, override=True))
    [known] = registry.catalog.blocks("far").values()
    assert known["alias"] == "two"
    assert "override" not in known


def test_a_daemon_that_came_back_on_other_ports_of_its_host_is_taken(registry) -> None:
    registry.admit(block(rep=2))
    registry.admit(block(rep=6))
    assert registry.catalog.blocks("far")[block()["uuid"]]["provenance"][0]["rep"] == 6


def test_one_uuid_on_two_hosts_is_a_conflict(registry) -> None:
    registry.admit(block(rep=2))
    with pytest.raises(ConflictError, match=r"its uuid .* is known on 127\.0\.0\.1:2"):
        registry.admit(block(rep=2, host="localhost.invalid"))


@pytest.mark.parametrize(
    ("announced", "text"),
    [
        (None, "a block is an object"),
        ({}, "without a uuid"),
        (block() | {"uuid": "../../../etc/passwd"}, "without a uuid"),
        (block() | {"store": "../x"}, "is no store name"),
        (block() | {"items": [1]}, "has no items"),
        (block() | {"provenance": "here"}, "nobody in the provenance"),
    ],
)
def test_what_is_no_block_is_refused(registry, announced, text) -> None:
    with pytest.raises((WireError, ValueError), match=text):
        registry.admit(announced)
    assert len(registry.catalog.everything()) == 1  # its own


def test_daemons_with_different_keys_share_a_store() -> None:
    assert conflict(block("one", "a b"), block("two", "c d", uuid=2)) == ""
    assert conflict(block(), block()) == ""


def test_a_refused_daemon_says_so_in_its_log_and_serves_on(registry, make_daemon, caplog) -> None:
    registry.admit(block("other", "temp", store="lab", uuid=7, rep=2))
    make_daemon()
    wait_for(lambda: "refuses this daemon" in caplog.text)
    assert "lab.temp are served by 'other'" in caplog.text
    assert mktl.get("lab.temp").value == 4.2
