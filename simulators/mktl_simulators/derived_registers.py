"""A device file with registers run backwards: the tables of the device that it describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mktl.devicefile import Device, ItemSpec, Place, Register
from mktl.devicefile.register import Table as FileTable
from mktl.devicefile.words import decode, encode, with_bit
from mktl.errors import ItemTypeError, ItemValueError, MktlError, UnknownItemError

from .derived.motion import Motions
from .derived.start import accepts, start_of
from .modbus.registers import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusException, RegisterDevice, Table

#: One register or bit.
Address = tuple[Table, int]

_TABLES: Mapping[FileTable, Table] = {
    "coil": "coils",
    "discrete": "discrete",
    "input": "input",
    "holding": "holding",
}


class DerivedRegisters(RegisterDevice):
    """What sits at one unit of a Modbus line: the registers that the file names, and no other.

    Items start as in any device made from its file. What is written is read again; a value out of an item's
    range or words is met with exception 3, an address that the file does not name, or that no item there can
    set, with exception 2.
    """

    def __init__(self, device: Device, link: str) -> None:
        self._items = {
            key: spec for key, spec in device.items.items() if spec.link == link and spec.register is not None
        }
        self._words: dict[Address, int] = {}
        #: From where it is written to where that is read.
        self._written: dict[Address, Address] = {}
        for spec in self._items.values():
            self._lay_out(_register(spec), can_be_set=bool(spec.metadata.get("settable")))
        # An item with a starting value of its own wins over one with a guess that shares its registers.
        for spec in sorted(self._items.values(), key=lambda spec: _is_given(spec, device.simulate.initial)):
            self._start(device, spec, device.simulate.initial)
        self._motions = Motions(device, self)

    # -- what a test, or a hand at the front panel, does

    def of(self, key: str) -> Any:
        """The value of an item, as its clients have it."""
        spec = self.spec(key)
        raw = self._raw(spec, self._words)
        return spec.conversion.to_item(_times_ten_to(raw, self._exponent(spec)))

    def put(self, key: str, value: Any) -> None:
        """Let an item have another value, as if the device had measured it."""
        self._words.update(self._words_of(self.spec(key), value))

    def move(self, key: str, value: Any) -> None:
        """Let an item have another value by itself; one that its registers cannot hold leaves it as it is."""
        try:
            self.put(key, value)
        except (ItemTypeError, ItemValueError, ValueError):
            pass

    def has(self, key: str) -> bool:
        """True for an item in these registers."""
        return key in self._items

    def spec(self, key: str) -> ItemSpec:
        """The item of this key."""
        try:
            return self._items[key]
        except KeyError:
            raise UnknownItemError(f"no item '{key}' on this link, only {', '.join(self._items)}") from None

    def advance(self, dt_s: float) -> None:
        """Let values move as ``[simulate.items]`` says."""
        self._motions.advance(dt_s)

    # -- what the line does

    def read(self, table: Table, address: int, count: int) -> list[int]:
        """What the file's registers hold now, with the noise of one reading."""
        words = [self._held((table, at)) for at in range(address, address + count)]
        for key in self._motions.noisy_keys:
            for (of, at), word in self._noisy(key).items():
                if of == table and address <= at < address + count:
                    words[at - address] = word
        return words

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Set the registers that an item can set, if the values are ones that it takes."""
        changes: dict[Address, int] = {}
        for at, value in enumerate(values, address):
            if (table, at) not in self._written:
                raise ModbusException(ILLEGAL_ADDRESS, f"nothing can be written to {table} {at}")
            changes[self._written[table, at]] = value
        words = {**self._words, **changes}
        for spec in self._items.values():
            if spec.metadata.get("settable") and not self._takes(spec, changes, words):
                raise ModbusException(ILLEGAL_VALUE, f"{spec.key} does not take {list(values)}")
        self._words = words
        self._motions.settle()

    def _held(self, place: Address) -> int:
        if place not in self._words:
            raise ModbusException(ILLEGAL_ADDRESS, f"nothing at {place[0]} {place[1]}")
        return self._words[place]

    def _takes(self, spec: ItemSpec, changes: Mapping[Address, int], words: Mapping[Address, int]) -> bool:
        register = _register(spec)
        if not any(place in changes for place in _places(register.place, register.width)):
            return True
        try:
            raw = self._raw(spec, words)
        except ItemValueError:
            return False
        scaled = _times_ten_to(raw, self._exponent(spec))
        return all(accepts(spec, one) for one in (scaled if isinstance(scaled, list) else [scaled]))

    # -- from items to words

    def _words_of(self, spec: ItemSpec, value: Any) -> dict[Address, int]:
        """The words that say this value, by where they stand."""
        register = _register(spec)
        raw = _times_ten_to(spec.conversion.to_device(value), -self._exponent(spec))
        places = list(_places(register.place, register.width))
        if register.bit is None:
            words = encode(register, raw)
        else:
            words = with_bit(register, [self._words[place] for place in places], raw)
        return dict(zip(places, words, strict=True))

    def _noisy(self, key: str) -> dict[Address, int]:
        """The words of one reading; none beyond what the registers hold."""
        try:
            return self._words_of(self.spec(key), self._motions.noisy(key, self.of(key)))
        except (ItemTypeError, ItemValueError):
            return {}

    def _lay_out(self, register: Register, *, can_be_set: bool) -> None:
        here = list(_places(register.place, register.width))
        self._words.update(dict.fromkeys(here, 0))
        if register.scale_place is not None:
            self._words.setdefault((_TABLES[register.scale_place.table], register.scale_place.address), 0)
        if can_be_set:
            there = _places(register.write_place or register.place, register.width)
            self._written.update(zip(there, here, strict=True))

    def _start(self, device: Device, spec: ItemSpec, initial: Mapping[str, Any]) -> None:
        register, value = _register(spec), start_of(spec, initial)
        if register.type == "string":
            value = str(value)[: register.length]
        elif register.count > 1 and not (isinstance(value, Sequence) and len(value) == register.count):
            first = value[0] if isinstance(value, Sequence) and value else 0
            value = [first] * register.count
        try:
            self.put(spec.key, value)
        except (ItemTypeError, ItemValueError) as error:
            raise MktlError(
                f"{device.path}: cannot simulate {spec.key}, which starts as {value!r}: {error}"
            ) from None

    def _raw(self, spec: ItemSpec, words: Mapping[Address, int]) -> Any:
        register = _register(spec)
        return decode(register, [words[place] for place in _places(register.place, register.width)])

    def _exponent(self, spec: ItemSpec) -> int:
        place = _register(spec).scale_place
        if place is None:
            return 0
        exponent: int = decode(Register(place, "int16"), [self._words[_TABLES[place.table], place.address]])
        return exponent


def _register(spec: ItemSpec) -> Register:
    assert spec.register is not None
    return spec.register


def _is_given(spec: ItemSpec, initial: Mapping[str, Any]) -> bool:
    return spec.key in initial or "initial" in spec.metadata


def _places(place: Place, width: int) -> Iterator[Address]:
    return ((_TABLES[place.table], place.address + at) for at in range(width))


def _times_ten_to(raw: Any, exponent: int) -> Any:
    if not exponent:
        return raw
    if isinstance(raw, list):
        return [_times_ten_to(one, exponent) for one in raw]
    return raw * 10**exponent if exponent > 0 else raw / 10**-exponent
