"""Eurotherm 3200 control: engineering manual HA028651, section 11 (proportional band, Ti, Td)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pid:
    """Output = 100 % / band × (error + ∫error/Ti - Td × slope of the reading), from 0 to 100 %.

    The starting values are those of the maker [M], in °C and s.
    """

    band_k: float = 20.0
    #: Ti; 0 is no integral.
    integral_s: float = 360.0
    #: Td; 0 is no derivative.
    derivative_s: float = 60.0
    #: CTRL.A: heats while the reading is too low; direct acting is for cooling.
    reverse: bool = True
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
        # Anti-windup: at a stop, only an error that leads away from the stop is added up.
        if 0.0 < wanted < 100.0 or (wanted >= 100.0) != (error_k > 0.0):
            self._integral_k = integral_k
        return min(max(wanted, 0.0), 100.0)

    def restart(self) -> None:
        """Forget everything: the output was somebody else's."""
        self._integral_k, self._last_c = 0.0, None

    def begin_with(self, percent: float, setpoint_c: float, reading_c: float) -> None:
        """Take over from somebody else's output without a jump."""
        error_k = (setpoint_c - reading_c) * (1.0 if self.reverse else -1.0)
        self._integral_k = percent * self.band_k / 100.0 - error_k
        self._last_c = reading_c
