"""``mark check``: what is wrong with a device file, and what may not be meant; no device is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ..daemon import configure, drivers
from ..devicefile import Device
from ..errors import DeviceFileError, MktlError, Problem
from .endings import OK, USAGE
from .filework import say_problems
from .reach import print_json
from .texts import counted

#: How many keys are listed before the rest is only counted.
_LISTED = 6


def run(file: str, parameters: Mapping[str, str], *, as_json: bool) -> int:
    """Check *file*; the exit code."""
    try:
        configuration = configure.read(file, parameters)
        if configuration.device is not None:
            _check_plans(file, configuration.device, parameters)
    except DeviceFileError as error:
        if as_json:
            print_json([_row("error", problem) for problem in error.problems])
        else:
            say_problems(file, error)
        return USAGE
    device = configuration.device
    warnings = [] if device is None else list(_warnings(file, device, parameters))
    if as_json:
        print_json([_row("warning", warning) for warning in warnings])
        return OK
    if device is None:
        click.echo(f"{file}: {counted(len(configuration.items), 'item')}, no device; no mistakes")
        return OK
    for warning in warnings:
        click.echo(
            f"{warning.file}:{warning.line or 1}: warning: {warning.path}: {warning.message}", err=True
        )
    click.echo(f"{file}: {_contents(device)}")
    return OK


def _check_plans(file: str, device: Device, parameters: Mapping[str, str]) -> None:
    """What only the driver knows cannot be done.

    Raises:
        DeviceFileError: The first mistake of each link.
    """
    from ..devicefile.problems import dotted
    from ..devicefile.reader import places

    problems = []
    for name in device.links:
        try:
            drivers.plan_text(device, name)
        except MktlError as error:
            where = places(file, parameters).get(("links", name), (file, None))
            problems.append(Problem(*where, dotted(("links", name)), str(error)))
    if problems:
        raise DeviceFileError(problems)


def _warnings(file: str, device: Device, parameters: Mapping[str, str]) -> Iterator[Problem]:
    from ..devicefile.advice import advise
    from ..devicefile.problems import dotted
    from ..devicefile.reader import places

    known = places(file, parameters)
    for advice in advise(device):
        table = (advice.section, advice.name)
        yield Problem(*known.get(table, (file, None)), dotted(table), advice.message)
    for name in device.links:
        refusal = drivers.why_not_simulated(device, name)
        if refusal:
            yield Problem(*known.get(("links", name), (file, None)), dotted(("links", name)), refusal)


def _contents(device: Device) -> str:
    """What is in the file, on one line."""
    from ..devicefile.advice import never_read, not_polled

    links = (
        f"{counted(len(device.links), 'link')} ({', '.join(device.links)})" if device.links else "no links"
    )
    named = [name for name in device.queries if not name.startswith("item:")]
    text = f"{links}, {counted(len(named), 'query')}, {counted(len(device.items), 'item')}; no mistakes"
    for what, keys in (
        ("read on each connect, not polled", not_polled(device)),
        ("only written, never read", never_read(device)),
    ):
        if keys:
            rest = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
            text += f"; {what}: {', '.join(keys[:_LISTED])}{rest}"
    return text


def _row(severity: str, problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "path": problem.path,
        "severity": severity,
        "message": problem.message,
    }
