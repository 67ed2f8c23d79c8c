"""The settings of drivers, whose models are written by anybody and may use all that pydantic has."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, field_validator, model_validator

from mktl.devicefile import load
from mktl.devicefile.model import DeviceFile
from mktl.devicefile.problems import dotted, instead, shown
from mktl.errors import DeviceFileError


class Flow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["rts", "xon"]
    delay_s: Annotated[float, Field(lt=5)] = 0.0


class SerialSettings(BaseModel):
    """What a serial driver might ask for."""

    port: str
    baudrate: Annotated[int, Field(ge=50, le=4_000_000)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Flow | None = None
    address: int | str = 1
    lines: Annotated[list[int], Field(max_length=2)] = []
    name: Annotated[str, Field(pattern="^[a-z]+$", max_length=5)] = "a"
    since: datetime.date | None = None
    url: AnyUrl | None = None
    host: ipaddress.IPv4Address | None = None
    loop_: bool = Field(default=False, alias="loop")

    @field_validator("port")
    @classmethod
    def _is_a_port(cls, port: str) -> str:
        if port == "LPT1":
            raise ValueError("LPT1 is a printer; ports are like COM3 or /dev/ttyUSB0")
        return port

    @model_validator(mode="after")
    def _fits(self) -> SerialSettings:
        if self.parity == "odd" and self.stop_bits == 2:
            raise ValueError("odd parity goes with one stop bit")
        return self


class OpenSettings(BaseModel):
    model_config = ConfigDict(extra="allow")


DRIVERS: dict[str, type[BaseModel]] = {"serial": SerialSettings, "anything": OpenSettings}


@pytest.fixture
def link(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A file with one link, loaded with the drivers known."""

    def load_link(body: str, driver: str = "serial") -> Any:
        path = tmp_path / "lab.toml"
        path.write_text(f"[links.box]\ndriver = '{driver}'\n{body}\n", encoding="utf-8")
        return load(path, drivers=DRIVERS).links["box"]

    return load_link


@pytest.fixture
def said(link):  # type: ignore[no-untyped-def]
    def problems(body: str, driver: str = "serial") -> list[tuple[str, str]]:
        with pytest.raises(DeviceFileError) as caught:
            link(body, driver)
        return [(problem.path, problem.message) for problem in caught.value.problems]

    return problems


def test_settings_are_what_the_driver_makes_of_them(link) -> None:
    settings = link("port = 'COM3'\nflow = { kind = 'rts' }\nloop = true\nquiet_s = 0.1").settings
    assert settings["port"] == "COM3"
    assert settings["baudrate"] == 9600
    assert settings["flow"] == {"kind": "rts", "delay_s": 0.0}
    assert settings["loop_"] is True
    assert "quiet_s" not in settings


def test_a_driver_may_take_any_key(link) -> None:
    assert link("colour = 'red'", driver="anything").settings == {"colour": "red"}


def test_an_unknown_driver_is_named_with_the_nearest(said) -> None:
    assert said("port = 5", driver="sereal") == [
        ("links.box.driver", 'no driver "sereal"; did you mean "serial"?')
    ]


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("", "links.box", 'missing key "port"'),
        ("port = 5", "links.box.port", "expected text, got 5"),
        (
            "port = 'LPT1'",
            "links.box.port",
            "LPT1 is a printer; ports are like COM3 or /dev/ttyUSB0",
        ),
        (
            "port = 'a'\nparity = 'odd'\nstop_bits = 2",
            "links.box",
            "odd parity goes with one stop bit",
        ),
        ("port = 'a'\nbaudrte = 5", "links.box.baudrte", 'unknown key; did you mean "baudrate"?'),
        (
            "port = 'a'\nreply_timout_s = 5",
            "links.box.reply_timout_s",
            'unknown key; did you mean "reply_timeout_s"?',
        ),
        ("port = 'a'\nloop_ = true", "links.box.loop_", 'unknown key; did you mean "loop"?'),
        ("port = 'a'\nloop = 'loud'", "links.box.loop", 'expected true or false, got "loud"'),
        ("port = 'a'\nbaudrate = 5", "links.box.baudrate", "expected a number of at least 50, got 5"),
        (
            "port = 'a'\nbaudrate = 5000000",
            "links.box.baudrate",
            "expected a number of at most 4000000, got 5000000",
        ),
        ("port = 'a'\nbaudrate = 9600.5", "links.box.baudrate", "expected a whole number, got 9600.5"),
        ("port = 'a'\nbaudrate = 'fast'", "links.box.baudrate", 'expected a whole number, got "fast"'),
        (
            "port = 'a'\nparity = 'uneven'",
            "links.box.parity",
            'expected "none", "even" or "odd", got "uneven"; did you mean "even"?',
        ),
        (
            "port = 'a'\nparity = 7",
            "links.box.parity",
            'expected "none", "even" or "odd", got 7',
        ),
        ("port = 'a'\nstop_bits = 3", "links.box.stop_bits", "expected 1 or 2, got 3"),
        ("port = 'a'\nflow = 'rts'", "links.box.flow", 'expected a table, got "rts"'),
        ("port = 'a'\nflow = {}", "links.box.flow", 'missing key "kind"'),
        (
            "port = 'a'\nflow = { kind = 'xonn' }",
            "links.box.flow.kind",
            'expected "rts" or "xon", got "xonn"; did you mean "xon"?',
        ),
        (
            "port = 'a'\nflow = { kind = 'rts', kand = 1 }",
            "links.box.flow.kand",
            'unknown key; did you mean "kind"?',
        ),
        (
            "port = 'a'\nflow = { kind = 'rts', delay_s = 5 }",
            "links.box.flow.delay_s",
            "expected a number below 5, got 5",
        ),
        ("port = 'a'\naddress = [1]", "links.box.address", "expected a whole number or text, got [1]"),
        ("port = 'a'\nlines = 5", "links.box.lines", "expected a list, got 5"),
        ("port = 'a'\nlines = [1, 'x']", "links.box.lines[1]", 'expected a whole number, got "x"'),
        ("port = 'a'\nlines = [1, 2, 3]", "links.box.lines", "expected at most 2 entries, got [1, 2, 3]"),
        ("port = 'a'\nname = 'A'", "links.box.name", 'expected text of the form ^[a-z]+$, got "A"'),
        (
            "port = 'a'\nname = 'abcdef'",
            "links.box.name",
            'expected text of at most 5 characters, got "abcdef"',
        ),
        ("port = 'a'\nsince = 'May'", "links.box.since", 'expected a date, got "May"'),
        ("port = 'a'\nurl = 'x'", "links.box.url", 'expected a URL, got "x"'),
    ],
)
def test_a_wrong_setting_is_said_in_plain_words(said, body: str, path: str, message: str) -> None:
    assert said(body) == [(path, message)]


def test_pydantic_never_speaks_for_itself(said) -> None:
    """Also where only a custom error of a library says what is wrong."""
    ((path, message),) = said("port = 'a'\nhost = 'x'")
    assert path == "links.box.host"
    assert "Input" not in message


def test_all_wrong_settings_come_at_once_with_those_of_the_link(said) -> None:
    found = said("quiet_s = 'x'\nbaudrate = 5\nflow = { kind = 1, delay_s = 9 }\ncolour = 1")
    assert [path for path, _ in found] == [
        "links.box",
        "links.box.quiet_s",
        "links.box.baudrate",
        "links.box.flow.kind",
        "links.box.flow.delay_s",
        "links.box.colour",
    ]


# -- our own tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("type = 5", "expected {types}, got 5"),
        ("type = 'Numeric'", 'expected {types}, got "Numeric"; did you mean "numeric"?'),
        ("persist = 'yes'", 'expected true or false, got "yes"'),
        ("persist = 1", "expected true or false, got 1"),
        ("format = 5", "expected text, got 5"),
        ("units = 5", 'expected text, or { "" = "rad", formatted = "h" }, got 5'),
        ("units = { si = 'K' }", 'expected text, or { "" = "rad", formatted = "h" }, got { si = "K" }'),
        ("enumerators = ['off', 'on']", 'expected a table, got ["off", "on"]'),
        ("range = [0]", "expected two numbers, [lowest, highest], got [0]"),
        ("range = [0, nan]", "expected two numbers, [lowest, highest], got [0, nan]"),
        ("range = [0, true]", "expected two numbers, [lowest, highest], got [0, true]"),
        ("range = [0, 'a']", 'expected two numbers, [lowest, highest], got [0, "a"]'),
        ("minimum = nan", "expected a number, got nan"),
        ("minimum = 1979-05-27", "expected a number, got 1979-05-27"),
        ("scale = inf", "expected a finite number, got inf"),
        ("scale = true", "expected a number, got true"),
        ("get = 5", "expected text or a list, got 5"),
        ("good_when = 5", "expected a table, got 5"),
    ],
)
def test_a_wrong_value_of_an_item_is_said_in_plain_words(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(
        f"[links.a]\ndriver = 'a'\n[queries.q]\nsend = 'q'\nreply = '{{:f}}'\n[items.x]\n{line}\n"
    )
    with pytest.raises(DeviceFileError) as caught:
        load(path)
    types = '"boolean", "bulk", "enumerated", "mask", "numeric", "numeric array" or "string"'
    first = caught.value.problems[0]
    assert (first.line, first.message) == (7, message.replace("{types}", types))


def test_a_wrong_key_and_its_wrong_value_are_two_problems(problems_in) -> None:
    found = problems_in("[items.x]\ntype = 'enumerated'\nenumerators = { off = 0 }\n")
    assert [(problem.path, problem.message) for problem in found] == [
        (
            "items.x.enumerators.off",
            'expected a whole number, or "none" in a mask, before the word, got "off"',
        ),
        ("items.x.enumerators.off", "expected text, got 0"),
    ]


def test_the_schema_has_every_table_and_what_is_required() -> None:
    schema = DeviceFile.model_json_schema()
    assert set(schema["properties"]) == {
        "include", "parameters", "links", "queries", "items", "each", "simulate",
    }  # fmt: skip
    assert schema["$defs"]["IdentityTable"]["required"] == ["send", "reply"]
    assert schema["$defs"]["LinkTable"]["required"] == ["driver"]
    assert schema["$defs"]["ItemTable"]["additionalProperties"] is False
    assert "from" in schema["$defs"]["ItemTable"]["properties"]


# -- common words ------------------------------------------------------------------------------------


def test_a_path_has_quotes_only_where_a_key_needs_them() -> None:
    assert dotted(("items", "setpoint1", "range")) == "items.setpoint1.range"
    assert dotted(("items", "a.b", "x-y_1")) == 'items."a.b".x-y_1'
    assert dotted(("each", "n", "values", 2, "input")) == "each.n.values[2].input"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("fast", '"fast"'),
        ("a\n", '"a\\n"'),
        (True, "true"),
        (None, "null"),
        (0.5, "0.5"),
        ({"a": 1, "b c": [2]}, '{ a = 1, "b c" = [2] }'),
        ({}, "{}"),
        (datetime.time(7, 30), "07:30:00"),
        ("x" * 100, '"' + "x" * 58 + "…"),
    ],
)
def test_what_was_found_is_shown_as_the_file_has_it(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_list_of_right_words_is_left_out() -> None:
    many = [f"item{number}" for number in range(100)]
    assert instead("zzz", many, plural="items") == ""
    assert instead("item7x", many, plural="items") == '; did you mean "item7"?'
