"""VISA sessions: what a library is asked for and what not, waits that end, troubles in words."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pydantic
import pytest
import pyvisa
from mktl_drivers import VisaLink, WriteError
from mktl_drivers.transport import MessageTransport, Transport
from mktl_drivers.visa_ports import SLICE_S
from pyvisa.errors import VisaIOWarning

from mktl.devicefile import Template
from mktl.errors import DeviceTimeoutError, LinkDownError
from tests.drivers import pyvisa_bench
from tests.drivers.pyvisa_bench import BenchLibrary, Instrument

SMU = "USB0::0x05E6::0x2450::04301234::INSTR"
OTHER = "GPIB0::12::INSTR"
REPLY = b"KEITHLEY,2450\n"


@pytest.fixture
def bench(monkeypatch) -> Iterator[dict[str, Instrument]]:
    """The instruments of the library ``@bench``, which every test must leave closed."""
    monkeypatch.setitem(sys.modules, "pyvisa_bench", pyvisa_bench)
    monkeypatch.setattr(BenchLibrary, "living", set())
    monkeypatch.setattr(BenchLibrary, "bench", {SMU: Instrument({b"*IDN?\n": REPLY})})
    yield BenchLibrary.bench
    assert BenchLibrary.living == set()


@pytest.fixture
def smu(bench) -> Instrument:
    return bench[SMU]


def port_of(resource: str = SMU, library: str = "@bench", **settings) -> Transport:
    return VisaLink.from_settings("smu", resource=resource, library=library, **settings).transport


@pytest.fixture
def port(smu) -> Iterator[MessageTransport]:
    port = port_of()
    assert isinstance(port, MessageTransport)
    port.open()
    yield port
    port.close()


# -- messages


def test_a_message_is_read_to_its_end_in_as_many_reads_as_it_takes(port, smu) -> None:
    smu.piece = 5
    port.write(b"*IDN?\n")
    read = [(port.read(1.0), port.ended) for _ in range(3)]
    assert read == [(b"KEITH", False), (b"LEY,2", False), (b"450\n", True)]
    assert smu.errors == []


def test_an_instrument_is_not_read_when_no_reply_is_wanted(port, smu) -> None:
    port.write(b"OUTP ON\n")
    begun_s = time.monotonic()
    assert (port.overhear(0.0), port.overhear(0.02)) == (b"", b"")
    assert time.monotonic() - begun_s >= 0.02
    assert smu.timeouts_s == []  # a read would have been its error -420


def test_what_is_left_of_a_reply_that_was_given_up_is_read_away(port, smu) -> None:
    smu.after_s = 0.05
    port.write(b"*IDN?\n")
    assert port.read(0.01) == b""
    assert port.overhear(5.0) == REPLY
    reads = len(smu.timeouts_s)
    assert port.overhear(0.0) == b""
    assert len(smu.timeouts_s) == reads


def test_a_clear_drops_the_reply_and_nothing_is_owed_any_more(port, smu) -> None:
    smu.after_s = 0.05
    port.write(b"*IDN?\n")
    assert port.read(0.0) == b""
    assert port.clear()
    assert smu.clears == 1
    reads = len(smu.timeouts_s)
    assert port.overhear(0.02) == b""
    assert len(smu.timeouts_s) == reads


def test_a_device_that_takes_a_clear_for_a_reset_is_not_cleared(smu) -> None:
    port = port_of(device_clear=False)
    assert isinstance(port, MessageTransport)
    port.open()
    assert not port.clear()
    assert smu.clears == 0
    port.close()


def test_a_resource_without_a_clear_gets_in_step_some_other_way(port, smu) -> None:
    smu.can_clear = False
    assert not port.clear()


@pytest.mark.parametrize(
    ("resource", "forgets"),
    [
        ("TCPIP::10.0.0.7::INSTR", True),
        ("TCPIP::10.0.0.7::5025::SOCKET", True),
        ("TCPIP::gateway::gpib0,5::INSTR", False),  # the gateway forgets, and not the device behind it
        ("GPIB0::5::INSTR", False),
        ("USB0::0x05E6::0x2450::04301234::INSTR", False),
        ("ASRL/dev/ttyUSB0::INSTR", False),
    ],
)
def test_what_a_closed_session_takes_along_depends_on_the_interface(resource, forgets) -> None:
    assert port_of(resource).forgets_on_close is forgets


# -- a link on it


def test_a_reply_is_whole_at_its_end_whatever_the_link_waits_for(bench) -> None:
    bench[SMU].answers = {b"*IDN?\n": b"KEITHLEY,2450"}  # no terminator, only END
    link = VisaLink.from_settings("smu", resource=SMU, library="@bench", reply_timeout_s=5.0)
    link.line.open()
    begun_s = time.monotonic()
    assert link.line.exchange(b"*IDN?", Template.compile("KEITHLEY,{:d}")) == {"": 2450}
    assert time.monotonic() - begun_s < 1.0  # neither the end of the line nor silence was waited for
    link.line.close()


def test_a_timeout_names_resource_and_command(bench) -> None:
    link = VisaLink.from_settings("smu", resource=SMU, library="@bench", reply_timeout_s=0.01)
    link.line.open()
    with pytest.raises(DeviceTimeoutError, match=rf"^smu \({SMU}\): no reply to 'X\?' within 0\.01 s$"):
        link.line.exchange(b"X?", Template.compile("{:d}"))
    link.line.close()


# -- waits


def test_a_wait_has_its_time_in_slices_and_can_be_cancelled(port, smu) -> None:
    port.write(b"X?\n")
    begun_s = time.monotonic()
    assert port.read(0.15) == b""
    assert 0.15 <= time.monotonic() - begun_s < 1.0
    assert max(smu.timeouts_s) <= SLICE_S
    threading.Timer(0.02, port.cancel).start()
    begun_s = time.monotonic()
    with pytest.raises(LinkDownError, match="being closed"):
        port.read(60.0)
    assert time.monotonic() - begun_s < 0.2
    with pytest.raises(LinkDownError, match="being closed"):
        port.open()


def test_a_read_of_no_time_takes_none_from_the_first_one_on(port, smu) -> None:
    assert port.read(0.0) == b""
    assert smu.timeouts_s == [0.001]  # 0 is no time for a library; what PyVISA begins with is 2 s


def test_an_idle_wait_ends_with_a_nudge(port) -> None:
    port.nudge()
    begun_s = time.monotonic()
    port.idle(60.0)
    assert time.monotonic() - begun_s < SLICE_S


def test_a_pause_can_be_cancelled_too(port) -> None:
    threading.Timer(0.02, port.cancel).start()
    begun_s = time.monotonic()
    with pytest.raises(LinkDownError, match="being closed"):
        port.overhear(60.0)
    assert time.monotonic() - begun_s < 0.2


# -- bytes, by a library that nobody can wait for but itself


@pytest.mark.parametrize("resource", ["TCPIP::10.0.0.7::5025::SOCKET", "ASRL3::INSTR"])
def test_bytes_are_read_in_slices_until_a_reply_is_whole(bench, resource) -> None:
    bench[resource] = Instrument({b"*IDN?\n": b"KEITHLEY,2450\n"}, after_s=0.02, piece=6)
    link = VisaLink.from_settings("smu", resource=resource, library="@bench", reply_timeout_s=5.0)
    link.line.open()
    assert link.line.exchange(b"*IDN?", Template.compile("KEITHLEY,{:d}")) == {"": 2450}
    assert max(bench[resource].timeouts_s) <= SLICE_S
    link.line.close()


# -- sessions and managers


def test_a_link_that_loses_its_session_leaves_those_of_its_neighbours_alone(bench) -> None:
    bench[OTHER] = Instrument({b"*IDN?\n": b"AGILENT,34401A\n"})
    one, other = port_of(), port_of(OTHER)
    one.open()
    other.open()
    managers = len(BenchLibrary.living)
    one.close()
    assert len(BenchLibrary.living) == managers - 2  # its session and its manager
    other.write(b"*IDN?\n")
    assert other.read(1.0) == b"AGILENT,34401A\n"
    one.open()
    one.write(b"*IDN?\n")
    assert one.read(1.0) == REPLY
    for port in (one, other):
        port.close()


def test_a_manager_that_somebody_else_uses_is_left_alone(bench) -> None:
    theirs = pyvisa.ResourceManager("@bench")
    smu = theirs.open_resource(SMU)
    port = port_of()
    port.open()
    assert pyvisa.ResourceManager("@bench") is theirs
    port.close()
    assert pyvisa.ResourceManager("@bench") is theirs
    smu.write_raw(b"*IDN?\n")
    assert smu.read_raw() == REPLY
    theirs.close()


def test_nothing_is_left_when_a_resource_cannot_be_opened(bench) -> None:
    with pytest.raises(LinkDownError):
        port_of("USB0::1::2::3::INSTR").open()


def test_a_port_that_is_not_open_is_down(port) -> None:
    port.close()
    for use in (port.clear, lambda: port.read(0.0), lambda: port.overhear(0.0)):
        with pytest.raises(LinkDownError, match="not open"):
            use()
    with pytest.raises(WriteError, match="not open"):
        port.write(b"x")


# -- troubles in words


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    "resource",
    ["TCPIP::127.0.0.1::{}::SOCKET", "TCPIP::127.0.0.1::hislip0,{}::INSTR"],
    ids=["socket", "hislip"],
)
def test_nobody_listening_is_said_in_words_and_leaves_no_socket(resource, closed_port) -> None:
    with pytest.raises(LinkDownError, match=r"^connection refused$"):
        port_of(resource.format(closed_port), "@py").open()


def test_a_resource_that_is_not_there_names_those_that_are(bench) -> None:
    with pytest.raises(LinkDownError, match=rf"^no such resource; there are {SMU}$"):
        port_of("USB0::1::2::3::INSTR").open()


@pytest.mark.parametrize(
    ("resource", "library", "text"),
    [
        ("nonsense", "@py", r"^that is no VISA resource name, such as TCPIP::10\.0\.0\.7::INSTR$"),
        ("USB0::1::2::3::INSTR", "@py", "^PyVISA-py needs another package .*: pip install pyusb$"),
        ("GPIB0::5::INSTR", "@py", "^PyVISA-py needs another package .*: pip install gpib-ctypes$"),
        ("ASRL/dev/ttyNONE::INSTR", "@py", "^no such port; there "),
        (SMU, "@nosuch", "^VISA library '@nosuch': not installed: pip install pyvisa-nosuch$"),
        (SMU, "/no/libvisa.so", r"^VISA library '/no/libvisa\.so' cannot be opened: .*No such file"),
    ],
)
def test_what_cannot_be_opened_says_why(resource, library, text) -> None:
    with pytest.raises(LinkDownError, match=text):
        port_of(resource, library).open()


def test_a_link_without_pyvisa_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvisa", None)
    with pytest.raises(LinkDownError, match=r"^visa link needs PyVISA: pip install pyvisa pyvisa-py$"):
        port_of().open()


def test_what_pyvisa_logs_of_an_attempt_is_not_logged_beside_what_the_link_says(closed_port, caplog) -> None:
    link = VisaLink.from_settings(
        "smu", resource=f"TCPIP::127.0.0.1::hislip0,{closed_port}::INSTR", retry_s=60
    )
    link.open()
    while not link.last_error:
        time.sleep(0.002)
    link.close()
    assert [record.name for record in caplog.records] == ["mktl.drivers.runner"]


# -- settings


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "resource"),
        ({"resource": SMU, "baud": 9600}, "baud"),
        ({"resource": SMU, "baudrate": 57600, "parity": "odd"}, r"baudrate, parity: only a serial line"),
        ({"resource": "ASRL1::INSTR", "stopbits": 3}, "1, 1.5 or 2 stop bits"),
    ],
)
def test_a_setting_that_is_wrong_or_unknown_is_named(settings, text) -> None:
    with pytest.raises(pydantic.ValidationError, match=text):
        VisaLink.from_settings("dev", **settings)


def test_bytes_take_their_time_on_a_serial_line_only() -> None:
    # 7 data bits, parity, start and stop bit: ten bits a byte.
    serial = port_of("ASRL1::INSTR", baudrate=57600, bytesize=7, parity="odd")
    assert serial.transmit_s(576) == pytest.approx(0.1)
    assert port_of(SMU).transmit_s(576) == 0.0


def test_a_read_that_fills_the_buffer_is_no_warning(port, smu, recwarn) -> None:
    smu.piece = 5
    port.write(b"*IDN?\n")
    port.read(1.0)
    assert not [one for one in recwarn if issubclass(one.category, VisaIOWarning)]
