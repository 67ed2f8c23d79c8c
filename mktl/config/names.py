"""Names of stores, items and daemons: never a path, never a surprise on the wire."""

from __future__ import annotations

import re

from ..errors import ItemValueError

_STORE = re.compile(r"[A-Za-z0-9_:-]+\Z")
_KEY = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_:.-]*\Z")
_UUID = re.compile(r"[0-9a-fA-F-]{32,36}\Z")

LONGEST = 200


def check_store(name: str) -> str:
    """*name* in lower case.

    Raises:
        ItemValueError: Not the name of a store.

    >>> check_store("Lab")
    'lab'
    """
    if not isinstance(name, str) or not _STORE.match(name) or len(name) > LONGEST:
        raise ItemValueError(f"{_shown(name)} is no store name; letters, digits, _ : and - make one")
    return name.lower()


def check_key(key: str) -> str:
    """*key* in lower case.

    Raises:
        ItemValueError: Not the key of an item.
    """
    if not isinstance(key, str) or not _KEY.match(key) or len(key) > LONGEST:
        raise ItemValueError(f"{_shown(key)} is no item name; letters, digits, _ : . and - make one")
    return key.lower()


def check_alias(alias: str) -> str:
    """*alias*, the name of a daemon within its store, unchanged.

    Raises:
        ItemValueError: Not such a name.
    """
    if not isinstance(alias, str) or not _STORE.match(alias) or len(alias) > LONGEST:
        raise ItemValueError(f"{_shown(alias)} is no name for a daemon; letters, digits, _ : and - make one")
    return alias


def is_uuid(text: object) -> bool:
    """True for a UUID in its usual spelling: what may become the name of a file."""
    return isinstance(text, str) and bool(_UUID.match(text))


def split(full_key: str) -> tuple[str, str]:
    """Store and key of ``store.key``; the key is empty when there is no dot.

    >>> split("Lab.Temp")
    ('lab', 'temp')
    """
    store, _, key = full_key.partition(".")
    return check_store(store), check_key(key) if key else ""


def _shown(name: object) -> str:
    text = repr(name)
    return text if len(text) <= 60 else text[:57] + "..."
