"""Colours on a terminal say what is wrong; a pipe, and who wants none, gets none."""

from __future__ import annotations

import io

import pytest

from mktl.cli import tables
from mktl.cli.values import Reading

ESCAPE = "\x1b["


def drawn(monkeypatch: pytest.MonkeyPatch, *, status: str, severity: str, is_terminal: bool = True) -> str:
    """A table of one item, as it is written to standard output."""
    output = io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: is_terminal)
    monkeypatch.setattr("sys.stdout", output)
    monkeypatch.setenv("TERM", "xterm-256color")
    reading = Reading("lab.temp", 4.2, "4.2", "K", "K", 0.0, 0.0, status, severity, "why")
    tables.show(tables.readings([reading], now=1.0))
    return output.getvalue()


@pytest.mark.parametrize(
    ("status", "severity", "colour"),
    [
        ("alarm", "minor", "33"),  # yellow, ECMA-48 SGR
        ("alarm", "major", "31"),  # red
        ("timeout", "invalid", "31"),
    ],
)
def test_what_is_wrong_has_a_colour_on_a_terminal(monkeypatch, status, severity, colour) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert f"{ESCAPE}{colour}m{status}" in drawn(monkeypatch, status=status, severity=severity)


def test_what_is_well_has_none(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert f"{ESCAPE}3" not in drawn(monkeypatch, status="ok", severity="none")


def test_no_color_is_respected(monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert f"{ESCAPE}3" not in drawn(monkeypatch, status="alarm", severity="major")


def test_what_is_no_terminal_gets_no_escapes(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert ESCAPE not in drawn(monkeypatch, status="alarm", severity="major", is_terminal=False)
