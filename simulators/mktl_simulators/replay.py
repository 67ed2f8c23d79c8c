"""A device that says again what a real one said, and nothing else.

What is polled may be asked as often as anybody likes: it gets the answers that were recorded at this point of
the story, in their order, and then the last one again. Everything else, sets and single questions, must come
as it was recorded, in that order, and all of it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mktl.devicefile import Device, LinkSpec, Query, Step, Template
from mktl.devicefile.traffic import Said, escaped, exchanges, parse
from mktl.errors import DeviceFileError, MktlError, Problem, TemplateMismatchError

# Modbus messages on TCP begin with a number that the answer repeats (Messaging on TCP/IP V1.0b, 3.1.3).
# Behind that, or on a serial line from the beginning, this is where the function stands.
_NUMBERED, _FUNCTION_TCP, _FUNCTION_RTU = 2, 5, 1
#: Functions that read.
_READS = (b"\x01", b"\x02", b"\x03", b"\x04")


def _never(_command: bytes) -> bool:
    return False


class ReplayError(MktlError, AssertionError):
    """Something else was asked than was recorded."""


class Replay:
    """One link of a recording, as a device.

    Args:
        script: What was said, in its order.
        is_polled: Whether a command is a question that is asked again and again.
        goes_on: Whether a command goes on with what was said before it, and means nothing by itself, as an
            enquiry does after a mnemonic.
        send_end: What stands after a command.
        skip: So many bytes at the beginning of a command are its number: they are not compared, and stand at
            the beginning of its reply (Modbus TCP).
        title: For errors: the recording and the link.
        silence_s: Half a command that nothing follows for so long is a whole one.
    """

    def __init__(
        self,
        script: Sequence[Said],
        *,
        is_polled: Callable[[bytes], bool] = _never,
        goes_on: Callable[[bytes], bool] = _never,
        send_end: bytes = b"",
        skip: int = 0,
        title: str = "replay",
        silence_s: float = 0.2,
    ) -> None:
        self._title, self._end, self._silence_s = title, send_end, silence_s
        #: What was sent by the device before anything was asked.
        self._greeting = b"".join(said.reply for said in script[:1] if not said.command)
        self._skip = skip
        asked = [Said(said.command[skip:], said.reply[skip:], said.line) for said in script if said.command]
        self._known = {said.command for said in asked}
        self._strict = [said for said in asked if not is_polled(said.command)]
        self._polls = _Polls(asked, is_polled, goes_on)
        #: All that came but polls, and how far that is in the story.
        self._came: list[bytes] = []
        self._at = 0
        self._half = bytearray()
        self._idle_s = 0.0

    # -- a simulated device

    def receive(self, data: bytes) -> bytes:
        """Answer each command that *data* completes; what was not recorded meets silence."""
        self._idle_s = 0.0
        self._half += data
        replies = b""
        while command := self._take():
            number, command = command[: self._skip], command[self._skip :]
            reply = self._answer(command)
            replies += number + reply if reply else b""
        return replies

    def advance(self, dt_s: float) -> None:
        """Half a command that is not gone on with was a wrong one."""
        self._idle_s += dt_s
        if self._half and self._idle_s > self._silence_s:
            self._came.append(bytes(self._half))
            self._half.clear()

    def hang_up(self) -> None:
        """Forget half a command."""
        self._half.clear()

    def unasked(self) -> bytes:
        """What came before anything was asked."""
        greeting, self._greeting = self._greeting, b""
        return greeting

    # -- for tests

    @property
    def is_done(self) -> bool:
        """True once everything that must come has come."""
        return self._at >= len(self._strict)

    def verify(self) -> None:
        """Compare what came with what was recorded.

        Raises:
            ReplayError: Something came that was not recorded, or not then; or a reply was never asked for.
        """
        expected = [escaped(said.command) for said in self._strict]
        came = [escaped(command) for command in self._came]
        if came == expected:
            return
        parts = [f"{self._title}: what was sent (+) differs from what was recorded (-)"]
        parts += [line for line in difflib.ndiff(expected, came) if not line.startswith("?")]
        unread = (said for said in self._strict[self._at :] if said.reply)
        parts += [f"never asked for, line {said.line}: {escaped(said.reply)}" for said in unread]
        raise ReplayError("\n  ".join(parts))

    def _take(self) -> bytes:
        """The next whole command, with its number, or nothing while it may go on."""
        half = bytes(self._half[self._skip :])
        size = max((len(one) for one in self._known if half.startswith(one)), default=0)
        if not size and half and not any(one.startswith(half) for one in self._known):
            at = half.find(self._end) if self._end else -1
            size = len(half) if at < 0 else at + len(self._end)
        if not size:
            return b""
        whole = bytes(self._half[: self._skip + size])
        del self._half[: len(whole)]
        return whole

    def _answer(self, command: bytes) -> bytes:
        reply = self._polls.answer(command, self._at)
        if reply is not None:
            return reply
        self._came.append(command)
        known = [index for index, said in enumerate(self._strict) if said.command == command]
        if not known:
            return b""
        # Out of order is told in the end; meanwhile the story goes on from where it fits.
        at = next((index for index in known if index >= self._at), known[-1])
        self._at = max(self._at, at + 1)
        return self._strict[at].reply


#: A command behind those that it goes on with.
_Talk = tuple[bytes, ...]


class _Polls:
    """Answers to what is asked again and again, by how much of the story has passed."""

    def __init__(
        self,
        asked: Iterable[Said],
        is_polled: Callable[[bytes], bool],
        goes_on: Callable[[bytes], bool],
    ) -> None:
        #: The answers, each with how many of the other commands had come before it.
        self._answers: dict[_Talk, list[tuple[int, bytes]]] = {}
        self._given: dict[_Talk, int] = {}
        self._goes_on = goes_on
        self._talk: _Talk = ()
        passed = 0
        for said in asked:
            self._follow(said.command)
            if is_polled(said.command):
                self._answers.setdefault(self._talk, []).append((passed, said.reply))
            else:
                passed += 1
        self._talk = ()

    def answer(self, command: bytes, passed: int) -> bytes | None:
        """The next answer for this point of the story; None for what is not polled."""
        self._follow(command)
        talk = self._likest()
        if talk is None:
            return None
        answers = self._answers[talk]
        following = self._given.get(talk, -1) + 1
        current = [index for index, (point, _) in enumerate(answers) if point <= passed]
        # What was recorded before the last of the other commands is over.
        at = next((index for index in current[following:] if answers[index][0] == passed), None)
        if at is None:
            at = current[-1] if current else 0
        self._given[talk] = at
        return answers[at][1]

    def _follow(self, command: bytes) -> None:
        self._talk = (*self._talk, command) if self._goes_on(command) else (command,)

    def _likest(self) -> _Talk | None:
        """The recorded talk that ends as the present one does, as far back as can be."""
        for size in range(len(self._talk), 0, -1):
            for talk in self._answers:
                if talk[-size:] == self._talk[-size:]:
                    return talk
        return None


def replay(device: Device, link: str, path: Path | str) -> Replay:
    """What the recording *path* has of one link of a device file.

    Raises:
        DeviceFileError: It is no recording, or has nothing of the link.
    """
    file = str(path)
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise DeviceFileError([Problem(file, None, "", f"cannot be read: {why}")]) from None
    events = parse(lines, file)
    script = list(exchanges(events, link))
    if not script:
        has = ", ".join(dict.fromkeys(event.link for event in events)) or "nothing"
        raise DeviceFileError([Problem(file, None, "", f"has nothing of link '{link}', only of {has}")])
    spec = device.links[link]
    is_polled, skip = _manners(device, spec)
    later = _later_steps(device, link)
    return Replay(
        script,
        is_polled=is_polled,
        goes_on=lambda command: _is_of(later, command, spec),
        send_end=spec.send_end if spec.driver != "modbus" else b"",
        skip=skip,
        title=f"{file}, link {link}",
        silence_s=spec.gap_timeout_s,
    )


def _manners(device: Device, link: LinkSpec) -> tuple[Callable[[bytes], bool], int]:
    """What is polled on a link, and how many bytes number its commands."""
    if link.driver != "modbus":
        queries = (query for query in device.queries.values() if _is_polled(device, query, link.name))
        polled = [step for query in queries for step in query.steps]
        return lambda command: _is_of(polled, command, link), 0
    skip = _NUMBERED if str(link.settings.get("url", "")).startswith("tcp:") else 0
    at = _FUNCTION_TCP if skip else _FUNCTION_RTU
    return lambda command: command[at : at + 1] in _READS, skip


def _is_polled(device: Device, query: Query, port: str) -> bool:
    """Whether a query is asked again and again, of any device on this port."""
    on_port = device.links[query.link].on or query.link
    return on_port == port and any(spec.poll_s or spec.fast for spec in device.fed_by(query.name))


def _later_steps(device: Device, port: str) -> list[Step]:
    """All steps on this port that go on with one before them."""
    queries = [query.steps for query in device.queries.values() if query.link == port]
    commands = [spec.command.steps for spec in device.items.values() if spec.command and spec.link == port]
    return [step for steps in (*queries, *commands) for step in steps[1:]]


def _is_of(steps: Iterable[Step], command: bytes, link: LinkSpec) -> bool:
    """Whether *command* is that of one of these steps, with its end."""
    for step in steps:
        end = link.send_end if step.send_end is None else step.send_end
        if step.send is not None and command.endswith(end) and _fits(step.send, command.removesuffix(end)):
            return True
    return False


def _fits(form: Template, command: bytes) -> bool:
    try:
        form.parse(command)
    except TemplateMismatchError:
        return False
    return True
