"""Writes docs/reference/device-file.md from the models of the device file and of the drivers' settings.

Run it after a change of a key: ``python docs/generate/device_file.py``; a test tells when that was forgotten.
"""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mktl.devicefile import model

PAGE = Path(__file__).resolve().parents[1] / "reference" / "device-file.md"
HEAD = Path(__file__).with_name("device_file_head.txt")

#: The heading of each table, in the order of the page.
SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[parameters]", model.ParameterTable),
    ("include", model.IncludeTable),
    ("[links.NAME]", model.LinkTable),
    ("identity", model.IdentityTable),
    ("check_after_set", model.CheckTable),
    ("[queries.NAME]", model.QueryTable),
    ("steps", model.StepTable),
    ("otherwise", model.OtherwiseTable),
    ("reply_length", model.CountedTable),
    ("[items.KEY]", model.ItemTable),
    ("done", model.DoneTable),
    ("fast", model.FastTable),
    ("alarms", model.AlarmsTable),
    ("sentinels", model.SentinelTable),
    ("[each.NAME]", model.EachTable),
    ("[simulate]", model.SimulateTable),
    ("[simulate.items.KEY]", model.MotionTable),
)
DRIVERS = ("serial", "tcp", "udp", "visa", "modbus")


def page() -> str:
    """The whole page."""
    parts = [HEAD.read_text("utf-8").rstrip()]
    parts += [section(title, table) for title, table in SECTIONS]
    parts.append("## Keys of the drivers\n\nThey stand in `[links.NAME]` beside the others.")
    settings = {entry.name: entry for entry in entry_points(group="mktl.drivers")}
    parts += [section(f'driver = "{name}"', settings[name].load().Settings, level=3) for name in DRIVERS]
    return "\n\n".join(parts) + "\n"


def section(title: str, table: type[BaseModel], level: int = 2) -> str:
    """One table of the file: its heading, what it is, and its keys."""
    level = level if title.startswith("[") or title == "include" or level > 2 else 3
    heading = title if title.startswith("[") or level > 3 or " " in title else f"`{title}`"
    lines = [f"{'#' * level} {heading}", "", " ".join((table.__doc__ or "").split()), ""]
    lines += ["| key | default | meaning |", "|---|---|---|"]
    manners = model.ExchangeTable.model_fields
    fields = table.model_fields.items()
    lines += [row(name, field) for name, field in sorted(fields, key=lambda pair: pair[0] in manners)]
    return "\n".join(lines)


def row(name: str, field: FieldInfo) -> str:
    """One key."""
    meaning = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| `{field.alias or name}` | {default(field)} | {meaning} |"


def default(field: FieldInfo) -> str:
    """What holds when the key is left out; empty when nothing does."""
    value: Any = field.default
    if value is PydanticUndefined:
        return "needed"
    if value is None or value in ({}, []) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, str) and "\\" in value:
        return f"`'{value}'`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
