"""The planner: few requests, and none that a device could refuse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mktl_drivers.modbus.plan import Block, Limits, Span, Wanted, blocks_of, plan

from mktl.devicefile import Place, Register
from mktl.errors import MktlError

SPANS = st.builds(
    Span, st.sampled_from(["holding", "input", "coil"]), st.integers(0, 300), st.sampled_from([1, 2, 4])
)
LIMITS = st.builds(Limits, st.integers(4, 30), st.integers(8, 60), st.integers(0, 5))


def holding(*addresses: int, count: int = 1) -> list[Span]:
    return [Span("holding", address, count) for address in addresses]


def shown(blocks) -> list[str]:
    return [str(block.span) for block in blocks]


def addresses(spans) -> set[tuple[str, int]]:
    return {(span.table, at) for span in spans for at in range(span.address, span.end)}


@settings(max_examples=60)
@given(st.lists(SPANS, max_size=40), LIMITS)
def test_every_value_is_read_whole_and_no_request_is_too_long(spans, limits) -> None:
    blocks = blocks_of(spans, limits)
    assert sorted(value for block in blocks for value in block.values) == sorted(set(spans))
    for block in blocks:
        assert block.span.count <= limits.most(block.span.table)
        assert all(block.span.holds(value) for value in block.values)


@settings(max_examples=60)
@given(st.lists(SPANS, max_size=40))
def test_without_a_gap_nothing_is_read_that_nobody_wants(spans) -> None:
    assert addresses(block.span for block in blocks_of(spans, Limits())) == addresses(spans)


@settings(max_examples=60)
@given(st.sets(SPANS, min_size=2, max_size=20), st.lists(SPANS, max_size=4))
def test_what_is_forbidden_is_never_read_along(spans, forbidden) -> None:
    allowed = [span for span in spans if not any(span.overlaps(no) for no in forbidden)]
    limits = Limits(gap=50, forbidden=tuple(forbidden))
    read = addresses(block.span for block in blocks_of(allowed, limits))
    assert not read & addresses(forbidden)


@settings(max_examples=60)
@given(st.sets(SPANS, min_size=1, max_size=20).map(lambda spans: blocks_of(spans, Limits(gap=50))))
def test_a_split_reads_the_same_values_in_shorter_requests(blocks) -> None:
    for block in blocks:
        parts = block.split()
        if not parts:
            continue
        assert [value for part in parts for value in part.values] == list(block.values)
        assert all(part.span.count < block.span.count for part in parts)
        assert not parts[0].span.overlaps(parts[1].span)


def test_a_block_of_one_value_or_of_values_that_overlap_cannot_be_split() -> None:
    assert Block(Span("holding", 0, 2), (Span("holding", 0, 2),)).split() == ()
    overlapping = (Span("holding", 0, 2), Span("holding", 1, 2))
    assert Block(Span("holding", 0, 3), overlapping).split() == ()


def test_gaps_are_filled_up_to_the_largest() -> None:
    spans = holding(0, 2, 5)
    assert shown(blocks_of(spans, Limits())) == ["holding 0", "holding 2", "holding 5"]
    assert shown(blocks_of(spans, Limits(gap=1))) == ["holding 0-2", "holding 5"]
    assert shown(blocks_of(spans, Limits(gap=2))) == ["holding 0-5"]


def test_a_value_is_never_cut_at_the_longest_read() -> None:
    assert shown(blocks_of(holding(0, 2, 4, count=2), Limits(registers=5))) == ["holding 0-3", "holding 4-5"]


def test_items_of_different_periods_are_read_apart() -> None:
    wanted = [
        Wanted("a", tuple(holding(0)), 1.0),
        Wanted("b", tuple(holding(1)), 10.0),
        Wanted("c", tuple(holding(2)), 1.0),
        Wanted("d", tuple(holding(3)), None),
    ]
    reads = plan(wanted, Limits(gap=1))
    assert [(read.period_s, read.keys, shown(read.blocks)) for read in reads] == [
        (1.0, ("a", "c"), ["holding 0-2"]),
        (10.0, ("b",), ["holding 1"]),
        (None, ("d",), ["holding 3"]),
    ]


def test_a_scale_register_is_read_in_the_same_turn_wherever_it_stands() -> None:
    near = Register(Place("holding", 0), scale_place=Place("holding", 1))
    far = Register(Place("holding", 0), scale_place=Place("holding", 90))
    between = [Wanted("b", tuple(holding(1)), 1.0), Wanted("c", tuple(holding(2)), 1.0)]
    [read] = plan([Wanted.by("a", 1.0, near), *between], Limits())
    assert shown(read.blocks) == ["holding 0-2"]
    [read] = plan([Wanted.by("a", 1.0, far), *between], Limits())
    assert shown(read.blocks) == ["holding 0-2", "holding 90"]


@pytest.mark.parametrize(
    ("wanted", "limits", "message"),
    [
        (Span("holding", 5, 4), Limits(registers=3), "a: holding 5-8 is longer than the 3 that one read"),
        (Span("holding", 65535, 2), Limits(), "beyond the last address, 65535"),
        (
            Span("holding", 12, 1),
            Limits(forbidden=(Span("holding", 10, 10),)),
            "a: holding 12 lies in holding 10-19, which is forbidden",
        ),
    ],
)
def test_a_value_that_cannot_be_read_is_named(wanted, limits, message) -> None:
    with pytest.raises(MktlError, match=message):
        plan([Wanted("a", (wanted,))], limits)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("holding 10-19", Span("holding", 10, 10)),
        ("40011-40020", Span("holding", 10, 10)),
        ("coil 0x10", Span("coil", 16, 1)),
        ("input 0x10-0x1F", Span("input", 16, 16)),
    ],
)
def test_spans_as_people_write_them(text, span) -> None:
    assert Span.parse(text) == span


@pytest.mark.parametrize("text", ["holding", "holding 9-1", "40011-30020", "10-19"])
def test_what_is_no_span_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"holding 1"):
        Span.parse(text)
