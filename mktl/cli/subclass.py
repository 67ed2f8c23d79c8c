"""Finding the Daemon subclass that a person named on the command line of ``markd``."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import MktlError

if TYPE_CHECKING:
    from ..daemon import Daemon


class SubclassError(MktlError, ImportError):
    """The module or the class of a daemon that cannot be used; nothing has been started."""


def find(module_name: str | None, class_name: str) -> type[Daemon]:
    """The class *class_name* of a module, which may stand in the current directory; mktl.Daemon without one.

    Raises:
        SubclassError: What was found instead, and what would do.
    """
    from ..daemon import Daemon

    if module_name is None:
        return Daemon
    module = load(module_name)
    found = getattr(module, class_name, None)
    if found is None:
        raise SubclassError(f"module {module_name!r} has no {class_name!r}; {_choices(module, Daemon)}")
    if not (isinstance(found, type) and issubclass(found, Daemon)):
        what = (
            f"a class of {found.__mro__[1].__name__}"
            if isinstance(found, type)
            else f"a {type(found).__name__}"
        )
        raise SubclassError(
            f"{module_name}.{class_name} is {what}, not a subclass of mktl.Daemon; {_choices(module, Daemon)}"
        )
    if found is Daemon:
        # `from mktl import Daemon` in the module would otherwise serve everything but what it defines.
        raise SubclassError(f"{module_name}.{class_name} is mktl.Daemon itself; {_choices(module, Daemon)}")
    return found


def load(module_name: str) -> ModuleType:
    """Import a module, looking in the current directory first.

    Raises:
        SubclassError: It is not there, or raised while it was imported.
    """
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    if module_name.endswith(".py") or os.sep in module_name:
        raise SubclassError(
            f"{module_name!r} is a file; name the module, such as {_as_module(module_name)!r}"
        )
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            text = f"no module {module_name!r}, neither in {here} nor among what is installed"
            raise SubclassError(text) from error
        raise SubclassError(_raised(module_name, error)) from error
    except Exception as error:
        raise SubclassError(_raised(module_name, error)) from error


def _as_module(path: str) -> str:
    return os.path.normpath(path).removesuffix(".py").strip(os.sep).replace(os.sep, ".")


def _raised(module_name: str, error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}:{error.lineno})"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"module {module_name!r} cannot be imported: {type(error).__name__}: {text}{place}"


def _choices(module: ModuleType, base: type[Daemon]) -> str:
    names = sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    )
    if names:
        return f"name its subclass with -s: {', '.join(names)}"
    return "it defines no subclass of mktl.Daemon"
