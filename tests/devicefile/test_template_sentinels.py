"""A number in whose place the device may put a word: 9.9E37 is a number, ``---`` is none."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile.template import VALUE, Field, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError

# The words of the MKS 937B in the place of a pressure.
GAUGE = "@003ACK{:.2E|LO<E-11|ATM|OFF|NOGAUGE};FF"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"@003ACK7.60E+02;FF", 760.0),
        (b"@003ACKLO<E-11;FF", "LO<E-11"),
        (b"@003ACKATM;FF", "ATM"),
        (b"@003ACKOFF;FF", "OFF"),
    ],
)
def test_a_number_or_one_of_its_words_in_both_directions(raw, value) -> None:
    reply = Template.compile(GAUGE)
    assert reply.parse(raw) == {VALUE: value}
    assert reply.format({VALUE: value}) == raw


def test_a_word_that_is_not_there_is_a_mismatch_with_the_number_and_the_words() -> None:
    with pytest.raises(
        TemplateMismatchError, match=r"at byte 3 expected a decimal number or one of 'OFF', '---'$"
    ):
        Template.compile("P={:f|OFF|---}").parse(b"P=ON")


def test_a_text_that_is_none_of_the_words_is_not_written() -> None:
    line = Template.compile("{:f|OFF}")
    with pytest.raises(
        ItemValueError, match=r"^\{:f\|OFF\} takes a decimal number or one of 'OFF', got 'ON'$"
    ):
        line.format({VALUE: "ON"})
    with pytest.raises(ItemTypeError, match="takes a number, got None"):
        line.format({VALUE: None})


@pytest.mark.parametrize(
    ("spec", "raw", "value"),
    [
        ("d|---", b"---", "---"),
        ("d|---", b"-12", -12),
        ("f|+", b"+", "+"),
        ("f|+", b"+5.5", 5.5),
        ("f|---", b"   ---", "---"),
        ("hex4|----", b"----", "----"),
        ("hex4|----", b"00FF", 255),
        ("f|off|over/i", b"OVER", "over"),
        ("f|off=0|over=nan", b"off", 0),
        (".1f,|---", b"-1,5", -1.5),
        ("f|5V", b"5V", "5V"),
        ("f|1E", b"1E", "1E"),
    ],
)
def test_the_word_wins_only_where_the_whole_of_it_stands(spec, raw, value) -> None:
    assert Template.compile(f"<{{:{spec}}}>").parse(b"<" + raw + b">") == {VALUE: value}


def test_words_may_stand_among_the_numbers_of_an_array() -> None:
    line = Template.compile("{:f|+|OFF*,}")
    assert line.parse(b"1.5,+,+2,OFF") == {VALUE: [1.5, "+", 2.0, "OFF"]}
    assert Template.compile("{:d|5V|off*,}").parse(b"5V,5,off") == {VALUE: ["5V", 5, "off"]}
    with pytest.raises(TemplateError, match="the separator ',' could be a part of a number"):
        Template.compile("{:f,|OFF*,}")


def test_a_word_as_long_as_the_number_leaves_the_length_fixed() -> None:
    line = Template.compile("{a:hex4|----}{b:hex4|----}")
    assert line.fixed_length == 8
    assert line.parse(b"----00FF") == {"a": "----", "b": 255}
    with pytest.raises(TemplateMismatchError):
        Template.compile("{:hex4|----}").parse(b" ----")


def test_the_field_is_still_a_number_and_lists_its_words() -> None:
    assert Template.compile("{p:f|OFF|ATM}").fields == (Field("p", "float", "f|OFF|ATM", ("OFF", "ATM")),)
    assert Template.compile("{p:d|OFF}").fields[0].kind == "int"


def test_the_first_of_plain_words_is_a_word_unless_it_is_a_number_s_format() -> None:
    assert Template.compile("{:Y|X}").fields[0].kind == "word"
    assert Template.compile("{:X=X|Y}").parse(b"X") == {VALUE: "X"}
    with pytest.raises(TemplateMismatchError, match="expected a hex number or one of 'Y'"):
        Template.compile("{:X|Y}").parse(b"X")


# -- with_words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec", ["f", "+.4f", ".3f,", "d", "03d", "x", "hex4", "f|OFF", "OFF=0|ON=1", "off=0|on=1/i"]
)
@pytest.mark.parametrize(
    "word", ["---", "LO<E-11", "A|B", "a=b", "*", "{x}", "x/i", "\\", "\x06", "none", "°"]
)
def test_words_given_later_are_read_and_written_whatever_their_letters(spec, word) -> None:
    line = Template.compile(f"T={{a:{spec}}};{{b:d}}", encoding="latin-1").with_words("a", [word])
    raw = f"T={word};5".encode("latin-1")
    assert line.parse(raw) == {"a": word, "b": 5}
    assert line.format({"a": word, "b": 5}) == raw
    number = 1 if "1" in line.source.split(word)[0] else 7
    values = {"a": number, "b": 5}
    assert line.parse(line.format(values)) == values


def test_a_template_with_more_words_is_a_template_of_its_own() -> None:
    plain = Template.compile("{a:f},{b:f}")
    more = plain.with_words("b", ["---"])
    assert more == Template.compile("{a:f},{b:f|---}")
    assert hash(more) == hash(Template.compile("{a:f},{b:f|---}"))
    assert more != plain
    assert pickle.loads(pickle.dumps(more)).parse(b"1,---") == {"a": 1.0, "b": "---"}
    assert plain == Template.compile("{a:f},{b:f}")
    with pytest.raises(TemplateMismatchError):
        more.parse(b"---,1")


def test_a_word_that_is_known_already_is_not_added_again() -> None:
    line = Template.compile("{:f|OFF}")
    assert line.with_words(VALUE, ["OFF", "ATM", "ATM"]).source == "{:f|OFF|ATM}"
    assert line.with_words(VALUE, []) == line
    assert Template.compile("{:off=0|on=1/i}").with_words(VALUE, ["OFF"]).source == "{:off=0|on=1/i}"


@pytest.mark.parametrize("spec", ["s", "8s", "q", "bytes", "u16", "f32", "f*,", "block"])
def test_text_reads_any_word_anyhow_and_raw_bytes_have_no_place_for_one(spec) -> None:
    line = Template.compile(f"{{:{spec}}}")
    assert line.with_words(VALUE, ["---"]) == line


def test_words_for_a_field_that_is_not_there_are_an_error_that_names_those_that_are() -> None:
    with pytest.raises(TemplateError, match=r"no field is named 'c'; there are 'a', 'b'$"):
        Template.compile("{a:f},{b:f}").with_words("c", ["---"])


def test_a_word_beyond_the_encoding_is_no_template() -> None:
    with pytest.raises(TemplateError, match="'°' cannot be written in ascii"):
        Template.compile("{:f}").with_words(VALUE, ["°"])


#: Without digits, for a word that reads as a number stands for that number.
WORDS = st.text(st.characters(codec="latin-1", exclude_categories=("Nd",)), min_size=1, max_size=6)


@given(WORDS, st.integers(-999, 999))
def test_any_word_beside_a_number_reads_back(word, number) -> None:
    line = Template.compile("<{:d}>", encoding="latin-1").with_words(VALUE, [word])
    for value in (word, number):
        assert line.parse(line.format({VALUE: value})) == {VALUE: value}
