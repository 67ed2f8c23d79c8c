"""Lake Shore 336 on a small cryostat: user's manual, sections 1.3 (specifications) and 2.7 (control).

What is behind the command language: four inputs, four outputs, and a conversion ten times a second.
"""

from __future__ import annotations

import random
from typing import Self

from ..cryostat import Cryostat
from .control_loop import CLOSED_LOOP, Output
from .sensors import DIODE, NTC, OFF, Input, Reading

#: The instrument converts its inputs and turns its loops ten times a second.
CYCLE_S = 0.1

#: The heater range that the named states use: 25 W.
HIGH = 3


class Instrument:
    """The controller, its sensors and heaters, and the cryostat they are in.

    Output 1 heats the stage with up to 25 W, output 2 the sample with up to 2.5 W. Input A is a diode on the
    stage, B an NTC on the sample, C a second diode on the stage that reads 20 mK high, D is off. Readings
    have a noise of *noise_k*, the standard deviation of one, from *seed*.
    """

    #: A setpoint above this is refused: the limit that goes with the sensors' curves.
    setpoint_limit_k = 400.0

    def __init__(self, *, seed: int | None = 0, noise_k: float = 0.002) -> None:
        self.noise_k = noise_k
        self.cryostat = Cryostat()
        self.now_s = 0.0
        self._cycles = 0
        self._random = random.Random(seed)
        self.inputs = {
            "A": Input(DIODE, name="Stage", sits_on="stage"),
            "B": Input(NTC, autorange=1, name="Sample", sits_on="sample"),
            "C": Input(DIODE, name="Stage 2", sits_on="stage", offset_k=0.02),
            "D": Input(OFF, name="Input D"),
        }
        self.outputs = {
            1: Output(25.0, highest_range=3, mode=CLOSED_LOOP, input=1),
            2: Output(2.5, highest_range=3, mode=CLOSED_LOOP, input=2),
            3: Output(),
            4: Output(),
        }

    def power_up(self) -> None:
        """What a power cycle and ``*RST`` do: settings stay, heaters go off unless OUTMODE says otherwise."""
        for output in self.outputs.values():
            range_ = output.range if output.on_after_power_up else 0
            output.switch(0)
            output.switch(range_)
            output.percent = 0.0

    def input_of(self, output: Output) -> Input | None:
        """The input that this output's loop listens to."""
        return self.inputs.get(" ABCD"[output.input])

    def reading(self, sensor: Input) -> Reading:
        """What this input says; until its next conversion it says the same again."""
        if sensor.converted != self._cycles:
            sensor.converted, sensor.noise_k = self._cycles, self._random.gauss(0.0, self.noise_k)
        return sensor.read(self._true_kelvin(sensor), sensor.noise_k)

    def advance(self, dt_s: float) -> None:
        """Let time pass, in whole cycles; what is left over waits for the next call."""
        self.now_s += dt_s
        due = int(self.now_s / CYCLE_S + 1e-9)
        for _ in range(due - self._cycles):
            self._cycle()
        self._cycles = due

    def hold(self, kelvin: float) -> Self:
        """Cryostat and first loop as they are long after they settled at this temperature."""
        self.cryostat.stage_k = self.cryostat.sample_k = kelvin
        output = self.outputs[1]
        output.switch(HIGH)
        output.settle_at(kelvin, self.cryostat.power_to_hold(kelvin))
        return self

    def begin_at(self, kelvin: float) -> Self:
        """Stage and sample at one temperature, heaters as they are."""
        self.cryostat.stage_k = self.cryostat.sample_k = kelvin
        return self

    def _cycle(self) -> None:
        for output in self.outputs.values():
            output.cycle(CYCLE_S, self._control_kelvin(output))
        self.cryostat.advance(CYCLE_S, stage_w=self.outputs[1].watts, sample_w=self.outputs[2].watts)

    def _control_kelvin(self, output: Output) -> float | None:
        """What the loop acts on: the input's reading, without the noise, which its filter takes out."""
        sensor = self.input_of(output)
        if sensor is None:
            return None
        shown_k = self._true_kelvin(sensor) + sensor.offset_k
        return None if sensor.status_at(shown_k) else shown_k

    def _true_kelvin(self, sensor: Input) -> float:
        return self.cryostat.sample_k if sensor.sits_on == "sample" else self.cryostat.stage_k
