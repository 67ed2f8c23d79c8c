r"""Arbitrary blocks of IEEE 488.2: binary data whose header says where it ends, for whoever cuts replies.

Section 8.7.9 has the definite block, ``#`` and a digit, then so many digits with the length of the data:
``#15hello``. Section 8.7.10 has the indefinite one, ``#0`` and data up to the end of the message.
"""

from __future__ import annotations

#: The end of an indefinite block: only the end of the message tells.
OPEN_END = -1
#: What stands there is no block: a reply of another form, such as an error in words.
NO_BLOCK = -2


def block_end(buffer: bytes | bytearray, start: int) -> int | None:
    """Where the data of the block that begins at *start* ends.

    Args:
        buffer: What has come so far.
        start: Index of the block's ``#``.

    Returns:
        The index after the last byte of the data, whether that has come yet or not; None while too little
        of the header has come to know; :data:`OPEN_END` for ``#0``; :data:`NO_BLOCK` for anything else.

    >>> block_end(b"CURV #15hel", 5), block_end(b"CURV #", 5), block_end(b"#0abc", 0) == OPEN_END
    (13, None, True)
    """
    header = bytes(buffer[start : start + 11])
    count = header[1:2]
    if header[:1] not in (b"", b"#") or not (count.isdigit() or not count):
        return NO_BLOCK
    if not count:
        return None
    if count == b"0":
        return OPEN_END
    digits = header[2 : 2 + int(count)]
    if digits and not digits.isdigit():
        return NO_BLOCK
    return start + 2 + len(digits) + int(digits) if len(digits) == int(count) else None


def data_start(block: bytes) -> int:
    """Length of the header of a whole *block*.

    >>> data_start(b"#15hello"), data_start(b"#0hello")
    (3, 2)
    """
    return 2 + int(block[1:2])


def with_header(data: bytes) -> bytes:
    """*data* as a definite block.

    >>> with_header(b"hello"), with_header(b"")
    (b'#15hello', b'#10')
    """
    length = b"%d" % len(data)
    return b"#%d%s%s" % (len(length), length, data)
