"""Finds the model that a file or a command line names, and makes the device for a link."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, cast

from mktl.devicefile import Device
from mktl.errors import MktlError

from .derived import DerivedDevice
from .derived_registers import DerivedRegisters
from .dialect import SimulatedDevice
from .modbus import ModbusLine, RegisterDevice, RtuLine, TcpPort
from .modbus.framing import BROADCAST

#: The models that come with mktl, by the name the command line has for them.
MODELS = {
    "e3631a": "mktl_simulators.e3631a:E3631A",
    "eurotherm3216": "mktl_simulators.eurotherm3216:Eurotherm3216",
    "julabo": "mktl_simulators.julabo:Julabo",
    "keithley2450": "mktl_simulators.keithley2450:Keithley2450",
    "lakeshore336": "mktl_simulators.lakeshore336:LakeShore336",
    "mks937b": "mktl_simulators.mks937b:Mks937b",
    "mks937b-pair": "mktl_simulators.mks937b:Pair",
    "smc100": "mktl_simulators.smc100:Smc100",
    "tmcm1110": "mktl_simulators.tmcm1110:Tmcm1110",
    "tpg262": "mktl_simulators.tpg262:Tpg262",
    "wago750352": "mktl_simulators.wago750352:Wago750352",
}

_PARTS = ("receive", "advance", "hang_up")


def find_model(path: str) -> type[Any]:
    """The class that ``package.module:Class`` names."""
    module_name, _, class_name = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise MktlError(f"model '{path}': cannot import {module_name}: {error}") from error
    model = getattr(module, class_name, None)
    if not isinstance(model, type):
        raise MktlError(f"model '{path}': {module_name} has no class {class_name}")
    if issubclass(model, RegisterDevice):
        return model
    lacking = [part for part in _PARTS if not callable(getattr(model, part, None))]
    if lacking:
        raise MktlError(f"model '{path}': a simulated device has a method {lacking[0]}")
    return model


def on_modbus(units: Mapping[int, RegisterDevice], *, rtu: bool) -> ModbusLine:
    """Devices that are their tables, on a serial line or behind a TCP port."""
    if rtu:
        return RtuLine(units)
    return TcpPort(units, any_unit=len(units) == 1 and all(device.any_unit for device in units.values()))


def make_device(device: Device, link: str) -> SimulatedDevice:
    """What sits on this link of a device file: the model it names, or the file run backwards."""
    if device.simulate.model is None or link not in device.links:
        if link in device.links and device.links[link].driver == "modbus":
            return _on_modbus_link(device, link, lambda name: DerivedRegisters(device, name))
        return DerivedDevice(device, link)
    model = find_model(device.simulate.model)
    if issubclass(model, RegisterDevice):
        return _on_modbus_link(device, link, lambda _: model())
    return cast(SimulatedDevice, model())


def _on_modbus_link(device: Device, link: str, make: Callable[[str], RegisterDevice]) -> ModbusLine:
    """One device for each of the units that share this link's line, but for 0, which is all of them."""
    spec = device.links[link]
    if spec.driver != "modbus":
        path = device.simulate.model
        raise MktlError(f"{device.path}: links.{link}: driver '{spec.driver}', but '{path}' is Modbus")
    if "url" not in spec.settings:
        raise MktlError(f"{device.path}: links.{link}: no url, which says what kind of line it is")
    units: dict[int, RegisterDevice] = {}
    for one in device.links.values():
        if link in (one.name, one.on):
            unit = make(one.name)
            units[int(one.settings.get("unit", unit.unit))] = unit
    units.pop(BROADCAST, None)
    return on_modbus(units, rtu=not str(spec.settings["url"]).startswith("tcp:"))
