"""The journal: every transfer in the order in which it was written, one row each, never changed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Tx

from .model import Group, Refused, Row, fingerprint, refused_row
from .tables import transfers

_HEAD = Q(select(transfers.c.seq, transfers.c.created_at).order_by(transfers.c.seq.desc()).limit(1))
_FIND = Q(select(transfers.c.seq).where(transfers.c.id == bindparam("id")))
_APPEND = Q(insert(transfers))


class Head(NamedTuple):
    """The last row's number and time; zeros before the first."""

    seq: int
    created_at: int


def head(tx: Tx) -> Head:
    row = tx.one(_HEAD)
    return Head(row.seq, row.created_at) if row else Head(0, 0)


def append(tx: Tx, rows: Sequence[Row]) -> None:
    tx.many(_APPEND, [row._asdict() for row in rows])


def remember(tx: Tx, group: Group, refused: Refused) -> None:
    """Write down that `group` was refused, unless it is written down already."""
    if tx.one(_FIND, id=group.id):
        return
    last = head(tx)
    now = max(tx.now, last.created_at)
    append(tx, [refused_row(group, fingerprint(group), refused, seq=last.seq + 1, now=now)])
