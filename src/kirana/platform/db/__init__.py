"""The database: one writer, many readers, the same statements on SQLite and PostgreSQL."""

from .schema import Bool, Bytes, Id, Int, Json, Real, Text, any_of, metadata, table, upsert
from .statements import Q, Row
from .transaction import Call, Refusal, Stale, Tx, batched
from .units import Database
from .writer import Db

__all__ = [
    "Bool",
    "Bytes",
    "Call",
    "Database",
    "Db",
    "Id",
    "Int",
    "Json",
    "Q",
    "Real",
    "Refusal",
    "Row",
    "Stale",
    "Text",
    "Tx",
    "any_of",
    "batched",
    "metadata",
    "table",
    "upsert",
]
