"""The troublemaker: kills, stops and faults of links by chance, the same for the same seed."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.trust.soak import children
from tests.trust.soak.children import Child
from tests.trust.soak.devices import LINES
from tests.trust.soak.journal import Journal

#: One round: what is done first, and what is done once its time has passed.
Round = tuple[Callable[[], object], Callable[[], object]]


def _nothing() -> None:
    pass


class Trouble:
    """Makes one disturbance after the other; between them things may settle for a moment, or not.

    Args:
        directory: Where journals and logs are.
        devices: The simulated devices.
        daemon: The one that is killed and stopped; the other only has trouble with its links.
        victim: The client that is killed and stopped.
        victim_number: Its number; those that take its place count on from there.
        longest_s: How long a disturbance lasts at most.
    """

    def __init__(
        self,
        directory: Path,
        devices: Child,
        daemon: Child,
        victim: Child,
        victim_number: int,
        *,
        stores: Sequence[str],
        seed: int,
        longest_s: float,
    ) -> None:
        self._directory, self._devices, self._daemon = directory, devices, daemon
        self.victim, self._number = victim, victim_number
        self._stores = stores
        self._random = random.Random(seed)
        self._longest_s = longest_s
        self.journal = Journal(directory / "trouble.journal")
        self.counts: Counter[str] = Counter()
        #: Exit codes of daemons that were told to end, and were not 0.
        self.bad_ends: list[int] = []

    def rounds(self) -> Iterator[float]:
        """Disturb and heal for ever; each yield is a time to wait, in seconds."""
        kinds: list[Callable[[], tuple[str, Round]]] = [
            self._kill_daemon, self._stop_daemon, self._end_daemon,
            self._kill_client, self._stop_client,
            self._unplug, self._unplug, self._mute, self._mute,
            self._late, self._late, self._break_reply, self._break_reply, self._at_random,
        ]  # fmt: skip
        while True:
            kind, (begin, heal) = self._random.choice(kinds)()
            self.counts[kind] += 1
            self.journal.note(begin=kind)
            begin()
            yield self._random.uniform(0.1, self._longest_s)
            heal()
            self.journal.note(end=kind)
            yield self._random.choice((0.3, 1.5, self._longest_s))

    def close(self) -> None:
        self.journal.close()

    # -- processes

    def _kill_daemon(self) -> tuple[str, Round]:
        return "daemon killed", (self._daemon.kill, self._daemon.start)

    def _end_daemon(self) -> tuple[str, Round]:
        return "daemon ended", (self._tell_daemon_to_end, self._daemon.start)

    def _tell_daemon_to_end(self) -> None:
        code = self._daemon.terminate()
        if code:
            self.bad_ends.append(code)

    def _stop_daemon(self) -> tuple[str, Round]:
        return "daemon stopped", _paused(self._daemon)

    def _stop_client(self) -> tuple[str, Round]:
        return "client stopped", _paused(self.victim)

    def _kill_client(self) -> tuple[str, Round]:
        def replace() -> None:
            self._number += 1
            self.victim = children.client(self._directory, self._number, "watcher", self._stores)

        return "client killed", (self.victim.kill, replace)

    # -- links

    def _unplug(self) -> tuple[str, Round]:
        line = self._line()
        return f"{_kind(line)} unplugged", (self._order(line, "unplug"), self._order(line, "plug"))

    def _mute(self) -> tuple[str, Round]:
        line = self._line()
        return f"{_kind(line)} mute", (self._order(line, "mute"), self._order(line, "unmute"))

    def _late(self) -> tuple[str, Round]:
        line = self._line()
        order = self._order(line, "delay", round(self._random.uniform(0.05, 1.0), 3), 3)
        return f"{_kind(line)} late", (order, _nothing)

    def _break_reply(self) -> tuple[str, Round]:
        """A few replies that are cut short, changed, doubled, split or lost."""
        line, replies = self._line(), self._random.randint(1, 5)
        what, arguments = self._random.choice(self._breaks(line, replies))
        return f"{_kind(line)} {what}", (self._order(line, what, *arguments), _nothing)

    def _breaks(self, line: str, replies: int) -> list[tuple[str, tuple[Any, ...]]]:
        breaks: list[tuple[str, tuple[Any, ...]]] = [
            ("cut", (None, replies)),
            ("double", (replies,)),
            ("split", (0.02, replies)),
            ("mute", (replies,)),
        ]
        # Nothing in a frame of Modbus/TCP would tell that a byte of it was changed: TCP sees to that.
        return breaks if _kind(line) == "mtcp" else [*breaks, ("garble", (replies,))]

    def _at_random(self) -> tuple[str, Round]:
        line = self._line()
        rates = {"delay": 0.05, "lose": 0.05, "cut": 0.03, "double": 0.03}
        # The delay is shorter than the patience of the link for most, and not for all that queue behind.
        begin = self._order(line, "at_random", rates)
        return f"{_kind(line)} noisy", (begin, self._order(line, "clear"))

    def _line(self) -> str:
        return f"{self._random.choice(self._stores)}-{self._random.choice(LINES)}"

    def _order(self, line: str, do: str, *arguments: Any) -> Callable[[], object]:
        return lambda: self._devices.ask(line=line, do=do, arguments=arguments)


def _paused(child: Child) -> Round:
    return lambda: child.signal(signal.SIGSTOP), lambda: child.signal(signal.SIGCONT)


def _kind(line: str) -> str:
    return line.rpartition("-")[2]


class Pacer:
    """Lets time pass, and writes down when the machine was too busy to give it back in time."""

    TICK_S, WORTH_NOTING_S = 0.1, 0.2

    def __init__(self, journal: Journal, tick: Callable[[], object]) -> None:
        self._journal, self._tick = journal, tick

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, with a tick every so often."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            due_s = time.monotonic() + min(left_s, self.TICK_S)
            time.sleep(min(left_s, self.TICK_S))
            late_s = time.monotonic() - due_s
            if late_s > self.WORTH_NOTING_S:
                self._journal.note(late_s=round(late_s, 3))
            self._tick()
