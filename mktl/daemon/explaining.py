"""What a daemon knows of its items and the exchanges behind them: plain values, for ``mark explain``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .. import poll
from ..devicefile.traffic import escaped
from ..errors import TemplateMismatchError

if TYPE_CHECKING:
    from ..devicefile import Step
    from ..item import Item
    from .listening import Exchange, Listener

log = logging.getLogger(__name__)

#: An end of a command is not longer than this.
_LONGEST_END = 4


def told(link: Any, listener: Listener, items: Iterable[Item]) -> dict[str, Any]:
    """What was said last on *link*: ``{"items": {key: query}, "queries": {…}, "sets": {…}, "last": …}``.

    Args:
        link: Of any driver; what it does not have is left out.
        listener: Its tap.
        items: Of the daemon; those of other links are passed over.
    """
    exchanges = list(listener.exchanges.values())
    found: dict[str, Any] = {"items": {}, "queries": {}, "sets": {}}
    for item in list(items):
        if getattr(item, "link", None) is not link:
            continue
        source = getattr(item, "source", None)
        if source is not None:
            name = source.query.name
            found["items"][item.key] = name
            if name not in found["queries"]:
                found["queries"][name] = _query(link, source, exchanges)
        command = getattr(getattr(item, "spec", None), "command", None)
        if command is not None and (said := said_of(command.steps, exchanges)):
            found["sets"][item.key] = {**said, "is_answered": command.is_answered}
    if exchanges:
        found["last"] = _shown(exchanges[-1:])
    return found


def _query(link: Any, source: Any, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    query = source.query
    spec = getattr(link, "spec", None)
    retries = query.retries if query.retries is not None else getattr(spec, "retries", 0)
    failures = getattr(source, "failures", 0)
    return {
        "said": said_of(query.steps, exchanges, is_failing=failures > 0),
        "unsolicited": query.unsolicited,
        "period_s": source.period_s,
        "next_s": poll.due_in_s(source.tick),
        "failures": failures,
        "retries": retries,
    }


def said_of(
    steps: Sequence[Step], exchanges: Sequence[Exchange], *, is_failing: bool = True
) -> dict[str, Any] | None:
    """The last exchanges that these steps may have sent, in their order; None when there was none."""
    own = [_last_of(step, exchanges, is_failing) for step in steps]
    known = [exchange for exchange in own if exchange is not None]
    return _shown(known) if known else None


def _last_of(step: Step, exchanges: Sequence[Exchange], is_failing: bool) -> Exchange | None:
    return next((one for one in reversed(exchanges) if _is_of(step, one, is_failing)), None)


def _is_of(step: Step, exchange: Exchange, is_failing: bool) -> bool:
    """Whether an exchange is that of *step*: by what it is the reply to, or else by what was sent.

    What got no reply may be another's who sends the same; it counts only where one is missed.
    """
    if exchange.step is not None or step.send is None or (step.reply is not None and not is_failing):
        return exchange.step is step
    return _is_sent_by(step, exchange.sent)


def _is_sent_by(step: Step, sent: bytes) -> bool:
    """Whether *sent* is the command of *step* with its end."""
    assert step.send is not None
    for size in range(min(_LONGEST_END, len(sent)) + 1):
        try:
            step.send.parse(sent[: len(sent) - size])
        except TemplateMismatchError:
            continue
        return True
    return False


def _shown(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    return {
        "sent": [escaped(one.sent) for one in exchanges],
        "came": [escaped(one.came) for one in exchanges],
        "time": exchanges[-1].time,
    }
