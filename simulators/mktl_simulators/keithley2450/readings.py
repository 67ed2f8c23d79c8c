"""Keithley 2450 readings: reference manual, section 6, READ?, FETCh?, MEASure, TRACe and FORMat."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ..scpi import Command, ScpiError
from ..scpi.errors import ILLEGAL_VALUE, OUT_OF_RANGE
from ..scpi.parameters import choice, optional, string, whole
from .settings import real
from .source_meter import Measured, Reading, SourceMeter

#: What a buffer holds before its oldest reading makes room.
MOST_READINGS = 100_000

_ELEMENTS = [optional(choice("READing", "SOURce", "RELative"))] * 3


class Readings:
    """The buffers, and the form in which their readings are told."""

    def __init__(self, meter: SourceMeter) -> None:
        self._meter = meter
        self.reset()

    def reset(self) -> None:
        """Empty buffers, readings as text."""
        self.buffers: dict[str, list[Reading]] = {"defbuffer1": [], "defbuffer2": []}
        self.format = "ASC"
        #: Little-endian reals.
        self.swapped = True

    def commands(self) -> list[Command]:
        """What measures, what tells, and in which form."""
        buffer = optional(string())
        span = [whole(1, MOST_READINGS)] * 2
        return [
            Command("READ?", self._read, [buffer, *_ELEMENTS]),
            Command("FETCh?", self._fetch, [buffer, *_ELEMENTS]),
            Command("MEASure?", self._read, [buffer, *_ELEMENTS]),
            Command(
                "MEASure:VOLTage[:DC]?", lambda *rest: self._measure("VOLT", *rest), [buffer, *_ELEMENTS]
            ),
            Command(
                "MEASure:CURRent[:DC]?", lambda *rest: self._measure("CURR", *rest), [buffer, *_ELEMENTS]
            ),
            Command("MEASure:RESistance?", lambda *rest: self._measure("RES", *rest), [buffer, *_ELEMENTS]),
            Command("TRACe:DATA?", self._data, [*span, buffer, *_ELEMENTS]),
            Command("TRACe:ACTual?", lambda name: str(len(self._named(name))), [buffer]),
            Command("TRACe:CLEar", lambda name: self._named(name).clear(), [buffer]),
            Command("FORMat[:DATA]", self._set_format, [choice("ASCii", "REAL", "SREal")]),
            Command("FORMat[:DATA]?", lambda: self.format),
            Command("FORMat:BORDer", self._set_order, [choice("NORMal", "SWAPped")]),
            Command("FORMat:BORDer?", lambda: "SWAP" if self.swapped else "NORM"),
        ]

    def _read(self, name: str | None, *elements: str | None) -> str:
        buffer = self._named(name)
        buffer += [self._meter.read() for _ in range(self._meter.count)]
        del buffer[:-MOST_READINGS]
        return self._told(buffer, buffer[-1:], elements)

    def _measure(self, what: Measured, name: str | None, *elements: str | None) -> str:
        self._meter.measure = what
        return self._read(name, *elements)

    def _fetch(self, name: str | None, *elements: str | None) -> str:
        buffer = self._named(name)
        if not buffer:
            raise ScpiError(OUT_OF_RANGE)
        return self._told(buffer, buffer[-1:], elements)

    def _data(self, first: int, last: int, name: str | None, *elements: str | None) -> str:
        buffer = self._named(name)
        if not first <= last <= len(buffer):
            raise ScpiError(OUT_OF_RANGE)
        return self._told(buffer, buffer[first - 1 : last], elements)

    def _named(self, name: str | None) -> list[Reading]:
        try:
            return self.buffers[name or "defbuffer1"]
        except KeyError:
            raise ScpiError(ILLEGAL_VALUE) from None

    def _told(self, buffer: list[Reading], readings: list[Reading], elements: Sequence[str | None]) -> str:
        wanted = [element for element in elements if element is not None] or ["READ"]
        values = [
            {"READ": one.value, "SOUR": one.source, "REL": one.time_s - buffer[0].time_s}[element]
            for one in readings
            for element in wanted
        ]
        if self.format == "ASC":
            return ",".join(real(value) for value in values)
        letter = "d" if self.format == "REAL" else "f"
        packed = struct.pack(f"{'<' if self.swapped else '>'}{len(values)}{letter}", *values)
        # A block of indefinite length (IEEE 488.2, 8.7.10): its end is the end of the reply.
        return "#0" + packed.decode("latin-1")

    def _set_format(self, word: str) -> None:
        self.format = word

    def _set_order(self, word: str) -> None:
        self.swapped = word == "SWAP"
