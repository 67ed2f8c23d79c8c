"""Puts a simulated device on a line: ``python -m mktl_simulators lakeshore336 --pty``.

It prints where it listens, in one line, and runs until Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import inspect
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from mktl.devicefile import load
from mktl.errors import MktlError

from .dialect import SimulatedDevice
from .hislip import HislipServer
from .line_server import LineServer
from .modbus import RegisterDevice
from .models import MODELS, find_model, make_device, on_modbus
from .serve import PtyServer, TcpServer
from .udp_server import UdpServer

#: What is kept of the bytes received, since nobody asks.
KEEP = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    try:
        with _serve(_device(given), given) as server:
            sys.stdout.write(f"{given.what} listens on {server.url}\n")
            sys.stdout.flush()
            stop.wait()
    except (MktlError, OSError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mktl_simulators", description="Serve a simulated device."
    )
    parser.add_argument("what", help=f"{', '.join(MODELS)}, or a device file")
    parser.add_argument("link", nargs="?", help="the link of the device file; its first one when left out")
    line = parser.add_mutually_exclusive_group()
    line.add_argument(
        "--pty", nargs="?", const="", metavar="LINK", help="serial port, with a link to it [default]"
    )
    line.add_argument("--tcp", type=int, metavar="PORT", help="TCP port on this machine; 0 takes a free one")
    line.add_argument("--udp", type=int, metavar="PORT", help="UDP port")
    line.add_argument("--hislip", type=int, metavar="PORT", help="TCP port for VISA, with message ends")
    parser.add_argument("--unit", type=int, help="of a Modbus device")
    parser.add_argument("--rtu", action="store_true", help="Modbus frames of a serial line on a TCP port too")
    parser.add_argument("--speed", type=float, default=1.0, help="model seconds a second [1]")
    parser.add_argument("--seed", type=int, help="of a model's noise")
    parser.add_argument("--start", metavar="STATE", help="a named state of a model, such as cooling")
    return parser


def _serve(device: SimulatedDevice, given: argparse.Namespace) -> LineServer[SimulatedDevice]:
    for kind, port in ((TcpServer, given.tcp), (UdpServer, given.udp), (HislipServer, given.hislip)):
        if port is not None:
            return kind(device, port=port, speed=given.speed, keep=KEEP)
    return PtyServer(device, link_path=given.pty or None, speed=given.speed, keep=KEEP)


def _device(given: argparse.Namespace) -> SimulatedDevice:
    if given.what in MODELS:
        return _model(find_model(MODELS[given.what]), given)
    file = load(given.what)
    link = given.link or next(iter(file.links), "")
    if file.simulate.model is not None and link in file.links:
        return _model(find_model(file.simulate.model), given)
    return make_device(file, link)


def _model(model: type[Any], given: argparse.Namespace) -> SimulatedDevice:
    device = _in_state(model, given)
    if isinstance(device, RegisterDevice):
        unit = device.unit if given.unit is None else given.unit
        return on_modbus({unit: device}, rtu=given.rtu or given.tcp is None)
    return device


def _in_state(model: type[Any], given: argparse.Namespace) -> SimulatedDevice | RegisterDevice:
    make: Any = model
    if given.start is not None:
        make = getattr(model, given.start, None)
        if not callable(make) or not inspect.ismethod(make):
            raise MktlError(f"{model.__name__} has no state '{given.start}', only {states_of(model)}")
    options = {} if given.seed is None else {"seed": given.seed}
    device: SimulatedDevice | RegisterDevice = make(**options)
    return device


def states_of(model: type[Any]) -> str:
    """The named states: the class methods that make one."""
    names = [name for name, member in inspect.getmembers(model, inspect.ismethod) if not name.startswith("_")]
    return ", ".join(names) or "the one it starts in"


if __name__ == "__main__":
    sys.exit(main())
