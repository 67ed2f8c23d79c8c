"""Items whose value is a device's: ``req_refresh`` asks it, ``req_set`` commands it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import mktl
from mktl.devicefile import ItemSpec
from mktl.errors import ItemTypeError, MktlError, NotSettableError

from .jobs import Priority
from .source import Source, meets
from .wording import named

if TYPE_CHECKING:
    from .link import TextLink

_WHOLE = frozenset({"boolean", "enumerated", "mask"})


class BoundItem(mktl.Item):
    """An item of a device file.

    Args:
        link: The line to the device.
        spec: What the file says of the item.
        source: The query that carries its value; None for one that can only be set.
    """

    publish_on_set = False  # it is read back, or published, where the command is carried out

    def __init__(
        self, *args: Any, link: TextLink, spec: ItemSpec, source: Source | None = None, **kwargs: Any
    ) -> None:
        self.link = link
        self.spec = spec
        self.source = source
        super().__init__(*args, **kwargs)
        link.items.append(self)
        if source is not None:
            source.items.append(self)
        if spec.poll_s:
            self.poll(spec.poll_s)

    # -- from the device

    def poll(self, period: float | None) -> None:
        """Have the device asked every *period* seconds, together with whatever shares the query."""
        if self.source is not None:
            self.source.poll(self, period)
        elif period:
            raise MktlError(f"{self.full_key} has nothing to poll: it can only be set")

    def req_refresh(self) -> dict[str, Any] | None:
        """Ask the device, unless it is being asked already.

        Raises:
            DeviceError: The device cannot be reached or does not answer as it should.
        """
        if self.source is None:
            return None
        try:
            self.source.refresh()
        except MktlError as error:
            raise named(error, self.full_key) from error
        known = self.reading
        return {
            "value": known.value,
            "time": known.time,
            "status": known.status,
            "severity": known.severity,
            "reason": known.reason,
        }

    def take(self, reply: Mapping[str, Any], now: float) -> None:
        """A reply has come: publish this item's part of it, if it is worth something."""
        assert self.source is not None
        spec = self.spec
        if spec.disabled_when and meets(reply, spec.disabled_when) is None:
            field = next(iter(spec.disabled_when))
            self.flag("disabled", self.source.in_words(field, reply[field]), "none")
            return
        bad = meets(reply, spec.good_when)
        if bad is not None:
            self.flag("range", self.source.in_words(bad, reply.get(bad)))
            return
        if spec.field in reply:
            self.publish(self.from_device(reply[spec.field]), now)

    def from_device(self, raw: Any) -> Any:
        """The item's value of what stands in the reply."""
        value = self.spec.conversion.to_item(raw)
        if self.config.get("type") in _WHOLE and isinstance(value, float):
            return round(value)
        return value

    def restore(self, reading: Any) -> None:
        """A stored value says nothing of the device: it is asked instead."""

    # -- to the device

    def req_set(self, request: Any) -> None:
        """Command the device, and return when it is known what it made of that.

        Raises:
            ItemTypeError, ItemValueError: The value cannot be written as the command; nothing was sent.
            LinkDownError: The link is down; nothing was sent.
            DeviceRefusedError: The device said no.
            OutcomeUnknownError: It may have been carried out.
        """
        value = request.payload.value
        if self.spec.command is None:
            raise NotSettableError(f"{self.full_key} is read only")
        if value is None:
            raise ItemTypeError(f"{self.full_key} cannot be set to nothing; nothing was sent")
        try:
            self.link.jobs.submit(partial(self.link.set, self, value), Priority.SET).result()
        except MktlError as error:
            raise named(error, self.full_key) from error
