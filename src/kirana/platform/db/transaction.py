"""What a command or a query is given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec

from kirana.platform.events import Bus, Event
from kirana.values import EventId, Problem, UserId, derived_id, uuid7

from .statements import Q, Row, Rows

F = TypeVar("F", bound=Callable[..., Any])


class Connection(Protocol):
    """What sqlite3 and psycopg have in common."""

    def execute(self, sql: str, arguments: Any = ..., /) -> Any: ...
    def cursor(self) -> Any: ...
    def close(self) -> None: ...


class Change(msgspec.Struct, frozen=True, gc=False):
    """What a client should look at again: the `ref` of that `kind`, for a list its `seq`."""

    kind: str
    ref: UUID
    seq: int | None = None


class Published(msgspec.Struct, frozen=True, gc=False):
    users: tuple[UserId, ...]
    change: Change
    hint: bytes | None


class Ring(msgspec.Struct, frozen=True, gc=False):
    """A user's stream has grown to `pos`; `hint` is the finished frame, where there is one."""

    user_id: UserId
    pos: int
    change: Change
    hint: bytes | None


class Told(NamedTuple):
    """A job to be kept with this commit: a row of `platform_jobs`."""

    id: UUID
    name: str
    payload: str
    run_at: int
    attempts: int = 0
    failed_at: int | None = None
    error: str | None = None


class Tx:
    """A transaction, as its commands see it: run statements, tell rooms, tell clients, do later."""

    __slots__ = (
        "_ahead",
        "_bus",
        "_connection",
        "_dialect",
        "_guarded",
        "_pipeline",
        "_savepoints",
        "_send",
        "now",
        "published",
        "rings",
        "scratch",
        "told",
        "writes",
    )

    def __init__(
        self,
        connection: Connection,
        dialect: str,
        bus: Bus,
        now: int,
        pipeline: Callable[[], AbstractContextManager[Callable[[], None]] | None],
    ) -> None:
        """Within a `pipeline`, if there is one, statements are sent and not waited for; what it
        gives is called after each of them."""
        self._connection = connection
        self._dialect = dialect
        self._bus = bus
        self._pipeline = pipeline
        self._ahead = ExitStack()
        self._send: Callable[[], None] | None = None
        self._guarded: list[tuple[Any, int]] = []
        self._savepoints = 0
        self.now = now
        """Epoch milliseconds. Never goes back."""
        self.told: list[Told] = []
        self.published: list[Published] = []
        self.rings: list[Ring] = []
        self.writes = 0
        """How many statements were run that may have written something."""
        self.scratch: dict[str, Any] = {}
        """What a room remembers until the commit. A savepoint that is undone leaves it alone."""

    def one(self, q: Q, /, **values: Any) -> Row | None:
        """The first row, or None."""
        compiled = q.on(self._dialect)
        self.writes += not compiled.is_reading
        raw = self._execute(*compiled.arguments(values)).fetchone()
        return None if raw is None else compiled.row(raw)

    def all(self, q: Q, /, **values: Any) -> list[Row]:
        compiled = q.on(self._dialect)
        self.writes += not compiled.is_reading
        rows = self._execute(*compiled.arguments(values)).fetchall()
        return [compiled.row(raw) for raw in rows]

    def do(self, q: Q, /, **values: Any) -> int:
        """The number of rows that were written."""
        self.writes += 1
        count: int = self._execute(*q.on(self._dialect).arguments(values)).rowcount
        return count

    def many(self, q: Q, rows: Rows, *, is_guarded: bool = False) -> None:
        """One statement for many rows. The database may still be at it when this returns.

        Raises, at the latest with the commit: Stale if it `is_guarded` and wrote other than as
        many rows; whatever the database refuses.
        """
        if not rows:
            return
        self.writes += 1
        self._go_ahead()
        compiled, cursor = q.on(self._dialect), self._connection.cursor()
        columns = compiled.columns(rows)
        if compiled.bulk_sql:
            cursor.execute(compiled.bulk_sql, columns)
        else:
            cursor.executemany(compiled.sql, list(zip(*columns, strict=True)))
        if is_guarded:
            self._guarded.append((cursor, len(rows)))
        if self._send:
            self._send()
        else:
            self._check_guarded()

    def _go_ahead(self) -> None:
        if self._send or self._savepoints:  # what a savepoint keeps is known to be right
            return
        if pipeline := self._pipeline():
            self._send = self._ahead.enter_context(pipeline)

    def _execute(self, sql: str, *arguments: Any) -> Any:
        """Run what is waited for: it comes after all that was sent."""
        if self._send:
            self.settle()
        return self._connection.execute(sql, *arguments)

    def settle(self) -> None:
        """Wait for all that was sent. Raises: what `many` did not yet."""
        try:
            self._ahead.close()
        finally:
            self._check_guarded()

    def give_up(self) -> None:
        """Wait for all that was sent, whatever became of it. Raises: Stale where that is why."""
        with suppress(Exception):
            self._ahead.close()
        self._check_guarded()

    def _check_guarded(self) -> None:
        self._send = None
        guarded, self._guarded = self._guarded, []
        for cursor, expected in guarded:
            if cursor.rowcount not in (expected, _UNKNOWN):
                raise Stale(f"{cursor.rowcount} rows were as they had been seen, not {expected}.")

    def each(self, q: Q, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """An upsert of rows with different keys, in their order; what they give back, in any."""
        if not rows:
            return []
        self.writes += 1
        compiled = q.on(self._dialect)
        if compiled.each_sql:
            pieces = [(compiled.each_sql, compiled.columns(rows))]
        else:
            pieces = list(compiled.pieces(rows))
        run = self._execute
        return [compiled.row(raw) for sql, values in pieces for raw in run(sql, values).fetchall()]

    def emit(self, event: Event) -> None:
        """Tell the rooms above: one job for each listener, kept with this commit."""
        names = self._bus.listeners_of(event)
        if not names:
            return
        event_id = EventId(uuid7())
        payload = msgspec.json.encode(replace(event, event_id=event_id)).decode()
        for number, name in enumerate(names):
            job_id = derived_id(event_id, "job", number)
            self.told.append(Told(job_id, name, payload, self.now))

    def enqueue(
        self, job: Callable[..., Any], /, *, run_at: int | None = None, **payload: Any
    ) -> None:
        """Do `job` after this commit, or at `run_at`."""
        name = self._bus.name_for(job)
        text = msgspec.json.encode(payload).decode()
        self.told.append(Told(uuid7(), name, text, self.now if run_at is None else run_at))

    def publish(self, users: Iterable[UserId], change: Change, hint: bytes | None = None) -> None:
        """Tell the clients of `users`. `hint` is the frame they would be sent, without its pos."""
        self.published.append(Published(tuple(users), change, hint))

    def savepoint(self) -> "Savepoint":
        return Savepoint(self)

    def script(self, sql: str) -> None:
        """Run a statement as it stands. For `platform` only: it is not portable."""
        self.writes += 1
        self._execute(sql)


_UNKNOWN = -1
"""The count of rows of a statement that did not come to its end."""


class Savepoint:
    """Keeps all of a command, or nothing: rows, events and changes alike."""

    __slots__ = ("_published", "_told", "_tx")

    def __init__(self, tx: Tx) -> None:
        tx.settle()
        tx._savepoints += 1
        self._tx = tx
        self._told, self._published = len(tx.told), len(tx.published)
        tx._connection.execute("SAVEPOINT command")

    def keep(self) -> None:
        self._tx.settle()
        self._tx._savepoints -= 1
        self._tx._connection.execute("RELEASE SAVEPOINT command")

    def undo(self) -> None:
        self._tx._savepoints -= 1
        self._tx._connection.execute("ROLLBACK TO SAVEPOINT command")
        self._tx._connection.execute("RELEASE SAVEPOINT command")
        del self._tx.told[self._told :]
        del self._tx.published[self._published :]


class Stale(Exception):
    """What this commit has read is not so any more: it is run again from the start."""


class Refusal(Problem, abstract=True):
    """A refusal that must be remembered, so that a late repeat gets the same answer."""

    def remember(self, tx: Tx) -> None:
        """Write what a repeat will find. Runs in the commit of the refused command, undone."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a batched command."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def batched(many: Callable[[Tx, Sequence[Call]], Sequence[Any]]) -> Callable[[F], F]:
    """Let waiting calls of a command be done by `many` at once.

    `many` answers one result or Problem per call, in order. If it raises anything, its savepoint
    is undone and each call runs alone. Law: every way of cutting calls into batches has the same
    outcome.
    """

    def mark(command: F) -> F:
        command.many = many  # type: ignore[attr-defined]
        return command

    return mark
