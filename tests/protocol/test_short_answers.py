"""A daemon that is out of its mind sends too few frames; the answer behind them is taken all the same."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest
import zmq

import mktl
from mktl.errors import NoAnswerError
from mktl.protocol.client import client
from mktl.protocol.message import Request

SHORT = [[b""], [b"a"], [b"a", b"7"], [b"a", b"7", b"REP", b"", b""]]


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Somebody who answers a request with these messages, and then well, if at all; its address."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.linger = 0
        port = router.bind_to_random_port("tcp://127.0.0.1")

        def answer(short: list[list[bytes]], well: bool) -> None:
            route, _, id, *_ = router.recv_multipart()
            for parts in short:
                router.send_multipart([route, *parts])
            if well:
                router.send_multipart([route, b"a", id, b"REP", b"", b"", b'{"value": 5}'])

        def serve(short: list[list[bytes]], *, well: bool = True) -> str:
            threads.append(threading.Thread(target=answer, args=(short, well)))
            threads[-1].start()
            return f"tcp://127.0.0.1:{port}"

        threads: list[threading.Thread] = []
        yield serve
        mktl.close()
        for thread in threads:
            thread.join()


ROWS = [*itertools.product(SHORT, repeat=1), *itertools.product(SHORT, repeat=2)]


@pytest.mark.parametrize("short", ROWS)
def test_who_waits_gets_the_answer(serve, short) -> None:
    assert client().request(serve(short), Request("GET", "lab.temp"), 5.0).value == 5


@pytest.mark.parametrize("short", ROWS)
def test_who_asks_without_waiting_gets_it_too(serve, short) -> None:
    request = Request("GET", "lab.temp")
    client().send(serve(short), request)
    answer = request.wait(5.0)
    assert answer is not None
    assert answer.payload.value == 5


def test_too_few_frames_are_no_answer_and_end_no_waiting(serve) -> None:
    address = serve([[b"a", b"7"]], well=False)
    with pytest.raises(NoAnswerError, match=r"no ACK from .* within 0\.2 s"):
        client().request(address, Request("GET", "lab.temp"), 5.0, ack_timeout_s=0.2)
