"""The page of limits says what the limits are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from mktl.limits import PREFIX, Limits

PAGE = Path(__file__).parents[2] / "docs/reference/limits.md"


def test_the_table_has_every_limit_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [
        (PREFIX + one.name.upper(), str(one.default), one.metadata["description"]) for one in fields(Limits)
    ]
