"""``mark check``: every mistake at once, nothing opened, and a schema that editors can use."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import Result

Call = Callable[..., Result]

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))

GOOD = """
[parameters]
baud = 9600
[links.psu]
driver = "serial"
port = "/dev/never-opened"
baudrate = "{baud}"
[queries.both]
send = 'MEAS?'
reply = '{volts:f},{amps:f}'
[items.volts]
type = "numeric"
from = "both.volts"
poll_s = 1
[items.amps]
type = "numeric"
from = "both.amps"
[items.name]
type = "string"
get = '*IDN?'
reply = '{:s}'
[items.beep]
type = "numeric"
set = 'BEEP {:d}'
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def to_file(text: str) -> str:
        path = tmp_path / "device.toml"
        path.write_text(text)
        return str(path)

    return to_file


def test_a_right_file_is_one_line_of_what_is_in_it(call: Call, write: Callable[[str], str]) -> None:
    file = write(GOOD)
    result = call("check", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{file}: 1 link (psu), 1 query, 4 items; no mistakes; read on each connect, not polled: name; "
        "only written, never read: beep\n"
    )


def test_every_mistake_is_said_at_once_with_its_place_and_the_nearest_right_word(
    call: Call, write: Callable[[str], str]
) -> None:
    wrong = GOOD.replace('"serial"', '"sereal"').replace("poll_s", "pol_s").replace("{amps:f}", "{amps:f")
    file = write(wrong)
    result = call("check", file)
    assert (result.exit_code, result.stdout) == (2, "")
    *problems, count = result.stderr.splitlines()
    assert problems[0] == f'{file}:5: links.psu.driver: no driver "sereal"; did you mean "serial"?'
    assert problems[1].startswith(f"{file}:10: queries.both.reply: ")
    assert f'{file}:14: items.volts.pol_s: unknown key; did you mean "poll_s"?' in problems
    assert count == f"mark: {file} has {len(problems)} mistakes"


def test_a_parameter_is_given_as_to_markd(call: Call, write: Callable[[str], str]) -> None:
    result = call("check", write(GOOD), "-p", "baud=fast")
    assert result.exit_code == 2
    assert "links.psu.baudrate: expected a whole number" in result.stderr


@pytest.mark.parametrize(("given", "said"), [("baud", "expected NAME=VALUE"), ("=1", "expected NAME=VALUE")])
def test_a_parameter_without_name_or_value_makes_no_sense(call: Call, given: str, said: str) -> None:
    result = call("check", "x.toml", "-p", given)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(("argv", "said"), [(["nowhere.toml"], "no such file"), ([], "which device file?")])
def test_no_file_is_a_mistake_too(call: Call, argv: list[str], said: str) -> None:
    result = call("check", *argv)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_is_hardly_meant_is_a_warning_with_its_line(call: Call, write: Callable[[str], str]) -> None:
    file = write(GOOD + "[queries.lost]\nsend = 'X?'\nreply = '{:d}'\n")
    result = call("check", file)
    assert result.exit_code == 0
    assert result.stderr == (
        f"{file}:25: warning: queries.lost: is never asked: no item takes anything from it\n"
    )


def test_a_file_that_cannot_be_simulated_is_said_to_be_one(call: Call, write: Callable[[str], str]) -> None:
    file = write(GOOD + '[simulate]\nmodel = "nowhere.at_all:Device"\n')
    result = call("check", file)
    assert result.exit_code == 0
    assert f"{file}:4: warning: links.psu: model 'nowhere.at_all:Device': cannot import" in result.stderr


def test_a_warning_about_what_is_included_names_its_file(
    call: Call, write: Callable[[str], str], tmp_path: Path
) -> None:
    part = tmp_path / "part.toml"
    part.write_text("[queries.lost]\nlink = 'psu'\nsend = 'X?'\nreply = '{:d}'\n")
    result = call("check", write('include = ["part.toml"]\n' + GOOD))
    assert result.exit_code == 0
    assert (
        result.stderr == f"{part}:1: warning: queries.lost: is never asked: no item takes anything from it\n"
    )


def test_programs_get_json(call: Call, write: Callable[[str], str]) -> None:
    file = write(GOOD.replace('"numeric"\nfrom = "both.amps"', '"numerc"\nfrom = "both.amps"'))
    result = call("check", "--json", file)
    assert result.exit_code == 2
    [problem] = json.loads(result.stdout)
    assert problem["severity"] == "error"
    assert (problem["file"], problem["line"], problem["path"]) == (file, 16, "items.amps.type")
    assert 'did you mean "numeric"?' in problem["message"]


def test_a_plain_file_of_items_has_no_device(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "lab.json"
    path.write_text('{"TEMP": {"type": "numeric"}}')
    assert call("check", str(path)).stdout == f"{path}: 1 item, no device; no mistakes\n"


@pytest.fixture(scope="module")
def validator() -> Any:
    from mktl.cli.schema import schema

    whole = json.loads(json.dumps(schema()))
    jsonschema.Draft202012Validator.check_schema(whole)
    return jsonschema.Draft202012Validator(whole)


def test_the_schema_is_printed_as_json(call: Call) -> None:
    printed = json.loads(call("check", "--schema").stdout)
    assert printed["title"] == "mKTL device file"
    assert "exchange" in printed["$defs"]["QueryTable"]["description"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_schema_accepts_every_shipped_file(validator: Any, path: Path) -> None:
    assert [error.message for error in validator.iter_errors(tomllib.loads(path.read_text()))] == []


def test_the_schema_accepts_a_parameter_for_a_number(validator: Any) -> None:
    assert list(validator.iter_errors(tomllib.loads(GOOD))) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("poll_s = 1", "pol_s = 1"),
        ("poll_s = 1", 'poll_s = "often"'),
        ("poll_s = 1", "poll_s = 0"),
        ('"{baud}"', "0"),
        ('"/dev/never-opened"', "3"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(validator: Any, right: str, wrong: str) -> None:
    assert list(validator.iter_errors(tomllib.loads(GOOD.replace(right, wrong))))
