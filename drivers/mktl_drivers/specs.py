"""The plain values that a device file comes to, made from a person's keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mktl.devicefile import (
    Alarms,
    Check,
    Command,
    Conversion,
    Done,
    Fast,
    Framing,
    Identity,
    ItemSpec,
    LinkSpec,
    Query,
    Sentinel,
    Template,
)
from mktl.errors import ItemValueError


def link_spec(
    name: str,
    settings: Mapping[str, Any],
    identity: tuple[str, str] | None,
    check_after_set: tuple[str, str, Any] | None,
    encoding: str,
    reply_end: bytes,
    **manners: Any,
) -> LinkSpec:
    """A link with its exchanges compiled; see :meth:`TextLink.from_settings`.

    Raises:
        TemplateError: An exchange is no template.
    """

    def compiled(source: str) -> Template:
        return Template.compile(source, encoding=encoding)

    check = None
    if check_after_set is not None:
        send, reply, good = check_after_set
        check = Check(compiled(send), compiled(reply), (good,))
    return LinkSpec(
        name=name,
        driver="",
        settings=settings,
        framing=Framing(reply_end),
        encoding=encoding,
        identity=None if identity is None else Identity(compiled(identity[0]), compiled(identity[1])),
        check_after_set=check,
        **manners,
    )


def item_spec(
    key: str,
    metadata: Mapping[str, Any],
    link: LinkSpec,
    *,
    get: str | None = None,
    reply: str | None = None,
    field: str = "",
    set: str | None = None,
    set_reply: str | None = None,
    check: bool = True,
    read_back: bool | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    poll_s: float | None = None,
    reply_timeout_s: float | None = None,
    good_when: Mapping[str, Any] | None = None,
    disabled_when: Mapping[str, Any] | None = None,
    sentinels: Mapping[str, Sentinel] | None = None,
    bit: int | None = None,
    alarms: Alarms | None = None,
    deadband: float = 0.0,
    done: Done | None = None,
    fast: Fast | None = None,
    restore: Literal["never", "value", "write"] | None = None,
) -> tuple[ItemSpec, Query | None]:
    """An item and its query; see :class:`TextItem`.

    Raises:
        TemplateError: An exchange is no template.
        ItemValueError: Keys that do not go together.
    """

    def compiled(source: str) -> Template:
        return Template.compile(source, encoding=link.encoding)

    if (get is None) != (reply is None):
        raise ItemValueError(f"{key}: get= and reply= go together: what to ask, and the form of the answer")
    if set is None and (set_reply is not None or get is None):
        raise ItemValueError(f"{key}: needs get= and reply=, or set=")
    query = None
    if get is not None and reply is not None:
        query = Query.of(f"item:{key}", link.name, compiled(get), compiled(reply), reply_timeout_s)
        if field not in query.names:
            raise ItemValueError(f"{key}: {reply!r} has no field {field!r}; it has {list(query.names)}")
    command = None
    if set is not None:
        answer = None if set_reply is None else compiled(set_reply)
        command = Command.of(compiled(set), answer, check=check, reply_timeout_s=reply_timeout_s)
    spec = ItemSpec(
        key,
        metadata,
        link=link.name,
        query=None if query is None else query.name,
        field=field,
        command=command,
        conversion=Conversion(scale, offset),
        poll_s=poll_s,
        read_back=query is not None if read_back is None else read_back,
        good_when=_accepted(good_when),
        disabled_when=_accepted(disabled_when),
        sentinels=sentinels or {},
        bit=bit,
        alarms=alarms,
        deadband=deadband,
        done=done,
        fast=fast,
        restore=restore,
    )
    return spec, query


def _accepted(conditions: Mapping[str, Any] | None) -> dict[str, tuple[Any, ...]]:
    """Each field with the tuple of its values; one value may stand for itself."""
    return {
        name: tuple(values) if isinstance(values, list | tuple | frozenset) else (values,)
        for name, values in (conditions or {}).items()
    }
