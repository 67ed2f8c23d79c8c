"""The device file as it is written: one pydantic model per kind of table.

What a single key may hold is checked here; whether keys and tables fit together is checked where they are
resolved. ``DeviceFile.model_json_schema()`` is the schema for editors, and with the docstrings of the keys
the source of ``docs/reference/device-file.md``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from .keys import Above0, Accepted, Answer, Bits, NotNegative, Seconds, Whole
from .model_item import AlarmsTable, DoneTable, FastTable, ItemTable, SentinelTable
from .model_table import CountedTable, ExchangeTable, OtherwiseTable, ReplyTable, StepTable, Table

__all__ = [
    "AlarmsTable",
    "CheckTable",
    "CountedTable",
    "DeviceFile",
    "DoneTable",
    "EachTable",
    "ExchangeTable",
    "FastTable",
    "IdentityTable",
    "IncludeTable",
    "ItemTable",
    "LinkTable",
    "MotionTable",
    "OtherwiseTable",
    "ParameterTable",
    "QueryTable",
    "ReplyTable",
    "SentinelTable",
    "SimulateTable",
    "StepTable",
    "Table",
]


class IdentityTable(Table):
    """A question that tells this device from others."""

    send: str
    """The question."""
    reply: str
    """The form of the right answer; another device is refused, and both texts are shown."""


class CheckTable(Table):
    """A question that tells whether the set before it was accepted; asked until all is well, or 25 times."""

    send: str
    """The question: `'*ESR?'`, `'SYST:ERR?'`."""
    reply: str
    """The form of the answer; the field without a name is compared with `good`, text fields are the words."""
    good: Accepted = (0,)
    """What it is when all is well; a value or a list of values."""
    bits: Bits = {}
    """Words for its bits: `{ 5 = "unknown command" }`."""


class LinkTable(ReplyTable):
    """One device on a line. Keys that are not listed here belong to the driver."""

    model_config = ConfigDict(extra="allow")

    driver: str
    """`serial`, `tcp`, `udp`, `visa`, `modbus`, or one that is installed."""
    on: str | None = None
    """The link whose line this device is on as well; what is not said here is as there, but `identity`,
    `init` and `check_after_set`."""
    send_end: str = r"\n"
    """The bytes after each command; `''` for none."""
    reply_end: str = r"\n"
    """The bytes after each line of a reply; `''`: silence ends it, or the length that its form fixes."""
    reply_timeout_s: Seconds = 1.0
    """Seconds to the first byte of a reply."""
    gap_timeout_s: Seconds = 0.2
    """Seconds between bytes of a reply."""
    quiet_s: NotNegative = 0.0
    """The least silence between two exchanges."""
    retry_s: Seconds = 0.5
    """The pause before connecting again …"""
    retry_max_s: Seconds = 10.0
    """… and to what it grows."""
    retries: Whole = 0
    """How often a read is tried again after no or a broken reply."""
    echo: Literal["none", "line", "bytes"] = "none"
    """What the line says again of a command: nothing, a line, or every byte."""
    encoding: str = "ascii"
    """Of text."""
    identity: IdentityTable | None = None
    """`{ send, reply }`, asked on each connect."""
    init: list[StepTable] = []
    """Steps after each connect, before anything is read: `[{ send = 'SYST:REM' }]`."""
    otherwise: list[OtherwiseTable] = []
    """Other forms that any reply may have: `[{ reply = 'E,{code:d}', error = "error {code}" }]`."""
    check_after_set: CheckTable | None = None
    """`{ send, reply, good, bits }`, asked after each set."""


class QueryTable(ExchangeTable):
    """One exchange whose reply feeds several items, asked as often as the most impatient of them wants."""

    link: str | None = None
    """May be left out when there is one link."""
    send: str | None = None
    """The command."""
    reply: str | None = None
    """The form of the answer."""
    steps: list[StepTable] | None = None
    """Several commands and replies, in the place of `send` and `reply`."""
    unsolicited: str | None = None
    """A line that comes unasked, in the place of both; also between a command and its reply."""
    retries: Whole | None = None
    """As on the link."""


class EachTable(Table):
    """Tables to write once and have for each of *values*."""

    values: list[str] | list[int] | list[dict[str, str | int | float]]
    """`["A", "B"]`, each for `{NAME}`; or `[{ input = "A", number = 1 }, …]`, each key a parameter."""
    links: dict[str, LinkTable] = {}
    """Links."""
    items: dict[str, ItemTable] = {}
    """Items."""
    queries: dict[str, QueryTable] = {}
    """Queries."""


class ParameterTable(Table):
    """What differs from one installation to the next. `-p NAME=VALUE` wins over the variable, it over the
    default.
    """

    default: Answer | None = None
    """The value; `NAME = value` says the same."""
    environment: str | None = None
    """A variable of the environment that has it."""


class IncludeTable(Table):
    """A file whose tables stand as if they were written here."""

    file: str
    """From the directory of this file."""
    with_: dict[str, Answer] = Field(default={}, alias="with")
    """Values for its parameters; a file may be included several times with different ones."""


class MotionTable(Table):
    """How a simulated value moves by itself, in the item's unit."""

    noise: NotNegative = 0.0
    """Standard deviation of what is added to each reading."""
    follow: str | None = None
    """The item that it goes after; words that follow a number say whether that moves …"""
    rate_per_s: Above0 | None = None
    """… at most so fast …"""
    tau_s: Seconds | None = None
    """… or with this time constant."""
    drift_per_s: NotNegative = 0.0
    """Without `follow`: its change in a second, from end to end of its range and back."""


class SimulateTable(Table):
    """The simulator made from the file."""

    model: str | None = None
    """`"package.module:Class"`, a simulated device of its own."""
    initial: dict[str, Any] = {}
    """`{ key = value }`, what items start with."""
    items: dict[str, MotionTable] = {}
    """`[simulate.items.KEY]`: how values move."""
    delay_s: NotNegative = 0.0
    """Seconds that the device thinks before each reply."""
    seed: int = 0
    """Of the noise."""


class DeviceFile(Table):
    """The whole file; for the schema only, since the reader takes it table by table."""

    include: list[str | IncludeTable] | str = []
    """Other files, whose tables stand as if they were written here."""
    parameters: dict[str, Answer | ParameterTable] = {}
    """What differs from one installation to the next."""
    links: dict[str, LinkTable] = {}
    """Devices and the lines that they are on."""
    queries: dict[str, QueryTable] = {}
    """Exchanges that feed several items."""
    items: dict[str, ItemTable] = {}
    """What clients see."""
    each: dict[str, EachTable] = {}
    """Tables that are written once and made for each of several values."""
    simulate: SimulateTable = SimulateTable()
    """The simulator made from this file."""
