from __future__ import annotations

from typing import Any, cast

import pytest

from mktl.cli.typed import value_of
from mktl.errors import ItemTypeError, ItemValueError, UnknownWordError
from mktl.item import Item
from mktl.item.formats import from_text

WORDS = {"0": "off", "1": "low", "3": "high"}


class Described:
    """As much of an item as its description decides."""

    full_key = "lab.x"

    def __init__(self, **config: Any) -> None:
        self.config = config

    def from_format(self, text: str) -> Any:
        return from_text(self.full_key, self.config, text)


def typed(text: str, **config: Any) -> Any:
    return value_of(cast(Item, Described(**config)), text)


@pytest.mark.parametrize(
    ("config", "text", "value"),
    [
        ({"type": "numeric"}, "12.5", 12.5),
        ({"type": "numeric"}, "-3", -3),
        ({"type": "enumerated", "enumerators": WORDS}, "HIGH", 3),
        ({"type": "enumerated", "enumerators": WORDS}, "1", 1),
        ({"type": "boolean", "enumerators": {"0": "closed", "1": "open"}}, "open", 1),
        ({"type": "mask", "enumerators": {"none": "fine", "0": "hot", "2": "dry"}}, "dry, hot", 5),
        ({"type": "mask", "enumerators": {"none": "fine", "0": "hot", "2": "dry"}}, "fine", 0),
        ({"type": "string"}, " 12.50 ", " 12.50 "),
        ({"type": "numeric array"}, "1,2.5,-3e2", [1, 2.5, -300.0]),
        ({"type": "numeric array"}, "[1, 2]", [1, 2]),
        ({"type": "numeric array"}, "[]", []),
        ({}, "12", 12),
        ({}, '{"a": null}', {"a": None}),
        ({}, "plain words", "plain words"),
    ],
)
def test_text_becomes_what_the_item_takes(config: dict[str, Any], text: str, value: Any) -> None:
    result = typed(text, **config)
    assert result == value
    assert type(result) is type(value)


def test_an_angle_is_taken_as_its_item_shows_it() -> None:
    # 6 h is a quarter of a turn
    angle = typed("6:00:00", type="numeric", units={"": "rad", "formatted": "h"}, format="%2d:%02d:%04.1f")
    assert angle == pytest.approx(1.5707963267948966)


@pytest.mark.parametrize(
    ("config", "text", "error", "message"),
    [
        ({"type": "numeric"}, "12 mm", ItemTypeError, r"lab\.x: '12 mm' is not a number"),
        ({"type": "enumerated", "enumerators": WORDS}, "hihg", UnknownWordError, "did you mean 'high'"),
        (
            {"type": "numeric array"},
            "1,two",
            ItemValueError,
            r"expected numbers such as 1,2\.5,3, got '1,two'",
        ),
        ({"type": "bulk"}, "1", ItemTypeError, "cannot be typed"),
    ],
)
def test_text_that_means_nothing_says_what_would(
    config: dict[str, Any], text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        typed(text, **config)
