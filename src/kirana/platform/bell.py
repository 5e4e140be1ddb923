"""Rings when a user's stream has grown, and carries what is fleeting.

A ring may be lost, doubled or out of order: the stream is the truth. In one process it is a
function call; between processes it will be NATS, behind this same `Protocol`.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from kirana.values import UserId

from .db.transaction import Ring

Fleeting = bytes
"""A finished frame that is never stored: typing, presence, call signaling."""


@runtime_checkable
class Bell(Protocol):
    def ring(self, rings: Iterable[Ring]) -> None: ...
    def flash(self, users: Iterable[UserId], frame: Fleeting) -> None: ...
    def knock(self, devices: Iterable[str]) -> None:
        """Something waits for these devices alone. Call it before the sender is answered."""

    def listen(
        self,
        on_ring: Callable[[Ring], None],
        on_flash: Callable[[UserId, Fleeting], None],
        on_knock: Callable[[str], None],
    ) -> None: ...


class LocalBell:
    """Rings within this process. Call it on the event loop."""

    def __init__(self) -> None:
        self._rings: list[Callable[[Ring], None]] = []
        self._flashes: list[Callable[[UserId, Fleeting], None]] = []
        self._knocks: list[Callable[[str], None]] = []

    def listen(
        self,
        on_ring: Callable[[Ring], None],
        on_flash: Callable[[UserId, Fleeting], None],
        on_knock: Callable[[str], None],
    ) -> None:
        self._rings.append(on_ring)
        self._flashes.append(on_flash)
        self._knocks.append(on_knock)

    def ring(self, rings: Iterable[Ring]) -> None:
        for ring in rings:
            for listener in self._rings:
                listener(ring)

    def flash(self, users: Iterable[UserId], frame: Fleeting) -> None:
        for user_id in users:
            for listener in self._flashes:
                listener(user_id, frame)

    def knock(self, devices: Iterable[str]) -> None:
        for device in devices:
            for listener in self._knocks:
                listener(device)
