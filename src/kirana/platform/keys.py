"""The server's own private keys, made when they are first needed and never again: others have
bound something to them."""

from collections.abc import Callable

from sqlalchemy import Column, bindparam, select

from .db import Int, Q, Text, Tx, table, upsert

keys = table(
    "platform_keys",
    Column("name", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("created_at", Int, nullable=False),
)

_FIND = Q(select(keys.c.secret).where(keys.c.name == bindparam("name")))
_KEEP = Q(upsert(keys, ["name"]))


def ensure_key(tx: Tx, name: str, make: Callable[[], str]) -> str:
    """The key of that name, made when there is none."""
    if known := tx.one(_FIND, name=name):
        return str(known.secret)
    secret = make()
    tx.do(_KEEP, name=name, secret=secret, created_at=tx.now)
    return secret


def find_key(tx: Tx, name: str) -> str:
    """Raises: LookupError before `ensure_key`."""
    known = tx.one(_FIND, name=name)
    if known is None:
        raise LookupError(f"There is no key for {name} yet.")
    return str(known.secret)
