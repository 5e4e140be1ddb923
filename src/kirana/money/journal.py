"""The journal: every transfer in the order in which it was written, one row each, never changed."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Tx

from .model import Group, Refused, Row, fingerprint, refused_row
from .tables import transfers

_HEAD = Q(select(transfers.c.seq, transfers.c.created_at).order_by(transfers.c.seq.desc()).limit(1))
_FIND = Q(select(transfers.c.seq).where(transfers.c.id == bindparam("id")))
_READ = Q(select(transfers).where(transfers.c.seq == bindparam("seq")))
_APPEND = Q(insert(transfers))

_WRITTEN = "money.journal"
_encode = msgspec.json.Encoder().encode


class Head(NamedTuple):
    """The last row's number and time; zeros before the first."""

    seq: int
    created_at: int


def head(tx: Tx) -> Head:
    row = tx.one(_HEAD)
    return Head(row.seq, row.created_at) if row else Head(0, 0)


def append(tx: Tx, rows: Sequence[Row]) -> None:
    """Write rows, and remember them as the chain reads them: compact JSON arrays by seq."""
    tx.many(_APPEND, rows)
    written = tx.scratch.setdefault(_WRITTEN, {})
    for row in rows:
        written[row.seq] = _encode(row)


def written_by(tx: Tx) -> dict[int, bytes]:
    """What this commit has appended, by seq. Of a command that was undone something may be left:
    a number is right when the journal has it, since whoever took it after that wrote it anew."""
    written: dict[int, bytes] = tx.scratch.get(_WRITTEN, {})
    return written


def read(tx: Tx, seq: int) -> bytes:
    """A row as the chain reads it: one that an earlier commit left unsealed."""
    return _encode(tx.one(_READ, seq=seq))


def remember(tx: Tx, group: Group, refused: Refused) -> None:
    """Write down that `group` was refused, unless it is written down already."""
    if tx.one(_FIND, id=group.id):
        return
    last = head(tx)
    now = max(tx.now, last.created_at)
    append(tx, [refused_row(group, fingerprint(group), refused, seq=last.seq + 1, now=now)])
