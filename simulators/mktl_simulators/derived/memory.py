"""Which of its exchanges a device is in, and what a command means there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .phrases import Exchange, Heard, Phrase

#: What a command may mean: the next step, a beginning, the same again, or a step out of its order.
_NEXT, _FIRST, _AGAIN, _ANYWHERE = range(4)


class Memory:
    """Which exchange the device is in: a later step may be common to many, as ENQ is to all mnemonics."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        #: All that the device knows.
        self.exchanges = list(exchanges)
        self._constants: dict[tuple[bytes, bytes], list[tuple[Exchange, int]]] = {}
        self._others: list[tuple[Exchange, int]] = []
        for exchange in exchanges:
            for number, turn in enumerate(exchange.turns):
                constant = turn.phrase.constant
                if constant is None:
                    self._others.append((exchange, number))
                else:
                    self._constants.setdefault((constant, turn.phrase.end), []).append((exchange, number))
        self._here: set[tuple[Exchange, int]] = set()

    @property
    def phrases(self) -> Iterator[Phrase]:
        """All that it may hear, each once."""
        return iter(dict.fromkeys(turn.phrase for exchange in self.exchanges for turn in exchange.turns))

    def follow(self, command: bytes, end: bytes) -> list[Heard]:
        """What *command* means here and now, the most precise first; nothing when nobody knows.

        Of several meanings those count that go on with the exchange under way, then those that begin one,
        then those that say the last command again.
        """
        found = [heard for heard in self._meanings(command, end) if heard is not None]
        if not found:
            return []
        ranks = [self._rank(heard) for heard in found]
        best = min(ranks)
        meant = [heard for heard, rank in zip(found, ranks, strict=True) if rank == best]
        if best == _ANYWHERE and len({heard.turn for heard in meant}) > 1:
            return []
        meant.sort(key=_precision, reverse=True)
        self._here = {heard.place for heard in meant}
        return meant

    def forget(self) -> None:
        """No exchange is under way."""
        self._here = set()

    def _meanings(self, command: bytes, end: bytes) -> Iterator[Heard | None]:
        for place in self._constants.get((command, end), ()):
            yield Heard(*place)
        for exchange, number in self._others:
            phrase = exchange.turns[number].phrase
            given = phrase.parse(command) if phrase.end == end else None
            yield None if given is None else Heard(exchange, number, given)

    def _rank(self, heard: Heard) -> int:
        exchange, number = heard.place
        if number and (exchange, number - 1) in self._here:
            return _NEXT
        if number == 0:
            return _FIRST
        return _AGAIN if heard.place in self._here else _ANYWHERE


def _precision(heard: Heard) -> tuple[bool, int, bool]:
    """Which of two commands is meant when both fit: the one that says more by itself."""
    phrase = heard.turn.phrase
    return phrase.constant is not None, phrase.literal_length, heard.exchange.sets is not None
