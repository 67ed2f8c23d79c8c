"""Questions that several queries ask: what one of them has heard the others must hear as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from mktl.devicefile import Query, Template
from mktl.errors import ItemTypeError, ItemValueError

from .framing import parsed
from .merging import merged

#: What is sent, and what was sent before it: an ENQ means what the mnemonic said.
_Question = tuple[Template | None, Template]

#: The values in the fields of a query's reply.
Known = Callable[[Query], Mapping[str, object]]


class Alike:
    """The steps of queries that send the same after the same, and read the answer in different ways."""

    def __init__(self, queries: Iterable[Query]) -> None:
        self._steps: dict[_Question, list[tuple[Query, Template]]] = {}
        for query in queries:
            for question, reply in _questions(query):
                self._steps.setdefault(question, []).append((query, reply))

    def told(self, query: Query, fields: Iterable[str], known: Known) -> Iterator[tuple[Query, str, object]]:
        """What other queries read in the answers that have these fields of *query*.

        Args:
            query: Whose values are the right ones.
            fields: The fields of its replies that have changed.
            known: The values of any query.

        Yields:
            A query, one of its fields, and the device's number for that.
        """
        changed = set(fields)
        for question, reply in _questions(query):
            others = [(other, form) for other, form in self._steps[question] if form != reply]
            said = _said(query, reply, others, known) if changed.intersection(reply.names) else None
            for other, form in others if said is not None else ():
                for name, value in (parsed(form, said or b"") or {}).items():
                    yield other, name, value


def _questions(query: Query) -> Iterator[tuple[_Question, Template]]:
    before = None
    for step in query.steps:
        if step.send is None:
            continue
        if step.reply is not None:
            yield (before, step.send), step.reply
        before = step.send


def _said(query: Query, reply: Template, others: list[tuple[Query, Template]], known: Known) -> bytes | None:
    """The answer, in which the others put what *query* skips; None where nobody knows that."""
    bodies = []
    for one, template in [(query, reply), *others]:
        try:
            bodies.append((template, template.format(known(one))))
        except (ItemTypeError, ItemValueError):
            continue
    if not bodies or bodies[0][0] != reply:
        return None
    said = merged(bodies)
    skips = any(field.name.startswith("_") for field in reply.fields)
    return None if skips and said == bodies[0][1] else said
