"""The page of promises names the tests that keep them, all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanations/promises.md").read_text()
ROWS = dict(re.findall(r"^\| ([A-F]\d) \| .+ \| (`.+`) \|$", PAGE, re.MULTILINE))
NUMBERS = {"A": 8, "B": 6, "C": 4, "D": 5, "E": 5, "F": 3}


def test_the_page_has_every_row() -> None:
    assert list(ROWS) == [f"{letter}{n}" for letter, count in NUMBERS.items() for n in range(1, count + 1)]


@pytest.mark.parametrize("row", ROWS)
def test_each_promise_is_kept_by_tests_of_its_name(row) -> None:
    modules = re.findall(r"`(\w+)`", ROWS[row])
    assert modules
    for module in modules:
        text = (ROOT / "tests/trust" / f"{module}.py").read_text()
        assert re.search(rf"^(async )?def test_{row.lower()}_", text, re.MULTILINE), module


def test_no_row_is_kept_that_is_not_promised() -> None:
    kept = {path.stem for path in (ROOT / "tests/trust").glob("test_[a-f][0-9]_*.py")}
    assert kept == set(re.findall(r"`(test_[a-f]\d_\w+)`", PAGE))
