"""A changed device file takes the place of the old one while the daemon runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import mktl
from mktl.daemon import configure
from mktl.errors import DeviceFileError, MktlError
from tests.conftest import wait_for

LINK = """
[links.psu]
driver = "tcp"
host = "10.0.0.7"
port = 5025
reply_timeout_s = 10.0
"""
ONE = """
[items.one]
type = "numeric"
get = 'ONE?'
reply = '{:f}'
set = 'ONE {:.3f}'
poll_s = 0.02
"""
TWO = ONE.replace("one", "two").replace("ONE", "TWO")
PLAIN = """
[items.plain]
type = "numeric"
initial = 1
"""


class Bench:
    """A daemon on a simulated device, whose file is written anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.daemon: mktl.Daemon | None = None

    def write(self, *parts: str) -> None:
        self.path.write_text("".join(parts))

    def start(
        self, *parts: str, daemon_class: type[mktl.Daemon] = mktl.Daemon, **parameters: str
    ) -> mktl.Daemon:
        self.write(*parts)
        configure.adopt("lab", "psu", self.path, parameters)
        self.daemon = daemon_class("lab", "psu", SimpleNamespace(simulate=True), override=True)
        return self.daemon

    def reload(self, *parts: str) -> bool:
        assert self.daemon is not None
        self.write(*parts)
        return self.daemon.reload()

    @property
    def connections(self) -> int:
        assert self.daemon is not None
        count: int = self.daemon.links["psu"].line.counts.connections
        return count


@pytest.fixture
def bench(home: Path, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "psu.toml")
    yield bench
    if bench.daemon is not None:
        bench.daemon.close()


def is_read(daemon: mktl.Daemon, key: str) -> bool:
    return daemon.items[key].status == "ok"


def hash_of(daemon: mktl.Daemon) -> int:
    (number,) = daemon.catalog.hashes()["lab"].values()
    return number


def test_nothing_happens_when_nothing_has_changed(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE)
    wait_for(lambda: is_read(daemon, "one"))
    item, number = daemon.items["one"], hash_of(daemon)
    assert not bench.reload(LINK, ONE)
    assert not bench.reload("# a remark", LINK, ONE)
    assert daemon.items["one"] is item
    assert hash_of(daemon) == number


def test_an_item_that_is_added_is_served_and_the_others_stay(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE)
    daemon.items["one"].set(4.5)
    wait_for(lambda: daemon.items["one"].value == 4.5)
    item, reading, number = daemon.items["one"], daemon.items["one"].reading, hash_of(daemon)
    assert bench.reload(LINK, ONE, TWO, PLAIN)
    wait_for(lambda: is_read(daemon, "two"))
    assert daemon.items["one"] is item
    assert (item.value, item.time) == (4.5, reading.time)
    assert daemon.items["plain"].value == 1
    assert bench.connections == 1, bench.daemon.links["psu"].last_error
    assert hash_of(daemon) != number
    mktl.get("lab.two").set(2.0)
    assert mktl.get("lab.two").get(refresh=True) == 2.0
    assert daemon.items["one"].get(refresh=True) == 4.5  # the simulated device has forgotten nothing


def test_an_item_that_is_removed_is_served_and_asked_no_more(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE, TWO)
    wait_for(lambda: is_read(daemon, "one") and is_read(daemon, "two"))
    assert bench.reload(LINK, ONE)
    assert "two" not in daemon.items
    assert "two" not in daemon.store
    received = daemon.stand_ins["psu"].server.received
    asked = received.count(b"ONE?")
    wait_for(lambda: daemon.stand_ins["psu"].server.received.count(b"ONE?") > asked + 3)
    later = daemon.stand_ins["psu"].server.received[len(received) :]
    assert later.count(b"TWO?") <= 1  # one may have been on its way
    assert bench.connections == 1, bench.daemon.links["psu"].last_error


def test_an_item_that_is_changed_is_another_and_read_anew(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE, TWO)
    daemon.items["one"].set(4.5)
    wait_for(lambda: daemon.items["one"].value == 4.5 and is_read(daemon, "two"))
    item, other, seen = daemon.items["one"], daemon.items["two"], []
    item.register(lambda item, value, time: seen.append(value))
    assert bench.reload(LINK, ONE, 'scale = 10.0\nunits = "mA"\n', TWO)
    wait_for(lambda: daemon.items["one"].value is not None)
    assert daemon.items["one"] is not item
    assert daemon.items["one"].config["units"] == "mA"
    assert daemon.items["two"] is other
    assert bench.connections == 1, bench.daemon.links["psu"].last_error
    wait_for(lambda: seen)  # who was called by the former item is called by the new one


def test_another_description_leaves_the_value_what_it_was(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE)
    wait_for(lambda: is_read(daemon, "one"))
    item, reading = daemon.items["one"], daemon.items["one"].reading
    bench.reload(LINK, ONE, 'description = "One of them."\n')
    new = daemon.items["one"]
    assert new is not item
    assert new.config["description"] == "One of them."
    assert (new.value, new.time, new.status) == (reading.value, reading.time, "ok")


def test_a_plain_item_keeps_a_value_that_it_still_takes(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE, PLAIN)
    daemon.items["plain"].set(7)
    bench.reload(LINK, ONE, PLAIN, "range = [0, 10]\n")
    assert daemon.items["plain"].value == 7
    bench.reload(LINK, ONE, PLAIN, "range = [0, 5]\n")
    assert daemon.items["plain"].value == 1
    with pytest.raises(MktlError, match="7 is above the maximum 5"):
        mktl.get("lab.plain").set(7)


def test_a_link_whose_settings_change_is_opened_anew_and_its_items_keep_their_values(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE, PLAIN)
    wait_for(lambda: is_read(daemon, "one"))
    link, reading = daemon.links["psu"], daemon.items["one"].reading
    plain = daemon.items["plain"]
    assert bench.reload(LINK, "retry_s = 0.7\n", ONE, PLAIN)
    assert daemon.links["psu"] is not link
    assert link.state == "closed"
    assert daemon.items["one"].value == reading.value
    assert daemon.items["plain"] is plain
    wait_for(lambda: daemon.links["psu"].state == "connected")
    wait_for(lambda: (daemon.items["one"].sampled or 0) > (reading.sampled or 0))
    wait_for(lambda: daemon.items["_psu.link.psu.state"].value == 2)
    assert mktl.get("lab.one").get(refresh=True) == reading.value


def test_links_come_and_go(bench: Bench) -> None:
    other = LINK.replace("psu", "other"), 'link = "other"\n'
    daemon = bench.start(LINK, ONE, 'link = "psu"\n')
    wait_for(lambda: is_read(daemon, "one"))
    link = daemon.links["psu"]
    bench.reload(LINK, other[0], ONE, 'link = "psu"\n', TWO, other[1])
    wait_for(lambda: is_read(daemon, "two"))
    assert daemon.links["psu"] is link
    assert "_psu.link.other.state" in daemon.items
    gone = daemon.links["other"]
    bench.reload(LINK, ONE, 'link = "psu"\n')
    assert gone.state == "closed"
    assert not [key for key in daemon.items if "other" in key]
    assert bench.connections == 1, bench.daemon.links["psu"].last_error


def test_a_mistake_in_the_file_leaves_everything_as_it_was(bench: Bench) -> None:
    daemon = bench.start(LINK, ONE)
    items, number = dict(daemon.items), hash_of(daemon)
    with pytest.raises(DeviceFileError, match=r"psu\.toml:\d+: items\.two\.reply"):
        bench.reload(LINK, ONE, TWO.replace("{:f}", "{:f"))
    assert daemon.items == items
    assert hash_of(daemon) == number
    assert bench.connections == 1, bench.daemon.links["psu"].last_error
    assert bench.reload(LINK, ONE, TWO)


RAISING = """
import mktl

class Broken(mktl.Item):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        raise RuntimeError("no such luck")
"""


def test_an_item_that_cannot_be_made_leaves_everything_as_it_was(bench: Bench) -> None:
    (bench.path.parent / "broken.py").write_text(RAISING)
    daemon = bench.start(LINK, ONE, TWO)
    wait_for(lambda: is_read(daemon, "one") and is_read(daemon, "two"))
    items, number, keys = dict(daemon.items), hash_of(daemon), set(daemon.store.keys())
    broken = '[items.zero]\npython = "broken:Broken"\n'
    with pytest.raises(RuntimeError, match="no such luck"):
        bench.reload(LINK, "retry_s = 0.7\n", ONE, "scale = 2.0\n", broken)
    assert daemon.items == items
    assert set(daemon.store.keys()) == keys
    assert hash_of(daemon) == number
    assert daemon.links["psu"].state == "connected"
    sampled = daemon.items["two"].sampled
    wait_for(lambda: daemon.items["two"].sampled > sampled)
    assert mktl.get("lab.one").get(refresh=True) is not None


OWN = """
import mktl

class Own(mktl.Item):
    def perform_get(self):
        return {value}
"""


def test_a_module_beside_the_file_that_has_changed_is_read_again(bench: Bench) -> None:
    module = bench.path.parent / "own.py"
    module.write_text(OWN.format(value=1))
    mine = '[items.mine]\npython = "own:Own"\n'
    daemon = bench.start(LINK, ONE, mine)
    assert mktl.get("lab.mine").get(refresh=True) == 1
    assert not bench.reload(LINK, ONE, mine)
    module.write_text(OWN.format(value=2))
    assert bench.reload(LINK, ONE, mine)
    assert mktl.get("lab.mine").get(refresh=True) == 2
    module.write_text("nonsense nonsense")
    with pytest.raises(MktlError, match="cannot import own: SyntaxError"):
        bench.reload(LINK, ONE, mine)
    assert daemon.items["mine"].get(refresh=True) == 2


class Slow(mktl.Item):
    begun, release = threading.Event(), threading.Event()

    def req_set(self, request: Any) -> None:
        self.begun.set()
        assert self.release.wait(10)


class WithSlow(mktl.Daemon):
    def setup(self) -> None:
        self.add_item(Slow, "own")


def test_items_of_setup_stay_and_are_described_anew(bench: Bench) -> None:
    own = '[items.own]\ntype = "numeric"\n'
    daemon = bench.start(LINK, ONE, own, daemon_class=WithSlow)
    item = daemon.items["own"]
    assert bench.reload(LINK, ONE, own, "range = [0, 5]\n")
    assert daemon.items["own"] is item
    with pytest.raises(MktlError, match="7 is above the maximum 5"):
        mktl.get("lab.own").set(7)


SLOW = """
import threading
import mktl

class Slow(mktl.Item):
    begun, release = threading.Event(), threading.Event()

    def req_set(self, request):
        self.begun.set()
        assert self.release.wait(10)
        self.publish(request.payload.value)
"""


def test_what_waits_for_an_item_that_is_taken_away_is_told_so_at_once(bench: Bench) -> None:
    (bench.path.parent / "slow.py").write_text(SLOW)
    slow = '[items.slow]\npython = "slow:Slow"\n'
    daemon = bench.start(LINK, ONE, slow)
    item, held = mktl.get("lab.slow"), type(daemon.items["slow"])
    client = mktl.Store("lab")
    (block,) = daemon.catalog.blocks("lab").values()
    client.add_block(block)
    requests = [client["slow"].set(number, wait=False) for number in range(3)]
    assert held.begun.wait(5)
    wait_for(lambda: len(item._lane) == 2)
    bench.reload(LINK, ONE)
    for request in requests[1:]:
        with pytest.raises(MktlError, match=r"lab\.slow: taken away by a reload of the device file"):
            request.wait(5)
    held.release.set()
    assert requests[0].wait(5) is not None


def test_parameters_are_those_of_the_start(bench: Bench) -> None:
    head = "[parameters]\nlow = 0\n"
    plain = PLAIN + "range = ['{low}', 10]\n"
    daemon = bench.start(head, LINK, ONE, plain, low="1")
    assert daemon.items["plain"].config["range"] == [1, 10]
    bench.reload(head, LINK, ONE, plain.replace("10", "20"))
    assert daemon.items["plain"].config["range"] == [1, 20]


def test_included_files_are_read_again(bench: Bench) -> None:
    part = bench.path.parent / "part.toml"
    part.write_text(PLAIN)
    daemon = bench.start('include = ["part.toml"]\n', LINK, ONE)
    part.write_text(PLAIN.replace("plain", "other"))
    assert daemon.reload()
    assert "other" in daemon.items
    assert "plain" not in daemon.items


def test_the_condition_of_an_item_follows_the_item_that_it_is_on(bench: Bench) -> None:
    fast = 'fast = { when = "item.plain > 5", poll_s = 0.01 }\n'
    slow = ONE.replace("poll_s = 0.02", "poll_s = 30.0")
    daemon = bench.start(LINK, slow, fast, PLAIN)
    source = daemon.items["one"].source
    bench.reload(LINK, slow, fast, PLAIN, 'description = "Plain."\n')
    daemon.items["plain"].set(7)
    wait_for(lambda: source.period_s == 0.01)
    daemon.items["plain"].set(1)
    wait_for(lambda: source.period_s == 30.0)


REGISTERS = """
[links.plc]
driver = "modbus"
url = "tcp://10.0.0.8:502"

[items.a]
type = "numeric"
register = "holding 0"
poll_s = 0.02
settable = true

[items.b]
type = "numeric"
register = "holding 1"
poll_s = 0.02
"""
C = """
[items.c]
type = "numeric"
register = "holding 2"
poll_s = 0.02
"""


def test_registers_are_joined_anew_while_the_link_stays_open(bench: Bench) -> None:
    daemon = bench.start(REGISTERS)
    wait_for(lambda: is_read(daemon, "a") and is_read(daemon, "b"))
    daemon.items["a"].set(5)
    a, reading = daemon.items["a"], daemon.items["a"].reading
    bench.reload(REGISTERS, C)
    wait_for(lambda: is_read(daemon, "c"))
    assert daemon.items["a"] is a
    assert (a.value, a.time, a.status) == (5, reading.time, "ok")
    assert a.source is daemon.items["c"].source
    assert len(daemon.links["plc"].sources) == 1
    bench.reload(REGISTERS)
    assert len(daemon.links["plc"].sources) == 1
    sampled = a.sampled
    wait_for(lambda: a.sampled > sampled)
    assert daemon.links["plc"].line.counts.connections == 1


def test_a_client_that_holds_an_item_goes_on_with_it(bench: Bench, remote_client: Callable[[], Any]) -> None:
    bench.start(LINK, ONE, PLAIN)
    client = remote_client()
    assert client.ask(do="register", key="lab.plain") == {"value": 1}
    bench.reload(LINK, ONE, PLAIN, "range = [0, 50]\n")
    client.tell(do="set", key="lab.plain", value=9)
    heard = [client.hear() for _ in range(2)]
    assert [what["value"] for what in heard] == [9, 9]


def test_a_client_hears_that_an_item_is_described_otherwise_or_gone_or_back(
    bench: Bench, remote_client: Callable[[], Any]
) -> None:
    bench.start(LINK, ONE, PLAIN)
    client = remote_client()
    assert client.ask(do="get", key="lab.plain")["value"] == 1
    bench.reload(LINK, ONE, PLAIN, 'units = "K"\n')
    wait_for(lambda: client.ask(do="describe", key="lab.plain")["description"].get("units") == "K")
    bench.reload(LINK, ONE)
    wait_for(lambda: seen(client)["status"] == "stale")
    assert seen(client)["reason"] == "its daemon serves it no more"
    bench.reload(LINK, ONE, PLAIN.replace("1", "2"))
    wait_for(lambda: seen(client)["status"] == "ok")
    assert seen(client)["value"] == 2


def seen(client: Any) -> dict[str, Any]:
    """What the client has of the item, as it was told."""
    answer: dict[str, Any] = client.ask(do="show", key="lab.plain")
    return answer
