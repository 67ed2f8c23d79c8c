"""The plugin's fixture, whether or not the installation announces it, and a small device file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mktl.testing.plugin import mktl_device

__all__ = ["mktl_device"]

FILE = r"""
[parameters]
port = 1
warm = 300
[links.oven]
driver = "tcp"
host = "127.0.0.1"
port = "{port}"
reply_timeout_s = 0.1
gap_timeout_s = 0.02
retry_s = 0.01
retry_max_s = 0.05
[items.temp]
type = "numeric"
units = "K"
get = 'T?'
reply = '{:f}'
poll_s = 0.05
[items.target]
type = "numeric"
units = "K"
range = [0, 400]
get = 'S?'
reply = '{:f}'
set = 'S {:.1f}'
[items.heater]
type = "enumerated"
enumerators = { 0 = "off", 1 = "on" }
get = 'H?'
reply = '{:d}'
set = 'H {:d}'
[simulate.initial]
temp = "{warm}"
target = 20
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Oven 1.toml"
    path.write_text(FILE)
    return path
