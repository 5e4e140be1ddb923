"""Who is connected to the other processes: users and devices, by name.

Each process says who comes and goes, and now and then that it is still there. One that was silent
for too long is thought to be gone, and all who were with it.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kirana.values import uuid7

from .bell import Bell, Present, WhoIsThere

EVERY_S = 10.0
SILENT_S = 35.0
_PAGE = 5_000
"""So many names fit into one message between processes."""


@dataclass(slots=True)
class _Elsewhere:
    heard_at: float
    names: set[str] = field(default_factory=set)


class Roll:
    """Lives on the event loop; `has` may be asked from any thread."""

    def __init__(self, bell: Bell, changed: Callable[[str], None]) -> None:
        self._bell, self._changed = bell, changed
        self._me = str(uuid7())
        self._here: set[str] = set()
        self._elsewhere: dict[str, _Elsewhere] = {}
        bell.listen_to(Present, self._on_present)
        bell.listen_to(WhoIsThere, lambda _: self._tell_all())

    def has(self, name: str) -> bool:
        """Whether this user or device is connected to another process."""
        return any(name in other.names for other in list(self._elsewhere.values()))

    def come(self, name: str) -> None:
        self._here.add(name)
        self._bell.tell(Present(self._me, came=[name]))

    def go(self, name: str) -> None:
        self._here.discard(name)
        self._bell.tell(Present(self._me, went=[name]))

    def ask(self) -> None:
        """Learn anew who is where, and say who is here."""
        self._bell.tell(WhoIsThere())

    def close(self) -> None:
        """Nobody is here any more."""
        self._here.clear()
        self._bell.tell(Present(self._me, is_all=True))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self._bell.tell(Present(self._me))
            self.forget_silent()

    def forget_silent(self) -> None:
        now = asyncio.get_running_loop().time()
        for process, other in list(self._elsewhere.items()):
            if now - other.heard_at > SILENT_S:
                del self._elsewhere[process]
                self._tell_changed(other.names)

    def _tell_all(self) -> None:
        names = list(self._here)
        self._bell.tell(Present(self._me, came=names[:_PAGE], is_all=True))
        for first in range(_PAGE, len(names), _PAGE):
            self._bell.tell(Present(self._me, came=names[first : first + _PAGE]))

    def _on_present(self, said: Present) -> None:
        if said.process == self._me:
            return
        known = self._elsewhere.get(said.process)
        if known is None:
            known = self._elsewhere[said.process] = _Elsewhere(0.0)
            if not said.is_all:
                self._bell.tell(WhoIsThere())
        known.heard_at = asyncio.get_running_loop().time()
        came = set(said.came)
        went = known.names - came if said.is_all else set(said.went)
        new = came - known.names
        known.names = (known.names - went) | came
        self._tell_changed(new | went)

    def _tell_changed(self, names: Iterable[str]) -> None:
        for name in names:
            self._changed(name)


__all__ = ["Roll"]
