"""What passed on the device's side of a line with faults, so that it can be told whose reply was whose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, TextIO


@dataclass(frozen=True, slots=True)
class Entry:
    """Bytes that reached the device, or came from it."""

    #: Seconds since the line began.
    at_s: float
    kind: Literal["command", "reply"]
    data: bytes
    #: What became of a reply on its way; empty when it arrived as the device gave it.
    fault: str = ""

    def to_json(self) -> str:
        r"""One line of a log; bytes as hex, and as text for a person.

        >>> Entry(0.5, "command", b"GO\n").to_json()
        '{"at_s": 0.5, "kind": "command", "data": "474f0a", "fault": "", "text": "GO\\\\n"}'
        """
        text = self.data.decode("latin-1").encode("unicode_escape").decode("ascii")
        fields = {**asdict(self), "at_s": round(self.at_s, 6), "data": self.data.hex(), "text": text}
        return json.dumps(fields)


class Journal:
    """The entries in their order; written to *file* as they come, one line of JSON each."""

    def __init__(self, file: TextIO | None = None) -> None:
        self.entries: list[Entry] = []
        self._file = file

    def note(self, entry: Entry) -> None:
        """Take in one."""
        if self._file is None:
            self.entries.append(entry)
        else:
            self._file.write(entry.to_json() + "\n")
            self._file.flush()
