"""The database of the tests: it rehearses every command and delivers every event twice."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

import psycopg

from kirana.app.schema import metadata
from kirana.platform import jobs
from kirana.platform.database import open_database
from kirana.platform.db import Database, Tx
from kirana.platform.db.units import Outcome, Work
from kirana.platform.events import Bus


class HandClock:
    """A clock in the test's hand."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds


class RehearsedDatabase(Database):
    """Runs each command once, undoes it, and runs it again: what leaks out of a command shows."""

    clock: HandClock
    rehearses = True

    def _call(self, tx: Tx, work: Work) -> Outcome:
        if self.rehearses:
            savepoint = tx.savepoint()
            try:
                work.command(tx, *work.args, **work.kwargs)
            except Exception as error:
                self._pass_on_transient(error)
            savepoint.undo()
        return super()._call(tx, work)

    def deliver(self) -> int:
        """Run every job that is due, each twice, and all that they bring about."""
        ran = 0
        while due := self._due():
            for job in due:
                handler = self.bus.handlers[job.name]
                if handler.event is not None:
                    self.write(handler.function, handler.read(job.payload))
                self.write(jobs.run_job, job.id, self.bus)
            ran += len(due)
        return ran

    def _due(self) -> Sequence[Any]:
        return [
            job for job in self.read(jobs.list_due) if not self.bus.handlers[job.name].is_outside
        ]


def open_rehearsed(url: str, bus: Bus) -> RehearsedDatabase:
    clock = HandClock()
    plain = open_database(url, bus, clock)
    database = RehearsedDatabase(url, bus, clock)
    database.before_commit = plain.before_commit
    database.clock = clock
    return database


def create_schema(url: str) -> None:
    """Make every table, at once and without migrations."""
    database = Database(url)
    engine = database.engine.sqlalchemy_engine()
    metadata.create_all(engine)
    engine.dispose()
    database.close()
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


_sweepers: dict[str, psycopg.Connection[Any]] = {}


@cache
def _which_are_full() -> str:
    """Asked for once all tests are read: some have tables of their own."""
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in metadata.tables
    )


def empty(url: str) -> None:
    """Take every row out of a PostgreSQL database, whoever the test before left connected."""
    connection = _sweepers.get(url)
    if connection is None:
        connection = _sweepers[url] = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        # Rows go in any order: nothing is checked that is about to be gone too.
        connection.execute("SET session_replication_role = replica")
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    full = [name for (name,) in connection.execute(_which_are_full()).fetchall()]
    if full:
        connection.execute("; ".join(f"DELETE FROM {name}" for name in full), prepare=False)


def sweep_no_more(url: str) -> None:
    """A server that stops waits for nobody who still empties its database."""
    if connection := _sweepers.pop(url, None):
        connection.close()
