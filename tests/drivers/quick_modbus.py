"""A process that answers every request for registers on a TCP port after a fixed time."""

from __future__ import annotations

import socket
import sys
import threading
import time

from mktl_simulators.modbus import Bank, TcpPort


def main(after_s: float) -> None:
    """Say where it is, and answer until it is killed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer, args=(client, after_s), daemon=True).start()


def answer(client: socket.socket, after_s: float) -> None:
    line = TcpPort({1: Bank(holding={at: at for at in range(40)})})
    while data := client.recv(4096):
        if after_s:
            time.sleep(after_s)
        client.sendall(line.receive(data))


if __name__ == "__main__":
    main(float(sys.argv[1]))
