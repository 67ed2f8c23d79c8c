"""Device files on the command line: read once, with every mistake said."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ..daemon import configure
from ..devicefile import Device
from ..errors import DeviceFileError
from .texts import counted


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
