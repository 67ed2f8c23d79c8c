"""Conditions: what can be read, what is refused, and when they hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.condition import Condition, ConditionError, Known, Verdict
from mktl.condition.text import DEEPEST, LONGEST, parse

WORDS = {"off": 0, "low": 1, "high": 3}
VALUES: dict[str, Any] = {
    "lab.temp": 4.0,
    "lab.target": 12,
    "lab.heater": 3,
    "lab.shutter": False,
    "lab.name": "X100",
    "lab-2.set-point": -5,
    "lab.class": 1,
    "lab.a.b": 2,
}


def judged(text: str, store: str | None = None, **known: Known) -> Verdict:
    condition: Condition = parse(text, store).bind(
        lambda name, word: WORDS[word] if name == "lab.heater" else word
    )
    everything = {name: Known(value) for name, value in VALUES.items()}
    return condition.judge(everything | {f"lab.{key}": one for key, one in known.items()})


@pytest.mark.parametrize(
    "text",
    [
        "lab.temp < 5", "lab.temp <= 4", "5 > lab.temp", "lab.temp >= 4.0", "lab.temp == 4", "lab.temp != 5",
        "lab.heater == 'high'", 'lab.heater == "high"', "lab.heater == high", "'high' == lab.heater",
        "lab.heater > 'low'", "lab.name == 'X100'", "lab.name != 'it, or <5'", "LAB.Temp<5",
        "1 < lab.temp < 5 < lab.target", "lab.temp < 5 and lab.heater == high and not lab.shutter",
        "lab.temp > 5 or lab.target > 5", "not (lab.temp > 5 or lab.target < 5)",
        "abs(lab.temp - lab.target) == 8", "abs(lab.temp-lab.target)>7", "-lab.temp < -3", "+lab.temp == 4",
        "lab.temp * 3 == lab.target", "lab.target / 3 == lab.temp", "lab.target // 5 == 2",
        "lab.target % 5 == 2", "lab.temp < 1e3", "lab.temp > 5e-1", "lab.temp > .5", "lab.temp < 5.",
        "{lab-2.set-point} == -5", "{ lab.temp } < 5", "lab.class == 1", "lab.a.b == 2", "lab.heater",
        "not lab.shutter", "lab.shutter == False", "lab.shutter != true", "  lab.temp\n<\n5 ",
        "(((lab.temp)) < (5))", "lab.name != 5",
    ],
)  # fmt: skip
def test_what_holds(text: str) -> None:
    assert judged(text) == Verdict(True)


@pytest.mark.parametrize(
    "text",
    [
        "lab.temp > 5",
        "1 < lab.temp < 3",
        "lab.heater == off",
        "lab.temp < 5 and lab.shutter",
        "lab.name == 5",
    ],
)
def test_what_does_not_hold_and_is_in_no_doubt(text: str) -> None:
    assert judged(text) == Verdict(False)


def test_with_a_store_bare_words_are_its_keys() -> None:
    assert judged("temp < 5 and lab.target > 5 and heater == 'high'", "Lab").holds
    assert parse("temp < 5", "lab").names == ("lab.temp",)


def test_items_are_named_once_and_in_order() -> None:
    text = "lab.b < 1 or abs(lab.a - LAB.B) > 2 or not lab.c or lab.d == 'lab.e'"
    assert parse(text).names == ("lab.b", "lab.a", "lab.c", "lab.d")


@pytest.mark.parametrize("text", ["lab.temp < 5", "lab.temp != 5", "not lab.temp > 5", "abs(-lab.temp) < 5"])
@pytest.mark.parametrize(
    ("known", "doubt"),
    [
        (Known(4.0, "is not to be trusted (timeout)"), "lab.temp: is not to be trusted (timeout)"),
        (Known(None), "lab.temp: no value"),
        (Known(float("nan")), "lab.temp: not a number"),
        (Known([1, 2]), "lab.temp: a value that is neither a number nor text"),
    ],
)
def test_a_value_that_cannot_be_trusted_fulfils_nothing_and_is_named(
    text: str, known: Known, doubt: str
) -> None:
    assert judged(text, temp=known) == Verdict(False, (doubt,))


def test_doubt_beside_what_decides_does_not_matter() -> None:
    silent = Known(doubt="silent")
    assert judged("lab.temp < 5 or lab.target > 5", temp=silent).holds
    assert not judged("not (lab.temp < 5 or lab.target > 50)", temp=silent).holds
    assert judged("not (lab.temp < 5 and lab.target > 50)", temp=silent).holds


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("lab.temp / 0 > 1", "4.0 / 0: float division by zero"),
        ("lab.temp < lab.name", "4.0 and 'X100' have no order"),
        ("lab.name + 1 > 1", "lab.name: 'X100' is not a number"),
        ("lab.name", "lab.name: 'X100' is not a number"),
        ("lab.nobody < 1", "lab.nobody: not heard of yet"),
    ],
)
def test_what_cannot_be_calculated_is_in_doubt(text: str, doubt: str) -> None:
    assert judged(text) == Verdict(False, (doubt,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "an empty condition; expected one such as lab.temp < 5"),
        ("lab.temp = 5", "a single '='; equal is '=='"),
        ("lab.temp <", "is no condition; expected one such as"),
        ("(lab.temp < 5", r"is no condition \('\(' was never closed\)"),
        ("lab.temp < 5 # cold", "'#' has no meaning"),
        ("5 < 6", "names no item"),
        ("5", "5 is neither true nor false; compare it"),
        ("lab.temp < 5 and 'high'", "'high' is neither true nor false"),
        ("abs(lab.temp)", "a calculated value is neither true nor false"),
        ("lab.temp ** 9 > 1", "a condition is made of .* not of this: BinOp"),
        ("__import__('os').system('true') == 1", "not of this: Call"),
        ("open('/etc/passwd') == lab.temp", "not of this: Call"),
        ("abs(lab.temp, 1) < 2", "not of this: Call"),
        ("lab.temp[0] < 2", "not of this: Subscript"),
        ("lab.temp < (5 if lab.heater else 6)", "is no condition"),
        ("lab.temp < [5]", "not of this: List"),
        ("lab.temp is 5", "is no condition"),
        ("(lab.temp and lab.heater) < 2", "not of this: BoolOp"),
        ("lab.temp + 'high' > 2", "'high' is a word: nothing can be calculated with it"),
        ("{temp} < 5", "{temp} names no item"),
        ("not " * (DEEPEST + 1) + "lab.temp < 5", f"nested more than {DEEPEST} deep"),
        ("lab.temp < 5 or " * LONGEST, f"at most {LONGEST} are read"),
        ("(" * 900 + "lab.temp < 5" + ")" * 900, "is no condition"),
        ("lab.temp < \0", "is no condition"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_be_right(text: str, expected: str) -> None:
    with pytest.raises(ConditionError, match=expected):
        parse(text)


def test_a_word_needs_an_item_beside_it() -> None:
    with pytest.raises(ConditionError, match="'high' stands beside no item"):
        judged("lab.temp + 1 == 'high'")
    with pytest.raises(ConditionError, match="'low' stands beside no item"):
        judged("'low' == 'high' or lab.temp < 5")


@given(st.text(alphabet="lab.temp<>=!'\"(){}+-*/%#5 \\\n,:[]@andornotabs", max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        condition = parse(text)
        condition.bind(lambda name, word: word).judge({"lab.temp": Known(4.0)})
    except ConditionError:
        pass
