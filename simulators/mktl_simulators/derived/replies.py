"""From the values of a reply to its bytes, in the form that has a place for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mktl.devicefile import Framing, LinkSpec, Otherwise, Step, Template
from mktl.devicefile.template import VALUE, Field
from mktl.errors import ItemTypeError, ItemValueError

from .framing import anything, whole
from .merging import merged

#: What a text says that nobody knows better; see :func:`plausible`.
_TEXTS = {"serial": "SIM0001", "firmware": "1.0", "version": "1.0", "revision": "1.0"}


def plausible(field: Field) -> object:
    """A value for a field of which nothing is known but its form."""
    if field.kind == "word":
        return field.values[0]
    if field.kind in ("text", "any") and field.spec[:1] not in ("/", "["):
        return next((text for name, text in _TEXTS.items() if name in field.name.lower()), "sim")
    return field.plain


def fields_of(template: Template) -> dict[str, Field]:
    """The fields that carry a value, by name."""
    return {field.name: field for field in template.fields if field.name in template.names}


def filled(template: Template, known: Mapping[str, object]) -> dict[str, object]:
    """A value for each field: what is *known*, or something plausible."""
    return {name: known.get(name, plausible(field)) for name, field in fields_of(template).items()}


def can_write(template: Template, values: Mapping[str, object]) -> bool:
    """True when the template has a place for these values."""
    try:
        template.format(values)
    except (ItemTypeError, ItemValueError):
        return False
    return True


class Writer:
    """Writes the replies of one link.

    Args:
        link: Whose framing and other forms hold where a step has none of its own.
    """

    def __init__(self, link: LinkSpec) -> None:
        self._link = link

    def reply(self, step: Step, values: Mapping[str, object]) -> bytes:
        """The whole reply to *step*; where a value is None, the form that says that there is none.

        Raises:
            ItemValueError, ItemTypeError: No form of the reply has a place for these values.
        """
        assert step.reply is not None
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return self._whole(step.reply, given, step)
        except (ItemTypeError, ItemValueError):
            for other in (*step.otherwise, *self._link.otherwise):
                known = _values_in(other, given, is_absent=len(given) < len(values))
                if known is not None:
                    return self._whole(other.reply, known, step)
            raise

    def together(self, said: Sequence[tuple[Step, Mapping[str, object]]]) -> bytes:
        """One reply for several exchanges that sent the same; what one of them skips another may know."""
        step, values = said[0]
        try:
            bodies = [(one.reply, one.reply.format(known)) for one, known in said if one.reply is not None]
        except (ItemTypeError, ItemValueError):
            return self.reply(step, values)
        if len({template for template, _ in bodies}) == 1:
            return self.reply(step, values)
        template, _ = bodies[0]
        return whole(template, values, merged(bodies), self.framing(step))

    def form(self, template: Template, values: Mapping[str, object], step: Step) -> bytes:
        """The whole reply to *step* in another form than its own, such as an error."""
        return self._whole(template, values, step)

    def line(self, text: bytes, step: Step) -> bytes:
        """Something that nobody reads, as long as a reply to *step* has to be."""
        return anything(text, self.framing(step))

    def framing(self, step: Step) -> Framing:
        """How the replies to *step* end."""
        return self._link.framing if step.framing is None else step.framing

    def _whole(self, template: Template, values: Mapping[str, object], step: Step) -> bytes:
        return whole(template, values, template.format(values), self.framing(step))


def _values_in(other: Otherwise, given: Mapping[str, object], *, is_absent: bool) -> dict[str, Any] | None:
    """The values with which the other form says the same; None when it says something else."""
    if is_absent:
        return filled(other.reply, given) if other.status is not None else None
    if not other.gives_fields:
        return None
    if other.value is not None:
        return filled(other.reply, given) if other.value == given.get(VALUE) else None
    return dict(given)
