"""Knowing the device at the other end, and whose reply comes next.

After a reply that was late, lost or garbled, the next thing that arrives may be anybody's answer. Throwing
away what lies in the input before the next command is not enough: what is late comes after that. So nothing
is sent until one of these has happened:

- the device was told to drop what it had under way, where there is a way to say so (VISA's device clear);
- the connection was opened anew, where the device forgets with it what it was asked (TCP);
- the line was silent for longer than any reply was ever late and, where the device has an identity, a
  question for that was answered: a device answers in order, so all that was asked before has been answered
  or never will be (serial);
- where it has none, any question that it is known to answer was sent, something came, and then nothing more:
  whosever answer that was, it and all the others are out (serial).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mktl.devicefile import Identity
from mktl.errors import (
    DeviceError,
    DeviceIdentityError,
    DeviceReplyError,
    DeviceTimeoutError,
    LinkDownError,
    TemplateMismatchError,
)

from .line import Line
from .wording import quoted

#: Attempts to get in step again before the link counts as down.
ATTEMPTS = 3
#: However late a reply once was: no silence asked for is longer than this many reply timeouts …
LONGEST_SILENCE = 10
#: … before it is doubled for each further attempt.
GROWTH = 2


def identify(line: Line, identity: Identity, timeout_s: float | None = None) -> bytes:
    """Ask who is there, and return the answer; whatever comes before it is thrown away.

    Raises:
        DeviceIdentityError: Somebody else; nothing more may be sent.
        DeviceTimeoutError: Nobody.
    """
    timeout_s = line.spec.reply_timeout_s if timeout_s is None else timeout_s
    try:
        return _ask(line, identity, timeout_s, None)
    except DeviceReplyError as error:
        raise DeviceIdentityError(
            f"{line.title}: another device: expected '{identity.reply.source}', got {quoted(error.got)}"
        ) from None


def resynchronise(
    line: Line, known: bytes | None, on_wait: Callable[[], object], probes: Sequence[bytes] = ()
) -> None:
    """Make sure that the next reply will be the answer to the next command.

    Args:
        line: Out of step.
        known: What the device answered to the question for its identity when it was connected.
        on_wait: Called now and then while this takes its time.
        probes: Questions that the device has answered, for one without an identity.

    Raises:
        LinkDownError: All attempts failed, or the port is gone.
        DeviceIdentityError: Another device has taken its place.
    """
    reason: DeviceError | None = None
    for attempt in range(ATTEMPTS):
        on_wait()
        try:
            if line.clear():
                _confirm(line, known, GROWTH**attempt)
            elif line.transport.forgets_on_close:
                _reopen(line, GROWTH**attempt, on_wait)
            else:
                probe = probes[attempt % len(probes)] if probes else None
                _barrier(line, known, GROWTH**attempt, on_wait, probe)
        except (LinkDownError, DeviceIdentityError):
            raise
        except DeviceError as error:
            reason = error
        else:
            line.in_step = True
            return
    raise LinkDownError(f"{reason} ({ATTEMPTS} attempts to get in step again)")


def _reopen(line: Line, factor: int, on_wait: Callable[[], object]) -> None:
    """A new connection: the old one took along what was under way."""
    line.close()
    line.open()
    on_wait()
    if line.spec.identity is not None:
        identify(line, line.spec.identity, line.spec.reply_timeout_s * factor)


def _confirm(line: Line, known: bytes | None, factor: int) -> None:
    """After a device clear, which leaves nothing under way: is it still the same device?"""
    if line.spec.identity is not None:
        _ask(line, line.spec.identity, line.spec.reply_timeout_s * factor, known)


def _barrier(
    line: Line, known: bytes | None, factor: int, on_wait: Callable[[], object], probe: bytes | None
) -> None:
    """Silence, a question that only one answer fits if there is one, and silence again."""
    spec, silence_s = line.spec, latest_s(line) * factor
    need_silence(line, silence_s, on_wait)
    if spec.identity is None:
        if probe is not None:
            line.send(probe)
            line.reply_to(probe, spec.reply_timeout_s * factor)  # or to what was asked before
            need_silence(line, silence_s, on_wait)
        return
    _ask(line, spec.identity, spec.reply_timeout_s * factor, known)
    # Barriers that were given up may still be answered, and each by just what this one waited for.
    need_silence(line, spec.gap_timeout_s if factor == 1 else silence_s, on_wait)


def latest_s(line: Line) -> float:
    """How long a reply may still come after it was given up, by all that is known of this line."""
    timeout_s = line.spec.reply_timeout_s
    return max(timeout_s, line.asked_timeout_s, min(2 * line.longest_s, LONGEST_SILENCE * timeout_s))


def need_silence(line: Line, silence_s: float, on_wait: Callable[[], object] | None = None) -> None:
    """Wait until nothing has come for *silence_s*.

    Raises:
        DeviceError: That never happens.
    """
    if not line.await_silence(silence_s, on_wait):
        raise DeviceError(f"{line.title}: does not fall silent for {silence_s:.1f} s")


def _ask(line: Line, identity: Identity, timeout_s: float, known: bytes | None) -> bytes:
    """The answer to the question for the identity, and exactly *known* if that is given.

    Raises:
        DeviceReplyError: Only other things came; the last of them is in the error.
        DeviceTimeoutError: Nothing came.
    """
    question = identity.send.format({})
    line.send(question)
    give_up_s = line.clock() + timeout_s
    wrong: bytes | None = None
    while wrong is None or line.clock() < give_up_s:
        try:
            got = line.reply_to(question, timeout_s if wrong is None else give_up_s - line.clock())
        except DeviceTimeoutError:
            if wrong is None:
                raise
            break
        if _matches(identity, got) and known in (None, got):
            return got
        line.counts.late_replies += 1
        wrong = got
    raise DeviceReplyError(line.title, sent=question, got=wrong or b"", expected=identity.reply.source)


def _matches(identity: Identity, got: bytes) -> bool:
    try:
        identity.reply.parse(got)
    except TemplateMismatchError:
        return False
    return True
