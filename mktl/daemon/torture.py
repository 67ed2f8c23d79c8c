"""A device file against its simulator, through every kind of fault: what items show, and how they recover."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from . import configure
from .apart import apart, store_of
from .daemon import Daemon
from .watched import Trouble, Watched
from .witness import Witness

#: Faults that change bytes: on a line without a checksum nobody can tell the value that they leave.
ALTERING = ("garble",)
#: Faults that befall the line, and no replies that could be counted.
UNCOUNTED = ("echo", "cut")
#: A fault goes on until it has befallen so many replies, for so many reply timeouts more at the most.
_ENOUGH, _MORE = 3, 4
#: Each item is asked so often while a fault lasts.
_ASKED = 2
_LOOK_S = 0.02
#: An item that has not recovered after its link's slowest ways, and so much, never will.
_MARGIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one kind of fault did."""

    fault: str
    #: How many replies it befell, of how many.
    spoiled: int
    replies: int
    #: By key: the first time that the item could not be trusted.
    troubles: Mapping[str, Trouble]
    #: By key: what was taken for the reply that feeds it, and is not what the device said to that command.
    wrong: Mapping[str, str]
    #: By key: from the end of the fault until all was as before, s; at once is 0.
    recovered_s: Mapping[str, float]
    #: By key: what an item shows that did not recover.
    lost: Mapping[str, Trouble]
    #: The longest recovery in periods of its item's poll; None where no polled item was in trouble.
    periods: float | None = None

    @property
    def is_altered(self) -> bool:
        """Whether wrong values are bytes changed on the way, not another's reply."""
        return self.fault in ALTERING

    @property
    def is_fine(self) -> bool:
        """True when all recovered, and none was fed what was another's reply."""
        return not self.lost and (self.is_altered or not self.wrong)


class Torture:
    """A daemon of its own on *path*, its devices simulated; made by :func:`rack`.

    Args:
        daemon: It serves already.
        seconds: How long each fault lasts.
        seed: The same faults for the same seed.
    """

    def __init__(self, daemon: Daemon, *, seconds: float, seed: int = 0) -> None:
        self._daemon, self._seconds, self._seed = daemon, seconds, seed
        bound = (item for item in daemon.items.values() if getattr(item, "source", None) is not None)
        self.watched = [Watched(item, seconds / _ASKED) for item in bound]
        for name, stand_in in daemon.stand_ins.items():
            self._witness(daemon.links[name], stand_in)

    def _witness(self, link: Any, stand_in: Any) -> None:
        """Hear both ends of a line, where its driver tells what passes."""
        taps = getattr(link, "taps", None)
        if taps is not None:
            witness = Witness(one for one in self.watched if one.item.link.taps is taps)
            stand_in.faults.witness = witness.overhear
            taps.add(witness)

    @property
    def troubles(self) -> Sequence[str]:
        """The kinds of fault there are, from little to much."""
        words: dict[str, None] = {}
        for stand_in in self._daemon.stand_ins.values():
            words.update(dict.fromkeys(stand_in.troubles))
        return list(words)

    def learn(self) -> list[str]:
        """See what items show while all is well; the keys of those that cannot be read even so."""
        self._until(lambda: all(one.is_read for one in self.watched), self._patience_s)
        for one in self.watched:
            one.learned()
        return [one.key for one in self.watched if not one.is_read]

    def suffer(self, fault: str) -> Outcome:
        """Let *fault* befall every line for a while; what came of it."""
        spoiled, replies = self._counts()
        for one in self.watched:
            one.begin()
        for name, stand_in in self._daemon.stand_ins.items():
            timeout_s = self._spec(name).reply_timeout_s
            stand_in.begin_trouble(fault, reply_timeout_s=timeout_s, seed=self._seed)
        try:
            self._until(lambda: False, self._seconds)
            if fault not in UNCOUNTED:
                self._until(lambda: self._counts()[0] - spoiled >= _ENOUGH, _MORE * self._slowest_s)
        finally:
            for stand_in in self._daemon.stand_ins.values():
                stand_in.end_trouble()
        ended_s, ended = time.monotonic(), time.time()
        now_spoiled, now_replies = self._counts()
        self._until(lambda: all(one.is_back(ended) for one in self.watched), self._patience_s)
        counts = now_spoiled - spoiled, now_replies - replies
        return self._outcome(fault, counts, ended_s, ended)

    def _counts(self) -> tuple[int, int]:
        """How many replies have suffered by now, and how many there were."""
        all_faults = [stand_in.faults for stand_in in self._daemon.stand_ins.values()]
        return sum(len(faults.happened) for faults in all_faults), sum(
            faults.replies for faults in all_faults
        )

    def _outcome(self, fault: str, counts: tuple[int, int], ended_s: float, ended: float) -> Outcome:
        troubled = [one for one in self.watched if one.trouble is not None]
        lost = {one.key: one.shown for one in self.watched if not one.is_back(ended)}
        back = [one for one in troubled if one.key not in lost]
        recovered_s = {one.key: max(0.0, one.troubled_s - ended_s) for one in back}
        periods = [recovered_s[one.key] / one.period_s for one in back if one.period_s]
        return Outcome(
            fault,
            *counts,
            {one.key: one.trouble for one in troubled if one.trouble is not None},
            {one.key: one.wrong for one in self.watched if one.wrong is not None},
            recovered_s,
            lost,
            max(periods, default=None),
        )

    @property
    def _slowest_s(self) -> float:
        """How long a link waits for a reply."""
        return max((link.spec.reply_timeout_s for link in self._daemon.links.values()), default=0.0)

    def _spec(self, link: str) -> Any:
        return self._daemon.links[link].spec

    @property
    def _patience_s(self) -> float:
        """How long the slowest way back may take: every reply missed again, and each pause its longest."""
        specs = [link.spec for link in self._daemon.links.values()]
        slowest_s = max(
            (one.reply_timeout_s * (2 + one.retries) + one.retry_max_s for one in specs), default=0.0
        )
        query_s = max((_timeout_s(one.item) for one in self.watched), default=0.0)
        return 2 * slowest_s + 2 * query_s + 2 * self._seconds + _MARGIN_S

    def _until(self, is_so: Callable[[], bool], timeout_s: float) -> None:
        end_s = time.monotonic() + timeout_s
        while not is_so() and time.monotonic() < end_s:
            time.sleep(_LOOK_S)
            for one in self.watched:
                one.look()


def _timeout_s(item: Any) -> float:
    """How long the replies to an item's query may take, where the file says that of its own."""
    return sum(step.reply_timeout_s or 0.0 for step in getattr(item.source.query, "steps", ()))


@contextmanager
def rack(
    path: Path | str, parameters: Mapping[str, str] | None = None, *, seconds: float, seed: int = 0
) -> Iterator[Torture]:
    """Serve the device file, simulated, apart from all else, for as long as the block runs.

    The devices' own time stands still: what an item shows must not change, whatever befalls its replies.

    Raises:
        DeviceFileError: All that is wrong with the file.
        MktlError: A link that cannot be simulated.
    """
    name = store_of(Path(path))
    with ExitStack() as endings:
        endings.enter_context(apart())
        configure.adopt(name, "torture", path, parameters)
        daemon = Daemon(name, "torture", SimpleNamespace(simulate=True, speed=0.0), override=True)
        endings.callback(daemon.close)
        yield Torture(daemon, seconds=seconds, seed=seed)
