"""What is to be done after a commit: listeners, later work, calls to the outside.

A job is a row that its cause wrote. A listener or a command runs in one transaction together with
the deletion of its job, so its effects happen once. A call to the outside happens at least once: it
is leased, called, then deleted. A job that fails comes back after a growing while, and after
`TRIES` it stays where the operator sees it.

Several processes share the jobs. Commands have the world to themselves, so whoever comes second
finds a job done, or put back for later; a lease is renewed for as long as the call takes.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy import Column, Index, bindparam, delete, insert, or_, select, update

from . import web_push
from .db import Database, Db, Id, Int, Q, Row, Text, Tx, table
from .events import Bus
from .settings import Settings

if TYPE_CHECKING:
    from .blobs import Blobs

TRIES = 12
LEASE_MS = 120_000
RENEW_S = 40.0
_PAGE = 200

log = structlog.get_logger()

jobs = table(
    "platform_jobs",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("run_at", Int, nullable=False),
    Column("attempts", Int, nullable=False),
    Column("failed_at", Int),
    Column("error", Text),
)
Index(
    "ix_platform_jobs_due",
    jobs.c.run_at,
    sqlite_where=jobs.c.failed_at.is_(None),
    postgresql_where=jobs.c.failed_at.is_(None),
)

_ADD = Q(insert(jobs))
_DUE = Q(
    select(jobs)
    .where(jobs.c.failed_at.is_(None), jobs.c.run_at <= bindparam("now"))
    .order_by(jobs.c.run_at, jobs.c.id)
    .limit(bindparam("page"))
)
_NEXT = Q(select(jobs.c.run_at).where(jobs.c.failed_at.is_(None)).order_by(jobs.c.run_at).limit(1))
_FIND = Q(select(jobs).where(jobs.c.id == bindparam("id")))
_END = Q(delete(jobs).where(jobs.c.id == bindparam("id")))
_LEASE = Q(
    update(jobs)
    .where(jobs.c.id == bindparam("id_"), jobs.c.run_at <= bindparam("now"))
    .values(run_at=bindparam("until"), attempts=jobs.c.attempts + 1)
)
_RENEW = Q(update(jobs).where(jobs.c.id == bindparam("id_")).values(run_at=bindparam("until")))
_FAIL = Q(
    update(jobs)
    .where(jobs.c.id == bindparam("id_"))
    .values(
        run_at=bindparam("run_at"),
        attempts=bindparam("attempts"),
        failed_at=bindparam("failed_at"),
        error=bindparam("error"),
    )
)
_RETRY_ALL = Q(
    update(jobs)
    .where(or_(jobs.c.failed_at.is_not(None), jobs.c.attempts > 0))
    .values(run_at=bindparam("run_at"), attempts=0, failed_at=None)
)
_FAILED = Q(select(jobs).where(jobs.c.failed_at.is_not(None)).order_by(jobs.c.failed_at))


@dataclass(frozen=True, slots=True)
class Outside:
    """What a job that calls the world is given."""

    db: Db
    settings: Settings
    blobs: "Blobs"
    post: web_push.Post = web_push.post_publicly


def write_told(tx: Tx) -> None:
    """Keep what this commit's commands told. Runs before each commit."""
    tx.many(_ADD, tx.told)


def list_due(tx: Tx, limit: int = _PAGE) -> list[Row]:
    return tx.all(_DUE, now=tx.now, page=limit)


def list_failed(tx: Tx) -> list[Row]:
    """Jobs that were given up, for the operator."""
    return tx.all(_FAILED)


def retry_failed(tx: Tx) -> int:
    """Try again all that was given up or is waiting for its next try."""
    return tx.do(_RETRY_ALL, run_at=tx.now)


def run_job(tx: Tx, job_id: UUID, bus: Bus) -> None:
    """Run one listener or command and delete its job; nothing if it has run already, or has failed
    and is to wait."""
    job = tx.one(_FIND, id=job_id)
    if job is None or job.run_at > tx.now or job.failed_at is not None:
        return
    handler = bus.handlers[job.name]
    carried = handler.read(job.payload)
    if handler.event is not None:
        handler.function(tx, carried)
    else:
        handler.function(tx, **carried)
    tx.do(_END, id=job_id)


def lease_job(tx: Tx, job_id: UUID) -> bool:
    return tx.do(_LEASE, id_=job_id, now=tx.now, until=tx.now + LEASE_MS) == 1


def renew_lease(tx: Tx, job_id: UUID) -> None:
    tx.do(_RENEW, id_=job_id, until=tx.now + LEASE_MS)


def end_job(tx: Tx, job_id: UUID) -> None:
    tx.do(_END, id=job_id)


def fail_job(tx: Tx, job_id: UUID, error: str, *, tried: int | None = None) -> None:
    """Put a job back for later, or give it up after `TRIES`.

    `tried` is how often it had been when this try began: another process may have failed too.
    """
    job = tx.one(_FIND, id=job_id)
    if job is None or tried not in (None, job.attempts):
        return
    attempts = job.attempts + 1
    wait_ms = min(3_600_000, 500 * 2**attempts) * random.uniform(0.5, 1.5)  # noqa: S311
    tx.do(
        _FAIL,
        id_=job_id,
        attempts=attempts,
        run_at=tx.now + int(wait_ms),
        failed_at=tx.now if attempts >= TRIES else None,
        error=error[:2000],
    )


class Runner:
    """Runs the jobs of one process: at once when a commit wrote some, else when they are due."""

    def __init__(self, db: Db, bus: Bus, outside: Outside) -> None:
        self._db, self._bus, self._outside = db, bus, outside
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        db.database.after_commit.append(self._committed)

    def start(self) -> None:
        self._spawn(self._run())
        for sweep in self._bus.sweeps:
            self._spawn(self._sweep(sweep.function, sweep.every_s))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _committed(self, tx: Tx) -> None:
        if tx.told:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                due = await self._db.read(list_due)
                await self._run_all(due)
                if len(due) < _PAGE:
                    # A second at most: another process may have written a job.
                    async with asyncio.timeout(1):
                        await self._wake.wait()
            except TimeoutError:
                continue
            except Exception:
                log.exception("jobs_interrupted")
                await asyncio.sleep(1)

    async def _run_all(self, due: Sequence[Row]) -> None:
        inside = []
        for job in due:
            handler = self._bus.handlers.get(job.name)
            if handler is None:
                await self._db.write(fail_job, job.id, "No such job in this version.")
            elif handler.is_outside:
                if await self._db.write(lease_job, job.id):
                    self._spawn(self._call(job))
            else:
                inside.append(job)
        await asyncio.gather(*(self._do(job) for job in inside))

    async def _do(self, job: Row) -> None:
        try:
            await self._db.write(run_job, job.id, self._bus)
        except Exception as error:
            log.exception("job_failed", job=job.name, attempts=job.attempts + 1)
            await self._db.write(fail_job, job.id, repr(error), tried=job.attempts)

    async def _call(self, job: Row) -> None:
        handler = self._bus.handlers[job.name]
        renewing = self._loop.create_task(self._renew(job.id))
        try:
            await handler.function(self._outside, **handler.read(job.payload))
        except Exception as error:
            log.exception("job_failed", job=job.name, attempts=job.attempts + 1)
            await self._db.write(fail_job, job.id, repr(error))
        else:
            await self._db.write(end_job, job.id)
        finally:
            renewing.cancel()

    async def _renew(self, job_id: UUID) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._db.write(renew_lease, job_id)
            except Exception:
                log.exception("lease_not_renewed")

    async def _sweep(self, command: Callable[..., Any], every_s: float) -> None:
        while True:
            try:
                await self._db.write(command)
            except Exception:
                log.exception("sweep_failed", sweep=command.__qualname__)
            await asyncio.sleep(every_s)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def deliver_all(database: Database, bus: Bus) -> int:
    """Run every due listener and command now, and what they bring about; the number that ran.

    For programs without an event loop, such as the filling of the demo town.
    """
    ran = 0
    while due := [j for j in database.read(list_due) if not bus.handlers[j.name].is_outside]:
        for job in due:
            database.write(run_job, job.id, bus)
        ran += len(due)
    return ran
