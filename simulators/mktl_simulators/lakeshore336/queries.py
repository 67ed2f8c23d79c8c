"""Lake Shore 336 queries: user's manual, chapter 6, each word that ends in a question mark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .control_loop import Output
from .instrument import Instrument
from .refusals import take, which_input, which_output
from .sensors import ZERO_CELSIUS_K, Input, Reading

Query = Callable[[Instrument, Sequence[str]], str]

HEATERS, ANALOG = (1, 2), (3, 4)


def six_digits(value: float) -> str:
    """A number as the instrument prints it: signed, six digits in all; a zero has five.

    >>> six_digits(77.35), six_digits(9.5433), six_digits(294.3671), six_digits(26570.0), six_digits(0)
    ('+77.3500', '+9.54330', '+294.367', '+26570.0', '+0.0000')
    """
    if value == 0:
        return "+0.0000"
    before = len(str(int(abs(round(value, 5)))))
    return f"{value:+.{max(6 - before, 0)}f}"


def _of_input(show: Callable[[Input], str]) -> Query:
    return lambda instrument, fields: show(which_input(instrument, take(fields, 1)[0]))


def _of_output(show: Callable[[Output], str], among: Sequence[int] = HEATERS + ANALOG) -> Query:
    return lambda instrument, fields: show(which_output(instrument, take(fields, 1)[0], among))


def _reading(show: Callable[[Reading], float]) -> Query:
    def ask(instrument: Instrument, fields: Sequence[str]) -> str:
        asked = take(fields, 1)[0].strip()
        letters = list(instrument.inputs) if asked == "0" else [asked]
        return ",".join(
            six_digits(show(instrument.reading(which_input(instrument, letter)))) for letter in letters
        )

    return ask


def _status(instrument: Instrument, fields: Sequence[str]) -> str:
    return f"{instrument.reading(which_input(instrument, take(fields, 1)[0])).status:03d}"


def _celsius(reading: Reading) -> float:
    return 0.0 if reading.status else reading.kelvin - ZERO_CELSIUS_K


def _setpoint(instrument: Instrument, fields: Sequence[str]) -> str:
    output = which_output(instrument, take(fields, 1)[0])
    sensor = instrument.input_of(output)
    return six_digits(sensor.to_units(output.setpoint_k) if sensor else output.setpoint_k)


def _heater_status(instrument: Instrument, fields: Sequence[str]) -> str:
    output = which_output(instrument, take(fields, 1)[0], HEATERS)
    error, output.heater_error = output.heater_error, 0
    return str(error)


#: The word → what answers it.
QUERIES: Mapping[str, Query] = {
    "KRDG?": _reading(lambda reading: reading.kelvin),
    "CRDG?": _reading(_celsius),
    "SRDG?": _reading(lambda reading: reading.sensor_units),
    "RDGST?": _status,
    "INNAME?": _of_input(lambda sensor: f"{sensor.name:<15}"),
    "INTYPE?": _of_input(
        lambda s: f"{s.kind},{s.autorange},{s.range},{s.compensation},{s.units}",
    ),
    "SETP?": _setpoint,
    "RANGE?": _of_output(lambda output: str(output.range)),
    "PID?": _of_output(lambda output: f"{output.gain:+.1f},{output.reset:+.1f},{output.rate:+.0f}"),
    "RAMP?": _of_output(lambda output: f"{output.ramping},{output.ramp_k_per_min:.1f}"),
    "RAMPST?": _of_output(lambda output: str(int(output.is_on_the_way))),
    "OUTMODE?": _of_output(lambda output: f"{output.mode},{output.input},{output.on_after_power_up}"),
    "MOUT?": _of_output(lambda output: f"{output.manual_percent:+.2f}"),
    "HTR?": _of_output(lambda output: f"{output.percent:+.1f}", HEATERS),
    "AOUT?": _of_output(lambda output: f"{output.percent:+.1f}", ANALOG),
    "HTRST?": _heater_status,
}
