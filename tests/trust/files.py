"""Device files for the rows about hardware: one controller of text, one of registers."""

from __future__ import annotations

TEXT = r"""
[links.box]
{line}
reply_timeout_s = 0.2
retry_s = 0.05
retry_max_s = 0.1
identity = {{ send = '*IDN?', reply = 'ACME,{{serial:s}}' }}

[items.temp]
type = "numeric"
units = "K"
get = 'TEMP?'
reply = '{{:f}}'
poll_s = 0.05
[items.name]
type = "string"
get = 'NAME?'
reply = '{{:s}}'
set = 'NAME {{:s}}'
poll_s = 0.05
"""
LINES = {
    "serial": 'driver = "serial"\nport = "/dev/null"\nbaudrate = 115200',
    "tcp": 'driver = "tcp"\nhost = "127.0.0.1"\nport = 1',
}
MODBUS = r"""
[links.box]
driver = "modbus"
url = "{url}"
reply_timeout_s = 0.2
retry_s = 0.05
retry_max_s = 0.1

[items.temp]
type = "numeric"
register = "holding 0"
as = "float32"
poll_s = 0.05
[items.name]
type = "numeric"
register = "holding 4"
as = "uint16"
settable = true
poll_s = 0.05
"""
URLS = {"modbus tcp": "tcp://127.0.0.1:1", "modbus rtu": "rtu:///dev/null?baudrate=115200"}
KINDS = [*LINES, *URLS]


def device_file(kind: str) -> str:
    """The file of a device on a line of this kind; simulated, so that no address in it counts."""
    return TEXT.format(line=LINES[kind]) if kind in LINES else MODBUS.format(url=URLS[kind])
