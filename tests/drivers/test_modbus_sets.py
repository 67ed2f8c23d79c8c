"""What is written, by which function and where; and again and again, where a device wants that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy
import pytest
from mktl_simulators.modbus import Bank, Table
from mktl_simulators.modbus.registers import ModbusException

import mktl
from mktl.errors import DeviceRefusedError, ItemValueError, MktlError, OutcomeUnknownError
from tests.conftest import wait_for
from tests.drivers.modbus_bench import Device, device_on, read_all, serve_file


class Noting(Bank):
    """Remembers what was written, in order; it takes no 99."""

    def __init__(self) -> None:
        super().__init__(holding=dict.fromkeys(range(600), 0), coils=dict.fromkeys(range(9), 0), input={0: 5})
        self.written: list[tuple[str, int, list[int]]] = []
        #: Answered to the next writes, after they were carried out.
        self.after: list[int] = []

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        if 99 in values:
            raise ModbusException(3)
        super().write(table, address, values)
        self.written.append((table, address, list(values)))
        if self.after:
            raise ModbusException(self.after.pop())


@pytest.fixture
def bank() -> Noting:
    return Noting()


@pytest.fixture
def device(bank, tmp_path: Path) -> Iterator[Device]:
    with device_on("tcp", {1: bank}, tmp_path / "port") as device:
        yield device


@pytest.fixture
def serve(device, tmp_path: Path) -> Iterator:
    daemons: list[mktl.Daemon] = []

    def start(*words: str, type: str = "numeric", link: str = "") -> mktl.Item:
        head = ["[items.it]", f'type = "{type}"', 'link = "plc"', "settable = true"]
        text = device.link(link) + "\n".join([*head, *words, ""])
        daemons.append(serve_file(tmp_path / "plc.toml", text))
        return read_all(daemons[-1])["it"]

    yield start
    for daemon in daemons:
        daemon.close()


def functions(device: Device) -> list[int]:
    """The functions of the requests that the device has had, which came one by one over TCP."""
    data, found = device.server.received, []
    while data:
        found.append(data[7])
        data = data[6 + int.from_bytes(data[4:6], "big") :]
    return found


@pytest.mark.parametrize(
    ("words", "type_", "value", "function", "written"),
    [
        (['register = "holding 2"'], "numeric", 7, 6, ("holding", 2, [7])),
        (['register = "holding 2"', "write_function = 16"], "numeric", 7, 16, ("holding", 2, [7])),
        (['register = "holding 2"', 'as = "int32"'], "numeric", -2, 16, ("holding", 2, [0xFFFF, 0xFFFE])),
        (['register = "coil 2"'], "boolean", True, 5, ("coils", 2, [1])),
        (['register = "coil 2"', "write_function = 15"], "boolean", True, 15, ("coils", 2, [1])),
        (['register = "coil 2"', "count = 3"], "numeric array", [1, 0, 1], 15, ("coils", 2, [1, 0, 1])),
        (['register = "holding 2"', "bit = 3"], "boolean", True, 6, ("holding", 2, [8])),
        (['register = "holding 2"', "bit = 3", "write_function = 22"], "boolean", 1, 22, ("holding", 2, [8])),
        (['register = "holding 2"', "bit = 17", 'as = "uint32"'], "boolean", 1, 6, ("holding", 2, [2])),
        (
            ['register = "holding 2"', 'as = "string"', "length = 3"],
            "string",
            "ab",
            16,
            ("holding", 2, [0x6162, 0]),
        ),
        (
            ['register = "holding 0x200"', 'write_register = "holding 0"'],
            "numeric",
            9,
            6,
            ("holding", 0, [9]),
        ),
        (['register = "input 0"', 'write_register = "holding 0"'], "numeric", 9, 6, ("holding", 0, [9])),
    ],
)
def test_each_is_written_where_and_how_the_file_says(
    words, type_, value, function, written, bank, device, serve
) -> None:
    item = serve(*words, type=type_)
    item.set(value)
    assert bank.written == [written]
    assert function in functions(device)


def test_one_bit_leaves_the_others_as_they_are_now_and_not_as_they_were_read(bank, device, serve) -> None:
    item = serve('register = "holding 2"', "bit = 3", type="boolean")
    with device.server.hold():
        bank.tables["holding"][2] = 0xF0  # by somebody at the front panel
    item.set(True)
    assert bank.tables["holding"][2] == 0xF8
    item.set(False)
    assert (bank.tables["holding"][2], item.value) == (0xF0, 0)


def test_a_scale_register_counts_both_ways(bank, device, serve) -> None:
    bank.tables["holding"] |= {2: 2305, 9: 0xFFFF}
    item = serve('register = "holding 2"', 'as = "int16"', 'scale_register = "holding 9"')
    assert item.value == 230.5
    with device.server.hold():
        bank.tables["holding"][9] = 0xFFFE
    item.set(12.34)
    assert bank.tables["holding"][2] == 1234
    assert item.value == 12.34
    with device.server.hold():
        bank.tables["holding"][9] = 0x8000
    item.get(refresh=True)
    assert (item.status, item.value) == ("invalid", 12.34)
    assert "holding 9 must be an exponent of ten from -10 to 10, and is none" in item.reason


def test_an_array_can_be_bulk(bank, serve) -> None:
    bank.tables["holding"] |= {2: 0x3FC0, 4: 0xC000}
    item = serve('register = "holding 2"', 'as = "float32"', "count = 2", type="bulk")
    assert item.value.dtype == numpy.float32
    assert item.value.tolist() == [1.5, -2.0]
    item.set(numpy.array([3.0, 0.5]))
    assert bank.written == [("holding", 2, [0x4040, 0, 0x3F00, 0])]


def test_what_does_not_fit_is_refused_before_anything_is_sent(bank, device, serve) -> None:
    item = serve('register = "holding 2"', 'as = "int16"', "scale = 0.1")
    before = len(functions(device))
    with pytest.raises(ItemValueError, match="40000 is beyond what int16 holds, -32768 to 32767"):
        item.set(4000)
    assert len(functions(device)) == before


def test_who_is_at_work_on_it_is_not_told_again(bank, serve) -> None:
    item = serve('register = "holding 2"')
    bank.after = [5]
    item.set(7)
    assert bank.written == [("holding", 2, [7])]
    assert item.value == 7


def test_the_same_value_is_written_again_when_it_is_set_again(bank, serve) -> None:
    item = serve('register = "holding 2"')
    item.set(7)
    item.set(7)
    assert bank.written == [("holding", 2, [7])] * 2


@pytest.mark.parametrize(
    ("words", "link", "message"),
    [
        (
            ['register = "holding 2"', 'as = "int32"', "write_function = 6"],
            "",
            "function 6 writes one register, not 2",
        ),
        (['register = "holding 2"', "write_function = 22"], "", "function 22 changes one bit"),
        (
            ['register = "holding 2"', 'as = "float64"'],
            "largest_write = 3",
            "takes 4 registers, .* write of 3",
        ),
        (['register = "holding 2"'], 'forbidden = ["holding 0-5"]', "holding 2 lies in holding 0-5"),
        (['register = "holding 2"'], "unit = 0", "unit 0 is everybody .* gettable = false"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_sent(words, link, message, device, serve) -> None:
    with pytest.raises(MktlError, match=f"it: .*{message}"):
        serve(*words, link=link, type="boolean" if "22" in words[-1] else "numeric")
    assert device.server.received == b""


@pytest.mark.parametrize(("words", "count"), [((), 1), (("repeatable = true",), 2)])
def test_what_got_no_answer_is_sent_again_only_where_the_file_allows_it(
    words, count, bank, device, serve
) -> None:
    item = serve('register = "holding 2"', *words)
    device.faults.lose_next_reply()
    if count == 1:
        with pytest.raises(OutcomeUnknownError, match="function 6 of holding 2 was sent and may have been"):
            item.set(6)
    else:
        item.set(6)
        assert item.value == 6
    assert bank.written == [("holding", 2, [6])] * count


def test_what_is_for_text_devices_is_refused(device, serve) -> None:
    with pytest.raises(MktlError, match='plc: "identity" is for devices that are spoken to in text'):
        serve('register = "holding 2"', link="identity = { send = 'ID', reply = 'X' }")


# -- again and again

KEPT = ('register = "holding 2"', "rewrite_s = 0.02", "read_back = false")


def test_what_was_set_last_is_written_again_and_nothing_before_it_was_set(bank, device, serve) -> None:
    item = serve(*KEPT)
    before = len(functions(device))
    item.get(refresh=True)
    assert (bank.written, len(functions(device))) == ([], before + 1)
    item.set(1)
    item.set(2)
    wait_for(lambda: len(bank.written) >= 5)
    assert [values for _, _, values in bank.written] == [[1], *[[2]] * (len(bank.written) - 1)]


def test_it_stops_while_the_device_is_away_and_begins_again(bank, device, serve) -> None:
    item = serve(*KEPT)
    item.set(3)
    device.server.unplug()
    wait_for(lambda: item.status == "disconnected")
    bank.written.clear()
    device.server.plug()
    wait_for(lambda: len(bank.written) >= 2)
    assert {tuple(values) for _, _, values in bank.written} == {(3,)}


def test_what_was_refused_is_not_written_again(bank, serve) -> None:
    item = serve(*KEPT)
    item.set(4)
    with pytest.raises(DeviceRefusedError):
        item.set(99)
    wait_for(lambda: len(bank.written) >= 3)
    assert {tuple(values) for _, _, values in bank.written} == {(4,)}


def test_what_may_have_been_carried_out_is_written_again(bank, device, serve) -> None:
    item = serve(*KEPT)
    device.faults.lose_next_reply()
    with pytest.raises(OutcomeUnknownError):
        item.set(6)
    wait_for(lambda: len(bank.written) >= 3)
    assert {tuple(values) for _, _, values in bank.written} == {(6,)}
