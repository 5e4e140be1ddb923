"""Column types, tables and the few constructs that the two databases spell differently."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Id(TypeDecorator[UUID]):
    """A `uuid.UUID`: 16 bytes on SQLite, a native uuid on PostgreSQL."""

    impl = sa.Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.LargeBinary(16))
        return dialect.type_descriptor(sa.Uuid())

    def process_bind_param(self, value: UUID | None, dialect: sa.Dialect) -> Any:
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> UUID | None:
        return UUID(bytes=value) if value is not None and dialect.name == "sqlite" else value


class Bool(TypeDecorator[bool]):
    """True or false: 1 or 0 on SQLite, which knows no Booleans in strict tables."""

    impl = sa.Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Integer())
        return dialect.type_descriptor(sa.Boolean())

    def process_bind_param(self, value: bool | None, dialect: sa.Dialect) -> Any:
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> bool | None:
        return bool(value) if value is not None else None


class Json(TypeDecorator[Any]):
    """Any value that msgspec can encode, kept as text and read back as plain Python."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


Int = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""64 bits: amounts in minor units, instants in epoch milliseconds, counts."""
Text = sa.Text()
Bytes = sa.LargeBinary()
Real: TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")


def table(name: str, *parts: Any, **options: Any) -> sa.Table:
    """A table of the one schema; on SQLite it is strict about types."""
    return sa.Table(name, metadata, *parts, sqlite_strict=True, **options)


def upsert(
    into: sa.Table,
    keys: Sequence[str],
    update: Sequence[str] | Mapping[str, Any] = (),
) -> "Upsert":
    """Insert a row, or on equal `keys` update the named columns (none: leave the row alone).

    A mapping gives expressions; in them `into.c.x` is the row that is there, and
    `sa.literal_column("excluded.x")` the one that was offered.
    """
    if not isinstance(update, Mapping):
        update = {name: sa.literal_column(f"excluded.{name}") for name in update}
    return Upsert(into, keys, update)


class Upsert:
    """An upsert that takes its dialect's shape when compiled."""

    def __init__(self, into: sa.Table, keys: Sequence[str], update: Mapping[str, Any]) -> None:
        self._into, self._keys, self._update = into, list(keys), dict(update)
        self._returning: tuple[Any, ...] = ()

    def returning(self, *columns: Any) -> "Upsert":
        other = Upsert(self._into, self._keys, self._update)
        other._returning = columns
        return other

    def for_dialect(self, name: str) -> sa.Insert:
        insert: Any = (sqlite if name == "sqlite" else postgresql).insert(self._into)
        if self._update:
            insert = insert.on_conflict_do_update(index_elements=self._keys, set_=self._update)
        else:
            insert = insert.on_conflict_do_nothing(index_elements=self._keys)
        if self._returning:
            insert = insert.returning(*self._returning)
        statement: sa.Insert = insert
        return statement


class AnyOf(sa.ColumnElement[bool]):
    inherit_cache = False

    def __init__(self, column: sa.ColumnElement[Any], parameter: str) -> None:
        self.column, self.parameter = column, parameter
        self.type = sa.Boolean()

    def self_group(self, against: Any = None) -> "AnyOf":
        """As it is: SQLAlchemy would compare it with 1 on SQLite, and no index would be used."""
        return self


def any_of(column: sa.ColumnElement[Any], parameter: str) -> AnyOf:
    """`column` is one of the list given as `parameter`, which may be of any length.

    PostgreSQL takes the list as one array. SQLite gets as many placeholders as a few fixed
    sizes have, so that there are few distinct statements: `Compiled` widens the mark.
    """
    return AnyOf(column, parameter)


@compiles(AnyOf)
def _array(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    parameter = sa.bindparam(element.parameter, type_=postgresql.ARRAY(element.column.type))
    return (
        f"{compiler.process(element.column, **options)} = "
        f"ANY({compiler.process(parameter, **options)})"
    )


@compiles(AnyOf, "sqlite")
def _placeholders(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    parameter = sa.bindparam(element.parameter, type_=element.column.type)
    return (
        f"{compiler.process(element.column, **options)} IN "
        f"(/*{element.parameter}*/{compiler.process(parameter, **options)})"
    )
