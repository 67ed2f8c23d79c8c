"""Where an IEEE 488.2 block ends, from however little of it."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile import blocks
from mktl.devicefile.blocks import NO_BLOCK, OPEN_END, block_end, data_start, with_header


def test_the_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(blocks).failed == 0


@pytest.mark.parametrize(
    ("buffer", "end"),
    [
        # IEEE 488.2, 8.7.9.2: any number of digits that has room for the length, leading zeros included.
        (b"#15hello", 8),
        (b"#3005hello", 10),
        (b"#9000000005hello\n", 16),
        (b"#10", 3),
        (b"#15", 8),
        (b"", None),
        (b"#", None),
        (b"#2", None),
        (b"#21", None),
        (b"#0", OPEN_END),
        (b"#0\x00\n", OPEN_END),
        (b"ERR", NO_BLOCK),
        (b"\n", NO_BLOCK),
        (b"#x", NO_BLOCK),
        (b"#2x", NO_BLOCK),
        (b"#21x", NO_BLOCK),
        (b"# 5", NO_BLOCK),
        (b"#\xb25", NO_BLOCK),
    ],
)
def test_the_header_tells_the_end_as_soon_as_it_is_whole(buffer, end) -> None:
    assert block_end(buffer, 0) == end
    assert block_end(bytearray(b"\x00#1" + buffer), 3) == (end + 3 if end is not None and end >= 0 else end)


@given(st.binary(max_size=300), st.binary(max_size=5))
def test_the_end_is_found_from_every_beginning_and_never_changes(data, behind) -> None:
    block = with_header(data)
    assert block[data_start(block) :] == data
    found = {block_end((block + behind)[:length], 0) for length in range(len(block + behind) + 1)}
    assert found == {None, len(block)}
