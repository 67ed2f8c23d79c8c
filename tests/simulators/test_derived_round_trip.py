"""What the drivers' engine writes, the device made from the same file has, and the other way round."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mktl.devicefile import Device, load
from tests.simulators.engine import Engine

INTS = st.integers(-9999, 9999)
#: Name → item type, field, factor of its scale, and numbers that the device can say.
FIELDS: dict[str, tuple[str, str, float, st.SearchStrategy[Any]]] = {
    "whole": ("numeric", "{:d}", 1.0, INTS),
    "scaled": ("numeric", "{:+05d}", 0.25, INTS),
    "decimal": ("numeric", "{:.3f}", 1.0, INTS.map(lambda n: n / 8)),
    "comma": ("numeric", "{:.1f,}", 1.0, INTS.map(lambda n: n / 2)),
    "hex": ("numeric", "{:ihex4}", 1.0, INTS),
    "word": ("enumerated", "{:OFF=0|ON=1|AUTO=2}", 1.0, st.sampled_from([0, 1, 2])),
    "text": ("string", '"{:s}"', 1.0, st.text("abcXYZ 123;,", max_size=8)),
    "list": ("numeric array", "{:d*,}", 1.0, st.lists(INTS, min_size=1, max_size=4)),
}
SHAPES = {
    "plain": ("get = 'K{k}?'\nreply = 'R{k} {f}'\nset = 'K{k} {f}'",),
    "acknowledged": ("get = 'K{k}?'\nreply = '{f}'\nset = 'K{k} {f}'\nset_reply = 'OK {f}'",),
    "handshake": (
        r"get = [ { send = 'M{k}', reply = '\x06' }, { send = '\x05', send_end = '', reply = '{f}' } ]",
        r"set = [ { send = 'M{k},{f}', reply = '\x06' }, { send = '\x05', send_end = '', reply = '{_}' } ]",
    ),
    "selected": (
        "get = [ { send = 'U{k}', reply = 'ok' }, { send = 'V?', reply = '{f}' } ]",
        "set = [ { send = 'U{k}', reply = 'ok' }, { send = 'V {f}', reply = 'ok', wait_s = 0.1 } ]",
    ),
    "two lines": ("get = 'L{k}?'\nreply_lines = 2\nreply = 'A{end}{f}'\nset = 'L{k} {f}'",),
    "end mark": ("get = 'E{k}?'\nreply_until = 'END'\nreply = '{f}{end}END'\nset = 'E{k} {f}'",),
    "listened to": (
        "get = [ { send = 'G{k}', reply = 'wait' }, { reply = '{f}' } ]",
        "set = [ { send = 'G{k} {f}', reply = 'wait' }, { reply = 'done' } ]",
    ),
    "dropped": ("get = 'D{k}?'\nreply = '{f}'\nset = 'D{k} {f}'\nignore_reply = true",),
}
#: Shapes that need the end of a line, or of a command.
LINES = {"two lines", "end mark", "listened to", "selected", "acknowledged", "dropped"}
COMMANDS = {"handshake", "selected"}


@dataclass(frozen=True)
class Item:
    key: str
    shape: str
    field: str

    def text(self, end: str) -> str:
        kind, form, scale, _ = FIELDS[self.field]
        words = 'enumerators = { 0 = "off", 1 = "on", 2 = "auto" }\n' if kind == "enumerated" else ""
        factor = f"scale = {scale}\n" if scale != 1.0 else ""
        body = "\n".join(SHAPES[self.shape])
        skipped = form.replace("{:", "{_:")
        for mark, put in (("{k}", self.key), ("{f}", form), ("{_}", skipped), ("{end}", end)):
            body = body.replace(mark, put)
        return f"[items.{self.key.lower()}]\ntype = '{kind}'\n{words}{factor}{body}\n"


@st.composite
def files(draw: st.DrawFn) -> tuple[str, tuple[Item, ...]]:
    """A device file and its items."""
    send_end = draw(st.sampled_from([r"\r", r"\n", r"\r\n", ";FF", ""]))
    reply_end = draw(st.sampled_from([r"\r\n", r"\n", r"\r", ";FF", r"\r\n> ", ""]))
    echo = draw(st.sampled_from(["none", "bytes", "line"] if reply_end else ["none", "bytes"]))
    shapes = set(SHAPES) - (set() if reply_end else LINES) - (set() if send_end else COMMANDS)
    count = draw(st.integers(1, 4))
    fields = sorted(FIELDS) if ";" not in send_end + reply_end else sorted(FIELDS.keys() - {"text"})
    items = tuple(
        Item(key, draw(st.sampled_from(sorted(shapes))), draw(st.sampled_from(fields)))
        for key in "ABCD"[:count]
    )
    delay_s = draw(st.sampled_from([0.0, 0.1]))
    head = f"""[links.box]
driver = 'none'
send_end = '{send_end}'
reply_end = '{reply_end}'
echo = '{echo}'
[simulate]
delay_s = {delay_s}
"""
    return head + "".join(item.text(reply_end) for item in items), items


@cache
def loaded(text: str) -> Device:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "box.toml"
        path.write_text(text)
        return load(path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files(), st.data())
def test_what_is_written_is_read_and_what_is_put_in_is_read(file, data) -> None:
    text, items = file
    engine = Engine(loaded(text))
    there: dict[str, Any] = {item.key.lower(): engine.device.of(item.key.lower()) for item in items}
    for item in data.draw(st.lists(st.sampled_from(items), min_size=1, max_size=5)):
        key, (_, _, scale, numbers) = item.key.lower(), FIELDS[item.field]
        number = data.draw(numbers)
        there[key] = number * scale if isinstance(number, (int, float)) else number
        if data.draw(st.booleans()):
            engine.write(key, there[key])
        else:
            engine.device.put(key, there[key])
        for other, value in there.items():
            verdict = engine.read(other)
            assert verdict.status == "ok"
            assert plain(verdict.value) == plain(value) == plain(engine.device.of(other))
    assert engine.lines["box"].counts.late_replies == 0
    assert engine.lines["box"].in_step


def plain(value: Any) -> Any:
    """A value to compare: all of them have few digits in base two."""
    return value if isinstance(value, (str, int, float)) else list(value)
