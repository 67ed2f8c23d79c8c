"""What arrays leave is kept for those that follow."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from mktl.wire import heap

# Three pieces, as when one is in use, one waits and one is on its way; on a thread, as they are received.
LATER_FAULTS = """
import resource, threading
from mktl.wire.bulk import array_from

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def three():
    pieces = [bytearray(16 << 20) for _ in range(3)]

def run():
    three()
    array_from({{"shape": [{count}], "dtype": "uint8"}}, bytes({count}))
    three()
    before = faults()
    for _ in range(5):
        three()
    print(faults() - before)

thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library has ways of its own"
)
#: Of 4,096 pages each.
ARRAYS = 15


@pytest.fixture(autouse=True)
def as_shipped(monkeypatch):
    for name in (*heap._CHOSEN, "MALLOC_ARENA_MAX", "PYTHONMALLOC"):
        monkeypatch.delenv(name, raising=False)


def test_large_arrays_come_to_lie_where_others_were():
    assert later_faults(1 << 10) > ARRAYS * 1000
    assert later_faults(1 << 20) < 1000


def test_not_where_somebody_knows_better(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    assert later_faults(1 << 20) > ARRAYS * 1000


def later_faults(count):
    """Page faults with which 15 arrays of 16 MiB are made, once one of *count* bytes was received."""
    script = LATER_FAULTS.format(count=count)
    return int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
