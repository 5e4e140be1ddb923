"""The chain: each commit that wrote transfers seals them with a hash that includes the last one."""

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import insert, select

from kirana.platform.db import Q, Row, Tx

from . import journal
from .tables import blocks

_FIRST_PREV = bytes(32)

_LAST = Q(select(blocks).order_by(blocks.c.no.desc()).limit(1))
_SEAL = Q(insert(blocks))


@dataclass(frozen=True, slots=True)
class Block:
    """One link of the chain. Its `hash`, in hexadecimal digits, stands for everything up to it."""

    no: int
    hash: str
    sealed_at: int


def seal(tx: Tx) -> None:
    """Seal what this commit has written. To be run before each commit.

    hash = SHA-256(the hash before ‖ for each transfer the compact JSON array of its columns).
    """
    if not (written := journal.written_by(tx)):
        return
    last = tx.one(_LAST)
    no, sealed_to, prev = (last.no, last.seq_to, last.hash) if last else (0, 0, _FIRST_PREV)
    seq_to, created_at = journal.head(tx)
    if seq_to == sealed_to:
        return
    digest = sha256(prev)
    for seq in range(sealed_to + 1, seq_to + 1):
        digest.update(written[seq] if seq in written else journal.read(tx, seq))
    tx.do(
        _SEAL,
        no=no + 1,
        seq_from=sealed_to + 1,
        seq_to=seq_to,
        prev_hash=prev,
        hash=digest.digest(),
        sealed_at=created_at,
    )


def head(tx: Tx) -> Block | None:
    """The last block; None in books where nothing was written yet."""
    return _block(tx.one(_LAST))


def _block(row: Row | None) -> Block | None:
    return Block(row.no, row.hash.hex(), row.sealed_at) if row else None
