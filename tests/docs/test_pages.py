"""What the README and the tutorials show is what happens."""

from __future__ import annotations

import re

import pytest

from mktl.devicefile import load
from mktl.errors import DeviceFileError
from tests.docs.pages import ROOT, Page

TUTORIALS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "tutorials").glob("*.md"))


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = []

    def open_page(path: str) -> Page:
        opened.append(Page(path))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


#: Of the other pages, those that are run from top to bottom too.
RUNNABLE = [
    "docs/how-to/modbus.md",
    "docs/how-to/simulate.md",
    "docs/how-to/visa.md",
    "docs/how-to/write-a-driver.md",
]


@pytest.mark.parametrize("path", ["README.md", *TUTORIALS, *RUNNABLE])
def test_a_page_does_what_it_shows(page, path) -> None:
    page(path).run()


def test_the_readme_opens_with_the_two_commands(page) -> None:
    first = page("README.md").of("console")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["$ make demo", "$ make test"]


def test_the_readme_shows_the_commands_that_the_demo_prints(page) -> None:
    program = (ROOT / "docs" / "examples" / "cooldown.py").read_text()
    [shown] = page("README.md").of("text")
    for command in re.findall(r"mark (\w+) cryo", shown):
        assert f" {command} {{store}}" in program


REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_every_device_file_of_the_reference_is_one(path, tmp_path) -> None:
    for text in re.findall(r"```toml\n(.*?)```", path.read_text(), re.DOTALL):
        file = tmp_path / "shown.toml"
        file.write_text(text)
        try:
            load(file)
        except DeviceFileError as error:
            pytest.fail(f"{error}\nin\n{text}")


def test_links_between_pages_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path}: {target}"
