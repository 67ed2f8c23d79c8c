"""The HiSLIP server, spoken to in the bytes of IVI-6.1."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from mktl_simulators.dialect import LineDevice
from mktl_simulators.hislip import LARGEST, HislipServer

#: Prologue, message type, control code, message parameter, payload length (section 2.2).
HEADER = struct.Struct("!2sBBIQ")
# Message types (section 2.5).
INITIALIZE, INITIALIZE_RESPONSE, FATAL_ERROR, ERROR = range(4)
ASYNC_LOCK, ASYNC_LOCK_RESPONSE, DATA, DATA_END = range(4, 8)
CLEAR_COMPLETE, CLEAR_ACKNOWLEDGE, REMOTE_LOCAL, REMOTE_LOCAL_RESPONSE, TRIGGER, INTERRUPTED = range(8, 14)
ASYNC_INTERRUPTED, MAX_SIZE, MAX_SIZE_RESPONSE, ASYNC_INITIALIZE, ASYNC_INITIALIZE_RESPONSE = range(14, 19)
ASYNC_CLEAR, STATUS_QUERY, STATUS_RESPONSE, ASYNC_CLEAR_ACKNOWLEDGE = 19, 21, 22, 23
LOCK_INFO, LOCK_INFO_RESPONSE = 24, 25
#: The first message of a client has this number, and the following ones two more each.
FIRST = 0xFFFFFF00


class Instrument(LineDevice):
    """Answers queries with themselves, and counts the rest."""

    def __init__(self) -> None:
        super().__init__(reply_end=b"\n")
        self.done: list[str] = []

    def answer(self, command: str) -> str | None:
        if command.endswith("?"):
            return command
        self.done.append(command)
        return None

    def advance(self, dt_s: float) -> None:
        pass


class Channel:
    """One of the two connections of a client."""

    def __init__(self, server: HislipServer[Instrument]) -> None:
        self.socket = socket.create_connection((server.host, server.port), 5.0)

    def say(self, kind: int, parameter: int = 0, payload: bytes = b"", control: int = 0) -> None:
        self.socket.sendall(HEADER.pack(b"HS", kind, control, parameter, len(payload)) + payload)

    def hear(self) -> tuple[int, int, int, bytes]:
        """Type, control code, parameter and payload of the next message."""
        prologue, kind, control, parameter, length = HEADER.unpack(self._exactly(HEADER.size))
        assert prologue == b"HS"
        return kind, control, parameter, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += (more := self.socket.recv(count - len(data)))
            assert more, "the server closed the connection"
        return data

    def ask(self, *message, **more):
        self.say(*message, **more)
        return self.hear()

    def is_closed(self) -> bool:
        return self.socket.recv(1) == b""


class Client:
    """A client with both channels."""

    def __init__(self, server: HislipServer[Instrument]) -> None:
        self.sync, self.aside = Channel(server), Channel(server)
        kind, self.overlap, parameter, _ = self.sync.ask(INITIALIZE, 0x0100 << 16 | 0x7878, b"hislip0")
        assert kind == INITIALIZE_RESPONSE
        self.version, session = parameter >> 16, parameter & 0xFFFF
        self.async_answer = self.aside.ask(ASYNC_INITIALIZE, session)

    def close(self) -> None:
        self.sync.socket.close()
        self.aside.socket.close()


@pytest.fixture
def server() -> Iterator[HislipServer[Instrument]]:
    with HislipServer(Instrument()) as server:
        yield server


@pytest.fixture
def client(server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


def test_a_client_is_told_version_session_and_synchronized_mode(client) -> None:
    assert (client.version, client.overlap) == (0x0100, 0)
    assert client.async_answer[:2] == (ASYNC_INITIALIZE_RESPONSE, 0)


def test_a_reply_has_the_number_of_its_query_and_an_end(client) -> None:
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n") == (DATA_END, 0, FIRST, b"*IDN?\n")
    assert client.sync.ask(DATA_END, FIRST + 2, b"*OPC?\n") == (DATA_END, 0, FIRST + 2, b"*OPC?\n")


def test_a_command_ends_with_its_message_whether_or_not_it_has_a_terminator(client, server) -> None:
    client.sync.say(DATA_END, FIRST, b"OUTP ON")
    assert client.sync.ask(DATA_END, FIRST + 2, b"*OPC?")[3] == b"*OPC?\n"
    with server.hold() as device:
        assert device.done == ["OUTP ON"]


def test_a_command_in_several_messages_is_one_and_its_last_number_counts(client) -> None:
    client.sync.say(DATA, FIRST, b"*ID")
    assert client.sync.ask(DATA_END, FIRST + 2, b"N?\n") == (DATA_END, 0, FIRST + 2, b"*IDN?\n")


def test_a_reply_comes_in_messages_no_longer_than_the_client_takes(client) -> None:
    kind, _, _, size = client.aside.ask(MAX_SIZE, 0, struct.pack("!Q", HEADER.size + 4))
    assert (kind, struct.unpack("!Q", size)) == (MAX_SIZE_RESPONSE, (LARGEST,))
    heard = [client.sync.ask(DATA_END, FIRST, b"ABCDEFG?\n"), client.sync.hear(), client.sync.hear()]
    assert heard == [
        (DATA, 0, FIRST, b"ABCD"), (DATA, 0, FIRST, b"EFG?"), (DATA_END, 0, FIRST, b"\n"),
    ]  # fmt: skip


def test_a_trigger_is_taken_and_changes_nothing(client) -> None:
    client.sync.say(TRIGGER, FIRST)
    assert client.sync.ask(DATA_END, FIRST + 2, b"*IDN?")[2] == FIRST + 2


def test_a_query_before_the_reply_to_the_one_before_it_interrupts(client, server) -> None:
    server.faults.delay(60.0)
    client.sync.say(DATA_END, FIRST, b"LATE?\n")
    assert client.sync.ask(DATA_END, FIRST + 2, b"*IDN?\n") == (INTERRUPTED, 0, FIRST + 2, b"")
    assert client.aside.hear() == (ASYNC_INTERRUPTED, 0, FIRST + 2, b"")
    assert client.sync.hear() == (DATA_END, 0, FIRST + 2, b"*IDN?\n")


def test_a_device_clear_drops_the_reply_that_is_due_and_half_a_command(client, server) -> None:
    server.faults.delay(60.0)
    client.sync.say(DATA_END, FIRST, b"LATE?\n")
    client.sync.say(DATA, FIRST + 2, b"HALF")
    assert client.aside.ask(ASYNC_CLEAR)[:2] == (ASYNC_CLEAR_ACKNOWLEDGE, 0)
    client.sync.say(DATA_END, FIRST + 4, b"DROPPED?\n")  # sent before the clear was complete
    while (heard := client.sync.ask(CLEAR_COMPLETE))[0] == INTERRUPTED:
        pass  # HALF came while LATE? was to be answered
    assert heard == (CLEAR_ACKNOWLEDGE, 0, 0, b"")
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n") == (DATA_END, 0, FIRST, b"*IDN?\n")


def test_the_status_byte_says_whether_there_is_a_reply_to_read(client) -> None:
    assert client.aside.ask(STATUS_QUERY, FIRST) == (STATUS_RESPONSE, 0, 0, b"")
    client.sync.ask(DATA_END, FIRST, b"*IDN?\n")
    assert client.aside.ask(STATUS_QUERY, FIRST) == (STATUS_RESPONSE, 0x10, 0, b"")  # MAV (IEEE 488.2)
    # Control code 1: the client has handed the end of the reply to who asked.
    assert client.aside.ask(STATUS_QUERY, FIRST, control=1) == (STATUS_RESPONSE, 0, 0, b"")


def test_locks_and_remote_control_are_granted_to_the_only_client(client) -> None:
    assert client.aside.ask(ASYNC_LOCK, 1000, control=1)[:2] == (ASYNC_LOCK_RESPONSE, 1)
    assert client.aside.ask(LOCK_INFO)[0] == LOCK_INFO_RESPONSE
    assert client.aside.ask(REMOTE_LOCAL, FIRST, control=3)[0] == REMOTE_LOCAL_RESPONSE


@pytest.mark.parametrize("channel", ["sync", "aside"])
def test_a_message_of_an_unknown_type_is_an_error_and_no_end(client, channel) -> None:
    assert getattr(client, channel).ask(99)[:2] == (ERROR, 1)
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n")[0] == DATA_END


def test_a_size_that_is_none_is_an_error_and_no_end(client) -> None:
    assert client.aside.ask(MAX_SIZE, 0, b"big")[0] == ERROR
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n")[0] == DATA_END


# -- who is refused, with the codes of FatalError


def refused(channel: Channel, *message) -> int:
    kind, code, _, _ = channel.ask(*message)
    assert kind == FATAL_ERROR
    assert channel.is_closed()
    channel.socket.close()
    return code


def test_a_second_client_is_refused_and_the_first_one_served(client, server) -> None:
    assert refused(Channel(server), INITIALIZE, 0x0100 << 16, b"hislip0") == 4
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n")[0] == DATA_END


def test_who_comes_back_finds_the_place_free(client, server) -> None:
    client.close()
    again = Client(server)
    assert again.sync.ask(DATA_END, FIRST, b"*IDN?\n")[0] == DATA_END
    again.close()


def test_a_stranger_is_refused_and_the_client_served(client, server) -> None:
    assert refused(Channel(server), DATA_END, FIRST, b"*IDN?\n") == 3
    assert refused(Channel(server), ASYNC_INITIALIZE, 0xBAD) == 3
    web = Channel(server)
    web.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert web.hear()[:2] == (FATAL_ERROR, 1)
    web.socket.close()
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n")[0] == DATA_END


def test_nobody_is_served_on_one_channel_only(server) -> None:
    half = Channel(server)
    half.ask(INITIALIZE, 0x0100 << 16, b"hislip0")
    assert refused(half, DATA_END, FIRST, b"*IDN?\n") == 2


def test_nonsense_ends_the_session(client) -> None:
    client.sync.socket.sendall(b"*IDN?\n" * 4)
    assert client.sync.hear()[:2] == (FATAL_ERROR, 1)
    assert client.sync.is_closed()
    assert client.aside.is_closed()


# -- what goes wrong when told to


def test_a_reply_that_is_cut_has_no_end(client, server) -> None:
    server.faults.cut(3)
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n") == (DATA, 0, FIRST, b"*ID")


def test_a_reply_in_two_pieces_ends_with_the_second(client, server) -> None:
    server.faults.split(0.01)
    assert client.sync.ask(DATA_END, FIRST, b"*IDN?\n") == (DATA, 0, FIRST, b"*ID")
    assert client.sync.hear() == (DATA_END, 0, FIRST, b"N?\n")


def test_unplugged_it_is_gone_and_plugged_in_it_is_where_it_was(client, server) -> None:
    url = server.url
    server.unplug()
    assert client.sync.is_closed()
    assert client.aside.is_closed()
    with pytest.raises(ConnectionRefusedError):
        Channel(server)
    server.plug()
    assert server.url == url == f"TCPIP::127.0.0.1::hislip0,{server.port}::INSTR"
    again = Client(server)
    assert again.sync.ask(DATA_END, FIRST, b"*IDN?\n")[0] == DATA_END
    again.close()
