"""A line with faults in front of any device, simulated or real: bytes there and back, and what goes wrong.

``python -m mktl_simulators.faultline`` puts one on a TCP port or a pseudo-terminal;
:class:`TcpFaultline` and :class:`PtyFaultline` do the same in a test.
"""

from __future__ import annotations

from .journal import Entry, Journal
from .line import PtyFaultline, TcpFaultline
from .mix import parse_mix
from .upstream import Upstream, upstream_to

__all__ = [
    "Entry",
    "Journal",
    "PtyFaultline",
    "TcpFaultline",
    "Upstream",
    "parse_mix",
    "upstream_to",
]
