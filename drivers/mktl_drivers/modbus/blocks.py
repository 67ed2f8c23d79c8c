"""Reads of registers: one exchange, or few, that feed all items whose values lie together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mktl.devicefile import ItemSpec, Query
from mktl.errors import DeviceRefusedError

from ..reading import Source
from .image import Image
from .pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ExceptionReply, read
from .plan import Block, Read, Span

if TYPE_CHECKING:
    from .units import ModbusUnit

#: What a device has refused to be read is asked for again after this long: it may only have been starting.
REFUSED_S = 60.0


class BlockSource(Source):
    """What is read in one turn on the line, and the items that it feeds; each is a field by its key.

    Where the device refuses a block, its values are asked for in smaller ones, so that one that is not there
    does not take its neighbours with it.
    """

    link: ModbusUnit

    def __init__(self, unit: ModbusUnit, query: Query, read: Read, specs: Mapping[str, ItemSpec]) -> None:
        super().__init__(unit, query)
        self._planned = read.blocks
        self._specs = specs
        self._blocks: list[Block] = list(read.blocks)
        #: What the device refuses, with its words.
        self._refused: dict[Span, str] = {}
        self._refused_s = 0.0

    def go_on_with(self, read: Read, specs: Mapping[str, ItemSpec]) -> bool:
        """Read the same registers for the items that there are now; False where they mean something else."""
        if any(key in self._specs and self._specs[key] != specs[key] for key in read.keys):
            return False
        self._planned, self._specs = read.blocks, specs
        return True

    @property
    def span(self) -> Span:
        """The first of what is read."""
        return self._planned[0].span

    # -- by the link's thread

    def connected(self, now_s: float) -> None:
        """Read at once, as planned: it may be another device by now."""
        self._begin_anew()
        super().connected(now_s)

    def flag_silent(self, status: str, reason: str) -> None:
        """The unit does not answer: that is logged for all its items at once."""
        self.flag(status, reason)
        self._flagged_overdue = True

    def _begin_anew(self) -> None:
        self._blocks, self._refused = list(self._planned), {}

    def _exchange(self) -> Image:
        if self._refused and self.link.line.clock() - self._refused_s > REFUSED_S:
            self._begin_anew()
        image = Image(self._specs, self._refused)
        self._blocks = [part for block in self._blocks for part in self._read(block, image)]
        if image.is_empty:
            raise DeviceRefusedError(next(iter(self._refused.values())))
        return image

    def _read(self, block: Block, image: Image) -> list[Block]:
        """Read one block, or what can be read of it; the blocks in which that was done."""
        try:
            image.put(block.span, self.link.ask(read(block.span)))
        except ExceptionReply as error:
            if error.code not in (ILLEGAL_ADDRESS, ILLEGAL_VALUE):
                raise self.link.refusal(error) from None
            parts = block.split()
            if not parts:
                self._refused[block.span] = str(self.link.refusal(error))
                self._refused_s = self.link.line.clock()
            return [whole for part in parts for whole in self._read(part, image)]
        return [block]
