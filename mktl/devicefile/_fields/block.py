"""``block``, ``block f32le``: an arbitrary block of IEEE 488.2, as bytes or as an array of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import ItemTypeError, ItemValueError
from ..blocks import NO_BLOCK, OPEN_END, block_end, data_start, with_header
from .base import Converter, DecodeError, Openness, Place, SpecError, shown

if TYPE_CHECKING:
    import numpy as np

_BLOCK = re.compile(r"block(?: (?P<element>.*))?")
_ELEMENT = re.compile(r"(?P<kind>[uif])(?P<bits>8|16|32|64)(?P<le>le)?")


@dataclass(frozen=True, slots=True)
class Block(Converter):
    """A block; written as a definite one, read as either.

    No regular expression knows how long a block is: *length* is that of the one at hand, header included,
    once :meth:`measured` has looked.
    """

    #: Of numpy, such as ``>f4``; None for plain bytes.
    dtype: str | None = None
    last: bool = False
    length: int | None = None

    @property
    def kind(self) -> str:  # type: ignore[override]
        return "array" if self.dtype else "bytes"

    @property
    def default(self) -> object:
        return [] if self.dtype else b""

    @property
    def open(self) -> Openness | None:
        # What follows an indefinite block could be more of its data.
        return "text" if self.length in (None, OPEN_END) else None

    @property
    def pattern(self) -> bytes:
        if self.length is None:
            return rb"(?!)"
        if self.length == OPEN_END:
            return rb"#0.*+" if self.last else rb"#0.*?"
        return rb".{%d}" % self.length

    @property
    def expected(self) -> str:
        if self.length not in (None, OPEN_END):
            return f"a block of {self.length} bytes in all"
        return "a block like #15hello" + (f" of {self.dtype[2:]}-byte numbers" if self.dtype else "")

    def encode(self, value: object) -> bytes:
        return with_header(_packed(value, self.dtype) if self.dtype else _plain(value))

    def decode(self, raw: bytes) -> object:
        data = raw[data_start(raw) :]
        if not self.dtype:
            return data
        import numpy as np

        stored = np.dtype(self.dtype)
        if len(data) % stored.itemsize:
            raise DecodeError(len(raw) - len(data) % stored.itemsize)
        return np.frombuffer(data, stored).astype(stored.newbyteorder("="))

    def placed(self, place: Place) -> Block:
        return replace(self, last=place.last)

    def measured(self, raw: bytes, start: int) -> Block:
        """The block that begins at byte *start* of *raw*."""
        end = block_end(raw, start)
        if end is None or end == NO_BLOCK:
            return self
        return replace(self, length=end if end == OPEN_END else end - start)


def _plain(value: object) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    # What the bytes of wider elements would be, nobody has said.
    if hasattr(value, "tobytes") and getattr(value, "itemsize", 0) == 1:
        return bytes(value.tobytes())
    raise ItemTypeError(f"takes bytes or an array of single bytes, got {shown(value)}")


def _packed(value: object, dtype: str) -> bytes:
    """A row of numbers as the device has them; none of them may lose more than a float's last digits."""
    import numpy as np

    if isinstance(value, (str, bytes)) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        raise ItemTypeError(f"takes a row of numbers, got {shown(value)}")
    try:
        given: np.ndarray[Any, Any] = np.asarray(value if len(value) else np.zeros(0))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ItemTypeError(f"takes a row of numbers, got {shown(value)}") from None
    if given.ndim != 1 or given.dtype.kind not in "biuf":
        raise ItemTypeError(f"takes a row of numbers, got {shown(value)}")
    stored = np.dtype(dtype)
    if stored.kind != "f":
        given = _whole(given, stored)
    with np.errstate(over="ignore"):
        packed = given.astype(stored)
    if stored.kind == "f" and bool((np.isinf(packed) & np.isfinite(given)).any()):
        raise ItemValueError(f"takes what {8 * stored.itemsize} bits can hold, got {shown(value)}")
    return packed.tobytes()


def _whole(given: np.ndarray[Any, Any], stored: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """*given* as whole numbers that *stored* has room for."""
    import numpy as np

    low, high = int(np.iinfo(stored).min), int(np.iinfo(stored).max)
    whole = given
    if given.dtype.kind == "f":
        whole = np.rint(given)
        with np.errstate(invalid="ignore"):
            is_whole = np.abs(given - whole) <= 1e-9
        if not bool(is_whole.all()):
            raise ItemValueError(f"takes whole numbers, got {shown(given.tolist())}")
    # Compared as Python's numbers: 2**64 - 1 is no double.
    if whole.size and not (low <= int(whole.min()) and int(whole.max()) <= high):
        raise ItemValueError(f"takes {low} to {high}, got {int(whole.min())} to {int(whole.max())}")
    return whole


def read_block(spec: str) -> Block | None:
    """The field of ``block`` or, with the type of its elements, ``block i16le``; None for others.

    Raises:
        SpecError: No such element.
    """
    found = _BLOCK.fullmatch(spec)
    if found is None:
        return None
    if found["element"] is None:
        return Block()
    element = _ELEMENT.fullmatch(found["element"])
    if element is None or (element["kind"] == "f" and int(element["bits"]) < 32):
        raise SpecError(
            f"'{found['element']}' is no element of a block; there are u8 i8 u16 i16 u32 i32 u64 i64 "
            "f32 f64, big-endian, or little-endian with 'le' behind"
        )
    order = "<" if element["le"] else ">"
    return Block(f"{order}{element['kind']}{int(element['bits']) // 8}")
