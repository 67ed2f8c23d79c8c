"""Which items a daemon serves: the file it was given, and what it was given last."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.block import Items, normalise
from ..config.home import home, write_atomically
from ..config.local import DaemonLock, store_directory
from ..config.names import check_alias, check_store
from ..errors import DeviceFileError, MktlError, Problem
from . import drivers

if TYPE_CHECKING:
    from ..devicefile import Device


@dataclass(frozen=True, slots=True)
class Configuration:
    """The items of one daemon, and the device behind them, if any."""

    items: Items
    device: Device | None = None


log = logging.getLogger(__name__)


class NotKeptError(MktlError):
    """A configuration that is right could not be written down."""

    def __init__(self, text: str, configuration: Configuration) -> None:
        super().__init__(text)
        self.configuration = configuration


def read(path: Path | str, parameters: Mapping[str, str] | None = None) -> Configuration:
    """Read and check a device file, with its *parameters*, or a plain file of mKTL items.

    Raises:
        DeviceFileError: All that is wrong with it.
    """
    path = Path(path)
    plain = _plain_items(path) if path.suffix == ".json" else None
    if plain is not None:
        return Configuration(plain)
    from ..devicefile import load

    device = load(path, drivers=drivers.settings(), parameters=parameters)
    return Configuration(normalise(device.metadata()), device)


def _plain_items(path: Path) -> Items | None:
    """The items of a file that is nothing but items; None when it is a device file, or cannot be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or "links" in content or _is_table_of_items(content.get("items")):
        return None
    for key, description in content.items():
        if not isinstance(description, dict):
            message = f"an item is described by an object, got {type(description).__name__}"
            raise DeviceFileError([Problem(str(path), None, key, message)])
    try:
        return normalise(content)
    except MktlError as error:
        raise DeviceFileError([Problem(str(path), None, "", str(error))]) from None


def _is_table_of_items(candidate: object) -> bool:
    return isinstance(candidate, Mapping) and all(isinstance(inner, Mapping) for inner in candidate.values())


def adopt(
    store: str, alias: str, path: Path | str, parameters: Mapping[str, str] | None = None
) -> Configuration:
    """Check the file and make it what this daemon serves, now and at later starts without a file.

    Raises:
        DeviceFileError: All that is wrong with it; the former configuration stays.
        NotKeptError: It is right, but could not be written down: it has to be handed over.
        MktlError: The daemon is running, with the configuration that it has.
    """
    check_store(store)
    check_alias(alias)
    configuration = read(path, parameters)
    lock = DaemonLock(store, alias)
    try:
        keep(store, alias, configuration, path, parameters)
    finally:
        lock.release()
    return configuration


def keep(
    store: str,
    alias: str,
    configuration: Configuration,
    path: Path | str,
    parameters: Mapping[str, str] | None,
) -> None:
    """Have the next start without a file find this one.

    Raises:
        NotKeptError: It cannot be written down.
    """
    directory = store_directory(store)
    pointer = directory / f"{alias}.device"
    try:
        items = json.dumps(configuration.items, indent=1)
        write_atomically(directory / f"{alias}.json", items, clears_the_way=True)
        if configuration.device is not None:
            # A person goes on editing a device file where it is, so it is pointed to, not copied.
            pointed = {"file": str(Path(path).absolute()), "parameters": dict(parameters or {})}
            write_atomically(pointer, json.dumps(pointed, indent=1), clears_the_way=True)
        else:
            pointer.unlink(missing_ok=True)
    except OSError as error:
        text = f"{home()}: {error.strerror}; the next start of {store} {alias} has to be given {path} again"
        raise NotKeptError(text, configuration) from None


def keep_if_possible(
    store: str,
    alias: str,
    configuration: Configuration,
    path: Path | str,
    parameters: Mapping[str, str] | None,
) -> None:
    """As :func:`keep`; that it was not possible is logged."""
    try:
        keep(store, alias, configuration, path, parameters)
    except NotKeptError as error:
        log.warning("%s", error)


def is_known(store: str, alias: str) -> bool:
    """True when this daemon has been given a configuration before."""
    directory = store_directory(store)
    return any((directory / f"{check_alias(alias)}.{kind}").exists() for kind in ("device", "json"))


def find(store: str, alias: str) -> Configuration:
    """What this daemon was given last.

    Raises:
        MktlError: It never was given anything.
        DeviceFileError: What was given last no longer holds.
    """
    directory = store_directory(store)
    check_alias(alias)
    pointed = _pointed(directory / f"{alias}.device")
    if pointed is not None:
        return read(*pointed)
    path = directory / f"{alias}.json"
    if not path.exists():
        raise MktlError(
            f"nothing is known of daemon '{alias}' of store '{store}': no {path}; "
            f"start it once with its file: markd {store} {alias} -c FILE"
        )
    return read(path)


def _pointed(pointer: Path) -> tuple[str, dict[str, str]] | None:
    """The device file and the parameters of the last start; None when there was none."""
    try:
        content = json.loads(pointer.read_text("utf-8"))
        return str(content["file"]), dict(content.get("parameters", {}))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MktlError(f"{pointer} cannot be read ({error}); give the device file again with -c") from None


def from_description(items: Mapping[str, Mapping[str, Any]]) -> Configuration:
    """A configuration that was made at run time."""
    return Configuration(normalise(items))
