"""Lake Shore 336 sets: user's manual, chapter 6. Nothing changes before every argument has been read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .control_loop import OPEN_LOOP, WARM_UP
from .instrument import Instrument
from .refusals import choice, number, take, which_input, which_output
from .sensors import HIGHEST_RANGE, NTC

Set = Callable[[Instrument, Sequence[str]], None]


def _name(instrument: Instrument, fields: Sequence[str]) -> None:
    letter, name = take([fields[0], ",".join(fields[1:])] if len(fields) > 2 else fields, 2)
    which_input(instrument, letter).name = name.strip().strip('"')[:15]


def _type(instrument: Instrument, fields: Sequence[str]) -> None:
    """Whoever sets another type has wired another sensor: the reading follows its curve."""
    letter, *rest = take(fields, 6)
    sensor = which_input(instrument, letter)
    kind = choice(rest[0], 0, NTC)
    autorange, range_ = choice(rest[1], 0, 1), choice(rest[2], 0, HIGHEST_RANGE[kind])
    compensation, units = choice(rest[3], 0, 1), choice(rest[4], 1, 3)
    sensor.kind, sensor.autorange, sensor.range = kind, autorange, range_
    sensor.compensation, sensor.units = compensation, units


def _setpoint(instrument: Instrument, fields: Sequence[str]) -> None:
    at, text = take(fields, 2)
    output = which_output(instrument, at)
    sensor = instrument.input_of(output)
    value = number(text, -1e6, 1e6)
    kelvin = sensor.to_kelvin(value) if sensor else value
    number(repr(kelvin), 0.0, instrument.setpoint_limit_k)
    output.steer_to(kelvin)


def _range(instrument: Instrument, fields: Sequence[str]) -> None:
    at, text = take(fields, 2)
    output = which_output(instrument, at)
    output.switch(choice(text, 0, output.highest_range))


def _pid(instrument: Instrument, fields: Sequence[str]) -> None:
    at, *rest = take(fields, 4)
    output = which_output(instrument, at)
    gain, reset, rate = number(rest[0], 0.1, 1000), number(rest[1], 0.1, 1000), number(rest[2], 0, 200)
    output.gain, output.reset, output.rate = round(gain, 1), round(reset, 1), round(rate)


def _ramp(instrument: Instrument, fields: Sequence[str]) -> None:
    at, *rest = take(fields, 3)
    output = which_output(instrument, at)
    on, k_per_min = choice(rest[0], 0, 1), number(rest[1], 0, 100)
    if k_per_min:  # a rate of 0 is allowed, and means at once
        number(rest[1], 0.1, 100)
    output.ramp(on, round(k_per_min, 1))


def _mode(instrument: Instrument, fields: Sequence[str]) -> None:
    at, *rest = take(fields, 4)
    output = which_output(instrument, at)
    mode = choice(rest[0], 0, OPEN_LOOP if output.full_scale_w else WARM_UP)
    input_, power_up = choice(rest[1], 0, 4), choice(rest[2], 0, 1)
    output.mode, output.input, output.on_after_power_up = mode, input_, power_up


def _manual(instrument: Instrument, fields: Sequence[str]) -> None:
    at, text = take(fields, 2)
    output = which_output(instrument, at)
    least = 0 if output.full_scale_w else -100  # an analog output may be bipolar
    output.manual_percent = round(number(text, least, 100), 2)


#: The word → what obeys it.
SETS: Mapping[str, Set] = {
    "INNAME": _name,
    "INTYPE": _type,
    "SETP": _setpoint,
    "RANGE": _range,
    "PID": _pid,
    "RAMP": _ramp,
    "OUTMODE": _mode,
    "MOUT": _manual,
}
