"""A device file from a text, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mktl.devicefile import Device, load
from mktl.errors import DeviceFileError, Problem


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Device]:
    """The device of a TOML text."""

    def load_text(text: str) -> Device:
        path = tmp_path / "lab.toml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return load_text


@pytest.fixture
def problems_in(loaded: Callable[[str], Device]) -> Callable[[str], tuple[Problem, ...]]:
    """Every problem of a TOML text."""

    def problems(text: str) -> tuple[Problem, ...]:
        with pytest.raises(DeviceFileError) as caught:
            loaded(text)
        return caught.value.problems

    return problems
