"""Writes docs/reference/python.md from the docstrings, below its marker: python docs/python_reference.py."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mktl
from mktl import begin, config, errors, json, poll, weakref
from mktl.protocol import discover, message, publish, request

PAGE = Path(__file__).parent / "reference" / "python.md"
MARKER = "<!-- from here on by docs/python_reference.py, out of the docstrings -->\n"

FUNCTIONS = {
    "mktl": [begin.get, begin.discover, begin.close, mktl.home],
    "mktl.poll": [poll.start, poll.stop, poll.period],
    "mktl.config": [config.authoritative],
    "mktl.json": [json.dumps, json.loads],
    "mktl.weakref": [weakref.ref],
}
CLASSES = {"mktl": [mktl.Item, mktl.Store, mktl.Daemon]}
#: What lies beneath, by the names of the published interface.
BENEATH = {
    "mktl.protocol.message": [message.Request, message.Message, message.Broadcast, message.Payload],
    "mktl.protocol.request": [request.Client, request.Server, request.client, request.send, request.shutdown],
    "mktl.protocol.publish": [publish.Client, publish.Server, publish.client, publish.shutdown],
    "mktl.protocol.discover": [
        discover.search, discover.search_direct, discover.Server, discover.DirectServer,
    ],
}  # fmt: skip


def page() -> str:
    """Everything below the marker."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield "\n## Functions\n"
    for module, functions in FUNCTIONS.items():
        for function in functions:
            yield _entry(f"{module}.{function.__name__}", function)
    for module, classes in CLASSES.items():
        for one in classes:
            yield from _class(f"{module}.{one.__name__}", one, level=2)
    yield "\n## Errors\n\nAll of `mktl.errors`, each a `RuntimeError` and more than that.\n\n"
    yield "| error | is also | |\n|---|---|---|\n"
    for one in _errors():
        yield f"| `{one.__name__}` | {_also(one)} | {_first_sentence(one)} |\n"
    yield "\n## Beneath\n\nMessages without items. Most programs need none of it.\n"
    for module, members in BENEATH.items():
        for member in members:
            name = f"{module}.{member.__name__}"
            yield from (_class(name, member, level=3) if inspect.isclass(member) else [_entry(name, member)])


def _class(name: str, one: type, level: int) -> Iterator[str]:
    yield f"\n{'#' * level} {name}\n\n`{one.__name__}{_signature(one.__init__, method=True)}`\n"
    yield _text(one)
    for member, value in members(one):
        if isinstance(value, property):
            settable = " (can be set)" if value.fset is not None else ""
            yield f"\n**`{member}`**{settable}: {_text(value).strip()}\n"
        else:
            yield _entry(member, value, method=not isinstance(value, staticmethod))


def members(one: type) -> Iterator[tuple[str, Any]]:
    """Public properties and methods, those of the class itself first, in the order they are written."""
    seen = set()
    for base in one.__mro__[:-1]:
        if not base.__module__.startswith("mktl"):
            continue
        for name in vars(base):
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            actual = inspect.getattr_static(one, name)
            if isinstance(actual, classmethod):
                actual = actual.__func__
            if isinstance(actual, property) or inspect.isfunction(actual):
                yield name, actual


def _entry(name: str, function: Any, method: bool = False) -> str:
    return f"\n**`{name}{_signature(function, method)}`**\n{_text(function)}"


def _signature(function: Any, method: bool = False) -> str:
    parameters = list(inspect.signature(function).parameters.values())[1 if method else 0 :]
    shown = []
    for kind, parameter in zip(_stars(parameters), parameters, strict=True):
        default = "" if parameter.default is parameter.empty else f"={_default(parameter.default)}"
        shown.append(f"{kind}{parameter.name}{default}")
    return f"({', '.join(shown)})"


def _stars(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    opened = False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not opened:
            yield "*, "
            opened = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            opened = True
            yield "*"
        else:
            yield "**" if parameter.kind is parameter.VAR_KEYWORD else ""


def _default(value: object) -> str:
    return "…" if type(value) is object else repr(value)


def _text(documented: Any) -> str:
    """A docstring as Markdown: sections of arguments and errors become lists, examples are shown as such."""
    doc = inspect.getdoc(documented) or ""
    doc = re.sub(r":(?:func|meth|class|attr|data):`[~!]?([^`]+)`", r"`\1`", doc).replace("``", "`")
    blocks = [_block(block) for block in doc.split("\n\n")]
    return "\n" + "\n\n".join(blocks) + "\n"


def _block(block: str) -> str:
    if block.lstrip().startswith(">>>"):
        return f"```pycon\n{textwrap.dedent(block)}\n```"
    head, _, rest = block.partition("\n")
    if head not in ("Args:", "Raises:", "Returns:"):
        return block
    lines = textwrap.dedent(rest).splitlines()
    entries = [f"  {line.strip()}" if line.startswith(" ") else f"- {_named(line)}" for line in lines]
    title = {"Args:": "", "Raises:": "Raises:\n\n", "Returns:": "Returns:\n\n"}[head]
    return title + "\n".join(entries)


def _named(line: str) -> str:
    name, colon, text = line.partition(": ")
    return f"`{name}`: {text}" if colon and " " not in name.replace(", ", ",") else line


def _errors() -> list[type]:
    found = [
        one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.MktlError)
    ]
    return sorted(found, key=lambda one: one.__name__)


def _also(one: type) -> str:
    others = [base.__name__ for base in one.__bases__ if base not in (errors.MktlError, RuntimeError)]
    return ", ".join(f"`{name}`" for name in others)


def _first_sentence(one: type) -> str:
    return " ".join((inspect.getdoc(one) or "").split("\n\n")[0].split())


def main() -> None:
    """Write the page."""
    head, marker, _ = PAGE.read_text("utf-8").partition(MARKER)
    assert marker, f"{PAGE}: no line {MARKER!r}"
    PAGE.write_text(head + MARKER + page(), "utf-8")


if __name__ == "__main__":
    main()
