"""Two 937B on one RS-485 line: instruction manual, chapter 9 (addresses)."""

from __future__ import annotations

from ..bus import Bus
from .dialect import Mks937b


class Pair(Bus):
    """Units 001 and 002, each with a vacuum of its own; the second chamber has long been pumped."""

    def __init__(self, *, seed: int | None = 0, noise: float = 0.01) -> None:
        first = Mks937b(address=1, seed=seed, noise=noise)
        second = Mks937b.pumped(seed=None if seed is None else seed + 1, noise=noise)
        second.address = 2
        super().__init__(first, second)
