"""The verdict over journals in which one thing is wrong, and over one in which nothing is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trust.soak.bench import TextBench
from tests.trust.soak.gauges import Gauge, Sample
from tests.trust.soak.verdict import judge

KEY = "steady.tcp_r1"
SET = [{"t": 1.0, "op": "a", "do": "write", "key": KEY, "value": 5}, {"t": 2.0, "op": "a", "is": "done"}]
EXECUTED = [{"t": 1.5, "wrote": KEY, "value": 5}]


def shown(t: float, value: int, status: str = "ok") -> dict[str, Any]:
    return {"t": t, "shown": KEY, "is": "done", "value": value, "status": status}


def faults(
    directory: Path, client: list[Any], devices: list[Any], trouble: list[Any] | None = None
) -> list[str]:
    for name, lines in (("client0", client), ("devices", devices), ("trouble", trouble or [])):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (directory / f"{name}.journal").write_text(text)
    return judge(directory).faults


def test_a_set_that_was_carried_out_and_shown_is_no_fault(tmp_path: Path) -> None:
    assert not faults(tmp_path, [*SET, shown(1.2, 0), shown(4.5, 5)], EXECUTED)


@pytest.mark.parametrize(
    ("client", "devices", "said"),
    [
        (SET, [], "never had it"),
        (SET, EXECUTED * 2, "carried out 2 times"),
        (SET, [{**EXECUTED[0], "t": 7.0}], "carried out at another time"),
        (
            [SET[0], {"t": 2.0, "op": "a", "is": "refused"}],
            EXECUTED,
            "refused, yet the device carried it out",
        ),
        ([*SET, shown(4.5, 0)], EXECUTED, "another value's time"),
        ([*SET, shown(4.5, 6)], EXECUTED, "never written"),
        ([], EXECUTED, "which nobody set"),
        ([{"t": 9.0, "old": "steady.beat", "age_s": 3.5}], [], "3.50 s old at 9.0 and ok"),
        ([{"t": 9.0, "final": {KEY: "stale no connection"}, "called_back": 3}], [], "at the end: stale"),
        ([{"t": 9.0, "broken": "KeyError: 7"}], [], "KeyError: 7"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, client: list[Any], devices: list[Any], said: str) -> None:
    assert any(said in fault for fault in faults(tmp_path, client, devices))


def test_a_set_whose_client_was_killed_may_have_been_carried_out_or_not(tmp_path: Path) -> None:
    assert not faults(tmp_path, [SET[0], shown(8.0, 5)], EXECUTED)
    assert not faults(tmp_path, [SET[0], shown(8.0, 0)], [])


def test_a_daemon_that_stands_still_is_missed_later(tmp_path: Path) -> None:
    stopped = [{"t": 6.0, "begin": "daemon stopped"}, {"t": 10.0, "end": "daemon stopped"}]
    assert not faults(tmp_path, [{"t": 9.0, "old": "mortal.beat", "age_s": 3.5}], [], stopped)
    assert faults(tmp_path, [{"t": 9.0, "old": "mortal.beat", "age_s": 4.5}], [], stopped)
    assert not faults(tmp_path, [{"t": 11.0, "old": "mortal.beat", "age_s": 5.5}], [], stopped)
    assert faults(tmp_path, [{"t": 12.5, "old": "mortal.beat", "age_s": 3.5}], [], stopped)


@pytest.mark.parametrize(
    ("second_s", "looked_s", "age_s", "is_fault"),
    [
        (10.3, 13.0, 7.1, False),  # it went on for 0.3 s, and could read nothing again that takes 0.5 s
        (10.3, 13.4, 7.5, True),  # by then the second stop has been noticed
        (12.3, 14.0, 8.1, True),  # it has had the time to
    ],
)
def test_what_a_daemon_says_between_two_stops_may_be_of_before_the_first(
    tmp_path: Path, second_s: float, looked_s: float, age_s: float, is_fault: bool
) -> None:
    times = [(6.0, "begin"), (10.0, "end"), (second_s, "begin"), (16.0, "end")]
    stopped = [{"t": at_s, what: "daemon stopped"} for at_s, what in times]
    seen = [{"t": looked_s, "old": "mortal.mirror", "age_s": age_s}]
    assert bool(faults(tmp_path, seen, [], stopped)) is is_fault


def test_growth_is_told_in_megabytes_an_hour_and_by_medians() -> None:
    gauge = Gauge("one", [Sample(60.0 * at, 50 + at / 60, 9 + (at == 7), 20 + at // 20) for at in range(60)])
    assert gauge.slope_mb_per_hour == pytest.approx(1.0)
    assert gauge.growth("threads") == 0
    assert gauge.growth("files") == 2
    assert len(gauge.after(1800.0).samples) == 30


def test_a_bench_logs_what_it_carries_out_and_nothing_else() -> None:
    log: list[tuple[str, int]] = []
    bench = TextBench(lambda register, value: log.append((register, value)))
    said = bench.receive(b"R1=7\nR2=3000000000\nR1?\nR3?\n").decode().splitlines()
    assert [line.partition("*")[0] for line in said] == ["OK", "ERR", "7", "ERR"]
    assert log == [("r1", 7)]
