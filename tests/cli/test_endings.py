from __future__ import annotations

import pytest

from mktl.cli.endings import Failures, one_line
from mktl.errors import LimitError, NoAnswerError, UnknownStoreError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (LimitError("lab.x: 312.0 mm is above the maximum"), "lab.x: 312.0 mm is above the maximum"),
        (LimitError("312.0 mm is above the maximum"), "lab.x: 312.0 mm is above the maximum"),
        (UnknownStoreError("no daemon found for store 'lab'"), "no daemon found for store 'lab'"),
        (NoAnswerError("first line\n  second\n\n"), "lab.x: first line; second"),
        (NoAnswerError(""), "lab.x: NoAnswerError"),
        (PermissionError(13, "Permission denied"), "lab.x: [Errno 13] Permission denied"),
        (ZeroDivisionError("division by zero"), "lab.x: ZeroDivisionError: division by zero"),
        (KeyError("lost"), "lab.x: KeyError: lost"),
    ],
)
def test_an_error_is_one_line_that_names_its_item(error: Exception, line: str) -> None:
    assert one_line("lab.x", error) == line


def test_the_same_failure_is_said_once_and_makes_the_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    failures = Failures("mark")
    assert failures.code == 0
    for _ in range(3):
        failures.add("lab", UnknownStoreError("no daemon found for store 'lab'"))
    assert failures.code == 1
    assert capsys.readouterr().err == "mark: no daemon found for store 'lab'\n"


def test_the_traceback_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Failures("mark", verbose=True).add("lab.x", NoAnswerError("nobody"))
    assert capsys.readouterr().err.splitlines() == [
        "mark: lab.x: nobody",
        "mktl.errors.NoAnswerError: nobody",
    ]
