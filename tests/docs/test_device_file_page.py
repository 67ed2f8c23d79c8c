"""The reference of the device file is what its models say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_what_the_models_say() -> None:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate" / "device_file.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.PAGE.read_text("utf-8") == generate.page(), "run: python docs/generate/device_file.py"


def test_every_key_says_what_it_means() -> None:
    page = (DOCS / "reference" / "device-file.md").read_text("utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")] == []
