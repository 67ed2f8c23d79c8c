"""A set of a register: from the item's value to the device's word on it; run by the link's thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mktl
from mktl.devicefile.words import bit_place, encode
from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    LinkDownError,
    MktlError,
    OutcomeUnknownError,
)

from ..jobs import Priority
from ..writing import unsent
from .image import exponent_of, scaled
from .pdu import TARGET_SILENT, ExceptionReply, Request, mask, read, write
from .plan import Span

if TYPE_CHECKING:
    from .item import RegisterItem

log = logging.getLogger("mktl.drivers.modbus")


class RegisterWriter:
    """Writes one item's registers, and again every ``rewrite_s`` where the device wants to hear from us.

    Args:
        item: What is set.
    """

    def __init__(self, item: RegisterItem) -> None:
        register = item.spec.register
        assert register is not None
        self._item = item
        self._unit = item.link
        self._register = register
        self._span = Span.at(register.write_place or register.place, register.width)
        #: What is written again and again, once somebody has set it.
        self._kept: Any = None
        self._rewrites: mktl.poll.Timer | None = None
        self._rewrite_failed = False

    def write(self, value: Any) -> None:
        """Send *value*, and publish what came of it.

        Raises:
            ItemValueError, ItemTypeError: The registers cannot hold it; nothing was sent.
            LinkDownError: Nothing was sent.
            DeviceRefusedError: The device said no.
            OutcomeUnknownError: The request left, and nothing tells whether it was carried out.
        """
        try:
            self._send(self._request(value))
        except OutcomeUnknownError:
            self._keep(value)
            raise
        self._keep(value)
        self._read_back(value)

    @property
    def item(self) -> RegisterItem:
        """What it writes for."""
        return self._item

    def go_on_for(self, other: RegisterWriter) -> None:
        """Write again what *other* did, if it was of the same item and register, for that item has gone."""
        here, there = self._item.spec, other.item.spec
        is_same = (here.key, here.register, here.conversion) == (there.key, there.register, there.conversion)
        if is_same and other._kept is not None and self._kept is None:
            self._keep(other._kept)

    def stop(self) -> None:
        """Write nothing again."""
        rewrites, self._rewrites = self._rewrites, None
        if rewrites is not None:
            rewrites.cancel()

    # -- one write

    def _request(self, value: Any) -> Request:
        """What to send; where other bits or the scale matter, they are read first."""
        register, raw = self._register, self._item.spec.conversion.to_device(value)
        try:
            if register.bit is not None:
                return self._bit_request(raw)
            if register.scale_place is not None:
                [word] = self._unit.ask(read(Span.at(register.scale_place)))
                raw = scaled(raw, -exponent_of(register.scale_place, word))
        except ExceptionReply as error:
            raise unsent(self._unit.refusal(error)) from None
        except DeviceError as error:
            raise unsent(error) from None
        return write(self._span, encode(register, raw), register.write_function)

    def _bit_request(self, raw: Any) -> Request:
        """One bit changes: by a function for that, or by the register as it is now with that bit changed."""
        register = self._register
        at, bit = bit_place(register)
        [on] = encode(type(register)(register.place, "bool"), raw)
        target = Span(self._span.table, self._span.address + at, 1)
        if register.write_function == 22:
            return mask(target.address, bit, bool(on))
        [word] = self._unit.ask(read(Span(register.place.table, register.place.address + at, 1)))
        changed = word | 1 << bit if on else word & ~(1 << bit)
        return write(target, [changed], register.write_function)

    def _send(self, request: Request) -> None:
        """Send it, and again after no answer where the file allows that."""
        unknown: OutcomeUnknownError | None = None
        for _ in range(1 + self._spare_attempts()):
            try:
                if unknown is not None:
                    self._unit.regain()
                self._send_once(request)
                return
            except OutcomeUnknownError as error:
                unknown = error
            except DeviceRefusedError:
                raise
            except DeviceError:
                if unknown is None:
                    raise
            if self._unit.line.lost is not None:
                break
        assert unknown is not None
        raise unknown

    def _spare_attempts(self) -> int:
        return max(1, self._unit.spec.retries) if self._register.repeatable else 0

    def _send_once(self, request: Request) -> None:
        try:
            self._unit.ask(request)
        except ExceptionReply as error:
            refusal = self._unit.refusal(error)
            if error.code == TARGET_SILENT:  # the gateway has passed it on, and heard nothing
                raise _unknown(request, refusal) from None
            raise unsent(refusal) if isinstance(refusal, LinkDownError) else refusal from None
        except DeviceError as error:
            raise _unknown(request, error) if self._unit.line.sent else unsent(error) from None

    def _read_back(self, value: Any) -> None:
        item = self._item
        if item.source is None or not item.spec.read_back:
            item.publish(value)
            return
        try:
            item.source.read()
        except DeviceError:  # the items say so by now, and the device has said that the set was carried out
            pass

    # -- again and again

    def _keep(self, value: Any) -> None:
        """From now on write *value* again, and only that."""
        period_s = self._register.rewrite_s
        if period_s is None:
            return
        self.stop()
        self._kept = value
        self._rewrites = mktl.poll.clock().every(period_s, self._tick, delay_s=period_s)

    def _tick(self) -> None:
        try:
            self._unit.jobs.submit(self._rewrite, Priority.SET, self)
        except LinkDownError:  # it begins again when the link is back
            pass

    def _rewrite(self) -> None:
        try:
            self._send(self._request(self._kept))
        except MktlError as error:
            if not self._rewrite_failed:
                log.warning("%s: cannot be written again: %s", self._item.full_key, error)
            self._rewrite_failed = True
            raise
        if self._rewrite_failed:
            log.info("%s: is written again", self._item.full_key)
        self._rewrite_failed = False


def _unknown(request: Request, error: DeviceError) -> OutcomeUnknownError:
    return OutcomeUnknownError(f"{request} was sent and may have been carried out: {error}")
