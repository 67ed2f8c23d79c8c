"""``mark try``: one item of a device file, read or set while you look on; no daemon is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ..daemon.bench import Bench
from ..devicefile import Device, ItemSpec, Step
from ..devicefile.problems import instead
from ..devicefile.traffic import unescaped
from ..errors import MktlError, TemplateMismatchError
from ..item import Item
from ..item.types import unit_of
from .endings import FAILED, OK, USAGE, one_line
from .filework import read_device
from .transcript import Teller, Transcript, conversion_line, register_line
from .typed import value_of
from .values import read_of

#: Statuses with which an item has a value.
_HAS_VALUE = ("ok", "alarm", "simulated")


def run(
    file: str,
    key: str,
    text: str | None,
    parameters: Mapping[str, str],
    *,
    replies: Sequence[str] = (),
    simulate: bool = False,
    yes: bool = False,
    timeout_s: float = 30.0,
) -> int:
    """Read *key*, or set it to what *text* stands for; the exit code."""
    device = read_device(file, parameters)
    if device is None:
        return USAGE
    spec = _spec_of(device, key)
    store = re.sub(r"[^a-z0-9_-]", "-", device.path.stem.lower()) or "try"
    with Bench(device, spec.key, store=store, simulate=simulate, is_set=text is not None) as bench:
        attempt = Attempt(device, bench, timeout_s)
        try:
            value = None if text is None else bench.item.validate_type(value_of(bench.item, text))
            said = [unescaped(reply) for reply in replies]
        except (MktlError, ValueError) as error:
            raise click.UsageError(one_line("", error)) from None
        attempt.announce(value)
        if said:
            return attempt.rehearse(said, value)
        return attempt.read() if value is None else attempt.set(value, is_confirmed=yes)


def _spec_of(device: Device, key: str) -> ItemSpec:
    """The item, whatever the case; the command makes no sense without it."""
    by_lower = {known.lower(): spec for known, spec in device.items.items()}
    spec = by_lower.get(key.lower())
    if spec is None:
        raise click.UsageError(
            f"{device.path} has no item '{key}'{instead(key, device.items, plural='items')}"
        )
    if spec.link is None:
        raise click.UsageError(f"{spec.key} has no link in {device.path}: there is no device to ask")
    return spec


class Attempt:
    """One item on its bench, and what is said of it."""

    def __init__(self, device: Device, bench: Bench, timeout_s: float) -> None:
        self._device, self._bench, self._timeout_s = device, bench, timeout_s
        self._transcript = Transcript()
        self._teller = Teller(device, bench.spec)
        self._told = 0
        self._seen: set[str] = set()

    @property
    def _item(self) -> Item:
        return self._bench.item

    @property
    def _is_read(self) -> bool:
        return self._bench.spec.query is not None or self._bench.spec.register is not None

    def announce(self, value: Any) -> None:
        """Say what the device will be told in the place of *value*, where that is another number."""
        spec = self._bench.spec
        if value is not None and not spec.conversion.is_identity:
            whole = spec.command is not None and spec.command.takes_whole
            raw = spec.conversion.to_device(value, whole=whole)
            click.echo(f"{self._shown(value)} is {raw!r} for the device")

    def _shown(self, value: Any) -> str:
        units = unit_of(self._item.config, formatted=True)
        return f"{self._item.to_format(value).strip()} {units}".strip()

    def read(self) -> int:
        """Ask the device; the exit code."""
        bench = self._bench
        if not self._is_read:
            raise click.UsageError(f"{bench.spec.key} is only written: there is nothing to ask")
        bench.open(self._transcript)
        is_in_time = bench.await_reading(self._timeout_s)
        self._tell()
        if not is_in_time:
            return self._fail(f"nothing within {self._timeout_s:g} s")
        return self._conclude()

    def set(self, value: Any, *, is_confirmed: bool) -> int:
        """Send the command, once somebody has said yes; the exit code."""
        bench, item = self._bench, self._item
        bench.open(self._transcript)
        try:
            bench.await_link(self._timeout_s)
            if self._is_read:
                bench.await_reading(self._timeout_s)
            self._tell()
            if not is_confirmed:
                is_known = item.status in _HAS_VALUE
                now = f"{item.key} is {read_of(item).shown}; " if is_known else f"{item.key}: "
                click.confirm(f"{now}set it to {self._shown(value)}?", abort=True, err=True)
            item.set(value)
        except MktlError as error:
            self._tell()
            return self._fail(one_line("", error))
        self._tell()
        return self._conclude()

    def rehearse(self, replies: list[bytes], value: Any) -> int:
        """Take *replies* for the device's; the exit code."""
        others = self._others(value is not None)
        try:
            self._bench.rehearse(replies, self._transcript, value=value, others=others)
        except MktlError as error:
            self._tell()
            return self._fail(one_line("", error))
        self._tell()
        return self._conclude()

    def _others(self, is_set: bool) -> dict[str, Any]:
        """Other items' values for what is sent: those that they start with, or 0."""
        spec = self._bench.spec
        query = self._device.queries[spec.query] if spec.query is not None else None
        sender = spec.command if is_set else query
        values = {}
        for key in sender.item_references if sender is not None else ():
            other = self._device.items[key]
            value = self._device.simulate.initial.get(key, other.metadata.get("initial", 0))
            values[f"item.{key}"] = other.conversion.to_device(value)
            click.echo(f"{key} is taken to be {value!r}")
        return values

    # -- what is said

    def _tell(self) -> None:
        """What has passed since the last time; what says the same again, while a set is waited for, once."""
        exchanges = self._transcript.exchanges[self._told :]
        self._told += len(exchanges)
        repeated = 0
        for exchange in exchanges:
            text = "\n".join(self._teller.lines([exchange]))
            if text in self._seen:
                repeated += 1
                continue
            self._seen.add(text)
            click.echo(text)
        if repeated:
            click.echo(f"and {repeated} more that say the same again")

    def _conclude(self) -> int:
        for line in self._conversions():
            click.echo(f"  {line}")
        reading = read_of(self._item)
        if self._item.status in _HAS_VALUE:
            click.echo(reading.as_line().removeprefix(f"{self._item.store.name}."))
            return OK
        return self._fail(reading.remark)

    def _conversions(self) -> Iterator[str]:
        """How the device's numbers became the item's."""
        spec = self._bench.spec
        if spec.register is not None and self._item.status in _HAS_VALUE:
            yield register_line(spec.register, spec, self._item.reading.value)
        query = self._device.queries.get(spec.query or "")
        own = query.steps if query is not None else ()
        replies = [said for exchange in self._transcript.exchanges for said in exchange.replies]
        for reply, _, step in replies:
            raw = _field_of(step, reply, spec.field) if any(step is one for one in own) else None
            line = conversion_line(spec, raw) if raw is not None else None
            if line is not None:
                yield line

    def _fail(self, text: str) -> int:
        click.echo(f"{self._item.key}: {text.removeprefix(f'{self._item.full_key}: ')}")
        return FAILED


def _field_of(step: Step, reply: bytes, field: str) -> Any:
    """What *reply* has in this field, in whichever of its forms it came; None where it has none."""
    for form in step.replies():
        try:
            return form.parse(reply).get(field)
        except TemplateMismatchError:
            continue
    return None
