"""The database as async code sees it: `await db.write(command, …)`, `await db.read(query, …)`.

One thread writes. It takes everything that waits, lets it in one by one, commits once, and only
then answers. It takes the next batch after the event loop has delivered those answers, so callers
that go on at once join the next batch together.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from kirana.platform.problems import Overloaded

from .transaction import Tx
from .units import Database, Outcome, Work

P = ParamSpec("P")
T = TypeVar("T")

BATCH = 1024
QUEUE = 8192
READERS = 4


class Db:
    """Must be made on the event loop that will use it. `close` finishes what was accepted."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._wake = threading.Event()
        self._delivered = threading.Event()
        self._delivered.set()
        self._closing = False
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    async def write(
        self, command: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a command; the answer comes after its commit.

        Raises: Overloaded when too many wait already; then nothing was done.
        """
        answer: T = await self._let_in(Work(command, args, kwargs))
        return answer

    async def write_in(
        self,
        lane: UUID,
        command: Callable[Concatenate[Tx, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for a command that touches only what `lane` guards: on PostgreSQL, processes do
        those of different lanes side by side. What a lane may touch, and how it is raced, stands
        in `tests/chat/test_lanes.py`.

        Raises: Overloaded.
        """
        answer: T = await self._let_in(Work(command, args, kwargs, lane))
        return answer

    async def read(
        self, query: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a query on a snapshot, in a thread of its own."""
        return await self.loop.run_in_executor(
            self._readers, lambda: self.database.read(query, *args, **kwargs)
        )

    async def close(self) -> None:
        self._closing = True
        self._wake.set()
        await self.loop.run_in_executor(None, self._thread.join)
        self._readers.shutdown()
        self.database.close()

    def _let_in(self, work: Work) -> asyncio.Future[Any]:
        if len(self._waiting) >= QUEUE or self._closing:
            raise Overloaded(retry_after_s=1)
        future: asyncio.Future[Any] = self.loop.create_future()
        self._waiting.append((work, future))
        self._wake.set()
        # A caller that goes away cancels the future, not the work: what was accepted is done.
        return future

    def _write(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                self._delivered.wait(timeout=1)
                count = min(len(self._waiting), BATCH)
                batch = [self._waiting.popleft() for _ in range(count)]
                outcomes = self._run([work for work, _ in batch])
                self._delivered.clear()
                answers = [(future, o) for (_, future), o in zip(batch, outcomes, strict=True)]
                self.loop.call_soon_threadsafe(self._deliver, answers)
            if self._closing and not self._waiting:
                return

    def _run(self, works: list[Work]) -> list[Outcome]:
        try:
            return self.database.run(works)
        except Exception as error:
            return [Outcome(error=error) for _ in works]

    def _deliver(self, answers: list[tuple[asyncio.Future[Any], Outcome]]) -> None:
        for future, outcome in answers:
            if future.cancelled():
                continue
            if outcome.error is None:
                future.set_result(outcome.result)
            else:
                future.set_exception(outcome.error)
        # After the callers that these answers woke have run.
        self.loop.call_soon(self._delivered.set)
