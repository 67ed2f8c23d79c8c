"""``mark discover``, and what is found with what it remembers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from running import SERVING, Running

import mktl
from mktl.config import registries

Call = Callable[..., Result]
NOWHERE = "256.1.1.1"


@pytest.fixture
def elsewhere(lab: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that knows nothing of the daemon that runs, on a host whose calls nobody near hears."""
    directory = tmp_path / "elsewhere"
    monkeypatch.setenv("MKTL_HOME", str(directory))
    return directory


def test_everybody_who_answers_is_listed_once_with_the_stores_and_their_daemons(
    lab: Running, run: Callable[..., Running], items_file: Path, call: Call
) -> None:
    run("markd", "den", "warm", "-c", items_file).wait_for(SERVING)
    result = call("discover")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert {(store, daemons) for _, _, store, daemons in lines} == {("lab", "cold"), ("den", "warm")}
    assert len(lines) == 2
    hosts = json.loads(call("discover", "--json").stdout)
    (cold,) = (host["stores"]["lab"][0] for host in hosts if "lab" in host["stores"])
    assert (cold["alias"], cold["items"] > 10) == ("cold", True)
    assert {(host["host"], str(host["port"])) for host in hosts} == {(host, port) for host, port, *_ in lines}


def test_a_registry_is_listed_with_the_stores_it_knows(
    lab: Running, run: Callable[..., Running], call: Call
) -> None:
    registry = run("markguided", "-v")
    registry.wait_for("lab cold")
    stores = [line.split("\t")[2:] for line in call("discover").stdout.splitlines()]
    assert sorted(stores) == [["lab", "cold"], ["lab", "cold"], ["markguide", "registry"]]


def test_an_address_that_answered_is_called_when_nobody_near_serves_a_store(
    elsewhere: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKTL_CALL", NOWHERE)
    assert call("get", "lab.temp").exit_code == 1
    result = call("discover", "127.0.0.1", "127.0.0.1")
    assert result.stdout.split("\t")[2:] == ["lab", "cold\n"]
    assert (elsewhere / "client/registries.cache").read_text() == "127.0.0.1\n"
    for path in (elsewhere / "client/cache").rglob("*.json"):
        path.unlink()
    assert call("get", "lab.temp").stdout == "lab.temp = 77.350 K\n"


def test_an_address_written_by_hand_is_called_too(
    elsewhere: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKTL_CALL", NOWHERE)
    (elsewhere / "client").mkdir(parents=True)
    (elsewhere / "client/registries").write_text(f"# by hand\n{NOWHERE}\nno address at all\n127.0.0.1\n")
    assert call("get", "lab.temp").stdout == "lab.temp = 77.350 K\n"


def test_nobody_is_a_failure_on_one_line_and_nothing_is_remembered(call: Call) -> None:
    result = call("discover")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "mark: nobody answered on the local network\n"
    result = call("discover", "127.0.0.1", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, [])
    assert result.stderr == "mark: 127.0.0.1: nobody answered\n"
    assert registries.load() == []


def test_what_is_no_address_exits_2(call: Call) -> None:
    result = call("discover", "a b")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert result.stderr.startswith("mark: 'a b' is no address; expected a host name or an IPv4 address")


def test_python_may_discover_too(lab: Running, elsewhere: Path) -> None:
    (one,) = mktl.discover("127.0.0.1")
    ((uuid, block),) = one.stores["lab"].items()
    assert (one.host, one.called, block["alias"]) == ("127.0.0.1", "127.0.0.1", "cold")
    assert (elsewhere / f"client/cache/lab/{uuid}.json").exists()
