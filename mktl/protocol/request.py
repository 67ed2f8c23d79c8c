"""Requests without items: to any daemon by its address, and for programs that answer some.

:func:`mktl.get` and :class:`mktl.Daemon` do more for less; these are the names under which the published
interface has what lies beneath them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..errors import MktlError, NoAnswerError
from ..wire.payload import Payload as Fields
from . import server
from .client import client as connections
from .host import own_hostname, reachable
from .incoming import Incoming
from .message import Payload, Request, error_payload
from .singletons import Singletons

#: Seconds that a daemon may take to say that it has a request.
ACK_S = 0.5
#: Seconds that it may take to answer it.
ANSWER_S = 60.0


class Client:
    """Sends requests to one daemon; there is one for each address and port.

    Args:
        address: The daemon's host.
        port: Its request port.

    Raises:
        ConnectedAlreadyError: There is one; :func:`client` gives it. It is a ConnectionError.
    """

    #: Seconds that the daemon may take to say that it has a request.
    timeout = ACK_S

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = int(port)
        _clients.enter(address, self.port, self)

    def send(self, request: Request) -> None:
        """Send *request* and wait for its ACK, if it wants one; ``request.wait`` gives the response.

        Raises:
            NoAnswerError: No ACK came; it is a TimeoutError.
        """
        where = f"tcp://{reachable(self.address)}:{self.port}"
        connections().send(where, request)
        if request.ack and not request.wait_ack(self.timeout):
            raise NoAnswerError(f"{request.target}: no ACK from {where} within {self.timeout:g} s")


_clients: Singletons[Client] = Singletons()


def client(address: str, port: int) -> Client:
    """The client of this address and port."""
    return _clients.get(Client, address, int(port))


def send(address: str, port: int, request: Request) -> Fields:
    """Send *request* and wait for what is answered; an error in it is returned, not raised.

    Raises:
        NoAnswerError: Nobody answered; it is a TimeoutError.
    """
    client(address, port).send(request)
    try:
        response = request.wait(ANSWER_S)
    except MktlError:
        response = request.response
    if response is None:
        raise NoAnswerError(f"{request.target}: no answer from {address}:{port} within {ANSWER_S:g} s")
    answered: Fields = response.payload
    return answered


def shutdown() -> None:
    """Forget every client; the next use makes new ones."""
    _clients.clear()


class Server:
    """Answers requests from when it is made until :meth:`close`; subclasses write :meth:`req_handler`.

    Args:
        hostname: What others call this host; found out when left out.
        port: The port to listen on; the first free one of mKTL's when left out.
        avoid: Ports not to take by oneself.

    Raises:
        PortTakenError: Somebody else has *port*; it is a ConnectionError.
    """

    def __init__(
        self, hostname: str | None = None, port: int | None = None, avoid: Collection[int] = ()
    ) -> None:
        self.hostname = own_hostname() if hostname is None else hostname
        self._server = server.Server(self._answer, only_port=port, avoid=avoid, broadcasts=False)
        self.port = self._server.rep
        self._server.start()

    def req_handler(self, request: Incoming) -> Fields | None:
        """Answer *request*; None when :meth:`respond` does that later. This one answers with the time.

        It runs on the thread that receives: what takes long belongs on another.
        """
        return Payload(None)

    def req_ack(self, request: Incoming) -> None:
        """Say that *request* has arrived, before its answer; that is done anyway when there is none yet."""
        request.acknowledge()

    def respond(self, request: Incoming, payload: Fields | None = None, error: Any = None) -> None:
        """Answer *request*, once, from any thread; *error* is an exception, or describes one."""
        if isinstance(error, BaseException):
            request.answer(error_payload(error))
            return
        answer = Payload() if payload is None else payload
        if error is not None:
            answer["error"] = error
        request.answer(answer)

    def _answer(self, request: Incoming) -> bool:
        answer = self.req_handler(request)
        if answer is None:
            return False
        request.answer(answer)
        return True

    def close(self) -> None:
        """Stop listening."""
        self._server.close()
