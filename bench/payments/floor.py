"""The bare floor: the statements of some commits once more, with nothing of Kirana around them."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kirana.platform.db import Database

Statement = tuple[bool, str, Any]
"""Whether it is for many rows, its text, and its values."""


class Recorder:
    """A connection that notes what passes through it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.statements: list[Statement] = []

    def execute(self, sql: str, values: Any = ()) -> Any:
        self.statements.append((False, sql, values))
        return self._connection.execute(sql, values)

    def cursor(self) -> "_Cursor":
        return _Cursor(self._connection.cursor(), self.statements)

    def close(self) -> None:
        self._connection.close()


class _Cursor:
    def __init__(self, cursor: Any, statements: list[Statement]) -> None:
        self._cursor, self._statements = cursor, statements

    def executemany(self, sql: str, rows: Any) -> Any:
        self._statements.append((True, sql, rows))
        return self._cursor.executemany(sql, rows)

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


def record(database: Database, folder: Path) -> Callable[[], Callable[[], None]]:
    """Note what is written from now on. What it answers ends that, and gives the replay, which
    begins with the database as it is now."""
    connection = database.engine.connect()
    copy = folder / "floor.db"
    connection.execute(f"VACUUM INTO '{copy}'")
    recorder, former = Recorder(connection), database._writer
    database._writer = recorder

    def end() -> Callable[[], None]:
        database._writer = former
        recorder.close()
        bare = sqlite3.connect(copy, isolation_level=None, cached_statements=1024)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            bare.execute(f"PRAGMA {pragma}")
        return lambda: _replay(bare, recorder.statements)

    return end


def _replay(bare: sqlite3.Connection, statements: list[Statement]) -> None:
    for is_many, sql, values in statements:
        if is_many:
            bare.executemany(sql, values)
        else:
            bare.execute(sql, values).fetchall()
