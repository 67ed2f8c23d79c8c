"""E4: a command with an effect, on a line with faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from mktl.errors import DeviceError, LinkDownError, OutcomeUnknownError
from tests.trust.numbered import KINDS, numbered, start_faults


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.soak)])
@pytest.mark.timeout(1200)
def test_e4_a_command_runs_once_at_the_most_and_unknown_is_said_where_it_may_have_run(
    tmp_path: Path, kind: str, count: int
) -> None:
    carried_out, unknown = [], []
    never: dict[int, str] = {}
    shown: dict[int, str] = {}
    with numbered(kind, tmp_path, seed=count) as bench:
        start_faults(bench, kind)
        for number in range(1, count + 1):
            try:
                bench.served["go"].set(number)
            except OutcomeUnknownError:
                unknown.append(number)
            except LinkDownError as error:
                never[number] = str(error)
                bench.served.wait_for(lambda: bench.served.links["box"].state == "connected", 20)
            except DeviceError as error:  # before the command: getting in step again came to nothing
                (never if "nothing was sent" in str(error) else shown)[number] = str(error)
            else:
                carried_out.append(number)
        done = dict(bench.done)
    assert max(done.values()) == 1
    assert [number for number in carried_out if done.get(number) != 1] == []
    assert [number for number in never if number in done] == []
    assert [text for text in never.values() if "nothing was sent" not in text] == []
    # A reply that is none may have been a refusal: it is shown as it came.
    assert [text for text in shown.values() if "got" not in text] == []
    assert unknown
    assert len(carried_out) > 0.6 * count
