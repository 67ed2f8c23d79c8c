"""Several devices on one line, each of which hears all and answers what is meant for it."""

from __future__ import annotations

from .dialect import SimulatedDevice


class Bus:
    r"""Devices with addresses, as on an RS-485 line or in a chain.

    Each is handed every byte of the master. Where two answer the same bytes their replies follow each other;
    on a real line they would garble each other. No device hears what another one answers.

    >>> from mktl_simulators.julabo import Julabo
    >>> bus = Bus(Julabo(address=1), Julabo(address=2))
    >>> bus.switch_off(1)
    >>> bus.receive(b"A001_in_sp_00\rA002_in_sp_00\r")
    b'A002_20.00\r\n'
    """

    def __init__(self, *devices: SimulatedDevice) -> None:
        self.devices = devices
        self._off: set[int] = set()

    def switch_off(self, number: int) -> None:
        """Make device *number*, counted from 1, deaf and mute; what it controls goes its way."""
        self._check(number)
        self._off.add(number)

    def switch_on(self, number: int) -> None:
        """Bring it back, with what it had been set to."""
        self._check(number)
        self._off.discard(number)

    def receive(self, data: bytes) -> bytes:
        """What those that are on answer."""
        on = (device for number, device in enumerate(self.devices, 1) if number not in self._off)
        return b"".join([device.receive(data) for device in on])

    def advance(self, dt_s: float) -> None:
        """Let time pass for all, also for those that are off."""
        for device in self.devices:
            device.advance(dt_s)

    def hang_up(self) -> None:
        """The connection to the line ended."""
        for device in self.devices:
            device.hang_up()

    def _check(self, number: int) -> None:
        if not 1 <= number <= len(self.devices):
            raise ValueError(f"no device {number} on this bus of {len(self.devices)}, counted from 1")
