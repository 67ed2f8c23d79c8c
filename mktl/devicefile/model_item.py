"""The table of an item: what clients are told, where the value comes from, and where it goes to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .keys import (
    Above0,
    Accepted,
    Enumerators,
    Finite,
    ItemType,
    Limits,
    NotNegative,
    Number,
    Point,
    Seconds,
    Status,
    Units,
    Whole,
)
from .model_table import ExchangeTable, StepTable, Table


class DoneTable(Table):
    """When a set is complete: a condition on items holds, or the device answers."""

    when: str | None = None
    """A condition: `"state == 'ready' and abs(position - target) < 0.01"`."""
    send: str | None = None
    """A question that is answered only then: `'*OPC?'`."""
    reply: str | None = None
    """The form of that answer."""
    timeout_s: Seconds = 60.0
    """Seconds after which the set fails."""
    poll_s: Seconds = 0.2
    """Seconds from one reading of the items of the condition to the next."""
    after_s: NotNegative = 0.0
    """Seconds for which the condition is not believed, for a device that is slow to say that it is busy."""
    queue: bool = False
    """Whether the next set of the item waits until this one is done; left out, it is sent at once, and takes
    the place of this one, which fails."""


class FastTable(Table):
    """Polls of another period while a condition holds."""

    when: str
    """A condition on items: `"state == 'moving'"`."""
    poll_s: Seconds
    """Seconds from read to read meanwhile."""


class AlarmsTable(Table):
    """Limits beyond which a value is good but worrying; clients see `alarm` and the severity."""

    minor: Limits | None = None
    """`[low, high]`; `-inf` or `inf` for no limit."""
    major: Limits | None = None
    """`[low, high]`, further out."""
    hysteresis: NotNegative = 0.0
    """How far back within its limit a value must be for the alarm to end."""


class SentinelTable(Table):
    """What stands in the place of a value, and what that means."""

    status: Status = "range"
    """`range`, `disabled` or `invalid`."""
    reason: str
    """In words."""


class ToldTable(ExchangeTable):
    """What clients are told of an item."""

    type: ItemType | None = None
    """`boolean`, `enumerated`, `mask`, `numeric`, `numeric array`, `string` or `bulk`."""
    description: str | None = None
    """A sentence."""
    units: Units | None = None
    """Text, or `{ "" = "rad", formatted = "h" }`."""
    format: str | None = None
    """As in printf: `"%.3f"`."""
    initial: Any = None
    """The value that the item starts with."""
    persist: bool | None = None
    """The value outlives the daemon."""
    gettable: bool | None = None
    """False: clients cannot read it."""
    settable: bool | None = None
    """False: clients cannot set it. An item of a device is settable when it has a `set`; one with a
    `register` when this is true."""
    enumerators: Enumerators | None = None
    """Words for numbers, `{ 0 = "off", 1 = "on" }`; of a mask, words for bits and for `none`."""
    range: Limits | None = None
    """`[lowest, highest]`; another value is refused before a byte is sent."""
    minimum: Number | None = None
    """The lowest value alone."""
    maximum: Number | None = None
    """The highest value alone."""
    clamp: bool | None = None
    """A value out of range becomes the nearest that is not, instead of being refused."""
    step: Above0 | None = None
    """Values lie so far apart, counted from the lowest or from 0; others are refused."""


class ExchangedTable(ToldTable):
    """Where a value of a text device comes from and goes to."""

    link: str | None = None
    """May be left out when there is one link."""
    get: str | list[StepTable] | None = None
    """The command that asks for the value, or the steps of that."""
    reply: str | None = None
    """The form of the answer; the value is the field without a name, `{:f}`."""
    from_: str | None = Field(default=None, alias="from")
    """`"query.field"`, or `"query"` for its field without a name, in the place of `get`."""
    set: str | list[StepTable] | None = None
    """The command that sets the value `{:…}`, or the steps of that; `{item.other}` is another item's
    value, read first."""
    set_reply: str | None = None
    """The form of the answer; left out where the device says nothing."""
    python: str | None = None
    """`"module:Class"`, beside the file: an Item subclass, or a pair of `parse(value)` and
    `format(value)`."""
    poll_s: Seconds | None = None
    """Seconds from read to read; left out, it is read once after each connect. What comes unasked is
    expected so often."""
    fast: FastTable | None = None
    """`{ when, poll_s }`: another period while a condition holds."""
    retries: Whole | None = None
    """How often a read is tried again after no or a broken reply."""
    repeatable: bool | None = None
    """The set may be sent again when its outcome is unknown: to carry it out twice is the same as once."""
    read_back: bool | None = None
    """A set is followed by a read; true where there is something to read."""
    done: DoneTable | None = None
    """`{ when, timeout_s }` or `{ send, reply, timeout_s }`: when the set is complete."""
    check: bool | None = None
    """The link's `check_after_set` follows a set; true."""
    restore: Literal["never", "value", "write"] | None = None
    """Of a persistent item, at the start: the device knows (`never`), the last value is shown as stale, or
    it is written."""


class ItemTable(ExchangedTable):
    """One item."""

    scale: Finite | None = None
    """value = the device's number × `scale` + `offset`, and back, to the nearest where the command has a
    whole number."""
    offset: Finite | None = None
    """See `scale`."""
    table: list[Point] | None = None
    """`[[of the device, of the item], …]`: straight lines between these points, both ways."""
    bit: Whole | None = None
    """One bit of the device's number, from 0, is the value."""
    deadband: Above0 | None = None
    """A change of less than this is not broadcast."""
    alarms: AlarmsTable | None = None
    """`{ minor = [low, high], major = [low, high], hysteresis }`."""
    sentinels: dict[str, str | SentinelTable] | None = None
    """What the device says in the place of a value: `{ "---" = "not fitted", "9.9E37" = "overload" }`."""
    good_when: dict[str, Accepted] | None = None
    """`{ field = value or [values] }` of the same reply, without which there is no value (`range`)."""
    disabled_when: dict[str, Accepted] | None = None
    """The same, with which the channel is switched off (`disabled`)."""

    register_: str | None = Field(default=None, alias="register")
    """`"holding 1"`, `"coil 0x0200"`, or as manuals print it, `"40002"`; the address is the one on the
    wire."""
    as_: str | None = Field(default=None, alias="as")
    """`int16`, `uint16`, `int32`, `uint32`, `int64`, `uint64`, `float32`, `float64`, `bcd16`, `bcd32`,
    `string`, `bool`."""
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] | None = None
    """Of bytes and words; `ABCD`, the high ones first."""
    count: Annotated[int, Field(ge=1)] | None = None
    """Values of an array."""
    length: Annotated[int, Field(ge=1)] | None = None
    """Characters of a string."""
    scale_register: str | None = None
    """Where the power of ten stands that the value is multiplied with."""
    write_register: str | None = None
    """Where the value is written, when that is elsewhere."""
    write_function: Literal[5, 6, 15, 16, 22] | None = None
    """The function that writes; the shortest that can when left out."""
    rewrite_s: Seconds | None = None
    """What was set last is written again so often, for a device that wants to hear that somebody is there."""
