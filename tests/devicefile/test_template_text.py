"""Text and words: where they end, what they may hold, what they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from mktl.devicefile.template import VALUE, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError


def written(spec: str, value: object, encoding: str = "ascii") -> bytes:
    return Template.compile(f"{{:{spec}}}", encoding=encoding).format({VALUE: value})


def read(spec: str, raw: bytes, encoding: str = "ascii") -> object:
    return Template.compile(f"{{:{spec}}}", encoding=encoding).parse(raw)[VALUE]


# -- text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "raw", "values"),
    [
        ("{a:s},{b:s}", b"x,y,z", {"a": "x", "b": "y,z"}),
        ("{a:s},END", b"x,y,END", {"a": "x,y"}),
        (r"{a:s}\r\n", b"x\ry\r\n", {"a": "x\ry"}),
        ("{a:s}", b"", {"a": ""}),
        ("<{a:s}>", b"<>", {"a": ""}),
        ("{a:s} {b:d}", b"abc   12", {"a": "abc", "b": 12}),
        ("{a:s}{b:d}", b"abc-12", {"a": "abc", "b": -12}),
        ("{a:s}{b:4s}", b"abcdefg", {"a": "abc", "b": "defg"}),
        (r"{a:s}\n{b:s}", b"one\ntwo\nthree", {"a": "one", "b": "two\nthree"}),
    ],
)
def test_text_ends_at_the_literal_or_the_field_that_follows(source, raw, values) -> None:
    assert Template.compile(source).parse(raw) == values


def test_text_that_could_not_be_read_back_is_refused() -> None:
    line = Template.compile(r"{a:s},{b:s}\r\n")
    with pytest.raises(ItemValueError, match=r"^\{a:s\} takes nothing with ',' in it, got b'x,y'$"):
        line.format({"a": "x,y", "b": ""})
    assert line.format({"a": "x", "b": "y,z"}) == b"x,y,z\r\n"


@pytest.mark.parametrize("value", ["ON\rVOLT 30", "ON\n", "\x00", "\x1b[2J", "\x7f"])
@pytest.mark.parametrize("spec", ["s", "20s", "q", "[^,]"])
def test_text_cannot_smuggle_a_second_command_to_the_device(spec, value) -> None:
    with pytest.raises(ItemValueError, match=r"without control characters|one or more characters of"):
        written(spec, value)


def test_a_set_that_names_a_control_character_lets_it_through() -> None:
    assert written(r"[A-Z\r]", "A\rB") == b"A\rB"
    assert read("[^,]", b"A\rB") == "A\rB"


@pytest.mark.parametrize("value", [5, 5.0, b"x", None, ["x"]])
@pytest.mark.parametrize("spec", ["s", "5s", "q", "[A-Z]"])
def test_what_is_no_text_is_a_wrong_type(spec, value) -> None:
    with pytest.raises(ItemTypeError, match=r"takes text, got"):
        written(spec, value)


@pytest.mark.parametrize("spec", ["s", "5s", "q", "[^,]"])
def test_text_outside_the_encoding_is_refused_in_both_directions(spec) -> None:
    with pytest.raises(ItemValueError, match=r"takes ascii text, got '5 °C'"):
        written(spec, "5 °C")
    raw = {"s": b"5 \xb0C", "5s": b"5 \xb0C ", "q": b'"5 \xb0"', "[^,]": b"5 \xb0C"}[spec]
    with pytest.raises(TemplateMismatchError, match=r"at byte [34] expected ") as caught:
        read(spec, raw)
    assert raw[caught.value.at] == 0xB0


def test_text_of_fixed_width_is_filled_up_with_blanks() -> None:
    assert written("6s", "abc") == b"abc   "
    assert read("6s", b"abc   ") == "abc"
    assert read("6s", b" a,b  ") == " a,b"
    with pytest.raises(ItemValueError, match=r"takes at most 6 bytes, got 'abcdefg'"):
        written("6s", "abcdefg")
    with pytest.raises(TemplateMismatchError, match=r"at byte 1 expected 6 bytes of ascii text"):
        read("6s", b"abcde")


def test_a_fixed_width_counts_bytes() -> None:
    assert written("3s", "5°", "utf-8") == b"5\xc2\xb0"
    with pytest.raises(ItemValueError, match="at most 2 bytes"):
        written("2s", "5°", "utf-8")


@pytest.mark.parametrize(
    ("value", "raw"),
    [("CURR:DC", b'"CURR:DC"'), ("", b'""'), ('say "hi"', b'"say ""hi"""'), ("a,b", b'"a,b"')],
)
def test_quoted_text_doubles_its_quotes(value, raw) -> None:
    assert written("q", value) == raw
    assert read("q", raw) == value


@pytest.mark.parametrize("raw", [b"CURR", b'"CURR', b'CURR"', b'"a"b"'])
def test_text_that_is_not_quoted_is_not_read_as_quoted(raw) -> None:
    with pytest.raises(TemplateMismatchError):
        read("q", raw)


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        ("[A-Z0-9]", ["A", "Z9"], ["", "a", "A-"]),
        ("[^,]", ["a b", "}"], ["", ",", "a,b"]),
        (r"[\]\-\\^]", ["]", "-", "\\", "^"], ["[", "a"]),
        (r"[^\x41-\x5A]", ["a"], ["B"]),
        ("[a}]", ["}", "a}"], ["{"]),
        ("[-+]", ["-+"], [","]),
        ("[.]", ["."], ["x"]),
    ],
)
def test_a_set_of_characters_takes_one_or_more_of_them(spec, good, bad) -> None:
    for text in good:
        assert written(spec, text) == text.encode()
        assert read(spec, text.encode()) == text
    for text in bad:
        with pytest.raises(ItemValueError, match=r"takes one or more characters of \["):
            written(spec, text)
        with pytest.raises(TemplateMismatchError):
            read(spec, text.encode())


# -- regular expressions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        ("/[0-9]{3}/", ["123"], ["12", "1234"]),
        ("/a|bc/", ["a", "bc"], ["ac"]),
        ("/x/y/", ["x/y"], ["x"]),
        (r"/\d+(?:\.\d+)?/", ["1", "1.5"], ["1."]),
        (r"/(?i:on|off)/", ["On"], ["no"]),
        (r"/.*/", ["", "a\nb"], []),
    ],
)
def test_an_expression_takes_what_it_matches_as_a_whole(spec, good, bad) -> None:
    line = Template.compile(f"<{{:{spec}}}>")
    for text in good:
        assert line.format({VALUE: text}) == b"<" + text.encode() + b">"
        assert line.parse(b"<" + text.encode() + b">") == {VALUE: text}
    for text in bad:
        with pytest.raises(ItemValueError, match=r"takes what matches /"):
            line.format({VALUE: text})
        with pytest.raises(TemplateMismatchError, match=r"expected what matches /|expected '>'"):
            line.parse(b"<" + text.encode() + b">")


def test_an_expression_writes_other_values_as_their_text() -> None:
    assert written("/[0-9]+/", 12) == b"12"
    with pytest.raises(ItemValueError, match=r"takes what matches /\[0-9\]\+/, got -1"):
        written("/[0-9]+/", -1)


def test_fields_around_an_expression_keep_their_places() -> None:
    assert Template.compile("{a:d},{_:/.*?(?:TEMP|T)=/}{b:f}{c:s}").parse(b"1,junk, TEMP=5.5 K") == {
        "a": 1,
        "b": 5.5,
        "c": " K",
    }


# -- words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "pairs"),
    [
        ("OFF=0|ON=1", {b"OFF": 0, b"ON": 1}),
        ("low=-5|mid=0.5|high=1e3", {b"low": -5, b"mid": 0.5, b"high": 1000.0}),
        ("N=normal|R=reverse", {b"N": "normal", b"R": "reverse"}),
        ("NORM|REV", {b"NORM": "NORM", b"REV": "REV"}),
        ("ON=1|ONLINE=2|O=3", {b"ON": 1, b"ONLINE": 2, b"O": 3}),
        ("LO<=1=0|HI=1", {b"LO<=1": 0, b"HI": 1}),
        (r"\x7C=1|\x7B\x7D=2|\r=3", {b"|": 1, b"{}": 2, b"\r": 3}),
        ("-03=0|00=1|3C=2", {b"-03": 0, b"00": 1, b"3C": 2}),
        ("inf=nan|x=y", {b"inf": "nan", b"x": "y"}),
    ],
)
def test_a_word_stands_for_its_value_in_both_directions(spec, pairs) -> None:
    for word, value in pairs.items():
        assert written(spec, value) == word
        assert read(spec, word) == value
        assert type(read(spec, word)) is type(value)


def test_the_longest_word_that_fits_is_read() -> None:
    reply = Template.compile("{:ON=1|ONLINE=2}{rest:s}")
    assert reply.parse(b"ONLINE!") == {VALUE: 2, "rest": "!"}
    assert reply.parse(b"ONLIN") == {VALUE: 1, "rest": "LIN"}


def test_words_are_read_in_any_case_only_where_the_template_says_so() -> None:
    assert read("Off=0|On=1/i", b"oN") == 1
    assert written("Off=0|On=1/i", 1) == b"On"
    with pytest.raises(TemplateMismatchError, match=r"expected one of 'Off', 'On'$"):
        read("Off=0|On=1", b"ON")


def test_of_two_words_for_one_value_the_first_is_written() -> None:
    assert written("ON=1|1=1|OFF=0|0=0", 1) == b"ON"
    assert read("ON=1|1=1|OFF=0|0=0", b"1") == 1


@pytest.mark.parametrize("value", [1, 1.0, True, np.int8(1), np.float64(1), 1 + 1e-12, np.bool_(True)])
def test_a_word_is_found_by_any_kind_of_number(value) -> None:
    assert written("OFF=0|ON=1", value) == b"ON"


@pytest.mark.parametrize("value", [2, "ON", 0.5, None, float("nan")])
def test_a_value_without_a_word_is_refused_with_the_words_there_are(value) -> None:
    with pytest.raises(ItemValueError, match=r"^\{:OFF=0\|ON=1\} takes one of 0 \('OFF'\), 1 \('ON'\), got "):
        written("OFF=0|ON=1", value)


def test_a_list_has_no_word_and_is_a_wrong_type() -> None:
    with pytest.raises(ItemTypeError, match=r"takes one of 0 \('OFF'\), 1 \('ON'\), got \[1\]"):
        written("OFF=0|ON=1", [1])


def test_of_many_words_an_error_names_a_dozen() -> None:
    spec = "|".join(f"W{number}={number}" for number in range(20))
    with pytest.raises(TemplateMismatchError, match=r"'W11' and 8 more$"):
        read(spec, b"?")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("OFF=0|=1", r"'OFF=0\|=1' has an empty word; words and their values are like OFF=0\|ON=1"),
        ("OFF=0|ON=", r"the word 'ON' in 'OFF=0\|ON=' has no value; like ON=1"),
        ("ON=0|ON=1", r"the word 'ON' comes twice in 'ON=0\|ON=1'"),
        ("on=0|ON=1/i", r"the word 'ON' comes twice in 'on=0\|ON=1/i'"),
        ("°C=0|K=1", r"'°' cannot be written in ascii"),
    ],
)
def test_a_map_of_words_that_makes_no_sense_is_no_template(spec, message) -> None:
    with pytest.raises(TemplateError, match=rf"character 1: {message}$"):
        Template.compile(f"{{:{spec}}}")
