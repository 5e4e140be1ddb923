"""The chain: each commit that wrote transfers seals them with a hash that includes the last one."""

from hashlib import sha256

import msgspec
from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Tx

from . import journal
from .tables import blocks, transfers

FIRST_PREV = bytes(32)

_LAST = Q(select(blocks).order_by(blocks.c.no.desc()).limit(1))
_SINCE = Q(select(transfers).where(transfers.c.seq > bindparam("seq")).order_by(transfers.c.seq))
_SEAL = Q(insert(blocks))
_encode = msgspec.json.Encoder().encode


def seal(tx: Tx) -> None:
    """Seal what this commit has written. To be run before each commit.

    hash = SHA-256(the hash before ‖ for each transfer the compact JSON array of its columns).
    """
    last = tx.one(_LAST)
    sealed_to, prev = (last.seq_to, last.hash) if last else (0, FIRST_PREV)
    if journal.head(tx).seq == sealed_to:
        return
    rows = tx.all(_SINCE, seq=sealed_to)
    digest = sha256(prev)
    for row in rows:
        digest.update(_encode(row))
    tx.do(
        _SEAL,
        no=last.no + 1 if last else 1,
        seq_from=rows[0].seq,
        seq_to=rows[-1].seq,
        prev_hash=prev,
        hash=digest.digest(),
        sealed_at=tx.now,
    )
