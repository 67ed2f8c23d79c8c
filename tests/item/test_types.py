"""What each item type accepts."""

from __future__ import annotations

import numpy as np
import pytest

from mktl.errors import ItemTypeError, ItemValueError, LimitError, UnknownWordError
from mktl.item.types import check_value

TARGET = {"type": "numeric", "units": "mm", "range": [0, 300.0]}
HEATER = {"type": "enumerated", "enumerators": {"0": "off", "1": "low", "3": "high"}}
ALARMS = {"type": "mask", "enumerators": {"none": "fine", "0": "hot", "2": "dry"}}
SHUTTER = {"type": "boolean", "enumerators": {"0": "shut", "1": "open"}}


@pytest.mark.parametrize(
    ("config", "given", "kept"),
    [
        (TARGET, 12, 12),
        (TARGET, "12.5", 12.5),
        (TARGET, "12", 12),
        (TARGET, np.float32(0.5), 0.5),
        (TARGET, True, 1),
        (TARGET, 300.0, 300.0),
        ({"type": "numeric"}, float("inf"), float("inf")),
        (HEATER, 3, 3),
        (HEATER, 1.0, 1),
        (HEATER, "HIGH", 3),
        (HEATER, "3", 3),
        (ALARMS, 5, 5),
        (ALARMS, "hot, DRY", 5),
        (ALARMS, "fine", 0),
        (ALARMS, 0, 0),
        (SHUTTER, True, 1),
        (SHUTTER, "Open", 1),
        ({"type": "string"}, "text", "text"),
        ({"type": "numeric array"}, (1, "2.5"), [1, 2.5]),
        ({"type": "numeric array"}, np.array([1, 2]), [1, 2]),
        ({}, {"any": ["thing"]}, {"any": ["thing"]}),
        (TARGET, None, None),
    ],
)
def test_a_value_that_fits_is_kept_in_the_items_own_type(config, given, kept) -> None:
    result = check_value("lab.x", config, given)
    assert result == kept
    assert type(result) is type(kept)


@pytest.mark.parametrize(
    ("config", "given", "error", "text"),
    [
        (TARGET, 312.0, LimitError, r"^lab\.x: 312\.0 mm is above the maximum 300\.0 mm$"),
        (TARGET, -1, LimitError, r"^lab\.x: -1 mm is below the minimum 0 mm$"),
        (TARGET, float("nan"), LimitError, r"nan is not between 0 mm and 300\.0 mm"),
        (TARGET, "warm", ItemTypeError, r"'warm' is not a number"),
        (TARGET, [1], ItemTypeError, r"\[1\] is not a number"),
        (HEATER, 2, ItemValueError, r"2 is not one of 'off' \(0\), 'low' \(1\), 'high' \(3\)"),
        (HEATER, "hihg", UnknownWordError, r"'hihg' is not one of .*; did you mean 'high'\?"),
        (HEATER, 1.5, ItemTypeError, r"1\.5 is not a whole number"),
        (HEATER, float("inf"), ItemTypeError, r"inf is not a whole number"),
        (ALARMS, 2, ItemValueError, r"2 has bits set that mean nothing"),
        (ALARMS, -1, ItemValueError, r"-1 is no mask"),
        (ALARMS, "wet", UnknownWordError, r"'wet' is not one of"),
        (SHUTTER, 2, ItemTypeError, r"2 is neither 0 nor 1 \('shut' \(0\), 'open' \(1\)\)"),
        ({"type": "string"}, 5, ItemTypeError, r"5 is not text"),
        ({"type": "bulk"}, 5, ItemTypeError, r"5 is not an array"),
        ({"type": "numeric array"}, 5, ItemTypeError, r"5 is not a sequence of numbers"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(config, given, error, text) -> None:
    with pytest.raises(error, match=text):
        check_value("lab.x", config, given)
