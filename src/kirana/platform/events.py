"""How a room tells the rooms above what happened, without knowing who listens.

`tx.emit` writes one job per listener in the same transaction: a change and its consequences are
kept or lost together. Who listens to what stands on one page, `app/wiring.py`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, get_type_hints
from uuid import UUID

import msgspec

from kirana.values import EventId

NO_ID = EventId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ids and facts, named `noun.verbed`.

    Fields are added, never changed in meaning. `event_id` is given by `tx.emit`; it is the parent
    of every id that a listener makes.
    """

    name: ClassVar[str] = ""
    event_id: EventId = field(default=NO_ID, kw_only=True)


E = TypeVar("E", bound=Event)
Listener = Callable[[Any, E], None]
Job = Callable[..., None]
OutsideJob = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that jobs name, and how to read what they carry."""

    name: str
    function: Callable[..., Any]
    event: type[Event] | None
    is_outside: bool
    types: dict[str, Any]

    def read(self, payload: str) -> Any:
        """The event, or the keyword arguments, that `payload` holds."""
        if self.event is not None:
            return msgspec.json.decode(payload, type=self.event)
        raw = msgspec.json.decode(payload)
        return {key: msgspec.convert(value, self.types.get(key, Any)) for key, value in raw.items()}


@dataclass(frozen=True, slots=True)
class Sweep:
    """A command that runs every so often: what time alone makes due."""

    function: Callable[..., Any]
    every_s: float


@dataclass(slots=True)
class Bus:
    """Who listens to what, which jobs there are, and what runs by the clock."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    _listeners: dict[type[Event], list[tuple[str, str | None]]] = field(default_factory=dict)

    def on(self, event: type[E], *listeners: Listener[E], ref_kind: str | None = None) -> None:
        """Let `listeners` hear of `event`; with `ref_kind`, only of those with that `ref.kind`.

        An empty `ref_kind` means those without a `ref`.
        """
        for listener in listeners:
            name = f"{name_of(listener)}:{event.name}"
            self._add(Handler(name, listener, event, False, {}))
            self._listeners.setdefault(event, []).append((name, ref_kind))

    def jobs(self, *functions: Job) -> None:
        """Commands `(tx, …)` that `tx.enqueue` may name."""
        for function in functions:
            self._add_job(function, is_outside=False)

    def outside_jobs(self, *functions: OutsideJob) -> None:
        """Async functions `(outside, …)` that call the world and that `tx.enqueue` may name."""
        for function in functions:
            self._add_job(function, is_outside=True)

    def every(self, seconds: float, *commands: Callable[..., Any]) -> None:
        """Run the commands `(tx)` every so many seconds."""
        self.sweeps += [Sweep(command, seconds) for command in commands]

    def listeners_of(self, event: Event) -> list[str]:
        names = self._listeners.get(type(event))
        if not names:
            return []
        kind = getattr(getattr(event, "ref", None), "kind", "")
        return [name for name, ref_kind in names if ref_kind is None or ref_kind == kind]

    def name_for(self, function: Callable[..., Any]) -> str:
        """Raises: LookupError when `function` was not registered in `app/wiring.py`."""
        name = name_of(function)
        if name not in self.handlers:
            raise LookupError(f"{name} is no job: register it in app/wiring.py.")
        return name

    def _add_job(self, function: Callable[..., Any], *, is_outside: bool) -> None:
        name = name_of(function)
        self._add(Handler(name, function, None, is_outside, get_type_hints(function)))

    def _add(self, handler: Handler) -> None:
        known = self.handlers.setdefault(handler.name, handler)
        if known.function != handler.function:
            raise LookupError(f"Two jobs are called {handler.name}.")


def name_of(function: Callable[..., Any]) -> str:
    """`orders.expire_order` for kirana.orders.checkout.expire_order: files of a room may move while
    a job waits."""
    room = function.__module__.removeprefix("kirana.").partition(".")[0]
    return f"{room}.{function.__qualname__}"
