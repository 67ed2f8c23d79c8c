"""What a single key of a device file may hold, and how that is said when it holds something else."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from .wording import expected

ItemType = Literal["boolean", "bulk", "enumerated", "mask", "numeric", "numeric array", "string"]

#: What a field of a reply may be compared with.
Scalar = str | int | float | bool

_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise expected("a number")
    return value


def _limits(value: Any) -> tuple[int | float | None, int | float | None]:
    pair = value if isinstance(value, (list, tuple)) else ()
    numbers = [limit for limit in pair if isinstance(limit, (int, float)) and not isinstance(limit, bool)]
    right = len(pair) == 2 and not any(map(math.isnan, numbers))
    if not right or len(numbers) + sum(limit is None for limit in pair) != 2:
        raise expected("two numbers, [lowest, highest]")
    return pair[0], pair[1]


def _point(value: Any) -> tuple[float, float]:
    pair = value if isinstance(value, (list, tuple)) else ()
    if len(pair) != 2 or not all(isinstance(one, (int, float)) and math.isfinite(one) for one in pair):
        raise expected("two numbers, [of the device, of the item]")
    return float(pair[0]), float(pair[1])


def _units(value: Any) -> str | dict[str, str]:
    if isinstance(value, str):
        return value
    parts = value.items() if isinstance(value, dict) else [(None, None)]
    if all(part in ("", "formatted") and isinstance(unit, str) for part, unit in parts):
        return dict(parts)
    raise expected('text, or { "" = "rad", formatted = "h" }')


def _enumerator_key(key: str) -> str:
    if key != "none" and not re.fullmatch(r"-?(0|[1-9][0-9]*)", key):
        raise expected('a whole number, or "none" in a mask, before the word')
    return key


def _bit_number(key: Any) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]*", str(key)):
        raise expected("the number of a bit, from 0, before the word")
    return int(key)


def _one_or_more(value: Any) -> tuple[Scalar, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, (str, int, float)) for one in values):
        raise expected("a value or a list of values")
    return tuple(values)


def _scalar(value: Any) -> Scalar:
    if not isinstance(value, (str, int, float)):
        raise expected("a number or text")
    return value


Number = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0)]
#: Why there is no value.
Status = Literal["range", "disabled", "invalid"]
Limits = Annotated[
    tuple[int | float | None, int | float | None],
    PlainValidator(_limits),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
Units = Annotated[
    str | dict[str, str],
    PlainValidator(_units),
    WithJsonSchema({"type": ["string", "object"], "additionalProperties": {"type": "string"}}),
]
Enumerators = dict[Annotated[str, AfterValidator(_enumerator_key)], str]
Bits = dict[
    Annotated[int, PlainValidator(_bit_number), WithJsonSchema({"type": "string", "pattern": "^[0-9]+$"})],
    str,
]
Accepted = Annotated[
    tuple[Scalar, ...],
    PlainValidator(_one_or_more),
    WithJsonSchema({"type": [*_SCALAR_SCHEMA["type"], "array"], "items": _SCALAR_SCHEMA}),
]
Point = Annotated[
    tuple[float, float],
    PlainValidator(_point),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
Answer = Annotated[Scalar, PlainValidator(_scalar), WithJsonSchema(_SCALAR_SCHEMA)]
