"""``[parameters]``: what differs from one installation to the next."""

from __future__ import annotations

import pytest

from mktl.devicefile import load
from mktl.errors import DeviceFileError

FILE = """
[parameters]
port = { default = "/dev/ttyUSB0", environment = "OVEN_PORT" }
baudrate = 9600
channel = "A"

[links.oven]
driver = "serial"
port = "{port}"
baudrate = "{baudrate}"

[items."temp{channel}"]
description = "Temperature {channel} on {port}"
type = "numeric"
get = 'TEMP? {channel}'
reply = '{:f}'
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.delenv("OVEN_PORT", raising=False)
    path = tmp_path / "oven.toml"
    path.write_text(FILE)
    return path


def test_defaults_hold_where_nothing_is_given(file) -> None:
    device = load(file)
    assert device.links["oven"].settings == {"port": "/dev/ttyUSB0", "baudrate": 9600}
    assert list(device.items) == ["tempA"]
    assert device.items["tempA"].metadata["description"] == "Temperature A on /dev/ttyUSB0"
    assert device.queries["item:tempA"].steps[0].send.source == "TEMP? A"


def test_the_environment_wins_over_the_default_and_the_command_line_over_both(file, monkeypatch) -> None:
    monkeypatch.setenv("OVEN_PORT", "/dev/ttyS7")
    assert load(file).links["oven"].settings["port"] == "/dev/ttyS7"
    assert load(file, parameters={"port": "/dev/ttyS8"}).links["oven"].settings["port"] == "/dev/ttyS8"


def test_a_string_that_is_only_a_parameter_takes_its_type(file) -> None:
    settings = load(file, parameters={"baudrate": "115200"}).links["oven"].settings
    assert settings["baudrate"] == 115200


def problems(path, **kwargs) -> list[str]:
    with pytest.raises(DeviceFileError) as caught:
        load(path, **kwargs)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_an_unknown_parameter_is_named_with_the_nearest(file) -> None:
    [problem] = problems(file, parameters={"prot": "x"})
    assert problem == '2: parameters: no parameter "prot"; did you mean "port"?'


def test_a_parameter_without_a_value_says_how_to_give_one(tmp_path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text('[parameters]\nport = { environment = "NO_SUCH_VARIABLE" }\n')
    assert problems(path) == ["2: parameters.port: has no value: give one with -p port=…, or a default"]


def test_an_unknown_key_of_a_parameter_is_named(tmp_path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text('[parameters]\nport = { defualt = "x" }\n')
    assert any('did you mean "default"?' in problem for problem in problems(path))
