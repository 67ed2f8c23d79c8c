"""What the daemons of the soak serve: a device file with every kind of line, and items of their own."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import mktl
from mktl.errors import MktlError

#: Persistent registers, without a device.
KEPT = ("kept", "slow", "array")
FRAME_SHAPE = (128, 128)


class Beat(mktl.Item):
    """The machine's monotonic time."""

    def req_refresh(self) -> dict[str, Any]:
        return {"value": time.monotonic(), "time": time.time()}


class Frame(mktl.Item):
    """An image with that time in every pixel."""

    def req_refresh(self) -> dict[str, Any]:
        return {"value": np.full(FRAME_SHAPE, time.monotonic()), "time": time.time()}


class Slow(mktl.Item):
    """A set takes a while, and says no to what is not whole."""

    def req_set(self, request: Any) -> None:
        value = self.from_payload(request.payload)
        time.sleep(value % 7 / 100)
        self.publish(value)


class Mirror(mktl.Item):
    """The beat of another daemon, as this one sees it: a client within a daemon."""

    def __init__(self, *arguments: Any, of: str, **options: Any) -> None:
        self._of = of
        super().__init__(*arguments, **options)

    def req_refresh(self) -> dict[str, Any]:
        reading = mktl.get(self._of).reading
        if reading.status != "ok":
            raise MktlError(f"{self._of} is {reading.status}: {reading.reason}")
        return {"value": reading.value, "time": reading.time}


class SoakDaemon(mktl.Daemon):
    """Each daemon mirrors the beat of the other one."""

    def setup(self) -> None:
        roles = ("steady", "mortal") if self.name.startswith("steady") else ("mortal", "steady")
        other = self.name.replace(*roles)
        for item_class, key, period_s in ((Beat, "beat", 0.2), (Frame, "frame", 0.5)):
            self.add_item(item_class, key).poll(period_s)
        self.add_item(Mirror, "mirror", of=f"{other}.beat").poll(0.5)
        self.add_item(Slow, "slow")


def device_file(urls: dict[str, str], owner: str) -> str:
    """The device file of *owner*, whose devices are at *urls*."""
    tcp_host, _, tcp_port = urls[f"{owner}-tcp"].removeprefix("tcp://").partition(":")
    links = {
        "tcp": f'driver = "tcp"\nhost = "{tcp_host}"\nport = {tcp_port}\n' + _TEXT,
        "tty": f'driver = "serial"\nport = "{urls[f"{owner}-tty"]}"\n' + _TEXT,
        "mtcp": f'driver = "modbus"\nurl = "{urls[f"{owner}-mtcp"]}"\n' + _COMMON,
        "rtu": f'driver = "modbus"\nurl = "rtu://{urls[f"{owner}-rtu"]}?baudrate=115200"\n' + _COMMON,
    }
    tables = [f"[links.{name}]\n{table}" for name, table in links.items()]
    tables += [_text_items(link) for link in ("tcp", "tty")]
    tables += [_register_items(link) for link in ("mtcp", "rtu")]
    return "\n".join([*tables, _OWN])


_COMMON = """\
reply_timeout_s = 0.4
"""

_TEXT = (
    _COMMON
    + """\
send_end = '\\n'
reply_end = '\\n'
identity = { send = 'ID?', reply = 'SOAK,{_model:s}*{#sum8,hex}' }
otherwise = [ { reply = 'ERR*{#sum8,hex}', error = "refused" } ]
"""
)

_OWN = """\
[items.kept]
type = "numeric"
persist = true

[items.slow]
type = "numeric"
persist = true

[items.array]
type = "bulk"
persist = true

[items.beat]
type = "numeric"
settable = false

[items.mirror]
type = "numeric"
settable = false

[items.frame]
type = "bulk"
settable = false
"""


def _text_items(link: str) -> str:
    return f"""
[items.{link}_clock]
type = "numeric"
link = "{link}"
get = 'CLK?'
reply = '{{:f}}*{{#sum8,hex}}'
poll_s = 0.25
""" + "".join(
        f"""
[items.{link}_{name}]
type = "numeric"
range = [-3e9, 3e9]
link = "{link}"
get = '{name.upper()}?'
reply = '{{:d}}*{{#sum8,hex}}'
set = '{name.upper()}={{:d}}'
set_reply = 'OK*{{#sum8,hex}}'
read_back = true
poll_s = 0.5
"""
        for name in ("r1", "r2")
    )


def _register_items(link: str) -> str:
    return f"""
[items.{link}_clock]
type = "numeric"
link = "{link}"
register = "input 0"
as = "float64"
poll_s = 0.25
""" + "".join(
        f"""
[items.{link}_{name}]
type = "numeric"
link = "{link}"
register = "holding {address}"
as = "int32"
settable = true
read_back = true
poll_s = 0.5
"""
        for name, address in (("r1", 10), ("r2", 20))
    )
