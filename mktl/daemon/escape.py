"""``python = "module:Class"``: what a person writes beside a device file where the file is not enough."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard

from ..errors import MktlError
from ..item import Item

if TYPE_CHECKING:
    from ..devicefile import PairConversion


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


def _load(directory: Path, name: str) -> ModuleType:
    """The module *name* in *directory*, or else wherever Python finds it."""
    path = directory.joinpath(*name.split(".")).with_suffix(".py")
    if not path.exists():
        return importlib.import_module(name)
    known_as = f"mktl_beside_{abs(hash(str(path.resolve()))):x}_{path.stem}"
    if known_as in sys.modules:  # several items of one module share what it holds
        return sys.modules[known_as]
    spec = importlib.util.spec_from_file_location(known_as, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[known_as] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[known_as]
        raise
    return module
