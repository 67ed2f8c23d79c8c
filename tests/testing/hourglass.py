"""A device that knows nothing but how much of its time has passed."""

from __future__ import annotations

from mktl_simulators.dialect import LineDevice


class Hourglass(LineDevice):
    """``T?`` is answered with the seconds that have passed, all else with 0."""

    def __init__(self) -> None:
        super().__init__(reply_end=b"\n")
        self.passed_s = 0.0

    def answer(self, command: str) -> str | None:
        return str(self.passed_s) if command == "T?" else "0"

    def advance(self, dt_s: float) -> None:
        self.passed_s += dt_s
