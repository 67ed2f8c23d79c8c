from __future__ import annotations

import tomllib
from typing import Any

import pytest

from mktl.devicefile.lines import KeyPath, line_numbers, nearest_line

TRICKY = '''\
# [not.a.table]
title = "# not a comment" # a = 1
[a.b]
x = 1
"quoted key" = 2

[a]
dotted.inner.z = 3
'single "quoted"' = 4
"esc\\u0041\\"]" = 5
[a."d.e".'f g']
y = "[c]"
[ spaced . "out" ]
k = { one = 1, two = { three = "}", "fo,ur" = [ 1, { five = 5 } ] } }
long = """
[fake]
fake = 1
\\"""
quote at the end: """""
raw = \'\'\'
[fake2] \\\'\'\'
after = [
  1, # ] comment
  [ 2,
    3 ],

  "],",
  1979-05-27 07:32:00,
]
when = 1979-05-27 07:32:00 # comment
empty = ""
empty_raw = \'\'
empty_long = """"""
none = []
nothing = {}
last = -inf
[[points]]
x = 1
[[points]]
  x = 2
  [points.inside]
  y = 3
  [[points.many]]
  z = 4
  [[points.many]]
[[points]]
'''


def every_path(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [(*path, name) for name, _ in inner]
    return found + [deeper for name, entry in inner for deeper in every_path(entry, (*path, name))]


def test_every_key_that_tomllib_sees_has_a_line_and_no_other() -> None:
    assert set(line_numbers(TRICKY)) == set(every_path(tomllib.loads(TRICKY)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("a",), 7),  # its own header, though implied on line 3
        (("a", "b"), 3),
        (("a", "b", "x"), 4),
        (("a", "b", "quoted key"), 5),
        (("a", "dotted"), 8),
        (("a", "dotted", "inner", "z"), 8),
        (("a", 'single "quoted"'), 9),
        (("a", 'escA"]'), 10),
        (("a", "d.e"), 11),
        (("a", "d.e", "f g"), 11),
        (("a", "d.e", "f g", "y"), 12),
        (("spaced", "out"), 13),
        (("spaced", "out", "k", "two", "fo,ur", 1, "five"), 14),
        (("spaced", "out", "long"), 15),
        (("spaced", "out", "raw"), 20),
        (("spaced", "out", "after"), 22),
        (("spaced", "out", "after", 0), 23),
        (("spaced", "out", "after", 1), 24),
        (("spaced", "out", "after", 1, 1), 25),
        (("spaced", "out", "after", 2), 27),
        (("spaced", "out", "after", 3), 28),
        (("spaced", "out", "when"), 30),
        (("spaced", "out", "empty_long"), 33),
        (("spaced", "out", "last"), 36),
        (("points",), 37),
        (("points", 0), 37),
        (("points", 1), 39),
        (("points", 1, "x"), 40),
        (("points", 1, "inside", "y"), 42),
        (("points", 1, "many", 0, "z"), 44),
        (("points", 1, "many", 1), 45),
        (("points", 2), 46),
    ],
)
def test_each_key_has_the_line_it_begins_on(path: KeyPath, line: int) -> None:
    assert line_numbers(TRICKY)[path] == line


def test_windows_line_ends_count_once() -> None:
    assert line_numbers("a = 1\r\n\r\n[b]\r\nc = '''\r\n'''\r\nd = 2\r\n")[("b", "d")] == 6


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "a = 1", "a=1#b=2"])
def test_a_file_may_end_anywhere(text: str) -> None:
    assert set(line_numbers(text)) == set(every_path(tomllib.loads(text)))


@pytest.mark.parametrize(
    "text",
    [
        'a = """"b"""',
        'a = """""b"""""',
        'a = "\\\\"',
        'a = """\\\\"""',
        "a = '\\'",
        "a = ''''b'''''",
        'a = """\\\n"""',
    ],
)
def test_a_string_ends_where_tomllib_ends_it(text: str) -> None:
    text += "\nnext = 1"
    tomllib.loads(text)
    assert line_numbers(text)[("next",)] == text.count("\n") + 1


def test_a_key_without_a_line_of_its_own_is_looked_up_in_the_table_around_it() -> None:
    lines = line_numbers("\n[items.temp]\nunits = 'K'\n")
    assert nearest_line(lines, ("items", "temp", "reply")) == 2
    assert nearest_line(lines, ("links", "tpg")) is None
