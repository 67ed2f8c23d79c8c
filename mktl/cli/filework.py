"""Device files on the command line: read once, with every mistake said."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ..daemon import configure
from ..devicefile import Device
from ..errors import DeviceFileError


def read_device(file: str, parameters: Mapping[str, str]) -> Device | None:
    """The device of *file*; None after saying all that is wrong with it on stderr.

    Nothing is opened.
    """
    try:
        device = configure.read(file, parameters).device
    except DeviceFileError as error:
        say_problems(file, error)
        return None
    if device is None:
        click.echo(f"mark: {file} has items and no device: nothing in it goes over a link", err=True)
    return device


def say_problems(file: str, error: DeviceFileError) -> None:
    """Each mistake on a line of its own, as editors and compilers have it, and how many there are."""
    for problem in error.problems:
        click.echo(str(problem), err=True)
    click.echo(f"mark: {file} has {counted(len(error.problems), 'mistake')}", err=True)


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "query"), counted(2, "query")
    ('1 query', '2 queries')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
