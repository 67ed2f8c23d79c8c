"""How busy a file keeps its line, and the advice that follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from mktl.devicefile import Device, load
from mktl.devicefile.advice import advise, never_read, not_polled
from mktl.devicefile.timetable import busy_share, character_s, timetable

FILE = """
[links.a]
driver = "serial"
port = "x"
baudrate = 1200
bytesize = 7
parity = "even"
quiet_s = 0.1
reply_end = '\\r\\n'
[links.b]
on = "a"
[queries.fast]
link = "a"
send = 'T?'
reply = '{:d},{other:15s},{_:u8}'
[items.t]
from = "fast"
poll_s = 0.5
[items.o]
from = "fast.other"
poll_s = 5
[items.once]
link = "b"
get = 'X?'
reply = '{:u16}'
[items.blind]
link = "b"
set = 'Y{:d}'
"""


def device(tmp_path: Path, text: str) -> Device:
    path = tmp_path / "d.toml"
    path.write_text(text)
    return load(path)


def test_a_byte_has_start_parity_and_stop_bits(tmp_path: Path) -> None:
    assert character_s(device(tmp_path, FILE).links["a"]) == pytest.approx(10 / 1200)  # 1 + 7 + 1 + 1


def test_a_query_takes_its_bytes_and_the_silence_after_it(tmp_path: Path) -> None:
    [asked] = timetable(device(tmp_path, FILE), "a")
    assert (asked.query.name, asked.items, asked.period_s) == ("fast", ("t", "o"), 0.5)
    # "T?" LF; three digits of a whole number, comma, 15, comma, 1, CR LF.
    assert asked.bytes == 3 + 3 + 1 + 15 + 1 + 1 + 2
    assert asked.takes_s == pytest.approx(asked.bytes / 120 + 0.1)


def test_devices_on_one_port_share_its_time(tmp_path: Path) -> None:
    busy = device(tmp_path, FILE.replace("get = 'X?'", "poll_s = 1\nget = 'X?'"))
    alone = timetable(busy, "a")[0].share
    assert busy_share(busy, "a") == pytest.approx(alone + timetable(busy, "b")[0].share)
    assert busy_share(busy, "b") == 0  # it is on the port of the other


def test_a_line_that_cannot_keep_up_is_told_with_the_query_to_blame(tmp_path: Path) -> None:
    [advice] = advise(device(tmp_path, FILE.replace("poll_s = 0.5", "poll_s = 0.2")))
    assert (advice.section, advice.name) == ("links", "a")
    assert "busy 1" in advice.message
    assert "most by fast, 0.317 s every 0.2 s" in advice.message


def test_a_field_that_nobody_takes_is_told(tmp_path: Path) -> None:
    [advice] = advise(device(tmp_path, FILE.replace('from = "fast.other"\npoll_s = 5', "")))
    assert (advice.section, advice.name) == ("queries", "fast")
    assert advice.message == "the field 'other' of its reply feeds no item; {_other:…} skips it"


def test_what_is_read_once_and_what_never_is_known(tmp_path: Path) -> None:
    read = device(tmp_path, FILE)
    assert (not_polled(read), never_read(read)) == (["once"], ["blind"])


def test_a_link_without_items_is_told(tmp_path: Path) -> None:
    file = FILE + "[links.c]\ndriver = 'tcp'\nhost = 'x'\nport = 1\n"
    assert [(one.name, one.message) for one in advise(device(tmp_path, file))] == [("c", "no item is on it")]
