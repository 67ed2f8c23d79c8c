"""E3631A command language: user's guide E3631-90002, chapter 4; [M] marks what is from memory.

[M]: CR LF on RS-232, where a set before ``SYST:REM`` is error 550; the form of ``APPL?``; the numbers of the
questionable status (1 constant current, 2 constant voltage); -211 for a trigger that nothing waits for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

from ..scpi import Command, ScpiDevice, ScpiError
from ..scpi.errors import INIT_IGNORED, OUT_OF_RANGE, TEXTS, TRIGGER_IGNORED
from ..scpi.parameters import Limits, Parameter, boolean, choice, limit, number, optional, string, whole
from .outputs import Output, Supplies

NOT_IN_LOCAL = 550

_ANY_LIMIT = choice("MINimum", "MAXimum")
_OUTPUTS = choice("P6V", "P25V", "N25V")
_REGULATION = {"off": 0, "constant current": 1, "constant voltage": 2}


class E3631A(ScpiDevice):
    r"""An E3631A with a resistor on each output: 10 Ω on P6V, 50 Ω on P25V and N25V.

    On RS-232 it obeys its front panel until ``SYST:REM``; on GPIB the bus takes care of that. ``panel`` tells
    who has it: ``local``, ``remote``, or ``locked``, where even the key for local is dead.

    >>> supply = E3631A()
    >>> supply.receive(b"INST P6V;VOLT 5;CURR 1;:OUTP ON;:VOLT?;:APPL? P6V\n")
    b'+5.00000000E+00;"5.000000,1.000000"\n'
    >>> supply.receive(b"VOLT 7;:SYST:ERR?\n")
    b'-222,"Data out of range"\n'
    """

    identity = "HEWLETT-PACKARD,E3631A,0,2.1-5.0-1.0"

    def __init__(
        self,
        *,
        seed: int | None = 0,
        noise: float = 0.0005,
        interface: Literal["rs232", "gpib"] = "gpib",
    ) -> None:
        self.supplies = Supplies(seed=seed, noise=noise)
        self.selected = 0
        self.display_on = True
        self.display_text = ""
        self.panel: Literal["local", "remote", "locked"] = "remote" if interface == "gpib" else "local"
        self._trigger_by_bus = True
        self._armed = False
        super().__init__(reply_end=b"\n" if interface == "gpib" else b"\r\n", most_errors=20)

    @classmethod
    def off(cls, *, seed: int | None = 0, noise: float = 0.0005) -> Self:
        """As after a reset: 0 V, outputs off."""
        return cls(seed=seed, noise=noise)

    @classmethod
    def serial(cls, *, seed: int | None = 0, noise: float = 0.0005) -> Self:
        """The same on RS-232: under its front panel, lines end by CR LF."""
        return cls(seed=seed, noise=noise, interface="rs232")

    @classmethod
    def powering(cls, *, seed: int | None = 0, noise: float = 0.0005) -> Self:
        """Outputs on: 5 V and ±12 V, the positive of which runs into its limit of 0.2 A."""
        supply = cls(seed=seed, noise=noise)
        for output, volts, amps in zip(supply.supplies.outputs, (5.0, 12.0, -12.0), (1, 0.2, 1), strict=True):
            output.volts, output.amps = volts, amps
        supply.supplies.on = True
        return supply

    def advance(self, dt_s: float) -> None:
        """Nothing of it takes time that could be seen over its interface."""

    def reset(self) -> None:
        """``*RST``: the first output chosen, all of them off and at zero."""
        self.supplies.reset()
        self.selected, self.display_on, self.display_text = 0, True, ""
        self._trigger_by_bus, self._armed = True, False

    def error_entry(self, code: int) -> str:
        """An error with its sign."""
        text = "Command not allowed in local" if code == NOT_IN_LOCAL else TEXTS[code]
        return f'{code:+d},"{text}"'

    def allow(self, command: Command) -> None:
        """In local only queries and the way out are taken."""
        free = command.manual.endswith("?") or command.manual.startswith(("SYSTem", "*CLS"))
        if self.panel == "local" and not free:
            raise ScpiError(NOT_IN_LOCAL)

    @property
    def output(self) -> Output:
        """The output that ``INST`` chose."""
        return self.supplies.outputs[self.selected]

    def commands(self) -> Iterable[Command]:
        """Chapter 4 of the guide, in its order."""
        level = "[SOURce:]{}[:LEVel][:IMMediate][:AMPLitude]"
        triggered = "[SOURce:]{}[:LEVel]:TRIGgered[:AMPLitude]"
        volts, amps = (
            number(lambda: volt_limits(self.output), "V"),
            number(lambda: amp_limits(self.output), "A"),
        )
        return [
            Command("APPLy", self._apply, [_OUTPUTS, optional(_raw), optional(_raw)]),
            Command("APPLy?", self._applied, [optional(_OUTPUTS)]),
            Command("INSTrument[:SELect]", self._select, [_OUTPUTS]),
            Command("INSTrument[:SELect]?", lambda: self.output.name),
            Command("INSTrument:NSELect", self._select_by_number, [whole(1, 3)]),
            Command("INSTrument:NSELect?", lambda: str(self.selected + 1)),
            Command(level.format("VOLTage"), self._set_volts, [volts]),
            Command(level.format("VOLTage") + "?", self._volts, [optional(_ANY_LIMIT)]),
            Command(level.format("CURRent"), self._set_amps, [amps]),
            Command(level.format("CURRent") + "?", self._amps, [optional(_ANY_LIMIT)]),
            Command(triggered.format("VOLTage"), self._set_triggered_volts, [volts]),
            Command(triggered.format("VOLTage") + "?", lambda: _float(self.output.triggered_v)),
            Command(triggered.format("CURRent"), self._set_triggered_amps, [amps]),
            Command(triggered.format("CURRent") + "?", lambda: _float(self.output.triggered_a)),
            Command("MEASure[:SCALar][:VOLTage][:DC]?", self._measure_volts, [optional(_OUTPUTS)]),
            Command("MEASure[:SCALar]:CURRent[:DC]?", self._measure_amps, [optional(_OUTPUTS)]),
            Command("OUTPut[:STATe]", self._switch, [boolean()]),
            Command("OUTPut[:STATe]?", lambda: str(int(self.supplies.on))),
            Command("OUTPut:TRACk[:STATe]", self.supplies.track, [boolean()]),
            Command("OUTPut:TRACk[:STATe]?", lambda: str(int(self.supplies.tracking))),
            *self._trigger_commands(),
            *self._panel_commands(),
            Command("STATus:QUEStionable:INSTrument:ISUMmary#:CONDition?", self._regulation),
        ]

    def _trigger_commands(self) -> list[Command]:
        return [
            Command("TRIGger:SOURce", self._set_trigger, [choice("BUS", "IMMediate")]),
            Command("TRIGger:SOURce?", lambda: "BUS" if self._trigger_by_bus else "IMM"),
            Command("INITiate[:IMMediate]", self._initiate),
            Command("*TRG", self._trigger),
        ]

    def _panel_commands(self) -> list[Command]:
        return [
            Command("DISPlay[:WINDow][:STATe]", self._switch_display, [boolean()]),
            Command("DISPlay[:WINDow][:STATe]?", lambda: str(int(self.display_on))),
            Command("DISPlay[:WINDow]:TEXT[:DATA]", self._show, [string()]),
            Command("DISPlay[:WINDow]:TEXT[:DATA]?", lambda: f'"{self.display_text}"'),
            Command("DISPlay[:WINDow]:TEXT:CLEar", lambda: self._show("")),
            Command("SYSTem:BEEPer[:IMMediate]", lambda: None),
            Command("SYSTem:LOCal", lambda: self._give_panel("local")),
            Command("SYSTem:REMote", lambda: self._give_panel("remote")),
            Command("SYSTem:RWLock", lambda: self._give_panel("locked")),
        ]

    # -- what the commands do

    def _select(self, name: str) -> None:
        self.selected = [output.name for output in self.supplies.outputs].index(name)

    def _select_by_number(self, which: int) -> None:
        self.selected = which - 1

    def _named(self, name: str | None) -> Output:
        return self.output if name is None else next(o for o in self.supplies.outputs if o.name == name)

    def _apply(self, name: str, volts: str | None, amps: str | None) -> None:
        output = self._named(name)
        new_v = output.volts if volts is None else number(volt_limits(output), "V").read(volts)
        new_a = output.amps if amps is None else number(amp_limits(output), "A").read(amps)
        self._select(name)
        self._set_volts(new_v)
        self._set_amps(new_a)

    def _applied(self, name: str | None) -> str:
        output = self._named(name)
        return f'"{output.volts:.6f},{output.amps:.6f}"'

    def _set_volts(self, volts: float) -> None:
        self.supplies.set_volts(self.output, volts)

    def _set_amps(self, amps: float) -> None:
        self.output.amps = amps

    def _set_triggered_volts(self, volts: float) -> None:
        self.output.triggered_v = volts

    def _set_triggered_amps(self, amps: float) -> None:
        self.output.triggered_a = amps

    def _volts(self, which: str | None) -> str:
        return _float(_chosen(which, volt_limits(self.output), self.output.volts))

    def _amps(self, which: str | None) -> str:
        return _float(_chosen(which, amp_limits(self.output), self.output.amps))

    def _measure_volts(self, name: str | None) -> str:
        return _float(self.supplies.measured_v(self._named(name)))

    def _measure_amps(self, name: str | None) -> str:
        return _float(self.supplies.measured_a(self._named(name)))

    def _switch(self, on: bool) -> None:
        self.supplies.on = on

    def _regulation(self, which: int) -> str:
        if not 1 <= which <= 3:
            raise ScpiError(OUT_OF_RANGE)
        return str(_REGULATION[self.supplies.outputs[which - 1].point(on=self.supplies.on).regulation])

    def _set_trigger(self, source: str) -> None:
        self._trigger_by_bus = source == "BUS"

    def _initiate(self) -> None:
        if self._armed:
            raise ScpiError(INIT_IGNORED)
        if self._trigger_by_bus:
            self._armed = True
        else:
            self._take_triggered()

    def _trigger(self) -> None:
        if not self._armed:
            raise ScpiError(TRIGGER_IGNORED)
        self._armed = False
        self._take_triggered()

    def _take_triggered(self) -> None:
        self._set_volts(self.output.triggered_v)
        self._set_amps(self.output.triggered_a)

    def _switch_display(self, on: bool) -> None:
        self.display_on = on

    def _show(self, text: str) -> None:
        self.display_text = text[:12]  # as many as the display has

    def _give_panel(self, whom: Literal["local", "remote", "locked"]) -> None:
        self.panel = whom


def volt_limits(output: Output) -> Limits:
    """The voltages that an output takes; MIN is 0 on the negative supply too."""
    return Limits(0.0, output.most_v, 0.0)


def amp_limits(output: Output) -> Limits:
    """The current limits that an output takes."""
    return Limits(0.0, output.most_a, output.reset_a)


_raw = Parameter(lambda text: text)


def _chosen(which: str | None, limits: Limits, present: float) -> float:
    named = None if which is None else limit(which, limits)
    return present if named is None else named


def _float(value: float) -> str:
    return f"{value:+.8E}"
