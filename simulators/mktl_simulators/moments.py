"""Each kind of fault for a while: what ``mark torture`` puts a device file through.

The words are those of the line with faults in front of a real device, and some that are no shares of replies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .faultline.mix import WORDS
from .faults import Kind
from .line_server import LineServer

#: Of the replies that suffer: enough are well to get in step again, and to be mistaken for others.
SHARE = 0.25
#: How late a late reply is, in times that the link waits for it.
LATE = 1.5
#: A reply of a slow device comes after this part of the time that the link waits, and after this at the most.
SLOW, SLOWEST_S = 0.4, 0.1

_Begin = Callable[[LineServer[Any], float], None]


def begin(server: LineServer[Any], word: str, reply_timeout_s: float, seed: int) -> None:
    """Let the fault *word* of :data:`FAULTS` befall what *server* says, until :func:`end`.

    Args:
        server: The simulated device on its line.
        word: What goes wrong.
        reply_timeout_s: How long the device's master waits for a reply.
        seed: The same faults for the same seed.
    """
    server.faults.seed(f"{seed} {word}")
    FAULTS[word](server, reply_timeout_s)


def end(server: LineServer[Any]) -> None:
    """All is well again, but for what is on its way."""
    server.faults.clear()
    server.plug()


def _now_and_then(kind: Kind, server: LineServer[Any], reply_timeout_s: float) -> None:
    server.faults.at_random({kind: SHARE}, delay_s=LATE * reply_timeout_s)


def _slow(server: LineServer[Any], reply_timeout_s: float) -> None:
    server.faults.at_random({"delay": 1.0}, delay_s=min(SLOW * reply_timeout_s, SLOWEST_S))


def _in_pieces(server: LineServer[Any], reply_timeout_s: float) -> None:
    # A gap is a tenth of the delay: well within what ends a reply that has no other end.
    server.faults.at_random({"split": 1.0}, delay_s=min(SLOW * reply_timeout_s, SLOWEST_S))


def _echo(server: LineServer[Any], _reply_timeout_s: float) -> None:
    server.faults.echo()


def _mute(server: LineServer[Any], _reply_timeout_s: float) -> None:
    server.faults.mute()


def _unplug(server: LineServer[Any], _reply_timeout_s: float) -> None:
    server.unplug()


#: From what a link must not even notice to what it cannot miss.
FAULTS: Mapping[str, _Begin] = {
    "delay": _slow,
    "split": _in_pieces,
    **{word: partial(_now_and_then, kind) for word, kind in WORDS.items() if word not in ("split", "reset")},
    "echo": _echo,
    "blackhole": _mute,
    "reset": partial(_now_and_then, "reset"),
    "cut": _unplug,
}
