"""The reference of templates: its forms are templates, its examples read as it says; no sum is missing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mktl.devicefile import Template
from mktl.devicefile._fields.sums import SUMS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "templates.md").read_text("utf-8")
FORMS, EXAMPLES, REST, CHECKSUMS = PAGE.split("\n## ")


def rows(section: str) -> list[list[str]]:
    """The cells of the lines of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[cell.strip().replace("\\|", "|") for cell in line] for line in cells]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def placeholders(text: str) -> list[str]:
    return [form for form in code(text) if re.match(r"\{[^{}]*[:#. ]", form) and "…" not in form]


SHOWN = placeholders("".join(cells[0] for cells in rows(FORMS))) + placeholders(REST)


@pytest.mark.parametrize("form", SHOWN)
def test_every_form_on_the_page_is_a_template(form) -> None:
    assert Template.compile(form).fields


def test_the_forms_are_found_on_the_page() -> None:
    assert len(SHOWN) > 50


@pytest.mark.parametrize(("line", "template", "values"), [[*map(code, cells)] for cells in rows(EXAMPLES)])
def test_what_the_device_says_is_read_as_the_page_has_it(line, template, values) -> None:
    compiled, expected = Template.compile(template[0]), ast.literal_eval(values[0])
    assert compiled.parse(line[0].encode()) == expected
    assert compiled.parse(compiled.format(expected)) == expected


@pytest.mark.parametrize(("names", "raw"), [[*map(code, cells[:2])] for cells in rows(CHECKSUMS)])
def test_a_checksum_has_the_value_on_the_page(names, raw) -> None:
    for name in names:
        assert Template.compile(f"123456789{{#{name},hex}}").format({}) == b"123456789" + raw[0].encode()


def test_every_checksum_is_on_the_page() -> None:
    assert {name for cells in rows(CHECKSUMS) for name in code(cells[0])} == set(SUMS)
