"""How simulated values move by themselves: after another item, to and fro, with noise."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from typing import Any, Protocol

from mktl.devicefile import Device, ItemSpec, Motion
from mktl.errors import MktlError

# Words for "under way".
_BUSY = re.compile(r"mov|busy|run|ramp|slew|going|active|settling", re.IGNORECASE)
#: A value that follows with a time constant has arrived within this share of its target.
_ARRIVED = 1e-4
_WORDS = ("enumerated", "boolean", "mask")


class Movable(Protocol):
    """What has the values that move."""

    def has(self, key: str) -> bool:
        """True for an item of this device."""
        ...

    def spec(self, key: str) -> ItemSpec:
        """An item."""
        ...

    def of(self, key: str) -> Any:
        """Its value, as its clients have it; None when it has none."""
        ...

    def move(self, key: str, value: Any) -> None:
        """Let it have another one, if the device can say that."""
        ...


class Motions:
    """The items of one link that move.

    A number goes after the number that it follows. Words that follow a number say whether that moves: what
    they start with while it rests, and meanwhile another one, ``moving`` or ``busy`` where there is such a
    word. Anything else has the value of what it follows.

    Args:
        device: Whose ``[simulate]`` says how.
        values: Of the link.
    """

    def __init__(self, device: Device, values: Movable) -> None:
        motions = device.simulate.motions
        self._motions: Mapping[str, Motion] = {key: motions[key] for key in motions if values.has(key)}
        self._values = values
        for key in self._motions:
            self._check(device, key)
        self._random = random.Random(device.simulate.seed)
        #: Where a value is, which the device may say with fewer digits, and what it said then.
        self._at: dict[str, tuple[float, Any]] = {}
        self._rising = dict.fromkeys(self._motions, True)
        #: Of each item of words: the one for rest, and the one for being under way.
        self._states = {key: self._two_states(key) for key in self._motions if self._is_state(key)}

    def _check(self, device: Device, key: str) -> None:
        """Refuse to follow what is not there, or itself."""
        path: list[str] = [key]
        while (motion := self._motions.get(path[-1])) is not None and motion.follow is not None:
            if not self._values.has(motion.follow):
                raise MktlError(
                    f"{device.path}: simulate.items.{path[-1]}: it follows '{motion.follow}', which is not "
                    f"on its link '{device.items[path[-1]].link}'; what is simulated there knows of no other"
                )
            if motion.follow in path:
                way = " → ".join([*path, motion.follow])
                raise MktlError(f"{device.path}: simulate.items.{key}: it follows itself: {way}")
            path.append(motion.follow)

    def advance(self, dt_s: float) -> None:
        """Let every value go on."""
        for key, motion in self._motions.items():
            if key not in self._states:
                self._move(key, motion, dt_s)
        self.settle()

    def settle(self) -> None:
        """Let the words that say what moves be true right now."""
        for key, (rest, busy) in self._states.items():
            follow = self._motions[key].follow
            self._values.move(key, busy if follow is not None and self.is_moving(follow) else rest)

    def is_moving(self, key: str) -> bool:
        """True while this item, or one that follows it, is not where it goes."""
        motion = self._motions.get(key)
        if motion is not None and motion.follow is not None and not self._is_state(key):
            here, there = self._number(key), self._number(motion.follow)
            if here is not None and there is not None and not _is_there(here, there):
                return True
        followers = [one for one, motion in self._motions.items() if motion.follow == key and one != key]
        return any(self.is_moving(one) for one in followers if not self._is_state(one))

    def noisy(self, key: str, value: Any) -> Any:
        """*value* of an item as one reading has it."""
        noise = self._motions[key].noise if key in self._motions else 0.0
        return value + self._random.gauss(0.0, noise) if noise and isinstance(value, (int, float)) else value

    @property
    def noisy_keys(self) -> list[str]:
        """The items with noise."""
        return [key for key, motion in self._motions.items() if motion.noise]

    def _move(self, key: str, motion: Motion, dt_s: float) -> None:
        if motion.follow is not None and self._number(motion.follow) is None:
            self._values.move(key, self._values.of(motion.follow))
            return
        here = self._number(key)
        if here is None:
            return
        there = self._drifted(key, here, motion, dt_s)
        if motion.follow is not None:
            there = _towards(here, self._number(motion.follow) or 0.0, motion, dt_s)
        if there != here:
            self._values.move(key, there)
            self._at[key] = there, self._values.of(key)

    def _drifted(self, key: str, here: float, motion: Motion, dt_s: float) -> float:
        """Up to the end of the range, and back; where there is no range, up."""
        way = motion.drift_per_s * dt_s
        low, high = self._values.spec(key).metadata.get("range") or (None, None)
        if not way or low is None or high is None or high <= low:
            return here + way
        span = high - low
        done = here - low if self._rising[key] else 2 * span - (here - low)
        done = (done + way) % (2 * span)
        self._rising[key] = done < span
        return float(low + (done if done < span else 2 * span - done))

    def _number(self, key: str) -> float | None:
        """Where an item is; None when that is no number."""
        value = self._values.of(key)
        known = self._at.get(key)
        if known is not None and known[1] == value:
            return known[0]
        return value if isinstance(value, (int, float)) and not self._is_word(key) else None

    def _is_word(self, key: str) -> bool:
        return self._values.spec(key).metadata.get("type") in _WORDS

    def _is_state(self, key: str) -> bool:
        follow = self._motions[key].follow
        return follow is not None and self._is_word(key) and not self._is_word(follow)

    def _two_states(self, key: str) -> tuple[int, int]:
        """What the words of *key* say while that which it follows rests, and while it moves."""
        metadata, start = self._values.spec(key).metadata, self._values.of(key)
        words: Mapping[str, str] = metadata.get("enumerators") or {"0": "", "1": ""}
        numbers = [number for number in words if number != "none"]
        busy = next((number for number in numbers if _BUSY.search(words[number])), None)
        if metadata.get("type") == "mask":
            return start, start | 1 << int(busy or 0)
        others = [number for number in numbers if number not in (str(start), busy)]
        if busy == str(start) and others:
            start = int(others[0])
        return start, int(busy or others[0] if busy or others else start)


def _towards(here: float, target: float, motion: Motion, dt_s: float) -> float:
    """Where it is after *dt_s*: no further than its rate allows, and not beyond the target."""
    way = target - here
    if motion.tau_s is not None:
        way *= 1.0 - math.exp(-dt_s / motion.tau_s)
    if motion.rate_per_s is not None:
        most = motion.rate_per_s * dt_s
        way = max(-most, min(most, way))
    return target if _is_there(here + way, target) else here + way


def _is_there(here: float, target: float) -> bool:
    return abs(target - here) <= _ARRIVED * max(abs(target), abs(here))
