"""A device file run backwards: the devices on one line that it describes, without their physics.

Commands are parsed with the templates that a driver formats them with, and replies are formatted with those
that it parses. A set changes what the get returns; what the file does not name is no command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mktl.devicefile import Device
from mktl.errors import MktlError, UnknownItemError

from .cutting import Cut, Cutter
from .outbox import Outbox
from .unit import DerivedUnit
from .values import Values


class DerivedDevice:
    """What sits on the line of one link of a device file: its device, and those on it."""

    def __init__(self, device: Device, link: str) -> None:
        if link not in device.links:
            known = ", ".join(device.links) or "none"
            raise MktlError(f"{device.path}: no link '{link}'; there are: {known}")
        self._link = device.links[link]
        specs = [spec for spec in device.links.values() if link in (spec.name, spec.on)]
        #: By link. One that only lends its port to others is no device.
        self.units: Mapping[str, DerivedUnit] = {
            spec.name: DerivedUnit(device, spec)
            for spec in specs
            if len(specs) == 1 or spec.name != link or _is_used(device, link)
        }
        self._cutter = Cutter(phrase for unit in self.units.values() for phrase in unit.memory.phrases)
        self._delay_s = device.simulate.delay_s
        self._outbox = Outbox()
        self._half = bytearray()
        #: So many bytes of the present command have been said again.
        self._echoed = 0
        self._idle_s = 0.0

    @property
    def values(self) -> Values:
        """The items of the device, where there is one; else see :attr:`units`."""
        return next(iter(self.units.values())).values

    def of(self, key: str) -> Any:
        """The value of an item of any device on the line, as its clients have it."""
        return self._having(key).of(key)

    def put(self, key: str, value: Any) -> None:
        """Let an item of any device on the line have another value; see :meth:`.Values.put`."""
        self._having(key).put(key, value)

    def switch_off(self, link: str) -> None:
        """Make the device of this link deaf and mute; its time goes on."""
        self._unit(link).is_on = False

    def switch_on(self, link: str) -> None:
        """Bring it back, with what it had been set to."""
        self._unit(link).is_on = True

    def receive(self, data: bytes) -> bytes:
        """Answer each command that *data* completes."""
        self._idle_s = 0.0
        self._half += data
        while True:
            heard = bytes(self._half)
            cut = self._cutter.take(self._half)
            self._echo(heard, len(heard) - len(self._half), cut)
            if cut is None:
                return self._outbox.take()
            self._obey(cut)

    def advance(self, dt_s: float) -> None:
        """Let time pass; where no bytes end a command, half of one is forgotten after a silence."""
        self._idle_s += dt_s
        if self._cutter.needs_silence and self._idle_s > self._link.gap_timeout_s:
            self._forget_half()
        for unit in self.units.values():
            unit.advance(dt_s)
        self._outbox.advance(dt_s)

    def unasked(self) -> bytes:
        """Replies that took their time, and the lines that come by themselves."""
        said = b"".join(unit.unasked() for unit in self.units.values() if unit.is_on)
        return self._outbox.take() + said

    @property
    def due_in_s(self) -> float | None:
        """How long until there is something to say unasked; None while nothing is planned."""
        dues = [self._outbox.due_in_s, *(unit.due_in_s for unit in self.units.values() if unit.is_on)]
        return min((due_s for due_s in dues if due_s is not None), default=None)

    def hang_up(self) -> None:
        """Forget half a command, and what nobody is there to hear."""
        self._forget_half()
        self._outbox.clear()

    def resume(self, other: DerivedDevice) -> None:
        """Go on where *other* was in its talk: with what it has heard by half, and was about to say."""
        self._half, self._outbox = other._half, other._outbox

    # -- a command comes in

    def _obey(self, cut: Cut) -> None:
        units = [unit for unit in self.units.values() if unit.is_on]
        answers = [(unit, unit.hear(cut.command, cut.end)) for unit in units]
        if all(answer is None for _, answer in answers):
            unit = self._addressed(cut.command)
            if unit is not None:
                self._outbox.put(unit.misunderstand(), after_s=self._delay_s)
        for unit, answer in answers:
            if answer is not None:
                self._say(unit, *answer)

    def _say(self, unit: DerivedUnit, reply: bytes, keys: Sequence[str]) -> None:
        """Say *reply* as soon as the items of these keys are at rest."""

        def is_held() -> bool:
            return any(unit.motions.is_moving(key) for key in keys)

        self._outbox.put(reply, after_s=self._delay_s, is_held=is_held)

    def _addressed(self, command: bytes) -> DerivedUnit | None:
        """Whose a command is that nobody knows: of several devices that with commands that begin like it."""
        if len(self.units) == 1:
            return next((unit for unit in self.units.values() if unit.is_on), None)
        alike = {name: _likeness(unit, command) for name, unit in self.units.items()}
        most = max(alike.values(), default=0)
        nearest = [self.units[name] for name, length in alike.items() if length == most]
        return nearest[0] if most and len(nearest) == 1 and nearest[0].is_on else None

    def _echo(self, heard: bytes, used: int, cut: Cut | None) -> None:
        """Say again what was heard, as the line does: the command, or each byte as it comes."""
        if self._link.echo == "line" and cut is not None:
            self._outbox.put(cut.command + self._link.reply_end)
        elif self._link.echo == "bytes":
            until = len(heard) if cut is None else used
            self._outbox.put(heard[self._echoed : until])
            self._echoed = max(self._echoed, until) - used

    def _forget_half(self) -> None:
        self._half.clear()
        self._echoed = 0

    def _unit(self, link: str) -> DerivedUnit:
        try:
            return self.units[link]
        except KeyError:
            raise MktlError(f"no device '{link}' on this line, only {', '.join(self.units)}") from None

    def _having(self, key: str) -> Values:
        for unit in self.units.values():
            if unit.values.has(key):
                return unit.values
        known = ", ".join(key for unit in self.units.values() for key in unit.values.keys)
        raise UnknownItemError(f"no item '{key}' on this line, only {known}")


def _likeness(unit: DerivedUnit, command: bytes) -> int:
    """How many bytes of *command* are as a command of the device begins."""
    return max((phrase.likeness(command) for phrase in unit.memory.phrases), default=0)


def _is_used(device: Device, link: str) -> bool:
    """True when the file says anything of the device of this link."""
    spec = device.links[link]
    bound = {one.link for one in device.items.values()} | {one.link for one in device.queries.values()}
    return bool(spec.identity or spec.init) or link in bound
