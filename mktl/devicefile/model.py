"""The device file as it is written: one pydantic model per kind of table.

What a single key may hold is checked here; whether keys and tables fit together is checked where they are
resolved. ``DeviceFile.model_json_schema()`` is the schema for editors.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

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


class Table(BaseModel):
    """What all tables share: nothing is guessed, and no key is overlooked."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class IdentityTable(Table):
    """``identity = { send, reply }``."""

    send: str
    reply: str


class CheckTable(Table):
    """``check_after_set = { send, reply, good, bits }``."""

    send: str
    reply: str
    good: Answer = 0
    bits: Bits = {}


class OtherwiseTable(Table):
    """``{ reply, error }``, ``{ reply, status, reason }``, ``{ reply, value }`` or ``{ reply }`` alone."""

    reply: str
    error: str | None = None
    status: Status | None = None
    reason: str | None = None
    value: Answer | None = None


class CountedTable(Table):
    """``reply_length = { at, as, plus }``."""

    at: Whole
    as_: Literal["u8", "u16", "u16le", "u32", "u32le"] = Field(default="u8", alias="as")
    plus: int = 0


class ReplyTable(Table):
    """How the end of a reply is known; where a key is left out, as on the link."""

    reply_end: str | None = None
    reply_length: Annotated[int, Field(ge=1)] | CountedTable | None = None
    reply_lines: Annotated[int, Field(ge=1)] | None = None
    reply_until: str | None = None


class ExchangeTable(ReplyTable):
    """The manners of one exchange."""

    send_end: str | None = None
    reply_timeout_s: Seconds | None = None
    otherwise: list[OtherwiseTable] = []
    ignore_reply: bool | None = None


class StepTable(ExchangeTable):
    """One of several steps of an exchange: ``{ send, reply, wait_s }``, each of which may be left out."""

    send: str | None = None
    reply: str | None = None
    wait_s: NotNegative = 0.0


class LinkTable(ReplyTable):
    """``[links.NAME]``: every key that is not one of these belongs to the driver."""

    model_config = ConfigDict(extra="allow")

    driver: str
    on: str | None = None
    send_end: str = r"\n"
    reply_end: str = r"\n"
    reply_timeout_s: Seconds = 1.0
    gap_timeout_s: Seconds = 0.2
    quiet_s: NotNegative = 0.0
    retry_s: Seconds = 0.5
    retry_max_s: Seconds = 10.0
    retries: Whole = 0
    echo: Literal["none", "line", "bytes"] = "none"
    encoding: str = "ascii"
    identity: IdentityTable | None = None
    init: list[StepTable] = []
    otherwise: list[OtherwiseTable] = []
    check_after_set: CheckTable | None = None


class QueryTable(ExchangeTable):
    """``[queries.NAME]``: one exchange whose reply feeds several items, or a line that comes unasked."""

    link: str | None = None
    send: str | None = None
    reply: str | None = None
    steps: list[StepTable] | None = None
    unsolicited: str | None = None
    retries: Whole | None = None


class DoneTable(Table):
    """``done = { when, timeout_s }`` or ``done = { send, reply, timeout_s }``."""

    when: str | None = None
    send: str | None = None
    reply: str | None = None
    timeout_s: Seconds = 60.0
    poll_s: Seconds = 0.2
    after_s: NotNegative = 0.0


class FastTable(Table):
    """``fast = { when, poll_s }``."""

    when: str
    poll_s: Seconds


class AlarmsTable(Table):
    """``alarms = { minor = [low, high], major = [low, high], hysteresis }``."""

    minor: Limits | None = None
    major: Limits | None = None
    hysteresis: NotNegative = 0.0


class SentinelTable(Table):
    """What ``sentinels`` has for a value that is none, when its status is not ``range``."""

    status: Status = "range"
    reason: str


class ItemTable(ExchangeTable):
    """``[items.KEY]``: what clients are told, then where the value comes from and goes to."""

    type: ItemType | None = None
    description: str | None = None
    units: Units | None = None
    format: str | None = None
    initial: Any = None
    persist: bool | None = None
    gettable: bool | None = None
    settable: bool | None = None
    enumerators: Enumerators | None = None
    range: Limits | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    clamp: bool | None = None
    step: Above0 | None = None

    link: str | None = None
    get: str | list[StepTable] | None = None
    reply: str | None = None
    from_: str | None = Field(default=None, alias="from")
    set: str | list[StepTable] | None = None
    set_reply: str | None = None
    python: str | None = None
    poll_s: Seconds | None = None
    fast: FastTable | None = None
    retries: Whole | None = None
    repeatable: bool | None = None
    read_back: bool | None = None
    done: DoneTable | None = None
    check: bool | None = None
    restore: Literal["never", "value", "write"] | None = None

    scale: Finite | None = None
    offset: Finite | None = None
    table: list[Point] | None = None
    bit: Whole | None = None
    deadband: Above0 | None = None
    alarms: AlarmsTable | None = None
    sentinels: dict[str, str | SentinelTable] | None = None
    good_when: dict[str, Accepted] | None = None
    disabled_when: dict[str, Accepted] | None = None

    register_: str | None = Field(default=None, alias="register")
    as_: str | None = Field(default=None, alias="as")
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    length: Annotated[int, Field(ge=1)] | None = None
    scale_register: str | None = None
    write_register: str | None = None
    write_function: Literal[5, 6, 15, 16, 22] | None = None
    rewrite_s: Seconds | None = None


class EachTable(Table):
    """``[each.NAME]``: tables to write once and have for each of *values*; for the schema only."""

    values: list[str] | list[int] | list[dict[str, str | int | float]]
    links: dict[str, LinkTable] = {}
    items: dict[str, ItemTable] = {}
    queries: dict[str, QueryTable] = {}


class ParameterTable(Table):
    """``[parameters]``: ``name = { default, environment }``, or the default alone."""

    default: Answer | None = None
    environment: str | None = None


class IncludeTable(Table):
    """``{ file, with }``: an included file with these of its parameters put in."""

    file: str
    with_: dict[str, Answer] = Field(default={}, alias="with")


class MotionTable(Table):
    """``[simulate.items.KEY]``: how a value moves by itself."""

    noise: NotNegative = 0.0
    follow: str | None = None
    rate_per_s: Above0 | None = None
    tau_s: Seconds | None = None
    drift_per_s: NotNegative = 0.0


class SimulateTable(Table):
    """``[simulate]``."""

    model: str | None = None
    initial: dict[str, Any] = {}
    items: dict[str, MotionTable] = {}
    delay_s: NotNegative = 0.0
    seed: int = 0


class DeviceFile(Table):
    """The whole file; for the schema only, since the reader takes it table by table."""

    include: list[str | IncludeTable] | str = []
    parameters: dict[str, Answer | ParameterTable] = {}
    links: dict[str, LinkTable] = {}
    queries: dict[str, QueryTable] = {}
    items: dict[str, ItemTable] = {}
    each: dict[str, EachTable] = {}
    simulate: SimulateTable = SimulateTable()
