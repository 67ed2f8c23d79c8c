"""Python beside a device file, where the file is not enough."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

import mktl
from mktl.daemon import configure
from mktl.errors import MktlError

FILE = """
[links.box]
driver = "serial"
port = "/dev/null-no-such-port"

[items.seconds]
type = "numeric"
python = "mine:Uptime"

[items.angle]
type = "numeric"
get = "A?"
reply = "{:s}"
set = "A {:s}"
python = "mine:Turns"
"""
MODULE = '''
import mktl

class Uptime(mktl.Item):
    def req_refresh(self):
        return {"value": 42.0}

class Nothing:
    pass

class Turns:
    """"1t90" is one turn and 90 degrees."""
    def parse(self, text):
        turns, _, degrees = text.partition("t")
        return 360 * int(turns) + float(degrees)
    def format(self, value):
        return f"{int(value // 360)}t{value % 360:g}"
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MODULE)
    path = tmp_path / "lab.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
def serve(file):  # type: ignore[no-untyped-def]
    """A daemon on the file, closed at the end."""
    with ExitStack() as closing:

        def started() -> mktl.Daemon:
            configure.adopt("lab", "one", file)
            return closing.enter_context(mktl.Daemon("lab", "one"))

        yield started


def test_an_item_subclass_beside_the_file_is_the_item(file, serve) -> None:
    daemon = serve()
    assert type(daemon.items["seconds"]).__name__ == "Uptime"
    assert mktl.get("lab.seconds").get(refresh=True) == 42.0


def test_a_pair_of_parse_and_format_stands_between_device_and_item(file, serve) -> None:
    conversion = serve().items["angle"].spec.conversion
    assert conversion.to_item("2t90") == 810.0
    assert conversion.to_device(810.0) == "2t90"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("elsewhere:Uptime", "items.seconds.python: cannot import elsewhere: ModuleNotFoundError"),
        ("mine:Uptme", "items.seconds.python: .*mine has no class Uptme"),
        ("mine:Nothing", "items.seconds.python: Nothing is no subclass of mktl.Item"),
    ],
)
def test_a_class_that_cannot_be_used_is_named_with_its_item(file, serve, named, message) -> None:
    file.write_text(FILE.replace("mine:Uptime", named))
    with pytest.raises(MktlError, match=message):
        serve()
