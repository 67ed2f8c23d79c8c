"""The server side of Modbus: MODBUS Application Protocol V1.1b3, Modbus over Serial Line V1.02, Modbus/TCP.

A device is a :class:`RegisterDevice`, which knows tables and nothing of lines. :class:`RtuLine` and
:class:`TcpPort` put one or more on a line, bytes in and bytes out; RTU over TCP is an :class:`RtuLine` behind
a TCP port.
"""

from .framing import ModbusLine, RtuLine, TcpPort
from .registers import Bank, ModbusException, RegisterDevice, Table

__all__ = ["Bank", "ModbusException", "ModbusLine", "RegisterDevice", "RtuLine", "Table", "TcpPort"]
