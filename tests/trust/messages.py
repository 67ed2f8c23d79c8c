"""Multipart messages that are mKTL to a varying degree."""

from __future__ import annotations

import random
from collections.abc import Iterator

HEADS = [b"a", b"m", b"a", b"z", b""]
TYPES = [b"GET", b"SET", b"ACK", b"REP", b"HASH", b"CONFIG", b"PUB", b"\xff"]
TARGETS = [
    b"lab.temp",
    b"lab.image",
    b"lab._catalog",
    b"_hash",
    b"lab.",
    b".",
    b"../x",
    b"\xff\xfe",
    b"x" * 300,
]
FLAGS = [b"", b"\x00", b"\x01", b"\x03", b"\xff" * 9, b"{}"]
PAYLOADS = [
    b"", b"{}", b'{"value": 1}', b'{"value": NaN}', b"{", b"[1]", b'{"shape": [9], "dtype": "O"}', b"\x81",
    b'{"value": 1e999, "refresh": true}', b"[" * 5000, b'{"value": ' + b"[" * 900 + b"]" * 900 + b"}",
]  # fmt: skip


def random_messages(seed: int, count: int) -> Iterator[list[bytes]]:
    """*count* messages; the same ones for the same *seed*."""
    choose = random.Random(seed)
    for _ in range(count):
        parts = [
            choose.choice(HEADS),
            choose.randbytes(choose.choice((0, 4, 8))),
            choose.choice(TYPES),
            choose.choice(TARGETS),
            choose.choice(FLAGS),
            choose.choice(PAYLOADS),
            choose.randbytes(choose.choice((0, 5, 100))),
        ]
        yield parts[: choose.choice((1, 2, 3, 5, 6, 6, 6, 7, 7))]
