"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import mktl_drivers
import mktl_simulators
import pytest

import mktl

MODULES = sorted(
    info.name
    for package in (mktl, mktl_drivers, mktl_simulators)
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not info.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
