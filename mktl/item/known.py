"""What is known of an item, whoever serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .reading import Reading


class Known:
    """The part of :class:`mktl.Item` that tells and asks nobody."""

    config: Mapping[str, Any]

    _reading: Reading
    _subscribed: bool

    @property
    def description(self) -> Mapping[str, Any]:
        """Type, units, enumerators and so on, as the daemon tells of the item; the same as ``config``."""
        return self.config

    @property
    def reading(self) -> Reading:
        """Value, times and status as of one moment."""
        return self._reading

    @property
    def time(self) -> float | None:
        """UNIX seconds when the item assumed its value."""
        return self._reading.time

    @property
    def timestamp(self) -> float | None:
        """The same as :attr:`time`."""
        return self._reading.time

    @property
    def sampled(self) -> float | None:
        """UNIX seconds of the last good reading."""
        return self._reading.sampled

    @property
    def age(self) -> float | None:
        """Seconds since :attr:`sampled`, if any; at a client, an ``ok`` value's since it last changed."""
        return self._reading.age_s

    @property
    def status(self) -> str:
        """One word on how far the value can be trusted; ``ok`` when all is well."""
        return self._reading.status

    @property
    def severity(self) -> str:
        """``none``, ``minor``, ``major`` or ``invalid``."""
        return self._reading.severity

    @property
    def reason(self) -> str:
        """Why :attr:`status` is not ``ok``."""
        return self._reading.reason

    @property
    def subscribed(self) -> bool:
        """True when updates arrive by themselves."""
        return self._subscribed
