"""What a VISA library says of its troubles, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mktl.errors import LinkDownError

from .hosts import in_words
from .ports import advice

_MEANINGS = {
    "VI_ERROR_ALLOC": "the library has no resources left",
    "VI_ERROR_CONN_LOST": "the connection is lost",
    "VI_ERROR_INTF_NUM_NCONFIG": "there is no such interface board",
    "VI_ERROR_IO": "input or output failed",
    "VI_ERROR_LIBRARY_NFOUND": "a library that the VISA library needs for it is missing",
    "VI_ERROR_NLISTENERS": "no device listens at that address",
    "VI_ERROR_RSRC_BUSY": "another program has it open",
    "VI_ERROR_RSRC_LOCKED": "another program has locked it",
    "VI_ERROR_TMO": "no answer in time",
}

#: What parts of PyVISA-py say, and what it means.
_SAID = {"Connection was dropped by server.": "the device closed the connection"}

#: What PyVISA-py needs for the interfaces that it does not speak by itself.
_INSTALL = {"USB": "pyusb", "GPIB": "gpib-ctypes", "VICP": "pyvicp", "ASRL": "pyserial"}

#: Lists what is there.
Present = Callable[[], Sequence[str]]


def serial_port_of(resource: str) -> str | None:
    """The device file or COM port that a resource is; None of one that is no serial line.

    >>> serial_port_of("ASRL/dev/ttyUSB0::INSTR"), serial_port_of("GPIB0::12::INSTR")
    ('/dev/ttyUSB0', None)
    """
    kind = "ASRL"
    return resource[len(kind) :].split("::")[0] if resource.upper().startswith(kind) else None


def library_trouble(error: Exception, library: str) -> str:
    """Why a VISA library cannot be used.

    >>> library_trouble(ValueError("Wrapper not found: No package named pyvisa_sim"), "devices.yaml@sim")
    "VISA library 'devices.yaml@sim': not installed: pip install pyvisa-sim"
    """
    backend = library.rpartition("@")[2]
    if "Wrapper not found" in str(error):
        return f"VISA library '{library}': not installed: pip install pyvisa-{backend}"
    # Some put a whole traceback into it, quoted at that; what happened stands in its last line.
    text = str(error).replace("\\n", "\n").replace("\\'", "'")
    lines = [line.strip() for line in text.splitlines() if line.strip(" '")]
    said = lines[-1] if lines else type(error).__name__
    if said.endswith(":"):  # and then the libraries that were tried: none
        return f"VISA library '{library}': no vendor's library is installed; '@py' is PyVISA-py"
    return f"VISA library '{library}' cannot be opened: {said}"


def resource_trouble(error: Exception, resource: str, present: Present) -> str:
    """Why a resource cannot be opened or used.

    Args:
        error: Whatever was raised; what it was raised from is looked at too.
        resource: The name of it.
        present: Lists what is there, or nothing where that would take long.
    """
    if isinstance(error, LinkDownError):
        return str(error)
    missing = _INSTALL.get(resource.upper().split("::")[0].rstrip("0123456789"))
    if missing and ("Please install" in str(error) or "No class registered" in str(error)):
        return f"PyVISA-py needs another package for such a resource: pip install {missing}"
    port = serial_port_of(resource)
    for cause in _causes(error):
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and port is not None:
            return advice(port, cause)
        if isinstance(cause, OSError) and cause.strerror:
            return in_words(cause)
    return _said(error, present)


def _said(error: Exception, present: Present) -> str:
    name = getattr(error, "abbreviation", "")
    if name == "VI_ERROR_INV_RSRC_NAME":
        return "that is no VISA resource name, such as TCPIP::10.0.0.7::INSTR"
    if name == "VI_ERROR_RSRC_NFOUND":
        return f"no such resource{_there_are(present)}"
    if not name:
        return _SAID.get(str(error)) or str(error) or type(error).__name__
    return f"{_MEANINGS.get(name) or getattr(error, 'description', '')} ({name})"


def _there_are(present: Present) -> str:
    try:
        names = present()
    except Exception:  # the list is a courtesy
        return ""
    return f"; there are {', '.join(names)}" if names else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
