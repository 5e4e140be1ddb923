"""What only PostgreSQL needs to be told."""

import psycopg
import sqlalchemy as sa

from kirana.platform.problems import StorageFull

from .transaction import Connection

_WRITER_LOCK = 0x4B697261
"""The advisory lock that the one writer of a PostgreSQL database holds: "Kira"."""


class PostgresEngine:
    """PostgreSQL through psycopg. The writer is let in by an advisory lock."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self, *, read_only: bool = False) -> Connection:
        connection: Connection = psycopg.connect(
            self.url, autocommit=True, prepare_threshold=2, connect_timeout=10
        )
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET idle_in_transaction_session_timeout = '60s'")
        return connection

    def begin_write(self, connection: Connection) -> None:
        connection.execute("BEGIN")
        # A statement of its own: a snapshot taken before the lock would show old rows.
        connection.execute(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")

    def begin_read(self, connection: Connection) -> None:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def roll_back(self, connection: Connection) -> None:
        assert isinstance(connection, psycopg.Connection)
        if not connection.closed:
            connection.execute("ROLLBACK")

    def is_transient(self, error: Exception) -> bool:
        return isinstance(
            error,
            psycopg.OperationalError
            | psycopg.errors.SerializationFailure
            | psycopg.errors.DeadlockDetected,
        ) and not isinstance(error, psycopg.errors.DiskFull)

    def translate(self, error: Exception) -> Exception:
        return StorageFull() if isinstance(error, psycopg.errors.DiskFull) else error

    def sqlalchemy_engine(self) -> sa.Engine:
        url = self.url.replace("postgres://", "postgresql://", 1)
        return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
