"""The steps of an exchange with all that their link says of them: what to send, when a reply is whole, what
it means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mktl.devicefile import LinkSpec, Otherwise, Sentinel, Step, Template
from mktl.devicefile.template import VALUE, fill
from mktl.errors import DeviceRefusedError, TemplateMismatchError

from .framing import BlockCut, Cut, LengthCut, SilenceCut, TailCut, cut_of
from .wording import quoted


@dataclass(frozen=True, slots=True)
class Turn:
    """One step, ready to be carried out."""

    step: Step
    send_end: bytes
    cut: Cut
    timeout_s: float
    others: tuple[Otherwise, ...]

    @property
    def is_usual(self) -> bool:
        """True when nothing about it differs from what the link does without being told."""
        return self.step.framing is None and self.step.send_end is None and self.step.reply_timeout_s is None

    def understand(self, got: bytes, sent: bytes | None) -> Mapping[str, Any]:
        """What the reply says: its fields, or for each field that it lacks why there is no value.

        Raises:
            TemplateMismatchError: It has none of the forms that it may have.
            DeviceRefusedError: It has the form of an error, in the device's words.
        """
        reply = self.step.reply
        assert reply is not None
        try:
            return reply.parse(got)
        except TemplateMismatchError:
            for other in self.others:
                fields = _parsed(other.reply, got)
                if fields is not None:
                    return self._meant(other, fields, sent)
            raise

    def _meant(self, other: Otherwise, fields: Mapping[str, Any], sent: bytes | None) -> Mapping[str, Any]:
        if other.error is not None:
            what = f"refused {quoted(sent)}: " if sent is not None else ""
            raise DeviceRefusedError(f"{what}{fill(other.error, fields)}")
        if other.status is not None:
            assert self.step.reply is not None
            none = Sentinel(fill(other.reason, fields) or f"'{other.reply.source}'", other.status)
            return {**dict.fromkeys(self.step.reply.names, none), **fields}
        return {**fields, VALUE: other.value} if other.value is not None else fields


def turns_of(steps: Sequence[Step], spec: LinkSpec) -> tuple[Turn, ...]:
    """*steps* on the link of *spec*."""
    return tuple(
        Turn(
            step,
            spec.send_end if step.send_end is None else step.send_end,
            _cut(step, spec),
            spec.reply_timeout_s if step.reply_timeout_s is None else step.reply_timeout_s,
            (*step.otherwise, *spec.otherwise),
        )
        for step in steps
    )


def frames_of(steps: Sequence[Step], values: Mapping[str, object]) -> tuple[bytes | None, ...]:
    """What each step sends, without its end.

    Raises:
        ItemValueError, ItemTypeError: A value is missing, or cannot be written so.
    """
    return tuple(None if step.send is None else step.send.format(values) for step in steps)


def _cut(step: Step, spec: LinkSpec) -> Cut:
    framing = spec.framing if step.framing is None else step.framing
    cut = cut_of(framing)
    if step.reply is None:
        return cut
    if step.reply.block is not None and framing.length is None:
        return BlockCut(step.reply.block, framing.end)
    if isinstance(cut, SilenceCut):
        forms = (step.reply, *(other.reply for other in (*step.otherwise, *spec.otherwise)))
        return _by_form(forms) or cut
    return cut


def _by_form(forms: Sequence[Template]) -> Cut | None:
    """What ends a reply of one of *forms*, so that nobody need wait for silence; None when nothing does."""
    lengths = {form.fixed_length for form in forms}
    length = lengths.pop()
    if not lengths and length:
        return LengthCut(length)
    tails = {form.tail for form in forms}
    tail = tails.pop()
    return TailCut(tail) if tail and not tails else None


def _parsed(template: Template, raw: bytes) -> Mapping[str, Any] | None:
    try:
        return template.parse(raw)
    except TemplateMismatchError:
        return None
