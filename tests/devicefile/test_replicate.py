from __future__ import annotations

from pathlib import Path

import pytest

from mktl.devicefile import load
from mktl.errors import DeviceFileError, Problem

LINK = "[links.box]\ndriver = 'tcp'\n"


@pytest.fixture
def said(problems_in):  # type: ignore[no-untyped-def]
    """Line, path and message of every problem in a text."""
    return lambda text: [(found.line, found.path, found.message) for found in problems_in(text)]


def test_a_table_as_value_has_several_parameters(loaded) -> None:
    device = loaded(
        LINK
        + r"""
[each.channel]
values = [ { input = "A", number = 1 }, { input = "B", number = 2.5 } ]
[each.channel.queries."read{input}"]
send = 'R{number}'
reply = '{t:f},{s{number}x:d}'
[each.channel.items."temp{input}"]
description = "Channel {number}, {input}"
from = "read{input}.t"
[each.channel.items."dup{input}"]
from = "read{input}.t"
""".replace("s{number}x", "s_{input}")
    )
    assert list(device.items) == ["tempA", "dupA", "tempB", "dupB"]
    assert device.queries["readB"].steps[0].send.format({}) == b"R2.5"
    assert device.queries["readB"].steps[0].reply.names == ("t", "s_B")
    assert device.items["tempB"].metadata["description"] == "Channel 2.5, B"
    assert device.items["tempB"].query == "readB"


def test_placeholders_are_filled_at_every_depth_and_in_keys(loaded) -> None:
    device = loaded(
        LINK
        + r"""
[each.n]
values = [1, 2]
[each.n.items."p{n}"]
type = "enumerated"
enumerators = { 0 = "off {n}", "{n}" = "on" }
units = { "" = "V{n}", formatted = "h" }
get = 'P{n}'
reply = '{st{n}:d},{:d}'
good_when = { "st{n}" = 0 }
"""
    )
    spec = device.items["p2"]
    assert spec.metadata["enumerators"] == {"0": "off 2", "2": "on"}
    assert spec.metadata["units"] == {"": "V2", "formatted": "h"}
    assert spec.good_when == {"st2": (0,)}


def test_several_each_tables_stand_where_they_begin(loaded) -> None:
    device = loaded(
        r"""
[items.first]
[each.n]
values = ["1", "2"]
[items.middle]
[each.m]
values = ["x"]
[each.m.items."m{m}"]
[each.n.items."n{n}"]
[items.last]
"""
    )
    assert list(device.items) == ["first", "n1", "n2", "middle", "mx", "last"]


def test_a_mistake_in_a_template_is_one_problem_however_often_it_is_made(said) -> None:
    text = (
        LINK
        + r"""
[each.n]
values = [1, 2, 3]
[each.n.items."p{n}"]
type = "numeric"
get = 'P{n}'
reply = '{:s}'
description = 5
link = "b{n}"
"""
    )
    assert said(text) == [
        (
            9,
            'each.n.items."p{n}".reply',
            '{:…} is text, but the item\'s type is "numeric"; a field for it is like {:f}',
        ),
        (10, 'each.n.items."p{n}".description', "expected text, got 5"),
        (11, 'each.n.items."p{n}".link', 'no link "b1"; there is only "box"'),
    ]


def test_a_value_that_is_wrong_alone_is_found(said) -> None:
    text = "[each.n]\nvalues = ['a', 'b c']\n[each.n.items.'p{n}']\n"
    assert said(text) == [(3, 'each.n.items."p{n}"', 'a key has letters, digits and _ : . - only, not " "')]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[each.n]\n[each.n.items.'p{n}']\n",
            (1, "each.n", 'missing key "values": the list of what to put for the placeholders'),
        ),
        ("[each.n]\nvalues = []\n", (2, "each.n.values", "expected a list of values, got []")),
        ("[each.n]\nvalues = 'A'\n", (2, "each.n.values", 'expected a list of values, got "A"')),
        (
            "[each.n]\nvalues = [\n1,\ntrue]\n",
            (4, "each.n.values[1]", "expected text or a number for {n}, got true"),
        ),
        ("[each.n]\nvalues = [{}]\n", (2, "each.n.values[0]", "expected at least one parameter, got {}")),
        (
            "[each.n]\nvalues = [\n{a = 1, b = 2},\n{a = 1}]\n",
            (4, "each.n.values[1]", 'has "a", but the first value has "a" and "b"'),
        ),
        (
            "[each.a-b]\nvalues = [1]\n",
            (
                2,
                "each.a-b.values[0]",
                'a parameter\'s name is letters, digits and _, beginning with a letter; got "a-b"',
            ),
        ),
        ("[each.n]\nvalues = [1]\nitem = 5\n", (3, "each.n.item", 'unknown key; did you mean "items"?')),
        ("[each.n]\nvalues = [1]\nitems = 5\n", (3, "each.n.items", "expected a table of items, got 5")),
        ("[each.n]\nvalues = [1]\nitems.x = 5\n", (3, "each.n.items.x", "expected a table, got 5")),
        (
            "[each.inp]\nvalues = [1]\n[each.inp.items.'p{ipn}']\n",
            (3, 'each.inp.items."p{ipn}"', 'no parameter {ipn}; did you mean "inp"?'),
        ),
        (
            "[each.n]\nvalues = [1, 2, 3]\n[each.n.items.p]\n",
            (3, "each.n.items.p", 'no {parameter} in it: every value would give "p"'),
        ),
        (
            "[items.pA]\n[each.n]\nvalues = ['A', 'B']\n[each.n.items.'p{n}']\n",
            (4, 'each.n.items."p{n}"', '"pA" is already on line 1'),
        ),
    ],
)
def test_what_is_wrong_with_an_each_is_one_problem(said, text: str, problem: tuple[int, str, str]) -> None:
    assert said(text) == [problem]


def test_in_json_the_other_place_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "lab.json"
    path.write_text('{"items": {"pA": {}}, "each": {"n": {"values": ["A"], "items": {"p{n}": {}}}}}')
    with pytest.raises(DeviceFileError) as caught:
        load(path)
    assert caught.value.problems == (
        Problem(str(path), None, 'each.n.items."p{n}"', '"pA" is already at items.pA'),
    )
