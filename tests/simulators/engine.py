"""The drivers' own engine on a device made from its file, in memory and in a time of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mktl_drivers.checks import ErrorCheck
from mktl_drivers.judging import Verdict, judge
from mktl_drivers.line import Line
from mktl_drivers.turns import frames_of, turns_of
from mktl_simulators.derived import DerivedDevice

from mktl.devicefile import Device, ItemSpec, Step

#: How much of its time the device lives at once while somebody waits.
TICK_S = 0.05


class DevicePort:
    """A transport whose other end is *device*; waiting lets the device's time pass."""

    forgets_on_close = True
    address = "memory"

    def __init__(self, device: DerivedDevice) -> None:
        self.device = device
        self.now_s = 0.0
        self.received = bytearray()
        self._arrived = b""

    def clock(self) -> float:
        return self.now_s

    def open(self) -> None:
        pass

    def close(self) -> None:
        self.device.hang_up()

    def write(self, data: bytes) -> None:
        self.received += data
        self._arrived += self.device.receive(data)

    def read(self, timeout_s: float) -> bytes:
        until_s = self.now_s + timeout_s
        self._arrived += self.device.unasked()
        while not self._arrived and self.now_s < until_s:
            step_s = min(TICK_S, until_s - self.now_s)
            self.device.advance(step_s)
            self.now_s = until_s if step_s < TICK_S else self.now_s + step_s
            self._arrived = self.device.unasked()
        data, self._arrived = self._arrived, b""
        return data

    def transmit_s(self, count: int) -> float:
        return 0.0 * count

    def idle(self, timeout_s: float) -> None:
        self.now_s += timeout_s

    def nudge(self) -> None:
        pass

    def cancel(self) -> None:
        pass


class Engine:
    """What a daemon does with a file, item by item, on the simulator made from the same file.

    Args:
        file: The device file.
        link: The one that has the port.
    """

    def __init__(self, file: Device, link: str | None = None) -> None:
        self.file = file
        host = link or next(iter(file.links))
        self.device = DerivedDevice(file, host)
        self.port = DevicePort(self.device)
        self.heard: list[bytes] = []
        specs = [spec for spec in file.links.values() if host in (spec.name, spec.on)]
        self.lines = {spec.name: self._line(replace(spec, quiet_s=0.0)) for spec in specs}
        self._line_of(None).open()

    def _line(self, spec: Any) -> Line:
        line = Line(spec.name, self.port, spec, self.port.clock)
        if any(query.unsolicited for query in self.file.queries.values()):
            line.listeners.append(self._hear)
        return line

    def _hear(self, said: bytes) -> bool:
        for query in self.file.queries.values():
            if query.unsolicited and query.steps[0].reply and _fits(query.steps[0], said):
                self.heard.append(said)
                return True
        return False

    def _line_of(self, link: str | None) -> Line:
        return next(iter(self.lines.values())) if link is None else self.lines[link]

    def start(self) -> None:
        """Introduce each device on the line, as after a connect."""
        for name, line in self.lines.items():
            spec = self.file.links[name]
            if spec.identity:
                line.converse(
                    turns_of([Step(spec.identity.send, spec.identity.reply)], spec), [_plain(spec.identity)]
                )
            if spec.init:
                line.converse(turns_of(spec.init, spec), frames_of(spec.init, {}))

    def fields(self, query: str) -> dict[str, Any]:
        """The fields of a query's reply."""
        asked = self.file.queries[query]
        line = self._line_of(asked.link)
        if asked.unsolicited:
            line.listen(10.0)
            assert asked.steps[0].reply is not None
            return next(
                asked.steps[0].reply.parse(said)
                for said in reversed(self.heard)
                if _fits(asked.steps[0], said)
            )
        values = self._others(asked.item_references)
        return line.converse(turns_of(asked.steps, line.spec), frames_of(asked.steps, values))

    def read(self, key: str) -> Verdict:
        """An item as its clients have it."""
        spec = self.file.items[key]
        assert spec.query is not None
        return judge(spec, self.fields(spec.query))

    def write(self, key: str, value: Any) -> None:
        """Set an item, and look whether the device took it.

        Raises:
            DeviceError: It did not.
        """
        spec = self.file.items[key]
        assert spec.command is not None
        line = self._line_of(spec.link)
        check = line.spec.check_after_set
        raw = spec.conversion.to_device(value, whole=spec.command.takes_whole)
        values = {"": raw, **self._others(spec.command.item_references)}
        frames = frames_of(spec.command.steps, values)
        line.converse(turns_of(spec.command.steps, line.spec), frames)
        if check and spec.command.check:
            ErrorCheck(line, check).verify(next(filter(None, frames), b""))
        if spec.done and spec.done.send:
            line.exchange(spec.done.send.format({}), spec.done.reply, spec.done.timeout_s)

    def _others(self, keys: Any) -> dict[str, Any]:
        specs: list[ItemSpec] = [self.file.items[key] for key in keys]
        return {f"item.{spec.key}": spec.conversion.to_device(self.device.of(spec.key)) for spec in specs}


def _plain(identity: Any) -> bytes:
    return bytes(identity.send.format({}))


def _fits(step: Step, said: bytes) -> bool:
    try:
        return step.reply is not None and step.reply.parse(said) is not None
    except Exception:
        return False
