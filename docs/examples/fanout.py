"""Broadcasts of a daemon for many subscribers elsewhere, at the cost of one.

Run it on a host of the other network::

    python fanout.py 10.0.0.5 10082

It connects to the broadcast port of the daemon once and passes on to its own subscribers what any of them
wants: subscriptions go up, broadcasts come down, both as they are. Requests do not pass; they go to the
daemon itself.
"""

from __future__ import annotations

import argparse

import zmq


def sockets(context: zmq.Context, daemon: str, listen: int = 0) -> tuple[zmq.Socket, zmq.Socket, int]:
    """The side of the daemon, that of subscribers, and the port of the latter; *listen* 0 takes a free one.

    Args:
        daemon: Where broadcasts come from, ``tcp://host:port``.
    """
    up, down = context.socket(zmq.XSUB), context.socket(zmq.XPUB)
    up.set_hwm(100_000)
    up.connect(daemon)
    down.set_hwm(100_000)
    port = down.bind_to_random_port("tcp://*") if listen == 0 else listen
    if listen:
        down.bind(f"tcp://*:{listen}")
    return up, down, port


def main() -> None:
    """Pass on until it is interrupted."""
    parser = argparse.ArgumentParser(description="Pass on the broadcasts of a daemon.")
    parser.add_argument("host", help="of the daemon")
    parser.add_argument("port", type=int, help="of its broadcasts, as markd says when it starts")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="for subscribers; any free one")
    arguments = parser.parse_args()
    context = zmq.Context()
    up, down, port = sockets(context, f"tcp://{arguments.host}:{arguments.port}", arguments.listen)
    print(f"subscribers are served on port {port}", flush=True)
    try:
        zmq.proxy(up, down)
    except KeyboardInterrupt:
        context.destroy(linger=0)


if __name__ == "__main__":
    main()
