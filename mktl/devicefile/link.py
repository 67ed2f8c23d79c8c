"""From ``[links.NAME]`` to a :class:`~mktl.devicefile.device.LinkSpec`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from .device import LinkSpec
from .entry import Entry, read_entry
from .exchange import compiled_query, is_encoding, missing_field, never_equal
from .exchanges import Check, Framing, Identity
from .model import CheckTable, IdentityTable, LinkTable
from .problems import instead, quoted, shown
from .steps import Ground, check_sends, ending, framing, otherwise, step_list
from .template import VALUE
from .wording import keys_of, unknown_key

_SHARED_KEYS = keys_of(LinkTable)
_ENCODINGS = ("ascii", "latin-1", "utf-8", "cp1252", "cp437", "iso8859-15", "shift_jis", "gb2312")


def link_spec(
    entry: Entry[LinkTable],
    drivers: Mapping[str, type[BaseModel]] | None,
    items: Collection[str],
) -> LinkSpec | None:
    """The link, with its driver's settings validated where *drivers* are known.

    Args:
        entry: The table; takes what is wrong.
        drivers: The model of each driver's settings, or None to leave the settings as they are.
        items: Keys of all items, for ``{item.other}`` in the link's own exchanges.
    """
    _check_name_of_driver(entry, drivers)
    settings = _settings(entry, drivers)
    table = entry.table
    if table is None:
        return None
    if not is_encoding(table.encoding):
        advice = instead(table.encoding, _ENCODINGS, plural="usual ones")
        entry.report("encoding", message=f"{shown(table.encoding)} is no text encoding{advice}")
    if table.retry_max_s < table.retry_s and not entry.broken & {"retry_s", "retry_max_s"}:
        key = "retry_max_s" if entry.says("retry_max_s") else "retry_s"
        message = f"the longest pause, {table.retry_max_s:g} s, is less than the first, {table.retry_s:g} s"
        entry.report(key, message=message)
    ground = Ground(table.encoding, Framing(), items)
    whole = framing(entry, (), table.model_copy(update={"reply_end": table.reply_end}), ground)
    ground = Ground(table.encoding, whole or Framing(), items)
    init = step_list(entry, ("init",), table.init, ground) if table.init else ()
    check_sends(entry, ("init",), init, (), "at the start nothing has a value yet")
    return LinkSpec(
        name=entry.name,
        driver=table.driver,
        settings=settings,
        send_end=ending(entry, ("send_end",), table.send_end, table.encoding) or b"",
        framing=ground.framing,
        reply_timeout_s=table.reply_timeout_s,
        gap_timeout_s=table.gap_timeout_s,
        quiet_s=table.quiet_s,
        retry_s=table.retry_s,
        retry_max_s=table.retry_max_s,
        encoding=table.encoding,
        identity=_identity(entry, table.identity, table.encoding, items),
        check_after_set=_check(entry, table.check_after_set, table.encoding, items),
        on=table.on,
        echo=table.echo,
        init=init,
        otherwise=otherwise(entry, ("otherwise",), table.otherwise, ground),
        retries=table.retries,
    )


def _check_name_of_driver(entry: Entry[LinkTable], drivers: Mapping[str, type[BaseModel]] | None) -> None:
    name = entry.raw.content.get("driver")
    if drivers is not None and isinstance(name, str) and name not in drivers:
        entry.report("driver", message=f"no driver {shown(name)}{instead(name, drivers, plural='drivers')}")


def _settings(entry: Entry[LinkTable], drivers: Mapping[str, type[BaseModel]] | None) -> Mapping[str, Any]:
    """The driver's part of the table: what its model makes of it, or as it is written."""
    own = {key: value for key, value in entry.raw.content.items() if key not in _SHARED_KEYS}
    model = (drivers or {}).get(str(entry.raw.content.get("driver")))
    if model is None:
        return own
    if model.model_config.get("extra", "ignore") == "ignore":  # it would pass over a misspelt key
        own = {key: own[key] for key in own if _is_known(entry, key, model)}
    raw = replace(entry.raw, content=own)
    read = read_entry(model, raw, entry.problems, also_known=_SHARED_KEYS).table
    return own if read is None else read.model_dump()


def _is_known(entry: Entry[LinkTable], key: str, model: type[BaseModel]) -> bool:
    known = keys_of(model)
    if key not in known:
        entry.report(key, message=unknown_key(key, [*known, *_SHARED_KEYS]))
    return key in known


def _identity(
    entry: Entry[LinkTable], table: IdentityTable | None, encoding: str, items: Collection[str]
) -> Identity | None:
    if table is None:
        return None
    pair = compiled_query(entry, "identity", table=table, encoding=encoding, items=items)
    return None if pair is None else Identity(*pair)


def _check(
    entry: Entry[LinkTable], table: CheckTable | None, encoding: str, items: Collection[str]
) -> Check | None:
    if table is None:
        return None
    pair = compiled_query(entry, "check_after_set", table=table, encoding=encoding, items=items)
    if pair is None:
        return None
    send, reply = pair
    lacking = missing_field(reply.names, VALUE, whose="the reply")
    if lacking:
        entry.report("check_after_set", "reply", message=f'{lacking}; "good" is compared with it')
        return None
    never = never_equal(reply, VALUE, table.good)
    if never:
        entry.report("check_after_set", "good", message=never)
    if table.bits and never_equal(reply, VALUE, [1]):
        message = f"bits are looked for in a whole number; the reply needs {quoted(['{:d}'])}"
        entry.report("check_after_set", "bits", message=message)
    return Check(send, reply, table.good, table.bits)
