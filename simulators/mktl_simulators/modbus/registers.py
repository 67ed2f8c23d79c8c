"""What a Modbus device is without its line: MODBUS Application Protocol V1.1b3, section 4.3 (data model)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal

#: Single bits that can be written or not, 16-bit words that cannot be written or can.
Table = Literal["coils", "discrete", "input", "holding"]

# Section 7 of the protocol: what a device answers instead.
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
ACKNOWLEDGE, BUSY = 5, 6
GATEWAY_TARGET_SILENT = 0x0B

#: The functions that :func:`~mktl_simulators.modbus.pdu.answer` knows.
FUNCTIONS = frozenset({1, 2, 3, 4, 5, 6, 8, 15, 16, 22})


class ModbusException(Exception):  # noqa: N818 - the protocol's own word
    """The device answers exception *code* (section 7 of the protocol)."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(f"exception {code}: {why}" if why else f"exception {code}")
        self.code = code


class RegisterDevice(ABC):
    """Tables of bits and words, with a time that is handed in."""

    #: The functions that this device knows; any other is answered with exception 1.
    functions: frozenset[int] = FUNCTIONS
    #: Where it answers when nobody says otherwise.
    unit: int = 1
    #: On a TCP port of its own it does not look at the unit.
    any_unit: bool = False

    @abstractmethod
    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """So many bits (0 or 1) or words (0 to 65535) from *address* on, which is that of the wire.

        Raises:
            ModbusException: 2 where one of the addresses is not there.
        """

    @abstractmethod
    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Put bits into ``coils`` or words into ``holding``, all of them or none.

        Raises:
            ModbusException: 2 where one of the addresses cannot be written, 3 for a value that is refused.
        """

    def mask(self, address: int, and_mask: int, or_mask: int) -> None:
        """Change some bits of a word: function 22, for devices that read and write a word in one place."""
        (old,) = self.read("holding", address, 1)
        self.write("holding", address, [old & and_mask | or_mask & ~and_mask & 0xFFFF])

    def heard(self, function: int) -> None:  # noqa: B027 - few devices care
        """A request of this function has come, whether it is carried out or not."""

    def advance(self, dt_s: float) -> None:  # noqa: B027 - plain memory has no time
        """Let *dt_s* of the device's own time pass."""


class Bank(RegisterDevice):
    """A device that only remembers: what is written is read again.

    >>> bank = Bank(holding={107: 0x022B, 108: 0})
    >>> bank.write("holding", 108, [100])
    >>> bank.read("holding", 107, 2)
    [555, 100]
    """

    def __init__(
        self,
        *,
        coils: Mapping[int, int] | None = None,
        discrete: Mapping[int, int] | None = None,
        input: Mapping[int, int] | None = None,
        holding: Mapping[int, int] | None = None,
    ) -> None:
        #: Each table from the address on the wire to what is there; other addresses are not there.
        self.tables: dict[Table, dict[int, int]] = {
            "coils": dict(coils or {}),
            "discrete": dict(discrete or {}),
            "input": dict(input or {}),
            "holding": dict(holding or {}),
        }

    def read(self, table: Table, address: int, count: int) -> list[int]:
        """What the table holds from *address* on."""
        return [self._held(table, at)[at] for at in range(address, address + count)]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Remember values at addresses that are there."""
        for at in range(address, address + len(values)):
            self._held(table, at)
        self.tables[table].update(enumerate(values, address))

    def _held(self, table: Table, address: int) -> dict[int, int]:
        held = self.tables[table]
        if address not in held:
            raise ModbusException(ILLEGAL_ADDRESS, f"nothing at {table} {address}")
        return held
