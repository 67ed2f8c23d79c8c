"""Was the last set accepted? The device says so when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mktl.devicefile import Check, Step
from mktl.errors import DeviceRefusedError

from .judging import bits_in_words
from .line import Line
from .turns import frames_of, turns_of
from .wording import quoted

#: The longest error queue that is emptied; SCPI devices keep 20 or so.
LONGEST_QUEUE = 25


class ErrorCheck:
    """The device's error register or queue: emptied before a set, read after it."""

    def __init__(self, line: Line, check: Check) -> None:
        self._line = line
        self._check = check
        self._turns = turns_of([Step(check.send, check.reply)], line.spec)
        self._frames = frames_of([Step(check.send)], {})
        self._empty = False

    def forget(self) -> None:
        """Something went wrong: the register may hold an error that belongs to no set."""
        self._empty = False

    def empty(self) -> None:
        """Read old errors away, so that no set is blamed for them."""
        for _ in range(LONGEST_QUEUE if not self._empty else 0):
            if self._ask().get("") in self._check.good:
                break
        self._empty = True

    def verify(self, command: bytes) -> None:
        """Ask whether *command* was accepted.

        Raises:
            DeviceRefusedError: It was not; in the device's words.
        """
        answers: list[str] = []
        while len(answers) < LONGEST_QUEUE:
            answer = self._ask()
            if answer.get("") in self._check.good:
                break
            answers.append(self._told(answer))
            self._empty = False
        if answers:
            self._empty = len(answers) < LONGEST_QUEUE
            told, question = ", ".join(dict.fromkeys(answers)), self._check.send.source
            raise DeviceRefusedError(
                f"{self._line.name} refused {quoted(command)}: {question} answered {told}"
            )

    def _told(self, answer: Mapping[str, Any]) -> str:
        """One entry of the queue, with what it means."""
        code = answer.get("")
        said = bits_in_words(code, self._check.bits)
        said = said or ", ".join(str(value) for name, value in answer.items() if name)
        return f"{code} ({said})" if said else f"{code}"

    def _ask(self) -> dict[str, Any]:
        return self._line.converse(self._turns, self._frames)
