"""What only PostgreSQL needs to be told."""

import struct
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa

from kirana.platform.problems import StorageFull

from .transaction import Connection

_WRITER_LOCK = 0x4B697261
"""The advisory lock that lets writers in: "Kira". Whoever writes in lanes shares it; everybody else
holds it alone. A lane is a lock of two numbers, which no lock of one number can be."""
_MIGRATION_LOCK = _WRITER_LOCK + 1
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"


class PostgresEngine:
    """PostgreSQL through psycopg. Writers are let in by advisory locks."""

    dialect = "postgresql"
    has_lanes = True
    has_dear_savepoints = True

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self, *, read_only: bool = False) -> Connection:
        connection: Connection = psycopg.connect(
            self.url, autocommit=True, prepare_threshold=2, connect_timeout=10
        )
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET idle_in_transaction_session_timeout = '60s'")
        return connection

    def begin_write(self, connection: Connection, lanes: Collection[UUID] | None) -> int:
        # Statements of their own: a snapshot taken before the lock would show old rows. The clock
        # is read last, so times follow the order in which writers were let in.
        if lanes is None:
            locks = [f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"]
        else:
            locks = [f"SELECT pg_advisory_xact_lock_shared({_WRITER_LOCK})"]
            locks += [f"SELECT pg_advisory_xact_lock({a}, {b})" for a, b in _keys(lanes)]
        cursor = connection.cursor()
        cursor.execute("; ".join(["BEGIN", *locks, _CLOCK]), prepare=False)
        while cursor.nextset():
            pass
        now: int = cursor.fetchone()[0]
        return now

    def begin_read(self, connection: Connection) -> None:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    @contextmanager
    def pipeline(self, connection: Connection) -> Iterator[Callable[[], None]]:
        # The server lets a writer go that stands still, but only where it has said that its message
        # is at an end. The driver says so and waits for all answers, or does neither.
        server = cast(psycopg.Connection[Any], connection)
        with server.pipeline() as pipeline:

            def end_message() -> None:
                pipeline._enqueue_sync()
                server.wait(pipeline._communicate_gen())

            yield end_message

    def roll_back(self, connection: Connection) -> None:
        assert isinstance(connection, psycopg.Connection)
        if not connection.closed:
            connection.execute("ROLLBACK")

    def is_transient(self, error: Exception) -> bool:
        return isinstance(
            error,
            psycopg.OperationalError
            | psycopg.errors.SerializationFailure
            | psycopg.errors.DeadlockDetected
            # This process stood still for a minute; somebody else was let in meanwhile.
            | psycopg.errors.IdleInTransactionSessionTimeout,
        ) and not isinstance(error, psycopg.errors.DiskFull)

    def is_race(self, error: Exception) -> bool:
        return isinstance(error, psycopg.errors.UniqueViolation)

    def translate(self, error: Exception) -> Exception:
        return StorageFull() if isinstance(error, psycopg.errors.DiskFull) else error

    def sqlalchemy_engine(self) -> sa.Engine:
        url = self.url.replace("postgres://", "postgresql://", 1)
        return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))

    @contextmanager
    def migrating(self) -> Iterator[None]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"SELECT pg_advisory_lock({_MIGRATION_LOCK})")
            yield


def _keys(lanes: Collection[UUID]) -> list[tuple[int, int]]:
    """In an order that is the same for everybody, so nobody waits for somebody who waits."""
    return sorted({struct.unpack("!ii", lane.bytes[8:]) for lane in lanes})
