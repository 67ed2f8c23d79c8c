"""SCPI headers: SCPI-1999, section 6.2 (mnemonics in two forms, optional nodes, numeric suffixes)."""

from __future__ import annotations

import re

#: A node that may be left out, with the colon on one side of it or the other.
_OPTIONAL = re.compile(r"\[(:?)([A-Za-z]+)(#?)(:?)\]")
_NODE = re.compile(r"([A-Za-z]+)(#?)")


def compile_header(manual: str) -> re.Pattern[str]:
    """The headers that are meant by one as manuals print it.

    Capitals are the short form; a node in brackets may be left out; ``#`` stands for a numeric suffix, which
    is a group. A suffix 1 may stand behind any node (SCPI-1999, section 6.2.5.2). A leading colon is for the
    path of headers (:mod:`.message`) and is not part of this.

    >>> header = compile_header("[SOURce:]VOLTage[:LEVel][:IMMediate]?")
    >>> [bool(header.fullmatch(typed)) for typed in ("volt?", "SOURce:VOLT:LEV?", "VOLTA?", "VOLT")]
    [True, True, False, False]
    >>> compile_header("STATus:ISUMmary#:CONDition?").fullmatch("STAT:ISUM3:COND?").group(1)
    '3'
    """
    query = manual.endswith("?")
    text, after = "", 0
    body = manual.removesuffix("?")
    for found in _OPTIONAL.finditer(body):
        text += _nodes(body[after : found.start()])
        text += f"(?:{found[1]}{_node(found[2], found[3])}{found[4]})?"
        after = found.end()
    text += _nodes(body[after:])
    return re.compile(text + (r"\?" if query else ""), re.IGNORECASE)


def is_form_of(typed: str, mnemonic: str) -> bool:
    """True when *typed* is the short or the long form of a mnemonic such as ``VOLTage``.

    >>> is_form_of("volt", "VOLTage"), is_form_of("VOLTA", "VOLTage")
    (True, False)
    """
    return typed.upper() in (short_form(mnemonic), mnemonic.upper())


def short_form(mnemonic: str) -> str:
    """The capitals, and digits, that a mnemonic begins with."""
    return re.sub(r"[a-z]+$", "", mnemonic)


def _nodes(text: str) -> str:
    return _NODE.sub(lambda found: _node(found[1], found[2]), text)


def _node(mnemonic: str, suffix: str) -> str:
    short = short_form(mnemonic)
    rest = mnemonic[len(short) :]
    both = f"{short}(?:{rest})?" if rest else short
    return both + (r"(\d*)" if suffix else "1?")
