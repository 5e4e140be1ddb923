"""A unit of work: one commit for all commands that wait together, each in its own savepoint."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from kirana.platform.clock import Clock, wall_clock
from kirana.platform.events import Bus
from kirana.values import Problem

from .engines import Engine, engine_for
from .transaction import Call, Connection, Refusal, Stale, Tx

P = ParamSpec("P")
T = TypeVar("T")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Work:
    """A command that waits to be let in."""

    command: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command answered, or what it raised."""

    result: Any = None
    error: BaseException | None = None

    def unwrap(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


class Database:
    """Commands go in by `write` and `run`, queries by `read`. Nobody else begins or commits.

    `before_commit` runs once per commit after all of its commands, `after_commit` once it holds.
    """

    def __init__(self, url: str, bus: Bus | None = None, clock: Clock = wall_clock) -> None:
        self.engine: Engine = engine_for(url)
        self.bus = bus or Bus()
        self.before_commit: list[Callable[[Tx], None]] = []
        self.after_commit: list[Callable[[Tx], None]] = []
        self._clock = clock
        self._last = 0
        self._lock = threading.Lock()
        self._writer: Connection | None = None
        self._readers = threading.local()
        self._opened: list[Connection] = []

    def write(
        self, command: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run one command in a commit of its own."""
        answer: T = self.run([Work(command, args, kwargs)])[0].unwrap()
        return answer

    def read(self, query: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on a snapshot; it leaves no trace."""
        connection = self._reader()
        try:
            self.engine.begin_read(connection)
            try:
                return query(self._tx(connection), *args, **kwargs)
            finally:
                connection.execute("ROLLBACK")
        except Exception as error:
            if self.engine.is_transient(error):
                self._drop_reader()
            raise

    def run(self, works: Sequence[Work]) -> list[Outcome]:
        """Let the commands in one by one and commit them together.

        A commit that fails for a passing reason is tried again from the start; one that fails for
        another is tried command by command, so that a bad one harms only itself.
        """
        with self._lock:
            return self._run(works)

    def close(self) -> None:
        for connection in [self._writer, *self._opened]:
            if connection is not None:
                connection.close()
        self._writer = None
        self._opened.clear()

    def _run(self, works: Sequence[Work]) -> list[Outcome]:
        for attempt in range(_TRIES):
            try:
                return self._commit(works)
            except Exception as error:
                if self._is_passing(error) and attempt < _TRIES - 1:
                    if not isinstance(error, Stale):
                        self._drop_writer()
                    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
                elif len(works) == 1:
                    return [Outcome(error=self.engine.translate(error))]
                else:
                    break
        return [outcome for work in works for outcome in self._run([work])]

    def _commit(self, works: Sequence[Work]) -> list[Outcome]:
        with self._unit() as tx:
            outcomes = self._let_in(tx, works)
            for hook in self.before_commit:
                hook(tx)
        for hook in self.after_commit:
            hook(tx)
        return outcomes

    @contextmanager
    def _unit(self) -> Iterator[Tx]:
        if self._writer is None:
            self._writer = self.engine.connect()
        connection = self._writer
        self.engine.begin_write(connection)
        try:
            tx = self._tx(connection)
            yield tx
            connection.execute("COMMIT")
            self._last = tx.now
        except BaseException:
            self.engine.roll_back(connection)
            raise

    def _let_in(self, tx: Tx, works: Sequence[Work]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [None] * len(works)
        for position, work in enumerate(works):
            if outcomes[position] is not None:
                continue
            if many := getattr(work.command, "many", None):
                alike = [i for i, other in enumerate(works) if other.command is work.command]
                for i, outcome in zip(
                    alike, self._call_many(tx, many, [works[i] for i in alike]), strict=True
                ):
                    outcomes[i] = outcome
            else:
                outcomes[position] = self._call(tx, work)
        return [outcome for outcome in outcomes if outcome is not None]

    def _call_many(
        self, tx: Tx, many: Callable[[Tx, Sequence[Call]], Sequence[Any]], works: list[Work]
    ) -> list[Outcome]:
        savepoint = tx.savepoint()
        try:
            results = many(tx, [Call(work.args, work.kwargs) for work in works])
        except Exception as error:
            self._pass_on_transient(error)
            savepoint.undo()
            return [self._call(tx, work) for work in works]
        savepoint.keep()
        return [
            Outcome(error=result) if isinstance(result, Problem) else Outcome(result)
            for result in results
        ]

    def _call(self, tx: Tx, work: Work) -> Outcome:
        savepoint = tx.savepoint()
        try:
            result = work.command(tx, *work.args, **work.kwargs)
        except Exception as error:
            self._pass_on_transient(error)
            savepoint.undo()
            if isinstance(error, Refusal):
                error.remember(tx)
            return Outcome(error=self.engine.translate(error))
        savepoint.keep()
        return Outcome(result)

    def _pass_on_transient(self, error: Exception) -> None:
        if self._is_passing(error):
            raise error

    def _is_passing(self, error: Exception) -> bool:
        return isinstance(error, Stale) or self.engine.is_transient(error)

    def _tx(self, connection: Connection) -> Tx:
        return Tx(connection, self.engine.dialect, self.bus, max(self._clock(), self._last))

    def _reader(self) -> Connection:
        connection: Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self.engine.connect(read_only=True)
            self._opened.append(connection)
        return connection

    def _drop_reader(self) -> None:
        connection = self._readers.connection
        self._readers.connection = None
        self._opened.remove(connection)
        connection.close()

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None
