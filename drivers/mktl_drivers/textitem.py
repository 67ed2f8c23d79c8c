"""An item of a text device, for who writes Python and no device file."""

from __future__ import annotations

import inspect
from typing import Any

from .bound import BoundItem
from .link import TextLink
from .specs import item_spec

#: The keywords of :func:`item_spec`.
_KEYS = frozenset(inspect.signature(item_spec).parameters) - {"key", "metadata", "link"}


class TextItem(BoundItem):
    r"""Read by one command of a text device, set by another; the keywords are those of a device file.

    In the ``setup()`` of a daemon::

        line = mktl_drivers.SerialLink.from_settings("ls336", port="/dev/ttyUSB0", reply_end=b"\r\n")
        self.add_item(mktl_drivers.TextItem, "temp", link=line, get="KRDG? A", reply="{:f}", poll_s=1.0)
        self.add_item(
            mktl_drivers.TextItem, "setpoint", link=line, get="SETP? 1", reply="{:f}", set="SETP 1,{:.4f}"
        )

    and ``line.open()`` in ``setup_final()``, ``line.close()`` in ``cleanup()``.

    Args:
        link: The line, opened or not.
        get: What to send to read the value, a template without values.
        reply: The form of the answer.
        field: Which field of it is the value; the one without a name by default.
        set: What to send to set the value: ``{:...}`` is the value, ``{item.other:...}`` another item's.
        set_reply: The form of the answer to that; left out where the device answers nothing.
        check: Whether the link's ``check_after_set`` follows.
        read_back: Whether a set is followed by a read; by default when there is a ``get``.
        scale: The item's value is the device's number times this …
        offset: … plus this.
        poll_s: Seconds from read to read.
        sentinels: What the device says in the place of a value → what that means.
        bit: The bit of the device's number that is the value.
        alarms: Limits beyond which a value is worrying.
        deadband: A change of less than this is not broadcast.
        done: When a set is complete.
        fast: A shorter period while a condition holds.
        restore: Whether the value of the last run is shown, or written to the device, at the start.
        reply_timeout_s: To the first byte of an answer; the link's when left out.
        good_when: ``{field: value or values}`` of the same reply that make the value one at all.
        disabled_when: The same, for a channel that is switched off.

    Raises:
        TemplateError: A command or a reply is no template.
        ItemValueError: Keywords that do not go together.
    """

    def __init__(self, *args: Any, link: TextLink, **kwargs: Any) -> None:
        store, key = args[:2] if len(args) > 1 else (kwargs.get("store") or args[0], kwargs["key"])
        keys = {name: kwargs.pop(name) for name in _KEYS & kwargs.keys()}
        spec, query = item_spec(key, store.describe(key), link.spec, **keys)
        super().__init__(*args, link=link, spec=spec, query=query, **kwargs)
