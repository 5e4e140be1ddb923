"""What only one of the two databases needs to be told. How one writer is let in stands here."""

import sqlite3
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from kirana.platform.problems import StorageFull

from .transaction import Connection


class Engine(Protocol):
    dialect: str
    has_lanes: bool
    """Whether commands in different lanes run side by side."""
    has_dear_savepoints: bool
    """Whether it is cheaper to do a commit again, should something have to be undone."""

    def connect(self, *, read_only: bool = False) -> Connection: ...
    def begin_write(self, connection: Connection, lanes: Collection[UUID] | None) -> int | None:
        """Wait to be let in: into these lanes or, with None, alone. What time it is for the
        database, in epoch milliseconds, if it has a clock of its own."""
        ...

    def begin_read(self, connection: Connection) -> None: ...
    def pipeline(self, connection: Connection) -> AbstractContextManager[Callable[[], None]] | None:
        """Within it, statements are sent without a wait for the last one's answer, if there is such
        a way. What it gives is to be called after each of them."""
        ...

    def roll_back(self, connection: Connection) -> None: ...
    def is_transient(self, error: Exception) -> bool:
        """Whether the same work may well pass on a second try."""
        ...

    def is_race(self, error: Exception) -> bool:
        """Whether two lanes wanted what only one can have, such as the same id."""
        ...

    def translate(self, error: Exception) -> Exception:
        """The refusal that `error` means to a person, or `error` itself."""
        ...

    def sqlalchemy_engine(self) -> sa.Engine:
        """For migrations and schema checks only."""
        ...

    def migrating(self) -> AbstractContextManager[None]:
        """Within it nobody else migrates: processes may start at the same time."""
        ...


def engine_for(url: str) -> Engine:
    """Raises: ValueError for another database than SQLite or PostgreSQL."""
    if url.startswith("sqlite:///"):
        return SqliteEngine(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://")):
        from .postgres import PostgresEngine  # the driver takes its time to import

        return PostgresEngine(url)
    raise ValueError("The database is sqlite:///PATH or postgresql://…")


class SqliteEngine:
    """One file in WAL mode. Every commit is on the disk before it is acknowledged."""

    dialect = "sqlite"
    has_lanes = False
    has_dear_savepoints = False

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self, *, read_only: bool = False) -> Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-8000")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        return connection

    def begin_write(self, connection: Connection, lanes: Collection[UUID] | None) -> None:
        # A deferred BEGIN that writes later gets SQLITE_BUSY at once, whatever the time-out.
        connection.execute("BEGIN IMMEDIATE")

    def begin_read(self, connection: Connection) -> None:
        connection.execute("BEGIN")

    def pipeline(self, connection: Connection) -> None:
        return None

    def roll_back(self, connection: Connection) -> None:
        assert isinstance(connection, sqlite3.Connection)
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def is_transient(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.OperationalError) and (
            "locked" in str(error) or "busy" in str(error)
        )

    def is_race(self, error: Exception) -> bool:
        return False

    def translate(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
            return StorageFull()
        return error

    def sqlalchemy_engine(self) -> sa.Engine:
        engine = sa.create_engine(f"sqlite:///{self.path}")

        @sa.event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")

        @sa.event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            # The driver's own way begins late and commits before DDL: a failed migration
            # would then stay half done.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def migrating(self) -> AbstractContextManager[None]:
        return nullcontext()
