"""What an item needs of the store that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..config.block import Block
    from ..config.route import Route
    from .item import Item


class Owner(Protocol):
    """A store, as its items see it; :class:`mktl.Store` is one."""

    @property
    def name(self) -> str:
        """The name of the store, in lower case."""

    def describe(self, key: str) -> dict[str, Any]:
        """The description of an item."""

    def route(self, key: str) -> Route:
        """The way to the daemon of an item."""

    def block_of(self, key: str) -> Block:
        """The block of the daemon that serves an item."""

    def identify(self, key: str, then: Callable[[bool], object]) -> None:
        """Call *then* with whether the daemon of an item is where it is said to be; returns at once."""

    def confirm(self, key: str) -> None:
        """The same, blocking; raises when it is not."""

    def watch(self, key: str) -> None:
        """Have items told by ``_redescribed`` when the daemon of *key* describes them otherwise."""

    def seek(self) -> None:
        """Have somebody look where the daemons of lost items are now; returns at once."""

    def __getitem__(self, key: object) -> Item:
        """Another item of the same store."""

    def _admit(self, item: Item) -> None:
        """Take in a new item; refuses a second one of the same key."""
