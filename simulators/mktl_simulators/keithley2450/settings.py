"""Keithley 2450 settings: reference manual, section 6, SENSe, SOURce, OUTPut and ROUTe subsystems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..scpi import Command, ScpiError
from ..scpi.errors import CONFLICT, ILLEGAL_VALUE, OUT_OF_RANGE
from ..scpi.parameters import Limits, Parameter, boolean, choice, number, string, whole
from .source_meter import HEADROOM, HIGH_A, HIGH_V, MOST, RANGES, Measured, Quantity, SourceMeter, range_for

_WORDS: dict[Measured, str] = {"VOLT": "VOLTage", "CURR": "CURRent", "RES": "RESistance"}
_LIMITS: dict[Quantity, tuple[str, Quantity]] = {"VOLT": ("ILIMit", "CURR"), "CURR": ("VLIMit", "VOLT")}

#: What ``SENS:FUNC`` takes in its quotes, and what the query gives back.
_FUNCTIONS: dict[str, Measured] = {
    "VOLT": "VOLT", "VOLT:DC": "VOLT", "VOLTAGE": "VOLT", "VOLTAGE:DC": "VOLT",
    "CURR": "CURR", "CURR:DC": "CURR", "CURRENT": "CURR", "CURRENT:DC": "CURR",
    "RES": "RES", "RESISTANCE": "RES",
}  # fmt: skip
_SHOWN: dict[Measured, str] = {"VOLT": "VOLT:DC", "CURR": "CURR:DC", "RES": "RES"}


def settings(meter: SourceMeter) -> list[Command]:
    """The commands that set the instrument up, each with its query."""
    choose = choice("VOLTage", "CURRent")
    return [
        *_pair("OUTPut[:STATe]", partial(_put, meter, "on"), boolean(), lambda: _bit(meter.on)),
        *_pair(
            "ROUTe:TERMinals",
            lambda word: _put(meter, "rear", word == "REAR"),
            choice("FRONt", "REAR"),
            lambda: "REAR" if meter.rear else "FRON",
        ),
        *_pair("SOURce:FUNCtion[:MODE]", partial(_put, meter, "source"), choose, lambda: meter.source),
        *_pair(
            "[SENSe:]FUNCtion[:ON]",
            partial(_choose_function, meter),
            string(),
            lambda: f'"{_SHOWN[meter.measure]}"',
        ),
        *_pair("[SENSe:]COUNt", partial(_put, meter, "count"), whole(1, 300_000), lambda: str(meter.count)),
        *_source(meter, "VOLT"),
        *_source(meter, "CURR"),
        *(command for what in _WORDS for command in _sense(meter, what)),
    ]


def _source(meter: SourceMeter, what: Quantity) -> Sequence[Command]:
    root = f"SOURce:{_WORDS[what]}"
    word, other = _LIMITS[what]
    limit = f"{root}:{word}[:LEVel]"
    # A reset makes new ones, so the source is looked up when it is wanted.
    return [
        *_pair(
            f"{root}[:LEVel][:IMMediate][:AMPLitude]",
            partial(_set_level, meter, what),
            number(Limits(-MOST[what], MOST[what], 0.0), what[0]),
            lambda: real(meter.sources[what].level),
        ),
        *_pair(limit, partial(_set_limit, meter, what), number(Limits(1e-9, MOST[other], 1e-4)),
               lambda: real(meter.sources[what].limit)),
        Command(f"{limit}:TRIPped?", lambda: _bit(meter.source == what and meter.point().tripped)),
        *_pair(f"{root}:RANGe", partial(_set_source_range, meter, what),
               number(Limits(-MOST[what], MOST[what], 0.0)), lambda: real(meter.sources[what].range)),
        *_pair(f"{root}:RANGe:AUTO", lambda on: _put(meter.sources[what], "autorange", on), boolean(),
               lambda: _bit(meter.sources[what].autorange)),
        *_pair(f"{root}:DELay", lambda value: _put(meter.sources[what], "delay_s", value),
               number(Limits(0.0, 10_000.0, 0.0), "S"), lambda: real(meter.sources[what].delay_s)),
        *_pair(f"{root}:READ:BACK", lambda on: _put(meter.sources[what], "read_back", on), boolean(),
               lambda: _bit(meter.sources[what].read_back)),
    ]  # fmt: skip


def _sense(meter: SourceMeter, what: Measured) -> Sequence[Command]:
    root = f"[SENSe:]{_WORDS[what]}{'' if what == 'RES' else '[:DC]'}"
    most = RANGES[what][-1] * HEADROOM
    return [
        *_pair(f"{root}:RANGe[:UPPer]", partial(_set_sense_range, meter, what),
               number(Limits(-most, most, 0.0)), lambda: real(meter.senses[what].range)),
        *_pair(f"{root}:RANGe:AUTO", lambda on: _put(meter.senses[what], "autorange", on), boolean(),
               lambda: _bit(meter.senses[what].autorange)),
        *_pair(f"{root}:NPLCycles", lambda value: _put(meter.senses[what], "nplc", value),
               number(Limits(0.01, 10.0, 1.0)), lambda: real(meter.senses[what].nplc)),
        *_pair(f"{root}:RSENse", lambda on: _put(meter.senses[what], "remote", on), boolean(),
               lambda: _bit(meter.senses[what].remote)),
    ]  # fmt: skip


def real(value: float) -> str:
    """A number as the instrument prints it."""
    return f"{value:.6E}"


def _pair(
    header: str, do: Callable[[Any], None], parameter: Parameter, show: Callable[[], str]
) -> Sequence[Command]:
    """A set and its query."""
    return Command(header, do, [parameter]), Command(f"{header}?", show)


def _put(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)


def _bit(on: bool) -> str:
    return str(int(on))


def _choose_function(meter: SourceMeter, name: str) -> None:
    try:
        meter.measure = _FUNCTIONS[name.upper()]
    except KeyError:
        raise ScpiError(ILLEGAL_VALUE) from None


def _set_level(meter: SourceMeter, what: Quantity, value: float) -> None:
    source = meter.sources[what]
    if not source.autorange and abs(value) > source.range * HEADROOM:
        raise ScpiError(OUT_OF_RANGE)
    _check_power(what, value, source.limit)
    source.level = value
    if source.autorange:
        source.range = range_for(value, RANGES[what])


def _set_limit(meter: SourceMeter, what: Quantity, value: float) -> None:
    source = meter.sources[what]
    _check_power(what, source.level, value)
    source.limit = value


def _check_power(what: Quantity, level: float, limit: float) -> None:
    """20 W: the high ranges of voltage and current are not for the same moment."""
    volts, amps = (level, limit) if what == "VOLT" else (limit, level)
    if abs(volts) > HIGH_V and abs(amps) > HIGH_A:
        raise ScpiError(CONFLICT)


def _set_source_range(meter: SourceMeter, what: Quantity, value: float) -> None:
    source, wanted = meter.sources[what], range_for(value, RANGES[what])
    if abs(source.level) > wanted * HEADROOM:
        raise ScpiError(CONFLICT)
    source.range, source.autorange = wanted, False


def _set_sense_range(meter: SourceMeter, what: Measured, value: float) -> None:
    sense = meter.senses[what]
    sense.range, sense.autorange = range_for(value, RANGES[what]), False
