"""F1: names that would be paths, arrays that lie, and a catalog without end."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import mktl
from mktl.config import cache, local
from mktl.daemon.registry import Registry
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.trust.served import REGISTRY, rss_mb

PIECES = [
    "..",
    "/",
    "\0",
    "a",
    "lab",
    "\\",
    " ",
    "é",
    "\u202e",
    "x" * 300,
    "%2e",
    "~",
    "$HOME",
    "\n",
    "-",
    ".",
    ":",
    "'",
]
#: Bytes in frames of a store, a key, an alias: what none of them may become.
BAD = ["", ".", "..", "/", "../x", "/etc/passwd", "a/b", "a\0b", "a b", "\n", "x" * 300, "é", "~root", "a\\b"]


def hostile_names(count: int) -> list[str]:
    choose = random.Random(7)
    made = ["".join(choose.choices(PIECES, k=choose.randint(1, 4))) for _ in range(count)]
    # Those that happen to be names are none of this test.
    return BAD + [name for name in made if not set(name) <= set("abl-:x.") or ".." in name or len(name) > 200]


def tree(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.soak)])
def test_f1_no_name_touches_anything_outside_the_home(home, tmp_path, make_daemon, wire, count) -> None:
    names = hostile_names(count)
    outside = tmp_path / "outside"
    outside.mkdir()
    daemon = make_daemon()
    raw = wire(f"tcp://127.0.0.1:{daemon.rep}")
    before = tree(tmp_path)
    for name in names:
        for make in (mktl.get, lambda name: mktl.Daemon(name, "one"), lambda name: mktl.Daemon("lab", name)):
            if name != "lab" and name.partition(".")[0] != "lab":
                with pytest.raises(ValueError):
                    make(name)
        for target in (name, f"lab.{name}", f"{name}.temp", f"{name}._catalog"):
            raw.send(b"a", b"1", b"SET", target.encode("utf-8", "surrogatepass"), b"", b'{"value": 1}')
            assert b"error" in raw.receive()[5], target
    assert tree(tmp_path) == before
    assert mktl.get("lab.temp").value == 4.2


def block(**wrong: Any) -> dict[str, Any]:
    return {
        "store": "den", "alias": "a", "uuid": "0" * 32, "time": 1.0, "hash": 1,
        "provenance": [{"stratum": 0, "hostname": "x", "rep": 1, "pub": 2}], "items": {}, **wrong,
    }  # fmt: skip


def test_f1_a_registry_stores_nothing_under_a_name_that_is_none(home, tmp_path) -> None:
    with Registry() as registry:
        before = tree(tmp_path)
        for part in ("store", "alias", "uuid"):
            for name in hostile_names(60):
                announced = Request("SET", "_catalog", Payload(block(**{part: name})))
                with pytest.raises(RuntimeError):
                    client().request(f"tcp://127.0.0.1:{registry.rep}", announced, 5.0)
        assert tree(tmp_path) == before
        assert client().request(
            f"tcp://127.0.0.1:{registry.rep}", Request("GET", "_hash"), 5.0
        ).value.keys() == {"markguide"}


def test_f1_blocks_in_the_cache_with_a_name_that_is_none_are_passed_over(home) -> None:
    directory = home / "client" / "cache" / "den"
    directory.mkdir(parents=True)
    for number, name in enumerate(hostile_names(60)):
        (directory / f"{number}.json").write_text(json.dumps(block(uuid=name)))
    assert cache.load("den") == {}


def test_f1_every_dtype_and_shape_is_an_array_or_an_error(make_daemon, wire) -> None:
    daemon = make_daemon(items={"image": {"type": "bulk"}})
    raw = wire(f"tcp://127.0.0.1:{daemon.rep}")
    choose = random.Random(9)
    dtypes = [
        "f8",
        "<f8",
        ">i2",
        "u1",
        "O",
        "V8",
        "U4",
        "S3",
        "M8",
        "m8[s]",
        "c16",
        "?",
        "q9",
        "",
        "f8,i4",
        "(2,)f8",
    ]
    dtypes += [
        None,
        5,
        [],
        {"names": ["a"], "formats": ["f8"]},
        [["a", "f8"]],
        "f" * 1000,
        "f2",
        "g",
        "object",
    ]
    shapes = [
        [],
        [0],
        [1],
        [2, 2],
        [-1],
        [10**18],
        [2] * 40,
        ["a"],
        "3",
        None,
        5,
        [1.5],
        [True],
        [[1]],
        {},
        [0, 10**18],
    ]
    for _ in range(500):
        described = {"dtype": choose.choice(dtypes), "shape": choose.choice(shapes)}
        raw.send(
            b"a",
            b"1",
            b"SET",
            b"lab.image",
            b"",
            json.dumps(described).encode(),
            bytes(choose.choice([0, 1, 8, 32])),
        )
        answer = raw.receive()
        while answer[2] == b"ACK":
            answer = raw.receive()
        fields = json.loads(answer[5])
        assert fields.get("value") is True or fields["error"]["text"], described
    raw.send(b"a", b"2", b"GET", b"lab.image", b"", b"")
    assert raw.receive()[2] == b"REP"


def test_f1_a_catalog_without_end_is_refused_and_costs_little(serve) -> None:
    served = serve(alias=REGISTRY)
    [known] = local.known_daemons("markguide")
    address = f"tcp://127.0.0.1:{known.ports.rep}"
    before = rss_mb(served.pid)
    items = {f"item{n}": {"type": "numeric"} for n in range(100_000)}
    announced = Request("SET", "_catalog", Payload(block(items=items)))
    with pytest.raises(RuntimeError, match=r"100000 items, 50000 at the most; MKTL_MAX_ITEMS raises"):
        client().request(address, announced, 20.0, 20.0)
    assert rss_mb(served.pid) < before + 50


def test_f1_a_daemon_has_no_more_items_than_it_may(make_daemon, monkeypatch) -> None:
    monkeypatch.setenv("MKTL_MAX_ITEMS", "20")
    with pytest.raises(
        mktl.errors.MktlError, match="there are 20 items already; MKTL_MAX_ITEMS raises the limit"
    ):
        make_daemon(items={f"n{n}": {} for n in range(30)})
