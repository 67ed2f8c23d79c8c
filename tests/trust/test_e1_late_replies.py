"""E1: on a line with faults it is never mistaken whose reply is whose.

How many of the good replies are used is counted in `tests/drivers/test_late_replies.py` and
`test_modbus_faults.py`, which do the same below the daemon, on VISA and UDP too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trust.numbered import KINDS, numbered, start_faults


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.timeout(1800)
def test_e1_no_item_ever_has_the_value_of_another(tmp_path: Path, kind: str, count: int) -> None:
    with numbered(kind, tmp_path, seed=count) as bench:
        wrong: list[tuple[str, object]] = []
        expected = {
            key: float(key[1:]) * (1 if kind.startswith("text") else 10)
            for key in bench.served.store.catalog
            if key.startswith("n")
        }
        for key, value in expected.items():
            bench.served[key].register(
                lambda item, got, _time, value=value: wrong.append((item.key, got)) if got != value else None
            )
        start_faults(bench, kind)
        bench.served.wait_for(lambda: bench.faults.replies >= count, 1500)
        bench.faults.clear()
        for key, value in expected.items():
            bench.served.wait_for(lambda key=key: bench.served[key].status == "ok", 20)
            assert bench.served[key].value == value
        assert wrong == []
    befell = {entry.fault for entry in bench.journal.entries}
    assert {"delay", "lose", "cut", "double"} <= befell
