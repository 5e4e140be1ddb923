"""Rings when a user's stream has grown, and carries what is fleeting.

A ring may be lost, doubled or out of order: the stream is the truth. In one process it is a
function call (`LocalBell`); between processes it is NATS (`nats_bell.py`), behind this `Protocol`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from kirana.values import UserId

from .db.transaction import Ring

Fleeting = bytes
"""A finished frame that is never stored: typing, presence, call signaling."""


class Word(msgspec.Struct, frozen=True, array_like=True, tag_field="w"):
    """What every process is told, whoever is connected to it."""


class Knocked(Word, frozen=True, tag="knocked"):
    """Something waits for these devices alone."""

    devices: list[str]


class SignedOut(Word, frozen=True, tag="signed-out"):
    """The connections of this device are to be closed."""

    device: str


class KeptOut(Word, frozen=True, tag="kept-out"):
    """The connections of this person are to be closed."""

    person: str


class RightsChanged(Word, frozen=True, tag="rights-changed"):
    """A device, or who may act for whom: who was let in before may not be any more."""


class Missed(Word, frozen=True, tag="missed"):
    """Something of all this may not have arrived: look at the truth."""


class Present(Word, frozen=True, tag="present"):
    """Users and devices who came to a process and went; `is_all` when there are no others."""

    process: str
    came: list[str] = []
    went: list[str] = []
    is_all: bool = False


class WhoIsThere(Word, frozen=True, tag="who-is-there"):
    """Every process says who is connected to it."""


W = TypeVar("W", bound=Word)


class Ears(Protocol):
    """Hears what is meant for one user."""

    def on_ring(self, ring: Ring) -> None: ...
    def on_flash(self, user_id: UserId, frame: Fleeting) -> None: ...


@runtime_checkable
class Bell(Protocol):
    """Call it on the event loop."""

    def start(self) -> None: ...
    async def stop(self) -> None: ...

    def ring(self, rings: Iterable[Ring]) -> None: ...
    def flash(self, users: Iterable[UserId], frame: Fleeting) -> None: ...

    def tell(self, word: Word) -> None:
        """Tell all processes, this one first."""

    def listen(self, ears: Ears) -> None: ...
    def listen_to(self, kind: type[W], listener: Callable[[W], None]) -> None: ...

    async def hear(self, user_id: UserId) -> None:
        """From now on this process wants to know of `user_id`; no later ring passes it by."""

    def stop_hearing(self, user_id: UserId) -> None: ...


class LocalBell:
    """Rings within this process."""

    def __init__(self) -> None:
        self._ears: list[Ears] = []
        self._listeners: dict[type[Word], list[Callable[[Any], None]]] = defaultdict(list)

    def start(self) -> None:
        """Nothing is to be done."""

    async def stop(self) -> None:
        """Nothing is to be done."""

    def listen(self, ears: Ears) -> None:
        self._ears.append(ears)

    def listen_to(self, kind: type[W], listener: Callable[[W], None]) -> None:
        self._listeners[kind].append(listener)

    async def hear(self, user_id: UserId) -> None:
        """Nothing is to be done: all that is rung is rung here."""

    def stop_hearing(self, user_id: UserId) -> None:
        """Nothing is to be done."""

    def ring(self, rings: Iterable[Ring]) -> None:
        for ring in rings:
            for ears in self._ears:
                ears.on_ring(ring)

    def flash(self, users: Iterable[UserId], frame: Fleeting) -> None:
        for user_id in users:
            for ears in self._ears:
                ears.on_flash(user_id, frame)

    def tell(self, word: Word) -> None:
        for listener in self._listeners[type(word)]:
            listener(word)
