"""A process that answers every line after a fixed time, on a pseudo terminal or a TCP port."""

from __future__ import annotations

import os
import pty
import socket
import sys
import threading
import time
import tty

REPLY = b"+77.350\r\n"


def main(kind: str, after_s: float) -> None:
    """Say where it is, and answer until it is killed."""
    if kind == "pty":
        master, slave = pty.openpty()
        tty.setraw(slave)
        print(os.ttyname(slave), flush=True)
        answer(master, after_s)
    else:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(listener.getsockname()[1], flush=True)
            while True:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=answer, args=(client.detach(), after_s), daemon=True).start()


def answer(fd: int, after_s: float) -> None:
    while data := os.read(fd, 4096):
        if after_s:
            time.sleep(after_s)
        os.write(fd, REPLY * data.count(b"\n"))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
