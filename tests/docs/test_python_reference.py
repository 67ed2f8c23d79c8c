"""The reference of the Python interface is what the docstrings say, and has every public name."""

from __future__ import annotations

import importlib.util

import pytest

import mktl
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "reference" / "python.md"


def maker():
    spec = importlib.util.spec_from_file_location("python_reference", ROOT / "docs" / "python_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_docstrings_say() -> None:
    made = maker()
    _, _, below = PAGE.read_text().partition(made.MARKER)
    assert below == made.page(), "the docstrings have changed: python docs/python_reference.py"


def test_every_public_name_is_on_the_page() -> None:
    text = PAGE.read_text()
    submodules = {"begin", "config", "errors", "json", "poll", "protocol", "weakref"}
    for name in set(mktl.__all__) - submodules:
        assert f"mktl.{name}" in text, name
    for name in submodules - {"begin"}:
        assert f"mktl.{name}" in text, name


@pytest.mark.parametrize("one", [mktl.Item, mktl.Store, mktl.Daemon], ids=lambda one: one.__name__)
def test_every_public_member_has_its_entry_and_its_words(one) -> None:
    text = PAGE.read_text()
    for name, member in maker().members(one):
        assert f"**`{name}" in text, name
        assert member.__doc__, f"{one.__name__}.{name} has no docstring"
