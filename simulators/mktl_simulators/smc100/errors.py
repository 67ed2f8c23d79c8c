"""What TE and TB tell: SMC100 user's manual, commands TE and TB; the words of TB are from memory [M]."""

from __future__ import annotations

NONE, UNKNOWN, ADDRESS, PARAMETER, NOT_ALLOWED = "@", "A", "B", "C", "D"
HOMING_STARTED, OUT_OF_LIMITS = "E", "G"
NOT_REFERENCED, CONFIGURATION, DISABLED, READY, HOMING, MOVING = "H", "I", "J", "K", "L", "M"

TEXTS = {
    NONE: "No error",
    UNKNOWN: "Unknown message code or floating point controller address",
    ADDRESS: "Controller address not correct",
    PARAMETER: "Parameter missing or out of range",
    NOT_ALLOWED: "Command not allowed",
    HOMING_STARTED: "Home sequence already started",
    "F": "ESP stage name unknown",
    OUT_OF_LIMITS: "Displacement out of limits",
    NOT_REFERENCED: "Command not allowed in NOT REFERENCED state",
    CONFIGURATION: "Command not allowed in CONFIGURATION state",
    DISABLED: "Command not allowed in DISABLE state",
    READY: "Command not allowed in READY state",
    HOMING: "Command not allowed in HOMING state",
    MOVING: "Command not allowed in MOVING state",
    "N": "Current position out of software limit",
    "S": "Communication Time Out",
    "U": "Error during EEPROM access",
    "V": "Error during command execution",
}


class RefusedError(Exception):
    """A command that is not carried out, by its letter."""

    def __init__(self, letter: str) -> None:
        super().__init__(TEXTS[letter])
        self.letter = letter
