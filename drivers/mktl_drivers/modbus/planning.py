"""From a device file to the reads of its Modbus units, and the plan in words; pure."""

from __future__ import annotations

from mktl.devicefile import Device, ItemSpec, LinkSpec, Register
from mktl.devicefile.register import Table
from mktl.errors import MktlError

from ..wording import plural
from .lines import BROADCAST
from .plan import BITS, Read, Wanted, plan
from .settings import ModbusSettings

DRIVER = "modbus"
#: The functions that write one register or coil and no more.
_SINGLE = (5, 6)


def reads_of(device: Device, link: LinkSpec, settings: ModbusSettings) -> tuple[Read, ...]:
    """What is read of one unit.

    Raises:
        MktlError: An item that cannot be read.
    """
    wanted = [
        Wanted.by(key, spec.poll_s, *_registers(device, spec))
        for key, spec in device.items.items()
        if spec.link == link.name and spec.register is not None and spec.metadata.get("gettable") is not False
    ]
    if wanted and settings.unit == BROADCAST:
        raise MktlError(
            f"{wanted[0].key}: unit 0 is everybody on the line, and nobody answers: gettable = false, "
            "or a unit of its own"
        )
    return plan(wanted, settings.limits)


def _registers(device: Device, spec: ItemSpec) -> list[Register]:
    """The item's own, and those of the items without whose values it has none.

    Raises:
        MktlError: One of these is no item of this unit.
    """
    registers = []
    for key in dict.fromkeys([spec.key, *spec.good_when, *spec.disabled_when]):
        other = device.items.get(key)
        if other is None or other.register is None or other.link != spec.link:
            raise MktlError(f"{spec.key}: depends on '{key}', which is no item of this unit")
        registers.append(other.register)
    return registers


def check_link(link: LinkSpec) -> None:
    """See to it that the file wants nothing of a Modbus link that is for text devices.

    Raises:
        MktlError: It does.
    """
    for key in ("identity", "init", "check_after_set", "otherwise"):
        if getattr(link, key):
            raise MktlError(f'{link.name}: "{key}" is for devices that are spoken to in text or bytes')


def check_item(spec: ItemSpec, settings: ModbusSettings) -> None:
    """See to it that an item is in registers, and can be written if it can be set.

    Raises:
        MktlError: It cannot; the text says why.
    """
    register = spec.register
    if register is None:
        raise MktlError(
            f'{spec.key}: an item of a Modbus device has a register = "holding 1", no get and no set'
        )
    if not spec.metadata.get("settable"):
        return
    table: Table = (register.write_place or register.place).table
    most = settings.largest_write_bits if table in BITS else settings.largest_write
    function = register.write_function
    if register.bit is None and register.width > most:
        raise MktlError(
            f"{spec.key}: takes {register.width} registers, and the device one write of {most} at the most"
        )
    if function in _SINGLE and register.bit is None and register.width > 1:
        raise MktlError(f"{spec.key}: function {function} writes one register, not {register.width}")
    if function == 22 and register.bit is None:
        raise MktlError(f"{spec.key}: function 22 changes one bit: which one is said by bit = 0 … 15")
    if register.bit is not None and settings.unit == BROADCAST and function != 22:
        raise MktlError(f"{spec.key}: the other bits cannot be read of everybody: write_function = 22")


def name_of(read: Read) -> str:
    """A read in words.

    >>> from mktl_drivers.modbus.plan import Limits, Span
    >>> [one] = plan([Wanted("pv", (Span("holding", 1, 2),), 1.0)], Limits())
    >>> name_of(one)
    'holding 1-2 every 1 s'
    """
    spans = ", ".join(str(block.span) for block in read.blocks)
    return f"{spans} {_how_often(read)}"


def plan_text(device: Device) -> str:
    """Every read of every Modbus link of the file, with the items that it feeds; empty without such a link.

    Raises:
        MktlError: An item that cannot be read or written as the file wants it.
    """
    lines: list[str] = []
    for link in device.links.values():
        if link.driver == DRIVER:
            settings = ModbusSettings.model_validate(dict(link.settings))
            lines += _plan_of(device, link, settings)
    return "\n".join(lines)


def _plan_of(device: Device, link: LinkSpec, settings: ModbusSettings) -> list[str]:
    check_link(link)
    for spec in device.items.values():
        if spec.link == link.name:
            check_item(spec, settings)
    reads = reads_of(device, link, settings)
    exchanges = plural(sum(len(read.blocks) for read in reads), "read")
    lines = [f"{link.name}: {settings.url}, unit {settings.unit}: {exchanges}"]
    for read in reads:
        for block in read.blocks:
            words = plural(block.span.count, "bit" if block.span.table in BITS else "register")
            lines.append(f"  {_how_often(read):12s} {block.span!s:20s} {words:14s} {', '.join(read.keys)}")
    return lines


def _how_often(read: Read) -> str:
    return "on demand" if read.period_s is None else f"every {read.period_s:g} s"
