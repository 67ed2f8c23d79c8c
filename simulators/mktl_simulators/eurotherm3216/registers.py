"""Eurotherm 3216 register map: engineering manual HA028651, section 15.5; [M] marks what is from memory.

The printed number is the address on the wire. Numbers carry the decimals that are set on the unit, one here.
[M]: exception 2 for a write to what can only be read, the limits of Ti, Td and the proportional band, 273
and 274.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from ..modbus.registers import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusException, RegisterDevice, Table
from .controller import Controller, Mode, Timer

#: What stands in a register for 1 °C or 1 %.
TENTH = 10

FIRMWARE, INSTRUMENT_TYPE = 0x0214, 0x3216  # V2.14; the code of the type is ours


@dataclass(frozen=True, slots=True)
class Cell:
    """One register: how it is read and written, as a signed number, and within which limits."""

    read: Callable[[Controller], float]
    write: Callable[[Controller, int], None] | None = None
    least: int = 0
    most: int = 32767


class Eurotherm3216(RegisterDevice):
    """A 3216 on a small oven; ``controller`` has its knobs.

    >>> unit = Eurotherm3216.holding(200.0, noise_k=0)
    >>> unit.read("holding", 1, 2)        # 200.0 °C, and its setpoint
    [2000, 2000]
    """

    functions = frozenset({3, 4, 6, 16})

    def __init__(self, *, seed: int | None = 0, noise_k: float = 0.03) -> None:
        self.controller = Controller(seed=seed, noise_k=noise_k)

    @classmethod
    def cold(cls, *, seed: int | None = 0, noise_k: float = 0.03) -> Self:
        """At 20 °C, and told to stay there."""
        return cls(seed=seed, noise_k=noise_k)

    @classmethod
    def heating(cls, to_c: float = 200.0, *, seed: int | None = 0, noise_k: float = 0.03) -> Self:
        """Just begun to heat from 20 °C."""
        unit = cls(seed=seed, noise_k=noise_k)
        unit.controller.setpoints_c[0] = to_c
        return unit

    @classmethod
    def holding(cls, at_c: float = 200.0, *, seed: int | None = 0, noise_k: float = 0.03) -> Self:
        """Long settled at a setpoint."""
        unit = cls(seed=seed, noise_k=noise_k)
        unit.controller.hold(at_c)
        return unit

    def advance(self, dt_s: float) -> None:
        """Let time pass in the oven and the loop."""
        self.controller.advance(dt_s)

    def read(self, table: Table, address: int, count: int) -> list[int]:  # noqa: ARG002 - 3 and 4 are the same
        """So many registers; functions 3 and 4 read the same ones."""
        cells = [_cell(at) for at in range(address, address + count)]
        return [round(cell.read(self.controller)) & 0xFFFF for cell in cells]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:  # noqa: ARG002 - as above
        """Turn knobs, all of them or none."""
        wanted = []
        for at, word in enumerate(values, address):
            cell, value = _cell(at), word - 0x10000 if word & 0x8000 else word
            if cell.write is None:
                raise ModbusException(ILLEGAL_ADDRESS, f"{at} can only be read")
            if not cell.least <= value <= cell.most:
                raise ModbusException(ILLEGAL_VALUE, f"{value} in {at}, not {cell.least} to {cell.most}")
            wanted.append((cell.write, value))
        for write, value in wanted:
            write(self.controller, value)


def _cell(address: int) -> Cell:
    try:
        return CELLS[address]
    except KeyError:
        raise ModbusException(ILLEGAL_ADDRESS, f"nothing at {address}") from None


_LOW, _HIGH = round(Controller.range_low_c * TENTH), round(Controller.range_high_c * TENTH)


def _setpoint(which: int) -> Cell:
    return Cell(
        lambda c: c.setpoints_c[which] * TENTH,
        lambda c, value: c.set_local(which, value / TENTH),
        _LOW,
        _HIGH,
    )


def _alarm(which: int) -> Cell:
    def write(controller: Controller, value: int) -> None:
        controller.alarms[which].threshold_c = value / TENTH

    return Cell(lambda c: c.alarms[which].threshold_c * TENTH, write, -19990, 32767)


def _set_manual_output(controller: Controller, value: int) -> None:
    controller.manual_percent = value / TENTH


def _set_band(controller: Controller, value: int) -> None:
    controller.pid.band_k = value / TENTH


def _set_action(controller: Controller, value: int) -> None:
    controller.pid.reverse = value == 0


def _set_integral(controller: Controller, value: int) -> None:
    controller.pid.integral_s = value


def _set_derivative(controller: Controller, value: int) -> None:
    controller.pid.derivative_s = value


def _choose_setpoint(controller: Controller, value: int) -> None:
    controller.chosen = value


def _set_rate(controller: Controller, value: int) -> None:
    controller.rate_k_per_min = value / TENTH


def _set_mode(controller: Controller, value: int) -> None:
    controller.mode = Mode(value)


def _acknowledge(controller: Controller, value: int) -> None:
    controller.new_alarm &= value == 0


def _go_remote(controller: Controller, value: int) -> None:
    controller.remote = value == 1


CELLS: Mapping[int, Cell] = {
    1: Cell(lambda c: c.reading_c * TENTH),
    2: Cell(lambda c: c.target_c * TENTH, lambda c, value: c.set_local(c.chosen, value / TENTH), _LOW, _HIGH),
    3: Cell(
        lambda c: (c.manual_percent if c.manual else c.output_percent) * TENTH, _set_manual_output, 0, 1000
    ),
    4: Cell(lambda c: c.output_percent * TENTH),
    5: Cell(lambda c: c.working_setpoint_c * TENTH),
    6: Cell(lambda c: c.pid.band_k * TENTH, _set_band, 1, 9999),
    7: Cell(lambda c: 0 if c.pid.reverse else 1, _set_action, 0, 1),
    8: Cell(lambda c: c.pid.integral_s, _set_integral, 0, 9999),
    9: Cell(lambda c: c.pid.derivative_s, _set_derivative, 0, 9999),
    11: Cell(lambda c: c.range_low_c * TENTH),
    12: Cell(lambda c: c.range_high_c * TENTH),
    13: _alarm(0),
    14: _alarm(1),
    15: Cell(lambda c: c.chosen, _choose_setpoint, 0, 1),
    23: Cell(lambda c: c.timer, lambda c, value: c.turn_timer(Timer(value)), 0, 3),
    24: _setpoint(0),
    25: _setpoint(1),
    26: Cell(lambda c: c.remote_c * TENTH, lambda c, value: c.set_remote(value / TENTH), _LOW, _HIGH),
    35: Cell(lambda c: c.rate_k_per_min * TENTH, _set_rate, 0, 30000),
    75: Cell(lambda c: c.status),
    79: Cell(lambda _: 0),  # leakage current
    80: Cell(lambda c: c.load_a * TENTH),
    81: _alarm(2),
    82: _alarm(3),
    87: Cell(lambda _: 0),  # no digital input is closed
    107: Cell(lambda _: FIRMWARE),
    122: Cell(lambda _: INSTRUMENT_TYPE),
    131: Cell(lambda _: Eurotherm3216.unit),
    199: Cell(lambda c: c.mode, _set_mode, 0, 2),
    273: Cell(lambda c: int(c.manual), lambda c, value: c.take_manual(value == 1), 0, 1),
    274: Cell(lambda _: 0, _acknowledge, 0, 1),
    276: Cell(lambda c: int(c.remote), _go_remote, 0, 1),
}
