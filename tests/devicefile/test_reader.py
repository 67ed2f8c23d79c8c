from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mktl.devicefile import (
    Check,
    Command,
    Device,
    Framing,
    Identity,
    ItemSpec,
    LinkSpec,
    Query,
    SimulateSpec,
    Template,
    load,
)
from mktl.errors import DeviceFileError, Problem

TEXT_CONTROLLER = r"""
[links.ls336]
driver = "serial"                  # serial, tcp; third parties register theirs
port = "/dev/serial/by-id/usb-LSCI-336"
baudrate = 57600
bytesize = 7
parity = "odd"
send_end = '\n'
reply_end = '\r\n'
reply_timeout_s = 1.0
quiet_s = 0.05
identity = { send = '*IDN?', reply = 'LSCI,MODEL336,{serial:s},{firmware:s}' }
check_after_set = { send = '*ESR?', reply = '{:d}', good = 0, bits = { 5 = "unknown command" } }

[each.input]
values = ["A", "B", "C", "D"]
[each.input.items."temp{input}"]
description = "Temperature of sensor {input}"
type = "numeric"
units = "K"
format = "%.3f"
link = "ls336"
get = 'KRDG? {input}'
reply = '{:f}'
poll_s = 1.0

[items.setpoint1]
type = "numeric"
units = "K"
range = [0, 400]
link = "ls336"
get = 'SETP? 1'
reply = '{:f}'
set = 'SETP 1,{:.4f}'
read_back = true

[items.heater1]
type = "enumerated"
enumerators = { 0 = "off", 1 = "low", 2 = "medium", 3 = "high" }
link = "ls336"
get = 'RANGE? 1'
set = 'RANGE 1,{:d}'
reply = '{:d}'

[queries.idn]
link = "ls336"
send = '*IDN?'
reply = 'LSCI,{model:s},{serial:s},{firmware:s}'
[items.model]
from = "idn.model"

[simulate]
model = "mktl_simulators.lakeshore336:LakeShore336"
initial = { setpoint1 = 20.5, heater1 = "low" }
"""


def template(source: str) -> Template:
    return Template.compile(source)


def expected_temperature(channel: str) -> ItemSpec:
    return ItemSpec(
        key=f"temp{channel}",
        metadata={
            "type": "numeric",
            "description": f"Temperature of sensor {channel}",
            "units": "K",
            "format": "%.3f",
            "settable": False,
        },
        link="ls336",
        query=f"item:temp{channel}",
        poll_s=1.0,
    )


def written(tmp_path: Path, text: str, name: str = "lab.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(DeviceFileError) as caught:
        load(path)
    return caught.value.problems


def test_the_text_controller_of_the_manual_loads_whole(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT_CONTROLLER)
    heater_words = {"0": "off", "1": "low", "2": "medium", "3": "high"}
    assert load(path) == Device(
        path=path,
        links={
            "ls336": LinkSpec(
                name="ls336",
                driver="serial",
                settings={
                    "port": "/dev/serial/by-id/usb-LSCI-336",
                    "baudrate": 57600,
                    "bytesize": 7,
                    "parity": "odd",
                },
                send_end=b"\n",
                framing=Framing(b"\r\n"),
                reply_timeout_s=1.0,
                gap_timeout_s=0.2,
                quiet_s=0.05,
                retry_s=0.5,
                retry_max_s=10.0,
                encoding="ascii",
                identity=Identity(template("*IDN?"), template("LSCI,MODEL336,{serial:s},{firmware:s}")),
                check_after_set=Check(template("*ESR?"), template("{:d}"), (0,), {5: "unknown command"}),
            )
        },
        queries={
            "idn": Query.of(
                "idn", "ls336", template("*IDN?"), template("LSCI,{model:s},{serial:s},{firmware:s}")
            ),
            **{
                f"item:temp{channel}": Query.of(
                    f"item:temp{channel}", "ls336", template(f"KRDG? {channel}"), template("{:f}")
                )
                for channel in "ABCD"
            },
            "item:setpoint1": Query.of("item:setpoint1", "ls336", template("SETP? 1"), template("{:f}")),
            "item:heater1": Query.of("item:heater1", "ls336", template("RANGE? 1"), template("{:d}")),
        },
        items={
            **{f"temp{channel}": expected_temperature(channel) for channel in "ABCD"},
            "setpoint1": ItemSpec(
                key="setpoint1",
                metadata={"type": "numeric", "units": "K", "range": [0, 400]},
                link="ls336",
                query="item:setpoint1",
                command=Command.of(template("SETP 1,{:.4f}"), None),
            ),
            "heater1": ItemSpec(
                key="heater1",
                metadata={"type": "enumerated", "enumerators": heater_words},
                link="ls336",
                query="item:heater1",
                command=Command.of(template("RANGE 1,{:d}"), None),
            ),
            "model": ItemSpec("model", {"settable": False}, link="ls336", query="idn", field="model"),
        },
        simulate=SimulateSpec("mktl_simulators.lakeshore336:LakeShore336", {"setpoint1": 20.5, "heater1": 1}),
    )


def test_items_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    device = load(written(tmp_path, TEXT_CONTROLLER))
    assert list(device.items) == ["tempA", "tempB", "tempC", "tempD", "setpoint1", "heater1", "model"]


def test_a_file_needs_only_what_has_no_default(tmp_path: Path) -> None:
    device = load(written(tmp_path, "[links.a]\ndriver = 'tcp'\n[items.t]\nget = 'T?'\nreply = '{:f}'\n"))
    link, item = device.links["a"], device.items["t"]
    assert (link.send_end, link.reply_end, link.reply_timeout_s) == (b"\n", b"\n", 1.0)
    assert (link.gap_timeout_s, link.quiet_s, link.retry_s, link.retry_max_s) == (0.2, 0.0, 0.5, 10.0)
    assert (link.identity, link.check_after_set, link.settings) == (None, None, {})
    assert item == ItemSpec("t", {"settable": False}, link="a", query="item:t")


def test_five_unrelated_mistakes_are_five_problems_on_their_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        r"""
[links.ls336]
driver = "serial"
reply_timeout_s = "fast"

[queries.idn]
link = "ls336"
send = '*IDN?'
reply = 'LSCI,{model:s},{serial:s}'

[items.model]
from = "idn.modle"

[items.setpoint1]
type = "numeric"
range = [
  400,
  0,
]
get = 'SETP? 1'
reply = '{:f}'
unit = "K"

[each.output]
values = [1, 2, 3]
[each.output.items."heater{output}"]
type = "numeric"
get = 'RANGE? {output}'
reply = '{:d'
""",
    )
    found = problems_of(path)
    assert found == (
        Problem(str(path), 4, "links.ls336.reply_timeout_s", 'expected a number, got "fast"'),
        Problem(
            str(path),
            12,
            "items.model.from",
            'the reply of query "idn" has no field "modle"; did you mean "model"?',
        ),
        Problem(str(path), 16, "items.setpoint1.range", "the lowest value 400 is above the highest value 0"),
        Problem(str(path), 22, "items.setpoint1.unit", 'unknown key; did you mean "units"?'),
        Problem(str(path), 29, 'each.output.items."heater{output}".reply', found[4].message),
    )
    assert found[4].message.startswith("'{:d', character 1: ")


def test_the_error_names_file_line_and_path(tmp_path: Path) -> None:
    path = written(tmp_path, "[items.a]\n\ntype = 5\n")
    with pytest.raises(DeviceFileError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}:3: items.a.type: expected ")


def test_one_wrong_key_does_not_hide_another_of_the_same_table(tmp_path: Path) -> None:
    found = problems_of(
        written(
            tmp_path,
            r"""
[links.a]
send_end = '\q'
identity = { send = 5, reply = '{:z}', sned = 'x' }
[queries.q]
send = '{:d}'
[items.t]
poll_s = "often"
link = "b"
get = 'T?'
reply = '{:f}'
""",
        )
    )
    assert [(problem.line, problem.path) for problem in found] == [
        (2, "links.a"),
        (3, "links.a.send_end"),
        (4, "links.a.identity.sned"),
        (4, "links.a.identity.send"),
        (5, "queries.q"),
        (6, "queries.q.send"),
        (8, "items.t.poll_s"),
        (9, "items.t.link"),
    ]


# -- other shapes of a file --------------------------------------------------------------------------


def test_json_of_the_same_shape_is_read_the_same(tmp_path: Path) -> None:
    import tomllib

    toml = load(written(tmp_path, TEXT_CONTROLLER))
    content = tomllib.loads(TEXT_CONTROLLER)
    path = written(tmp_path, json.dumps(content), "lab.json")
    assert load(path).items == toml.items
    assert load(path).links == toml.links


def test_a_plain_items_file_is_a_device_without_links(tmp_path: Path) -> None:
    items = {
        "ANGLE": {"type": "numeric", "units": {"": "rad", "formatted": "h"}, "initial": 0.5, "persist": True},
        "LAMP": {"type": "boolean", "description": "The lamp"},
        "FLAGS": {"type": "mask", "enumerators": {"none": "fine", "0": "hot", "1": "open"}},
        "simulate": {},
    }
    device = load(written(tmp_path, json.dumps(items), "lab.json"))
    assert (device.links, device.queries) == ({}, {})
    assert device.metadata() == {
        **items,
        "LAMP": {"type": "boolean", "description": "The lamp", "enumerators": {"0": "False", "1": "True"}},
    }
    assert device.items["ANGLE"] == ItemSpec("ANGLE", items["ANGLE"], read_back=False)


def test_a_plain_items_file_may_say_more_of_an_item(tmp_path: Path) -> None:
    items = {"A": {"type": "string", "keeper": {"name": "Kyle"}, "limits": "none"}}
    assert load(written(tmp_path, json.dumps(items), "lab.json")).metadata() == items


def test_a_slip_in_a_plain_items_file_is_a_problem_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"A": {"type": "string", "setable": True}, "B": 5}), "lab.json")
    assert problems_of(path) == (
        Problem(str(path), None, "B", "expected a table, got 5"),
        Problem(str(path), None, "A.setable", 'unknown key; did you mean "settable"?'),
    )


@pytest.mark.parametrize(("name", "text"), [("lab.toml", ""), ("lab.json", "{}")])
def test_an_empty_file_is_a_device_of_nothing(tmp_path: Path, name: str, text: str) -> None:
    path = written(tmp_path, text, name)
    assert load(path) == Device(path, {}, {}, {})


def test_json_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "[1, 2]", "lab.json")
    assert problems_of(path) == (
        Problem(str(path), None, "", "expected a table of items or links, got [1, 2]"),
    )


# -- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "path", "message"),
    [
        ("[item.a]", "item", 'unknown key; did you mean "items"?'),
        ("[items._a]", "items._a", 'a key that begins with "_" is the daemon\'s own'),
        ('[items."a b/"]', 'items."a b/"', 'a key has letters, digits and _ : . - only, not " " and "/"'),
        ('[items."é"]', 'items."é"', 'a key has letters, digits and _ : . - only, not "é"'),
        ('[items.""]', 'items.""', "a key has letters, digits and _ : . - only, not nothing at all"),
        (
            '[links."a.b"]\ndriver = "tcp"',
            'links."a.b"',
            'a name here has letters, digits, _ and - only, not "."',
        ),
        ("[items]\na = 5", "items.a", "expected a table, got 5"),
        ("items = 5", "items", "expected a table, got 5"),
        ("simulate = true", "simulate", "expected a table, got true"),
        (
            "[items.Temp]\n[items.temp]",
            "items.temp",
            '"temp" differs only in case from "Temp" on line 1; clients see one key',
        ),
    ],
)
def test_a_name_that_cannot_be_is_a_problem(tmp_path: Path, header: str, path: str, message: str) -> None:
    found = problems_of(written(tmp_path, header))
    assert [(problem.path, problem.message) for problem in found] == [(path, message)]


def test_keys_may_hold_what_mktl_allows(tmp_path: Path) -> None:
    assert list(load(written(tmp_path, '[items."a.b:C-1_x"]')).items) == ["a.b:C-1_x"]


def test_templates_alone_need_no_pydantic() -> None:
    code = "import sys, mktl.devicefile.template; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
