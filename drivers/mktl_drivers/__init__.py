r"""Links to real devices and the Item classes bound to them.

``markd`` finds the drivers by their names in a device file; from Python they are used as they are::

    from mktl_drivers import SerialLink, TextItem

    class Daemon(mktl.Daemon):
        def setup(self):
            line = self.add_link(SerialLink.from_settings("ls336", port="/dev/ttyUSB0", reply_end=b"\r\n"))
            self.add_item(TextItem, "temp", link=line, get="KRDG? A", reply="{:f}", poll_s=1.0)
"""

from __future__ import annotations

from .bound import BoundItem
from .link import TextLink
from .serial import SerialLink
from .tcp import TcpLink
from .text_item import TextItem

__all__ = ["BoundItem", "SerialLink", "TcpLink", "TextItem", "TextLink"]
