"""The chain: each commit that wrote transfers seals them with a hash that includes the last one."""

from bisect import bisect_left
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import bindparam, insert, select

from kirana.platform.db import Q, Row, Tx

from . import journal
from .tables import blocks

_FIRST_PREV = bytes(32)

_LAST = Q(select(blocks).order_by(blocks.c.no.desc()).limit(1))
_SEAL = Q(insert(blocks))


_OF_SEQ = Q(
    select(blocks).where(blocks.c.seq_to >= bindparam("seq")).order_by(blocks.c.seq_to).limit(1)
)
_NUMBER = Q(select(blocks).where(blocks.c.no == bindparam("no")))


@dataclass(frozen=True, slots=True)
class SealedBlock:
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


def head(tx: Tx) -> SealedBlock | None:
    """The last block; None in books where nothing was written yet."""
    return _block(tx.one(_LAST))


def find_block(tx: Tx, no: int) -> SealedBlock | None:
    return _block(tx.one(_NUMBER, no=no))


def block_of(tx: Tx, seq: int) -> SealedBlock | None:
    """The block that sealed a row of the journal; None for one that is not sealed yet."""
    row = tx.one(_OF_SEQ, seq=seq)
    return _block(row) if row and row.seq_from <= seq else None


def last_before(tx: Tx, at: int) -> SealedBlock | None:
    """The last block that was sealed before `at`: looked for, since blocks are in order of time."""
    last = head(tx)
    if last is None:
        return None

    def sealed_at(no: int) -> int:
        block = find_block(tx, no)
        assert block is not None, f"block {no} is missing"
        return block.sealed_at

    return find_block(tx, bisect_left(range(1, last.no + 1), at, key=sealed_at))


def _block(row: Row | None) -> SealedBlock | None:
    return SealedBlock(row.no, row.hash.hex(), row.sealed_at) if row else None
