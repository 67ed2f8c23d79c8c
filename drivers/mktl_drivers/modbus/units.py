"""A unit: one device on a Modbus line, its items, and how it is asked."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import mktl
from mktl.devicefile import Device, ItemSpec, Query
from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    DeviceTimeoutError,
    LinkDownError,
)

from ..backoff import Backoff
from ..bound import BoundItem
from ..reading import Source
from ..unit import Unit
from ..wording import kept
from .blocks import BlockSource
from .item import RegisterItem
from .lines import ModbusLine
from .pdu import ACKNOWLEDGE, BUSY, EXCEPTIONS, NO_PATH, TARGET_SILENT, ExceptionReply, Request, read
from .planning import check_item, check_link, name_of, reads_of
from .settings import ModbusSettings

if TYPE_CHECKING:
    from .setting import RegisterWriter

log = logging.getLogger("mktl.drivers.modbus")

#: Who says "later" is asked again after this long, then after twice that.
LATER_S = 0.02
#: A device that has not answered so often in a row is silent.
SILENT_AFTER = 2
#: What a gateway says of a unit behind it.
_AWAY = (NO_PATH, TARGET_SILENT)


class ModbusUnit(Unit):
    """One device by its number; :meth:`describe` has to be called once."""

    line: ModbusLine
    is_text = False

    def describe(self, settings: ModbusSettings) -> None:
        """Take on what the device file says of the device.

        Raises:
            MktlError: It says what is for text devices.
        """
        check_link(self.spec)
        self.number = settings.unit
        self.writers: list[RegisterWriter] = []
        self._limits = settings
        self._queries: dict[str, Query] = {}
        #: What the reads are planned for; all its items are made of the same.
        self._planned_for: Device | None = None
        self._unanswered = 0
        self._silent_from_s = 0.0

    @property
    def is_alone(self) -> bool:
        """True when nobody else is on the line."""
        return False

    # -- items

    def bind(self, spec: ItemSpec, device: Device) -> tuple[type[mktl.Item], dict[str, Any]]:
        """The class and the arguments for ``add_item`` that make *spec* an item of this unit.

        Raises:
            MktlError: It cannot be read or written as the file wants it.
        """
        check_item(spec, self._limits)
        self._plan(device)
        query = self._queries.get(spec.key)
        return RegisterItem, {"link": self, "spec": replace(spec, field=spec.key), "query": query}

    def _plan(self, device: Device) -> None:
        """Plan the reads of *device*; those that there are already, and mean the same, stay."""
        if device is self._planned_for:
            return
        reads = reads_of(device, self.spec, self._limits)
        specs = {key: spec for key, spec in device.items.items() if spec.link == self.name and spec.register}
        self._planned_for, self._queries = device, {}
        for read_ in reads:
            query = Query(name_of(read_), self.name, ())
            source = self._sources.get(query)
            if not (isinstance(source, BlockSource) and source.go_on_with(read_, specs)):
                self._sources[query] = BlockSource(self, query, read_, specs)
            self._queries |= dict.fromkeys(read_.keys, query)

    def follow(self, device: Device) -> None:
        """The file has changed: what it reads now may be joined otherwise."""
        self._plan(device)
        for item in self.items:
            query = self._queries.get(item.spec.key)
            if query is not None and item.source is not self._sources[query]:
                self._starve(item)
                item.source = self._sources[query]
                self._feed(item, item.source)
                item.poll(item.spec.poll_s)
        super().follow(device)

    def detach(self, item: BoundItem) -> None:
        """Let *item* go; what was written again and again for it is so for the one in its place."""
        super().detach(item)
        for writer in [writer for writer in self.writers if writer.item is item]:
            self.writers.remove(writer)
            for heir in self.writers:
                heir.go_on_for(writer)
            writer.stop()

    def source(self, query: Query) -> Source:
        """The read of this name."""
        return self._sources[query]

    def end(self) -> None:
        """Ask and write nothing any more."""
        for writer in self.writers:
            writer.stop()
        super().end()

    # -- by the line's thread

    def ask(self, request: Request) -> list[int]:
        """What the unit answers; nothing for a write.

        Raises:
            ExceptionReply: It says no.
            DeviceError: No answer, or none that can be used.
        """
        begun_s = self.line.clock()
        try:
            words = self._ask_patiently(request, begun_s)
        except ExceptionReply as error:
            if error.code in _AWAY:
                self.line.counts.timeouts += 1
                self._no_answer(self.refusal(error), begun_s)
            else:
                self._answered()
            raise
        except (DeviceTimeoutError, DeviceReplyError) as error:
            self._no_answer(error, begun_s)
            raise
        self._answered()
        return words

    def _ask_patiently(self, request: Request, begun_s: float) -> list[int]:
        """Ask again, for as long as an answer may take, while the unit says that it comes later."""
        line, timeout_s = self.line, self.spec.reply_timeout_s
        pauses = None
        while True:
            try:
                return line.transact(self.number, request, timeout_s)
            except ExceptionReply as error:
                if error.code == ACKNOWLEDGE and request.writes:
                    return []  # it is at work on it: to send it again would have it done twice
                pauses = pauses or Backoff(LATER_S, timeout_s)
                pause_s = pauses.next_s()
                if error.code not in (ACKNOWLEDGE, BUSY) or line.clock() + pause_s > begun_s + timeout_s:
                    raise
            line.pause(pause_s)

    def refusal(self, error: ExceptionReply) -> DeviceError:
        """What an exception means, as the items and their clients hear of it."""
        code, text = error.code, EXCEPTIONS.get(error.code, "an exception of its own")
        said = f"{self.title}: unit {self.number} answers {error.request} with exception {code}, {text}"
        if code in _AWAY:
            return LinkDownError(said)
        if code in (ACKNOWLEDGE, BUSY) and not error.request.writes:
            return DeviceTimeoutError(f"{said}, for {self.spec.reply_timeout_s:g} s")
        return DeviceRefusedError(said)

    def _call_on(self) -> None:
        """Read anything; that it says no is as good an answer."""
        source = next((one for one in self.sources if isinstance(one, BlockSource)), None)
        if source is None:
            return
        try:
            self.ask(read(source.span))
        except ExceptionReply as error:
            if error.code in _AWAY:
                raise self.refusal(error) from None

    # -- silent, while nobody else is on the line; else it is left alone

    def _answered(self) -> None:
        unanswered, self._unanswered = self._unanswered, 0
        if unanswered < SILENT_AFTER or not self.is_alone:
            return
        silent_s = self.line.clock() - self._silent_from_s
        log.info("%s: answering again after %.1f s", self.title, silent_s)
        for source in self.sources:
            source.tick()

    def _no_answer(self, error: DeviceError, begun_s: float) -> None:
        """Note it; twice in a row, and all items say so."""
        self._unanswered += 1
        if self._unanswered == 1:
            self._silent_from_s = begun_s
        if self._unanswered != SILENT_AFTER or not self.is_alone:
            return
        for source in self.sources:
            if isinstance(source, BlockSource):
                source.flag_silent(error.status, str(error))
        log.warning("%s; %s", error, kept(len(self.items)))
