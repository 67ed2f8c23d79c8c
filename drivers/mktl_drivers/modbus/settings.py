"""The keys of a link with ``driver = "modbus"``, and the port that its ``url`` leads to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..serial import SerialSettings, SerialTransport
from ..tcp import TcpSettings, TcpTransport
from .plan import Limits, Span

#: The port that is reserved for Modbus.
PORT = 502
#: The longest requests that the protocol has room for (V1.1b3, sections 6.1, 6.3, 6.11, 6.12).
MOST_READ, MOST_WRITTEN, MOST_BITS_READ, MOST_BITS_WRITTEN = 125, 123, 2000, 1968
#: A silence of 3.5 characters ends a frame, above this many baud a fixed one (Serial Line V1.02, 2.5.1.1).
FAST_BAUD, FAST_SILENCE_S, SILENT_CHARACTERS = 19200, 1.75e-3, 3.5

_EXAMPLES = "tcp://10.0.0.7, rtu:///dev/ttyUSB0?baudrate=9600&parity=even or rtu+tcp://10.0.0.7:4001"


class ModbusSettings(BaseModel):
    """Where the device is, which unit it is, and what it takes in one request."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: str
    """`tcp://host:port`, `rtu:///dev/ttyUSB0?baudrate=9600&parity=even`, `rtu+tcp://host:port`."""
    unit: int = Field(default=1, ge=0, le=255)
    """The number of the device; 0 is everybody on the line: such a link only writes, and nobody answers."""
    largest_read: int = Field(default=MOST_READ, ge=1, le=MOST_READ)
    """Registers in one read."""
    largest_write: int = Field(default=MOST_WRITTEN, ge=1, le=MOST_WRITTEN)
    """Registers in one write."""
    largest_read_bits: int = Field(default=MOST_BITS_READ, ge=1, le=MOST_BITS_READ)
    """Bits in one read."""
    largest_write_bits: int = Field(default=MOST_BITS_WRITTEN, ge=1, le=MOST_BITS_WRITTEN)
    """Bits in one write."""
    largest_gap: int = Field(default=0, ge=0, le=MOST_READ)
    """As many registers between two items may be read along; many devices refuse to be asked for some."""
    forbidden: list[str] = []
    """Never read, not even along with others: `["holding 10-19"]`."""
    loopback: bool = True
    """On a serial line, function 8 may be used to get in step again."""
    connect_timeout_s: float = Field(default=3.0, gt=0, allow_inf_nan=False)
    """Seconds for a connection."""

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        port_of(url)
        return url

    @field_validator("forbidden")
    @classmethod
    def _are_spans(cls, spans: list[str]) -> list[str]:
        for text in spans:
            Span.parse(text)
        return spans

    @property
    def limits(self) -> Limits:
        """What reads must keep to."""
        forbidden = tuple(Span.parse(text) for text in self.forbidden)
        return Limits(self.largest_read, self.largest_read_bits, self.largest_gap, forbidden)

    @property
    def is_rtu(self) -> bool:
        """True where frames carry a checksum, and no number that tells which request is answered."""
        return not self.url.startswith("tcp:")

    @property
    def transport(self) -> SerialTransport | TcpTransport:
        """The port, not yet opened."""
        port = port_of(self.url)
        if isinstance(port, SerialSettings):
            return SerialTransport(port)
        return TcpTransport(port.model_copy(update={"connect_timeout_s": self.connect_timeout_s}))

    @property
    def silence_s(self) -> float:
        """The least silence between two frames."""
        port = port_of(self.url)
        if not isinstance(port, SerialSettings):
            return 0.0
        if port.baudrate > FAST_BAUD:
            return FAST_SILENCE_S
        return SILENT_CHARACTERS * port.bits_per_byte / port.baudrate


def port_of(url: str) -> SerialSettings | TcpSettings:
    """The port that *url* names.

    Raises:
        ValueError: None; the text says what would.

    >>> port_of("rtu:///dev/ttyUSB0?baudrate=19200&parity=even").parity
    'even'
    >>> port_of("tcp://wago").port
    502
    """
    parts = urlsplit(url)
    if parts.scheme == "rtu":
        return _serial(url, (parts.netloc + parts.path), dict(parse_qsl(parts.query)))
    if parts.scheme not in ("tcp", "rtu+tcp") or not parts.hostname or parts.path or parts.query:
        raise ValueError(f"expected {_EXAMPLES}; got '{url}'")
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"'{url}': {error}") from None
    if port is None and parts.scheme == "rtu+tcp":
        raise ValueError(f"'{url}' needs the port of the serial server: rtu+tcp://{parts.hostname}:4001")
    return TcpSettings(host=parts.hostname, port=port or PORT, serial_server=parts.scheme == "rtu+tcp")


def _serial(url: str, port: str, keys: dict[str, Any]) -> SerialSettings:
    try:
        return SerialSettings.model_validate({"port": port, **keys})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"'{url}': {where}: {first['msg'].lower()}; expected {_EXAMPLES}") from None
