"""A small temperature controller, as far as its answers go; see :mod:`tests.drivers.lines` for its line."""

from __future__ import annotations

from collections.abc import Callable

from tests.drivers.lines import IDN


class Controller:
    """What a small temperature controller answers; sets are answered by nothing, but for ``MOVE``.

    >>> controller = Controller()
    >>> controller("SETP 20.5"), controller("SETP?"), controller("*ESR?")
    (None, '+20.5000', '000')
    """

    def __init__(self) -> None:
        self.setpoint = 0.0
        self.gains = [50.0, 20.0]
        self.status = 0
        self.temperature = "4.2"
        #: As of a device that was just switched on.
        self.events = 0
        self.idn = IDN
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: self.idn,
            "*ESR?": self._read_events,
            "TEMP?": lambda: f"{self.temperature};{self.status}",
            "SETP?": lambda: f"{self.setpoint:+.4f}",
            "PID?": lambda: ",".join(f"{gain:.1f}" for gain in self.gains),
        }

    def __call__(self, command: str) -> str | None:
        if command in self._queries:
            return self._queries[command]()
        verb, _, rest = command.partition(" ")
        if verb == "SETP" and 0 <= float(rest) <= 400:
            self.setpoint = float(rest)
        elif verb == "PID":
            self.gains = [float(gain) for gain in rest.split(",")]
        elif verb == "MOVE":
            return "OK" if float(rest) <= 100 else "E,4"
        else:
            self.events |= 16 if verb == "SETP" else 32
        return None

    def _read_events(self) -> str:
        events, self.events = self.events, 0
        return f"{events:03d}"
