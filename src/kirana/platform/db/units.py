"""A unit of work: one commit for all commands that wait together, each in its own savepoint.

Commands that name a lane touch only what that lane guards. Where the database can, those of
different lanes are committed side by side by several processes; all others have the world to
themselves.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from kirana.platform.clock import Clock, wall_clock
from kirana.platform.events import Bus
from kirana.values import Problem

from .engines import Engine, engine_for
from .transaction import Call, Connection, Refusal, Stale, Tx

P = ParamSpec("P")
T = TypeVar("T")
_TRIES = 5
_LANES = 128
"""Of one commit; each is a lock in the memory of the database."""


@dataclass(frozen=True, slots=True)
class Work:
    """A command that waits to be let in."""

    command: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    lane: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command answered, or what it raised."""

    result: Any = None
    error: BaseException | None = None

    def unwrap(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


class _NotUndone(Exception):
    """Something has to be undone for which there is no savepoint: the commit is begun anew."""


class Database:
    """Commands go in by `write` and `run`, queries by `read`. Nobody else begins or commits.

    `before_commit` runs once per commit after all of its commands, `after_commit` once it holds.
    """

    def __init__(self, url: str, bus: Bus | None = None, clock: Clock | None = None) -> None:
        """Without a clock it is the database's, if it has one: the same for all processes."""
        self.engine: Engine = engine_for(url)
        self.bus = bus or Bus()
        self.before_commit: list[Callable[[Tx], None]] = []
        self.after_commit: list[Callable[[Tx], None]] = []
        self._clock = clock or wall_clock
        self._follows_database = clock is None
        self._ahead = 0
        self._is_in_lanes = False
        self._has_savepoints = True
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

    def write_in(
        self,
        lane: UUID,
        command: Callable[Concatenate[Tx, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for a command that touches only what `lane` guards."""
        answer: T = self.run([Work(command, args, kwargs, lane)])[0].unwrap()
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
            if not self.engine.has_lanes or all(work.lane is None for work in works):
                return self._run(works)
            return self._run_apart(works)

    def close(self) -> None:
        for connection in [self._writer, *self._opened]:
            if connection is not None:
                connection.close()
        self._writer = None
        self._opened.clear()

    def _run_apart(self, works: Sequence[Work]) -> list[Outcome]:
        """Those in lanes let others go on meanwhile: they do not wait for the rest's commit."""
        outcomes: dict[int, Outcome] = {}
        for group in _grouped(works):
            found = self._run([works[position] for position in group])
            outcomes.update(zip(group, found, strict=True))
        return [outcomes[position] for position in range(len(works))]

    def _run(self, works: Sequence[Work]) -> list[Outcome]:
        self._has_savepoints = not self.engine.has_dear_savepoints
        for attempt in range(_TRIES):
            try:
                return self._commit(works)
            except _NotUndone:
                self._has_savepoints = True
            except Exception as error:
                if self._is_passing(error) and attempt < _TRIES - 1:
                    if self.engine.is_transient(error):
                        self._drop_writer()
                    time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
                elif len(works) == 1:
                    return [Outcome(error=self.engine.translate(error))]
                else:
                    break
        return [outcome for work in works for outcome in self._run([work])]

    def _commit(self, works: Sequence[Work]) -> list[Outcome]:
        lanes = [work.lane for work in works if work.lane is not None]
        self._is_in_lanes = self.engine.has_lanes and len(lanes) == len(works)
        with self._unit(lanes if self._is_in_lanes else None) as tx:
            outcomes = self._let_in(tx, works)
            for hook in self.before_commit:
                hook(tx)
        for hook in self.after_commit:
            hook(tx)
        return outcomes

    @contextmanager
    def _unit(self, lanes: Collection[UUID] | None) -> Iterator[Tx]:
        if self._writer is None:
            self._writer = self.engine.connect()
        connection = self._writer
        try:
            told = self.engine.begin_write(connection, lanes)
            if told is not None and self._follows_database:
                self._ahead = told - self._clock()
            tx = self._tx(connection)
            try:
                yield tx
            except BaseException:
                tx.give_up()
                raise
            tx.settle()
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
        savepoint = tx.savepoint() if self._has_savepoints else None
        try:
            results = many(tx, [Call(work.args, work.kwargs) for work in works])
        except Exception as error:
            self._pass_on_transient(error)
            if savepoint is None:
                raise _NotUndone from error
            savepoint.undo()
            return [self._call(tx, work) for work in works]
        if savepoint is not None:
            savepoint.keep()
        return [
            Outcome(error=result) if isinstance(result, Problem) else Outcome(result)
            for result in results
        ]

    def _call(self, tx: Tx, work: Work) -> Outcome:
        if not self._has_savepoints:
            return self._call_barely(tx, work)
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

    def _call_barely(self, tx: Tx, work: Work) -> Outcome:
        """Without a savepoint: most commands that refuse have written nothing before."""
        before = tx.writes, len(tx.told), len(tx.published)
        try:
            return Outcome(work.command(tx, *work.args, **work.kwargs))
        except Exception as error:
            self._pass_on_transient(error)
            is_clean = before == (tx.writes, len(tx.told), len(tx.published))
            if not is_clean or not isinstance(error, Problem):
                raise _NotUndone from error
            if isinstance(error, Refusal):
                error.remember(tx)
            return Outcome(error=error)

    def _pass_on_transient(self, error: Exception) -> None:
        if self._is_passing(error):
            raise error

    def _is_passing(self, error: Exception) -> bool:
        is_race = self._is_in_lanes and self.engine.is_race(error)
        return is_race or isinstance(error, Stale) or self.engine.is_transient(error)

    def _tx(self, connection: Connection) -> Tx:
        now = max(self._clock() + self._ahead, self._last)
        pipeline = partial(self.engine.pipeline, connection)
        return Tx(connection, self.engine.dialect, self.bus, now, pipeline)

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


def _grouped(works: Sequence[Work]) -> list[list[int]]:
    """The positions of what is committed together: lanes first, a bounded number of them."""
    groups: list[list[int]] = [[]]
    lanes: set[UUID] = set()
    wide: list[int] = []
    for position, work in enumerate(works):
        if work.lane is None:
            wide.append(position)
            continue
        if len(lanes) == _LANES and work.lane not in lanes:
            groups.append([])
            lanes.clear()
        lanes.add(work.lane)
        groups[-1].append(position)
    return [group for group in (*groups, wide) if group]
