"""The control law of process controllers: a proportional band, an integral time, a derivative time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pid:
    """Output = 100 % / band × (error + ∫error/Ti - Td × slope of the reading), within its stops.

    >>> Pid(band_k=20.0, integral_s=0.0, derivative_s=0.0).turn(1.0, setpoint_c=100.0, reading_c=95.0)
    25.0
    """

    band_k: float
    #: Ti; 0 is no integral.
    integral_s: float
    #: Td; 0 is no derivative.
    derivative_s: float
    #: Heats while the reading is too low; direct acting is for cooling.
    reverse: bool = True
    least_percent: float = 0.0
    most_percent: float = 100.0
    _integral_k: float = 0.0
    _last_c: float | None = None

    def turn(self, dt_s: float, setpoint_c: float, reading_c: float) -> float:
        """The output in % for one more reading."""
        sign = 1.0 if self.reverse else -1.0
        error_k = sign * (setpoint_c - reading_c)
        slope = 0.0 if self._last_c is None else sign * (reading_c - self._last_c) / dt_s
        self._last_c = reading_c
        integral_k = self._integral_k
        if self.integral_s:
            integral_k += error_k * dt_s / self.integral_s
        wanted = 100.0 / self.band_k * (error_k + integral_k - self.derivative_s * slope)
        output = min(max(wanted, self.least_percent), self.most_percent)
        # Anti-windup: at a stop, only an error that leads away from the stop is added up.
        if output == wanted or (wanted > output) != (error_k > 0.0):
            self._integral_k = integral_k
        return output

    def restart(self) -> None:
        """Forget everything: the output was somebody else's."""
        self._integral_k, self._last_c = 0.0, None

    def begin_with(self, percent: float, setpoint_c: float, reading_c: float) -> None:
        """Take over from somebody else's output without a jump."""
        error_k = (setpoint_c - reading_c) * (1.0 if self.reverse else -1.0)
        self._integral_k = percent * self.band_k / 100.0 - error_k
        self._last_c = reading_c
