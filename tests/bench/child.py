"""Objects in processes of their own: every daemon and every client that is measured is one."""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ClassVar

DEADLINE_S = 120.0


class ChildError(Exception):
    """What a child said when it could not do what it was told; its traceback."""


class Child:
    """The object that *make* makes there; its methods are called from here by name.

    >>> from fractions import Fraction
    >>> with Child(Fraction, 3, 4) as child:
    ...     child.ask("limit_denominator", 2)
    Fraction(1, 1)
    """

    #: A fresh interpreter each: a fork would share the parent's sockets and memory.
    start_method: ClassVar[str] = "spawn"

    def __init__(self, make: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        context: Any = multiprocessing.get_context(self.start_method)
        self._here, there = context.Pipe()
        told = (there, dict(os.environ), make, args, kwargs)
        self._process = context.Process(target=_live, args=told, daemon=True)
        self._process.start()
        there.close()
        try:
            self.hear()
        except BaseException:
            self.close()
            raise

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call *method* there and wait for what it returns; an attribute is returned as it is.

        Raises:
            ChildError: It raised, or gave no answer.
        """
        self.tell(method, *args, **kwargs)
        return self.hear()

    def tell(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Begin a call; :meth:`hear` has its end."""
        self._here.send((method, args, kwargs))

    def hear(self) -> Any:
        """What the call that was begun last returns."""
        if not self._here.poll(DEADLINE_S):
            raise ChildError(f"no answer within {DEADLINE_S:g} s")
        try:
            returned, error = self._here.recv()
        except EOFError:
            raise ChildError("the process has ended") from None
        if error:
            raise ChildError(error)
        return returned

    def cpu_s(self) -> float:
        """Processor time of its process until now."""
        taken_s: float = self.ask("")
        return taken_s

    def close(self) -> None:
        """End it; its object is closed first if it can be."""
        self._here.close()
        self._process.join(5.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def together(children: list[Child], method: str, *args: Any) -> list[Any]:
    """Call *method* of all *children* at the same time; what they return."""
    for child in children:
        child.tell(method, *args)
    return [child.hear() for child in children]


def _live(
    pipe: Connection, environment: dict[str, str], make: Callable[..., Any], args: Any, kwargs: Any
) -> None:
    os.environ.update(environment)
    try:
        made = make(*args, **kwargs)
    except Exception:
        pipe.send((None, traceback.format_exc()))
        return
    pipe.send((None, ""))
    while True:
        try:
            method, args, kwargs = pipe.recv()
        except EOFError:
            break
        try:
            found = getattr(made, method) if method else time.process_time
            pipe.send((found(*args, **kwargs) if callable(found) else found, ""))
        except Exception:
            pipe.send((None, traceback.format_exc()))
    getattr(made, "close", int)()
    os._exit(0)  # threads that wait for messages have nobody left to serve
