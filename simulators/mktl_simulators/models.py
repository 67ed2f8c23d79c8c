"""Finds the model that a file or a command line names, and makes the device for a link."""

from __future__ import annotations

import importlib
from typing import Any, cast

from mktl.devicefile import Device
from mktl.errors import MktlError

from .derived import DerivedDevice
from .dialect import SimulatedDevice
from .modbus import ModbusLine, RegisterDevice, RtuLine, TcpPort

#: The models that come with mktl, by the name the command line has for them.
MODELS = {
    "e3631a": "mktl_simulators.e3631a:E3631A",
    "eurotherm3216": "mktl_simulators.eurotherm3216:Eurotherm3216",
    "julabo": "mktl_simulators.julabo:Julabo",
    "keithley2450": "mktl_simulators.keithley2450:Keithley2450",
    "lakeshore336": "mktl_simulators.lakeshore336:LakeShore336",
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


def on_modbus(device: RegisterDevice, *, rtu: bool, unit: int | None = None) -> ModbusLine:
    """A device that is its tables, behind a serial line or alone behind a TCP port."""
    units = {device.unit if unit is None else unit: device}
    return RtuLine(units) if rtu else TcpPort(units, any_unit=unit is None)


def make_device(device: Device, link: str) -> SimulatedDevice:
    """What sits on this link of a device file: the model it names, or the file run backwards."""
    if device.simulate.model is None or link not in device.links:
        return DerivedDevice(device, link)
    return cast(SimulatedDevice, find_model(device.simulate.model)())
