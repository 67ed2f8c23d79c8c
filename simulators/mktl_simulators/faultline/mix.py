"""Shares of faults as a person writes them: ``late=5%,drop=2%``."""

from __future__ import annotations

from collections.abc import Mapping

from mktl.errors import MktlError

from ..faults import Kind

#: What people call a fault, and what it is called where it is made.
WORDS: Mapping[str, Kind] = {
    "late": "delay",
    "drop": "lose",
    "truncate": "cut",
    "garble": "garble",
    "double": "double",
    "split": "split",
    "reset": "reset",
}


def parse_mix(text: str) -> dict[Kind, float]:
    """The share of each kind of fault.

    Raises:
        MktlError: A word that is none, a share that is none, or more than all replies.

    >>> parse_mix("late=5%,drop=0.02")
    {'delay': 0.05, 'lose': 0.02}
    """
    shares: dict[Kind, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _, share = part.partition("=")
        if word not in WORDS:
            raise MktlError(f"{word!r} is no fault; there are {', '.join(WORDS)}")
        shares[WORDS[word]] = _share(part, share)
    if sum(shares.values()) > 1:
        raise MktlError(f"{text!r}: the shares add up to more than all replies")
    return shares


def _share(part: str, text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise MktlError(f"{part!r}: expected a share of the replies, such as 5% or 0.05")
    return share
