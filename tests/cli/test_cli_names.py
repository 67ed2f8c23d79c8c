from __future__ import annotations

import click
import pytest

from mktl.cli.names import Assignment, Name, parse, parse_all, parse_assignment, parse_assignments


@pytest.mark.parametrize(
    ("text", "store", "name"),
    [
        ("lab", None, Name("lab")),
        ("lab.temp", None, Name("lab", "temp")),
        ("LAB.Temp", None, Name("lab", "temp")),
        ("lab.link.state", None, Name("lab", "link.state")),
        ("temp", "Lab", Name("lab", "temp")),
        ("lab.temp", "lab", Name("lab", "temp")),
        ("link.state", "lab", Name("lab", "link.state")),
    ],
)
def test_a_name_is_a_store_or_an_item_of_one(text: str, store: str | None, name: Name) -> None:
    assert parse(text, store) == name


@pytest.mark.parametrize(
    ("text", "store"), [("", None), (".temp", None), ("lab.", None), ("", "lab"), ("x", "")]
)
def test_half_a_name_says_what_a_whole_one_is(text: str, store: str | None) -> None:
    with pytest.raises(click.UsageError, match=r"expected STORE\.KEY"):
        parse(text, store)


def test_each_name_counts_once_and_a_store_option_alone_is_the_whole_store() -> None:
    assert parse_all(["lab.b", "lab.a", "LAB.B"]) == [Name("lab", "b"), Name("lab", "a")]
    assert parse_all([], "lab") == [Name("lab")]
    with pytest.raises(click.UsageError, match="at least one"):
        parse_all([])


def test_an_assignment_is_cut_at_its_first_equals_sign_and_its_text_is_left_alone() -> None:
    assert parse_assignment("lab.Label= a=B ") == Assignment(Name("lab", "label"), " a=B ")
    assert parse_assignment("label=", "lab") == Assignment(Name("lab", "label"), "")


@pytest.mark.parametrize(
    ("text", "advice"), [("lab.x", "expected KEY=VALUE"), ("lab=3", "a whole store"), ("=3", "names nothing")]
)
def test_what_is_no_assignment_says_what_would_be(text: str, advice: str) -> None:
    with pytest.raises(click.UsageError, match=advice):
        parse_assignment(text)


def test_one_item_is_set_twice_only_in_order() -> None:
    with pytest.raises(click.UsageError, match=r"lab\.x is set twice"):
        parse_assignments(["lab.x=1", "lab.X=2"], None, serial=False)
    assert [a.text for a in parse_assignments(["lab.x=1", "lab.X=2"], None, serial=True)] == ["1", "2"]
