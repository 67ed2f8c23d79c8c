from __future__ import annotations

from pathlib import Path

import pytest

from mktl.devicefile import load
from mktl.errors import DeviceFileError, Problem


def written(tmp_path: Path, text: str, name: str = "lab.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(DeviceFileError) as caught:
        load(path)
    return caught.value.problems


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    assert problems_of(path) == (Problem(str(path), None, "", "no such file"),)
    assert problems_of(written(tmp_path, "") / "x")[0].message == "no such file"


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert problems_of(tmp_path)[0].message == "is a directory, not a file"


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert problems_of(tmp_path / "lab.toml")[0].message == "this user may not read it"


def test_a_disk_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert problems_of(tmp_path / "lab.toml")[0].message == "cannot be read: Input/output error"


def test_text_that_is_not_utf8_is_found_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(b"[items.a]\nunits = '\xb0C'\n")
    assert problems_of(path) == (
        Problem(str(path), 2, "", "not UTF-8 text: byte 0xb0; save the file as UTF-8"),
    )


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(b"\xef\xbb\xbf[items.a]\r\ntype = 'string'\r\n")
    assert list(load(path).items) == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[items.a]\n[items.a]\n", 2, "not TOML, column 9: this table is written twice"),
        ("a = 1\n\na = 2\n", 3, "not TOML, column 6: this key is written twice"),
        (
            '[items.a]\nget = "\\x05"',
            2,
            "not TOML, column 10: text with a backslash goes in single quotes, '…'",
        ),
        (
            "[items.a]\ntype = numeric\n",
            2,
            "not TOML, column 8: no value that TOML knows; text goes in quotes",
        ),
        ("[items.a]\nunits = 'K\n", 2, "not TOML: the quotes are not closed"),
        (
            "[items.a]\nunits = 'K\nformat = '%f'\n",
            2,
            "not TOML, column 11: the quotes are not closed on this line",
        ),
        ('[items.a]\nunits = "K\n', 2, "not TOML, column 11: the quotes are not closed on this line"),
        ("a = 'b'\nunits = 'K\nb = 1\n", 2, "not TOML: the quotes are not closed"),
        ("a = 1\nunits = '''K\nb's = 1\n", 2, "not TOML: the quotes are not closed"),
        ('a = 1\nunits = """K\nb = "x"\n', 2, "not TOML: the quotes are not closed"),
        ("[items.a]\n\nrange = [0\n\n", 3, "not TOML: the list needs a comma or its ]"),
        ("[items.a]\nunits = 'K'\nformat", 3, 'not TOML: expected "=" after the key'),
        ("[items.a b]\n", 1, "not TOML, column 10: Expected ']' at the end of a table declaration"),
    ],
)
def test_what_is_no_toml_has_a_line_and_advice(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = written(tmp_path, text)
    assert problems_of(path) == (Problem(str(path), line, "", message),)


def test_what_is_no_json_has_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, '{\n "a": {},\n}', "lab.json")
    (problem,) = problems_of(path)
    # Which character it is differs between versions of Python.
    assert problem.line in (2, 3)
    assert problem.message.startswith("not JSON: ")


def test_a_key_that_json_has_twice_is_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path, '{"a": {}, "a": {}}', "lab.json")
    assert problems_of(path)[0].message == 'the key "a" is written twice in one table'
