"""Device files for the instruments: what somebody would write who has one."""

from __future__ import annotations

from tests.bench.line_clients import BLOCKS, CHANNELS, REGISTERS

# Shorter than the line can bear, so that there is always something to ask; not by so much that asking costs.
TEXT_POLL_S, MODBUS_POLL_S = 0.006, 0.002

_ENDS = """send_end = '\\r\\n'
reply_end = '\\r\\n'
"""

_GO = """
[items.go]
type = "numeric"
initial = 0
"""


def text(kind: str, where: str, name: str = "t") -> str:
    """Temperatures of all channels of a text instrument on a serial line or a socket."""
    port = f'port = "{where}"' if kind == "serial" else f'host = "127.0.0.1"\nport = {where}'
    link = f"[links.{name}]\ndriver = '{kind}'\n{port}\nreply_timeout_s = 0.2\n" + _ENDS
    items = (
        f"[items.{name}{channel}]\ntype = 'numeric'\nlink = '{name}'\n"
        f"get = 'T{channel}?'\nreply = '{{:f}}'\n{_polled(TEXT_POLL_S)}"
        for channel in range(CHANNELS)
    )
    return link + "".join(items)


def modbus(where: str) -> str:
    """All registers of each block of a Modbus device."""
    link = f'[links.m]\ndriver = "modbus"\nurl = "tcp://127.0.0.1:{where}"\n'
    items = (
        f"[items.m{block + offset}]\ntype = 'numeric'\nlink = 'm'\n"
        f"register = 'holding {block + offset}'\nas = 'uint16'\n{_polled(MODBUS_POLL_S)}"
        for block in BLOCKS
        for offset in range(REGISTERS)
    )
    return link + "".join(items)


def with_go(*parts: str) -> str:
    """A file of these parts and the item that has polls run."""
    return "\n".join([*parts, _GO])


def _polled(period_s: float) -> str:
    """Polls run while somebody wants them to: whoever measures something else meanwhile is left alone."""
    return f"poll_s = 3600\nfast = {{ when = 'go == 1', poll_s = {period_s} }}\n"
