"""A set that takes its time: when is it done?"""

from __future__ import annotations

from typing import Any

from mktl.devicefile import Done
from mktl.errors import DeviceError, DeviceTimeoutError

from .conditions import Watched
from .roles import Written


def await_done(item: Written, done: Done) -> None:
    """Wait until the condition of *done* holds, reading its items meanwhile; never on the link's thread.

    Raises:
        DeviceError: It is done, but cannot be read.
        DeviceTimeoutError: It did not within its time; what was set is under way, or has failed.
        LinkDownError: The device is gone.
    """
    if done.when is None:
        return
    watched, link = Watched(done.when, item.store), item.link
    sources: set[Any] = {getattr(one, "source", None) for one in watched.items.values()} - {None}
    clock = link.line.clock
    begun_s = clock()
    link.closing.wait(done.after_s)
    while True:
        trouble = ""
        for source in sources:
            try:
                source.refresh()
            except DeviceError as error:
                trouble = f"; {error}"
        if not trouble and watched.judge().holds:
            _read_once_more(item, sources)
            return
        if clock() - begun_s >= done.timeout_s:
            raise DeviceTimeoutError(
                f"sent, but not done within {done.timeout_s:g} s: {watched.text}; {watched.told()}{trouble}"
            )
        if link.closing.is_set():
            raise DeviceTimeoutError(f"sent, but the link was closed before it was done: {watched.told()}")
        link.closing.wait(done.poll_s)


def _read_once_more(item: Written, fresh: set[Any]) -> None:
    """What the item holds in the end may not be what it held right after the command."""
    source = item.source
    if item.spec.read_back and source is not None and source not in fresh and not source.query.unsolicited:
        source.refresh()
