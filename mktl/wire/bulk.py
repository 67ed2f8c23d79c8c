"""Arrays beside the payload: raw bytes, described by ``shape`` and ``dtype``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import WireError
from .heap import LARGE_BYTES, keep_for_arrays
from .payload import Payload

if TYPE_CHECKING:
    import numpy as np


#: What most values are; asked first, since to look for an attribute that is not there takes long.
_PLAIN = frozenset({float, int, str, bool, type(None)})


def is_array(value: Any) -> bool:
    """True for a NumPy array, without importing NumPy to find out."""
    if type(value) in _PLAIN:
        return False
    return hasattr(value, "dtype") and hasattr(value, "shape") and getattr(value, "ndim", 0) > 0


def to_plain(value: Any) -> Any:
    """A NumPy scalar as the Python number it stands for; anything else unchanged."""
    if type(value) not in _PLAIN and hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        return value.item()
    return value


def array_payload(array: np.ndarray[Any, Any], **fields: Any) -> Payload:
    """A payload with *array* in its bulk frame, C order, any shape; non-contiguous arrays are copied.

    Raises:
        WireError: An array of Python objects, or of a structured type, which no frame can describe.
    """
    import numpy as np

    if array.dtype.hasobject or array.dtype.names is not None:
        raise WireError(f"arrays of dtype {array.dtype} cannot travel; use a numeric dtype")
    solid = np.ascontiguousarray(array)
    dtype = (
        solid.dtype.str if solid.dtype.byteorder == ">" or solid.dtype.kind in "SUmM" else str(solid.dtype)
    )
    data = memoryview(solid.reshape(-1).view(np.uint8)) if solid.size else b""  # type: ignore[arg-type]
    return Payload(bulk=data, shape=list(array.shape), dtype=dtype, **fields)


def array_from(fields: Mapping[str, Any], bulk: bytes | memoryview) -> np.ndarray[Any, Any]:
    """The array that *fields* describe; its memory is that of *bulk*, not to be written.

    Raises:
        WireError: A shape or dtype that is none, or that does not fit the bytes.
    """
    import numpy as np

    shape, dtype_name = fields.get("shape"), fields.get("dtype")
    if not isinstance(dtype_name, str) or len(dtype_name) > 32:
        raise WireError(f"bulk data without a dtype: {str(dtype_name)[:40]!r}")
    if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise WireError(f"bulk data without a shape: {str(shape)[:40]!r}")
    try:
        dtype = np.dtype(dtype_name)
    except (TypeError, ValueError, SyntaxError):
        raise WireError(f"no such dtype: {dtype_name!r}") from None
    if dtype.hasobject or dtype.names is not None:
        raise WireError(f"arrays of dtype {dtype_name!r} are not accepted")
    if math.prod(shape) * dtype.itemsize != len(bulk):
        raise WireError(f"{len(bulk)} bytes of bulk data are not {shape} of {dtype_name}")
    if len(bulk) >= LARGE_BYTES:
        keep_for_arrays()
    return np.frombuffer(bulk, dtype=dtype).reshape(shape)
