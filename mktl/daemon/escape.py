"""``python = "module:Class"``: what a person writes beside a device file where the file is not enough."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard

from ..errors import MktlError
from ..item import Item

if TYPE_CHECKING:
    from ..devicefile import PairConversion

#: A module's own source, as it was read.
_SOURCE = "__mktl_source__"


def find(file: Path, key: str, named: str) -> type[Any]:
    """The class that ``module:Class`` names, from a module beside *file* or one that is installed.

    Raises:
        MktlError: There is none, or its module raised; the text names the item.
    """
    module_name, _, class_name = named.partition(":")
    where = f"{file}: items.{key}.python: "
    try:
        module = _load(file.parent, module_name)
    except Exception as error:
        raise MktlError(f"{where}cannot import {module_name}: {type(error).__name__}: {error}") from error
    found: Any = module
    for name in class_name.split("."):
        found = getattr(found, name, None)
    if not isinstance(found, type):
        raise MktlError(f"{where}{module_name} has no class {class_name}")
    if not (is_item(found) or callable(getattr(found, "parse", None))):
        raise MktlError(
            f"{where}{class_name} is no subclass of mktl.Item, and has no parse(value) for a pair of "
            "parse and format"
        )
    return found


def is_item(found: type[Any]) -> TypeGuard[type[Item]]:
    """True for an Item subclass, False for a pair of parse and format."""
    return issubclass(found, Item)


def pair(found: type[Any]) -> PairConversion:
    """The conversion that the methods ``parse(value)`` and ``format(value)`` of a class are."""
    from ..devicefile import PairConversion  # only here: a daemon without a device file starts sooner

    made = found()
    return PairConversion(parse=made.parse, format=getattr(made, "format", None))


def forget_changed(file: Path, named: Iterable[str]) -> dict[str, ModuleType]:
    """Have modules beside *file* that are not as they were read be read again when they are asked for next.

    Args:
        file: The device file.
        named: ``module:Class`` of its items.

    Returns:
        ``{module: as it was}`` of those, for :func:`remember`.
    """
    changed = {}
    for name in {one.partition(":")[0] for one in named}:
        path = _path(file.parent, name)
        module = sys.modules.get(_known_as(path))
        if module is not None and getattr(module, _SOURCE, None) != _source(path):
            changed[name] = sys.modules.pop(_known_as(path))
    return changed


def remember(file: Path, modules: Mapping[str, ModuleType]) -> None:
    """Go on with *modules* as they were."""
    for name, module in modules.items():
        sys.modules[_known_as(_path(file.parent, name))] = module


def _path(directory: Path, name: str) -> Path:
    return directory.joinpath(*name.split(".")).with_suffix(".py")


def _known_as(path: Path) -> str:
    return f"mktl_beside_{abs(hash(str(path.resolve()))):x}_{path.stem}"


def _source(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _load(directory: Path, name: str) -> ModuleType:
    """The module *name* in *directory*, or else wherever Python finds it."""
    path = _path(directory, name)
    if not path.exists():
        return importlib.import_module(name)
    known_as = _known_as(path)
    if known_as in sys.modules:  # several items of one module share what it holds
        return sys.modules[known_as]
    spec = importlib.util.spec_from_file_location(known_as, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[known_as] = module
    source = _source(path)
    setattr(module, _SOURCE, source)
    try:
        # Not by its loader, which takes a cached module for one of the same second and length.
        exec(compile(source, str(path), "exec"), vars(module))
    except BaseException:
        del sys.modules[known_as]
        raise
    return module
