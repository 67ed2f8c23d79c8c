"""A daemon and its client on a terminal whose other end is made from the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mktl.errors import MktlError

FILE = r"""
[links.wheel]
driver = "serial"
port = "/dev/ttyUSB0"
send_end = '\r'
reply_end = '\r\n'
echo = "line"
init = [{ send = 'login', reply = 'welcome' }]
otherwise = [{ reply = '?{code:d}', error = "error {code}" }]

[items.filter]
type = "enumerated"
enumerators = { 1 = "clear", 2 = "red", 3 = "blue" }
get = [ { send = 'unit 1', reply = 'ok' }, { send = 'pos', reply = '{:d}' } ]
set = [ { send = 'unit 1', reply = 'ok' }, { send = 'goto {:d}', reply = 'ok' } ]
done = { when = "state == 'idle'", timeout_s = 10, poll_s = 0.01 }
[items.angle]
type = "numeric"
units = "deg"
range = [0, 360]
get = 'angle'
reply = '{:.2f}'
set = 'turn {:.2f}'
set_reply = 'ok'
done = { when = "abs(encoder - angle) < 0.1", timeout_s = 10, poll_s = 0.01 }
[items.encoder]
type = "numeric"
units = "deg"
get = 'encoder'
reply = '{:.2f}'
[items.state]
type = "enumerated"
enumerators = { 0 = "idle", 1 = "moving" }
get = 'state'
reply = '{:d}'
[queries.event]
unsolicited = '!door {:d}'
[items.door]
type = "enumerated"
enumerators = { 0 = "shut", 1 = "open" }
from = "event"
poll_s = 1.0

[simulate]
initial = { angle = 90.0, encoder = 90.0 }
[simulate.items.encoder]
follow = "angle"
rate_per_s = 90.0
[simulate.items.state]
follow = "encoder"
"""


def test_steps_echoes_motion_and_lines_that_come_unasked_by_way_of_a_daemon(
    mktl_device, tmp_path: Path
) -> None:
    path = tmp_path / "wheel.toml"
    path.write_text(FILE)
    lab = mktl_device(path, speed=20.0)
    lab.wait_until_read()
    lab["filter"].set("blue", formatted=True)
    assert lab["filter"].get(refresh=True) == 3
    lab["angle"].set(180.0)
    assert lab["encoder"].get(refresh=True) == pytest.approx(180.0, abs=0.1)
    with pytest.raises(MktlError, match=r"361\.0"):  # before a byte is sent
        lab["angle"].set(361.0)
    with lab.simulators["wheel"].server.hold() as device:
        device.put("door", 1)
    lab.wait_for("door == 'open'")
    assert lab.received().startswith(b"login\r")
