"""A Lake Shore 336 that nobody here wrote: the simulator of labmcp-lakeshore, from the Python index."""

from __future__ import annotations

from typing import Any

from labmcp_lakeshore.simulator import LakeShoreSimulator

#: Of its seconds, in each of ours.
SPEED = 20.0


class Independent:
    """labmcp's simulator behind a line: it takes commands without their ends, and time by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.simulator = LakeShoreSimulator("336", speed=SPEED, clock=lambda: self.now_s)
        for number, output in self.simulator.outputs.items():
            output.setpoint_k = output.ramp_sp_k = 10.0 * number
            output.p, output.i, output.d = 50.5 + number, 20.5 + number, 5.0 * (number - 1)
            output.ramp_on, output.ramp_rate, output.powerup = number % 2, 1.5 * number, number % 2

    def __call__(self, command: str) -> str | None:
        replies = self.simulator.handle(command)
        return "\r\n".join(replies) if isinstance(replies, list) else replies

    def states(self) -> dict[str, Any]:
        simulator = self.simulator
        states: dict[str, Any] = {"model": "MODEL336", "serial": "LSA3361/LSO3362", "firmware": "2.9"}
        for letter, sensor in simulator.inputs.items():
            low, off = letter.lower(), sensor.sensor_type == 0
            kelvin = simulator.temps[sensor.node]
            status = 0 if off else simulator._status(sensor, kelvin)
            states |= {
                f"temp{low}": "disabled" if off else "range" if status else kelvin,
                f"sensor{low}": "disabled" if off else simulator._sensor_units(sensor, kelvin),
                f"status{low}": status,
                f"type{low}": sensor.sensor_type,
                f"name{low}": sensor.name,
            }
        for number, output in simulator.outputs.items():
            states |= {
                f"setpoint{number}": output.setpoint_k,
                f"heater{number}": output.range,
                f"power{number}": output.percent,
                f"mode{number}": output.mode,
                f"control{number}": output.control_input,
                f"powerup{number}": output.powerup,
            }
            if number <= 2:
                states |= {
                    f"fault{number}": 0,
                    f"ramping{number}": int(bool(output.ramp_on) and output.ramp_sp_k != output.setpoint_k),
                    f"p{number}": output.p,
                    f"i{number}": output.i,
                    f"d{number}": output.d,
                    f"ramp{number}": output.ramp_on,
                    f"rate{number}": output.ramp_rate,
                }
        return states
