"""``mark torture``: a device file against its simulator, through every kind of fault."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import click

from ..daemon.torture import Outcome, Torture, rack
from ..daemon.watched import Trouble
from ..errors import DeviceFileError, MktlError
from .endings import FAILED, OK, USAGE
from .filework import read_device, say_problems
from .reach import print_json
from .texts import counted, json_safe, printable

WIDTH = 100
_INDENT = 12
#: Keys of items before the rest is only counted.
_LISTED = 4
_HEAD = f"{'fault':<10}{'spoiled':>9}  {'in trouble':<36}  {'wrong':<9}  {'back':>5}  slowest"


def run(
    file: str,
    parameters: Mapping[str, str],
    *,
    faults: Sequence[str] = (),
    seconds: float = 4.0,
    seed: int = 0,
    as_json: bool = False,
) -> int:
    """Put *file* through *faults*, or all there are; the exit code."""
    device = read_device(file, parameters)
    if device is None:
        return USAGE
    try:
        with rack(file, parameters, seconds=seconds, seed=seed) as torture:
            wanted = _known(torture, faults)
            report = _Report(torture, as_json=as_json)
            report.begin(file, unread := torture.learn())
            outcomes = [report.tell(torture.suffer(fault)) for fault in wanted]
            report.end()
    except DeviceFileError as error:
        say_problems(file, error)
        return USAGE
    except MktlError as error:
        click.echo(f"mark: {file}: {error}", err=True)
        return USAGE
    return OK if not unread and all(outcome.is_fine for outcome in outcomes) else FAILED


def _known(torture: Torture, faults: Sequence[str]) -> Sequence[str]:
    """The faults that are meant.

    Raises:
        UsageError: A word that is none.
    """
    known = torture.troubles
    unknown = [fault for fault in faults if fault not in known]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is no fault; there are {', '.join(known)}")
    return faults or known


class _Report:
    """Says what came of each fault as soon as that is known, or all of it as JSON at the end."""

    def __init__(self, torture: Torture, *, as_json: bool) -> None:
        self._torture, self._as_json = torture, as_json
        self._told: list[Outcome] = []

    def begin(self, file: str, unread: Sequence[str]) -> None:
        """What there is to be seen."""
        for key in unread:
            click.echo(f"mark: {key} cannot be read even while all is well", err=True)
        if self._as_json:
            return
        click.echo(f"{printable(file)}: {counted(len(self._torture.watched), 'item')}")
        click.echo(_HEAD)

    def tell(self, outcome: Outcome) -> Outcome:
        """One more."""
        self._told.append(outcome)
        if not self._as_json:
            for line in lines(outcome, len(self._torture.watched)):
                click.echo(line)
        return outcome

    def end(self) -> None:
        """The verdict."""
        if self._as_json:
            print_json([json_safe(asdict(outcome)) for outcome in self._told])
            return
        bad = [outcome.fault for outcome in self._told if not outcome.is_fine]
        if bad:
            click.echo(f"not well after all: {', '.join(bad)}")
        else:
            click.echo("all recovered; no item took another's reply")


def lines(outcome: Outcome, count: int) -> Iterator[str]:
    """One row, and below it what the items said, folded to :data:`WIDTH` columns.

    Args:
        outcome: Of one fault.
        count: How many items there are.
    """
    yield _row(outcome, count).rstrip()
    for status, reason, keys in _grouped(outcome.troubles):
        yield from _folded(f"{status}: {_listed(keys)}: {reason}")
    what = "a byte of which was changed" if outcome.is_altered else "not what the device said to it"
    for reply, keys in _fed(outcome.wrong).items():
        yield from _folded(f"wrong: {_listed(keys)} took '{reply}', {what}")
    for key, trouble in outcome.lost.items():
        yield from _folded(f"not back: {key} is {trouble.status}: {trouble.reason}")


def _row(outcome: Outcome, count: int) -> str:
    statuses = sorted({trouble.status for trouble in outcome.troubles.values()})
    troubled = f"{len(outcome.troubles)} of {count} {', '.join(statuses)}" if statuses else "none"
    wrong = f"{len(outcome.wrong)}{' altered' if outcome.is_altered and outcome.wrong else ''}"
    back = f"{len(outcome.recovered_s)}" if outcome.troubles else "-"
    spoiled = f"{outcome.spoiled}/{outcome.replies}" if outcome.spoiled else "-"
    return f"{outcome.fault:<10}{spoiled:>9}  {troubled:<36}  {wrong:<9}  {back:>5}  {_slowest(outcome)}"


def _slowest(outcome: Outcome) -> str:
    if outcome.lost:
        return f"{len(outcome.lost)} never"
    if not outcome.recovered_s:
        return "-"
    polls = f", {outcome.periods:.1f} polls" if outcome.periods is not None else ""
    return f"{max(outcome.recovered_s.values()):.1f} s{polls}"


def _grouped(troubles: Mapping[str, Trouble]) -> Iterator[tuple[str, str, list[str]]]:
    """Each status with the first reason for it, and who has it."""
    keys: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for key, trouble in troubles.items():
        keys.setdefault(trouble.status, []).append(key)
        reasons.setdefault(trouble.status, trouble.reason)
    for status, those in keys.items():
        yield status, reasons[status], those


def _fed(wrong: Mapping[str, str]) -> dict[str, list[str]]:
    """Each wrong reply with the keys of the items that it fed."""
    keys: dict[str, list[str]] = {}
    for key, reply in wrong.items():
        keys.setdefault(reply, []).append(key)
    return keys


def _listed(keys: Sequence[str]) -> str:
    rest = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
    return ", ".join(keys[:_LISTED]) + rest


def _folded(text: str) -> list[str]:
    indent = " " * _INDENT
    return textwrap.wrap(
        printable(text), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )
