"""A bound item made in Python, with the words of the device file as arguments."""

from __future__ import annotations

from typing import Any

from mktl.devicefile import Command, Conversion, ItemSpec, Query, Template

from .bound import BoundItem
from .link import TextLink


class TextItem(BoundItem):
    """An item of a text device, for :meth:`mktl.Daemon.add_item`.

    Args:
        link: The line to the device, an instance of ``SerialLink`` or ``TcpLink``.
        get: The command that asks for the value.
        reply: The form of its answer, ``"{:f}"``.
        set: The command that sets the value, ``"SETP 1,{:.4f}"``.
        set_reply: The form of the answer to that, where there is one.
        poll_s: Seconds between two polls.
        scale: ``value = raw * scale + offset``.
        read_back: Whether a set is followed by a read; the value sent is published otherwise.
        check: Whether the link's check follows a set.

    Raises:
        TemplateError: A command or a reply that is no template.
    """

    def __init__(
        self,
        store: Any,
        key: str,
        *args: Any,
        link: TextLink,
        get: str | None = None,
        reply: str = "{:f}",
        set: str | None = None,
        set_reply: str | None = None,
        poll_s: float | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
        read_back: bool = True,
        check: bool = True,
        reply_timeout_s: float | None = None,
        **kwargs: Any,
    ) -> None:
        encoding = link.spec.encoding
        query = command = None
        if get is not None:
            send, form = (Template.compile(text, encoding=encoding) for text in (get, reply))
            query = Query(f"item:{key.lower()}", link.name, send, form, reply_timeout_s)
        if set is not None:
            answer = Template.compile(set_reply, encoding=encoding) if set_reply is not None else None
            command = Command(Template.compile(set, encoding=encoding), answer, check, reply_timeout_s)
        spec = ItemSpec(
            key.lower(),
            metadata={},
            link=link.name,
            query=query.name if query is not None else None,
            command=command,
            conversion=Conversion(scale, offset),
            poll_s=poll_s,
            read_back=read_back,
        )
        source = link.source(query) if query is not None else None
        super().__init__(store, key, *args, link=link, spec=spec, source=source, **kwargs)
