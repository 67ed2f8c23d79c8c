"""What several of the promises need to be put to the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trust.nursery import Nursery, nursery_in


@pytest.fixture
def nursery(home: Path, tmp_path: Path) -> Iterator[Nursery]:
    """Forks ``markd`` processes; those that are left are killed at the end."""
    with nursery_in(tmp_path) as nursery:
        yield nursery
