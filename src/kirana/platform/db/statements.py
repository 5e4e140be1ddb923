"""Statements, built with SQLAlchemy Core, compiled once per dialect, run on the bare driver.

The bare driver runs none of SQLAlchemy's type conversions, so `Compiled` takes them along.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, NoReturn, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from kirana.values import quick_uuid

from .schema import Id, Upsert

Row: TypeAlias = Any
"""A named tuple of the columns that were selected."""

Rows: TypeAlias = Sequence[Mapping[str, Any]] | Sequence[tuple[Any, ...]]
"""What many rows hold: by name, or named tuples of one type, which is quicker."""

_SIZES = (1, 4, 16, 64, 256, 1024, 4096)
_ROWS = (256, 64, 16, 4, 1)
_REQUIRED: Any = object()


@cache
def dialect_named(name: str) -> sa.Dialect:
    if name == "sqlite":
        return SQLiteDialect_pysqlite()
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]


class Q:
    """A statement that is ready to run: `tx.one(FIND, id=…)`. Make it once, at module level."""

    def __init__(self, statement: sa.Executable | Upsert) -> None:
        self._statement = statement
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: str) -> "Compiled":
        if compiled := self._compiled.get(dialect):
            return compiled
        statement = self._statement
        if isinstance(statement, Upsert):
            statement = statement.for_dialect(dialect)
        compiled = self._compiled[dialect] = Compiled(statement, dialect)
        return compiled


class Compiled:
    """The text of a statement on one database, and the conversions of what goes in and out."""

    def __init__(self, statement: sa.Executable, dialect: str) -> None:
        target = dialect_named(dialect)
        compiler = statement.compile(dialect=target)  # type: ignore[attr-defined]
        assert isinstance(compiler, SQLCompiler)
        constants = compiler.construct_params(_check=False)
        expanded = compiler._process_parameters_for_postcompile(constants)
        converters: Mapping[str, Any] = {**compiler._bind_processors, **expanded.processors}
        self.sql = expanded.statement
        self.is_reading = isinstance(statement, sa.Select)
        self.names: list[str] = list(expanded.positiontup or ())
        nullable = _nullable_columns(statement)
        self._parts: list[tuple[str, Callable[[Any], Any] | None, Any]] = []
        for name in self.names:
            value = expanded.parameters.get(name)
            if value is None and name not in nullable:
                bind = compiler.binds.get(name)
                value = _REQUIRED if bind is None or bind.required else None
            bound = compiler.binds.get(name)
            convert = converters.get(name)
            if bound is not None:
                convert = _into(bound.type, dialect, convert)
            self._parts.append((name, convert, value))
        is_postgres = dialect == "postgresql"
        types = {name: compiler.binds[name].type for name in self.names if name in compiler.binds}
        self.bulk_sql = _bulk(statement, self, types) if is_postgres else None
        self.each_sql = _bulk_upsert(statement, self) if is_postgres else None
        self._next_row = f", ({', '.join('?' * len(self.names))})"
        self._row_mark = f"VALUES {self._next_row[2:]}"
        self._lists = set(re.findall(r"/\*(\w+)\*/\?", self.sql)) if dialect == "sqlite" else set()
        self._wide: dict[tuple[int, ...], str] = {}
        self._load_rows(compiler, target)

    def arguments(self, given: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The text to run and its values, in order. Raises: TypeError for a missing value."""
        if self._lists:
            return self._widened(given)
        values = []
        for name, convert, default in self._parts:
            value = given.get(name, default)
            if convert is not None and value is not None:
                value = convert(value) if value is not _REQUIRED else value
            if value is _REQUIRED:
                self._miss(name)
            values.append(value)
        return self.sql, tuple(values)

    def pieces(self, rows: "Rows") -> Iterator[tuple[str, list[Any]]]:
        """An insert of many rows that gives something back, for a database that takes no arrays:
        texts with as many rows as a few fixed sizes have, and their values."""
        values = list(zip(*self.columns(rows), strict=True))
        begin = 0
        for size in _ROWS:
            marks = self._row_mark + self._next_row * (size - 1)
            text = self.sql.replace(self._row_mark, marks)
            while len(values) - begin >= size:
                yield text, list(chain.from_iterable(values[begin : begin + size]))
                begin += size

    def columns(self, rows: "Rows") -> list[list[Any]]:
        """The values of many rows, one list per parameter: much quicker than row by row."""
        names: tuple[str, ...] | None = getattr(rows[0], "_fields", None)
        turned = (
            dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if names else None
        )
        columns: list[list[Any]] = []
        for name, convert, default in self._parts:
            column: list[Any]
            if turned is None:
                column = self._column(rows, name, default)  # type: ignore[arg-type]
            elif name in turned:
                column = turned[name]
            elif default is _REQUIRED:
                self._miss(name)
            else:
                column = [default] * len(rows)
            if convert is _bytes_of:
                column = [None if it is None else it.int.to_bytes(16, "big") for it in column]
            elif convert is not None:
                column = [None if it is None else convert(it) for it in column]
            columns.append(column)
        return columns

    def _column(self, rows: Sequence[Mapping[str, Any]], name: str, default: Any) -> list[Any]:
        if default is not _REQUIRED:
            return [row.get(name, default) for row in rows]
        try:
            return [row[name] for row in rows]
        except KeyError:
            self._miss(name)

    def _miss(self, name: str) -> NoReturn:
        raise TypeError(f"The statement needs {name!r}: {self.sql}")

    def _widened(self, given: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        values: list[Any] = []
        sizes: list[int] = []
        for name, convert, default in self._parts:
            value = given.get(name, default)
            if value is _REQUIRED:
                self._miss(name)
            if name in self._lists:
                items = [convert(item) if convert else item for item in value]
                size = next((s for s in _SIZES if s >= len(items)), len(items))
                # Repeating the last item changes nothing; an empty list matches nothing.
                items += [items[-1] if items else None] * (size - len(items))
                sizes.append(size)
                values += items
            else:
                values.append(convert(value) if convert and value is not None else value)
        shape = tuple(sizes)
        if shape not in self._wide:
            widths = iter(sizes)
            self._wide[shape] = re.sub(
                r"/\*\w+\*/\?", lambda _: ", ".join("?" * next(widths)), self.sql
            )
        return self._wide[shape], tuple(values)

    def _load_rows(self, compiler: SQLCompiler, target: sa.Dialect) -> None:
        columns = compiler._result_columns or []
        self._make: Callable[[Sequence[Any]], Row] | None = None
        self._convert: list[tuple[int, Callable[[Any], Any]]] = []
        if not columns:
            return
        names = " ".join(column.keyname for column in columns)
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
        self._make = row._make
        for position, column in enumerate(columns):
            if isinstance(column.type, sa.Float):
                continue  # Both drivers give floats, and SQLAlchemy would ask for a type number.
            if convert := _out_of(column.type, target):
                self._convert.append((position, convert))

    def row(self, raw: Sequence[Any]) -> Row:
        if self._make is None:
            return raw
        if not self._convert:
            return self._make(raw)
        values = list(raw)
        for position, convert in self._convert:
            if values[position] is not None:
                values[position] = convert(values[position])
        return self._make(values)


_Convert: TypeAlias = Callable[[Any], Any] | None


def _into(type_: TypeEngine[Any], dialect: str, usual: _Convert) -> _Convert:
    """SQLAlchemy's own conversion but for ids: for these it takes three steps where one does on
    SQLite, and none is needed on PostgreSQL."""
    if isinstance(type_, Id):
        return _bytes_of if dialect == "sqlite" else None
    if isinstance(type_, postgresql.ARRAY) and isinstance(type_.item_type, Id):
        return list
    return usual


def _out_of(type_: TypeEngine[Any], target: sa.Dialect) -> _Convert:
    if isinstance(type_, Id):
        return quick_uuid if target.name == "sqlite" else None
    return type_._cached_result_processor(target, None)


def _bytes_of(value: UUID) -> bytes:
    return value.int.to_bytes(16, "big")


def _nullable_columns(statement: sa.Executable) -> set[str]:
    if not isinstance(statement, sa.Insert):
        return set()
    return {column.key for column in statement.table.columns if column.nullable}


def _bulk(
    statement: sa.Executable, compiled: Compiled, types: Mapping[str, TypeEngine[Any]]
) -> str | None:
    """One statement for many rows, fed by one array per column: a plain insert of all columns, or
    an update of what is found by values of the row."""
    if not isinstance(statement, sa.Insert | sa.Update) or statement._returning:
        return None
    if type(statement) is sa.Insert:
        return _insert_arrays(statement, compiled.names)
    if type(statement) is sa.Update and set(types) == set(compiled.names):
        return _update_arrays(compiled, types)
    return None


def _bulk_upsert(statement: sa.Executable, compiled: Compiled) -> str | None:
    """The same for rows of different keys that may be there, and that give something back."""
    if not isinstance(statement, postgresql.Insert) or not statement._returning:
        return None
    insert = _insert_arrays(statement, compiled.names)
    return insert and f"{insert} ON CONFLICT{compiled.sql.partition(' ON CONFLICT')[2]}"


def _insert_arrays(statement: sa.Insert, names: list[str]) -> str | None:
    columns = list(statement.table.columns)
    if names != [column.key for column in columns]:
        return None
    arrays = _arrays([column.type for column in columns])
    targets = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {statement.table.name} ({targets}) SELECT * FROM unnest({arrays})"  # noqa: S608 (names of our own tables and columns)


def _update_arrays(compiled: Compiled, types: Mapping[str, TypeEngine[Any]]) -> str:
    """The given values stand in a table `given`, whose columns take the places of the marks."""
    columns = [f'"{name}"' for name in compiled.names]
    change, _, where = (compiled.sql % tuple(f"given.{it}" for it in columns)).partition(" WHERE ")
    arrays = _arrays([types[name] for name in compiled.names])
    return f"{change} FROM unnest({arrays}) AS given ({', '.join(columns)}) WHERE {where}"


def _arrays(types: Sequence[TypeEngine[Any]]) -> str:
    """Marks for one array per column, in binary: as text, each item would be quoted."""
    dialect = dialect_named("postgresql")
    return ", ".join(f"%b::{type_.compile(dialect)}[]" for type_ in types)
