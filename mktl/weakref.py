"""Weak references that also hold for bound methods."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


def ref(thing: Any) -> Callable[[], Any]:
    """What gives *thing*, or None once nobody else holds it; of a bound method, once its object is gone.

    A plain weak reference to a bound method is dead at once, since Python makes such a method anew each
    time it is asked for.
    """
    if not (hasattr(thing, "__self__") and hasattr(thing, "__func__")):
        return weakref.ref(thing)
    owner, function, bind = weakref.ref(thing.__self__), thing.__func__, type(thing)

    # As weakref.WeakMethod, in a third of the time; one is called for each message.
    def method() -> Any:
        found = owner()
        return None if found is None else bind(function, found)

    return method
