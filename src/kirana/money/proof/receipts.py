"""Receipts: what the books say of one transfer, signed, so that anybody can check it later.

A receipt shows the side of whoever asked for it. It carries the hash of the transfer's row, the
block that sealed it and the head of the chain when the receipt was made: whoever holds one can
notice if this server ever tells another story.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select

from kirana.platform import signatures
from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, Money, TransferId

from .. import chain, journal
from ..chain import SealedBlock
from ..model import OPERATOR, Kind, Ref
from ..owners import NameOf
from ..tables import transfers
from ..transfers import get_transfer

_ROW = Q(
    select(transfers.c.seq, transfers.c.debit_id, transfers.c.credit_id).where(
        transfers.c.id == bindparam("id")
    )
)
_DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class TransferReceipt:
    """One transfer, as the books have it at `line` of the journal. `row_hash` is the SHA-256 of all
    columns of that line. `signature` is of everything else, by the owner of `key`."""

    what: Literal["kirana-receipt-1"]
    server: str
    key: str
    issued_at: int
    transfer_id: TransferId
    line: int
    kind: Kind
    purpose: str
    is_outgoing: bool
    amount: Money
    payer: str
    payee: str
    account_id: UUID
    """The asker's."""
    reverses_id: TransferId | None
    ref: Ref | None
    created_at: int
    row_hash: str
    block: SealedBlock
    head: SealedBlock
    signature: str = ""


Verdict = Literal["valid", "changed", "not_ours", "books_differ"]


@dataclass(frozen=True, slots=True)
class ReceiptVerification:
    """`valid`: this server said so, and its books still do. `changed`: somebody altered it.
    `not_ours`: another server's key signed it. `books_differ`: this server signed it, and its books
    say something else now."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The last block of the books at a moment. Whoever keeps it can tell if what was sealed until
    then is ever changed."""

    what: Literal["kirana-head-1"]
    server: str
    key: str
    at: int
    block: SealedBlock
    signature: str = ""


@dataclass(frozen=True, slots=True)
class BooksHead:
    """Where the books stand, and where they stood when the day before ended in UTC."""

    head: SignedHead | None
    yesterday: SignedHead | None


def make_receipt(
    tx: Tx, id: TransferId, server: str, name_of: NameOf, *, by: Actor
) -> TransferReceipt:
    """The receipt of a transfer that `by` is a side of. Raises: NotFound."""
    transfer = get_transfer(tx, id, by=by)
    row, head = tx.one(_ROW, id=id), chain.head(tx)
    block = chain.block_of(tx, row.seq) if row else None
    if row is None or block is None or head is None:
        raise NotFound()
    sides = {transfer.payer_id, transfer.payee_id} - {OPERATOR}
    names = {OPERATOR: server, **name_of(tx, sides)}
    is_outgoing = transfer.payer_id == by.user_id
    receipt = TransferReceipt(
        what="kirana-receipt-1",
        server=server,
        key=signatures.public_key(tx),
        issued_at=tx.now,
        transfer_id=id,
        line=row.seq,
        kind=transfer.kind,
        purpose=transfer.purpose,
        is_outgoing=is_outgoing,
        amount=transfer.amount,
        payer=names.get(transfer.payer_id, ""),
        payee=names.get(transfer.payee_id, ""),
        account_id=row.debit_id if is_outgoing else row.credit_id,
        reverses_id=transfer.reverses_id,
        ref=transfer.ref,
        created_at=transfer.created_at,
        row_hash=_row_hash(tx, row.seq),
        block=block,
        head=head,
    )
    return replace(receipt, signature=signatures.sign(tx, _text(receipt)))


def verify_receipt(tx: Tx, receipt: TransferReceipt) -> ReceiptVerification:
    """Whether this server gave that receipt, and stands by it."""
    return ReceiptVerification(_verdict(tx, receipt))


def books_head(tx: Tx, server: str) -> BooksHead:
    """Today's head and yesterday's, signed. For everybody."""
    head = chain.head(tx)
    if head is None:
        return BooksHead(None, None)
    today = tx.now // _DAY_MS * _DAY_MS
    before = chain.last_before(tx, today)
    return BooksHead(
        sign_head(tx, head, tx.now, server),
        sign_head(tx, before, today, server) if before else None,
    )


def sign_head(tx: Tx, block: SealedBlock, at: int, server: str) -> SignedHead:
    head = SignedHead("kirana-head-1", server, signatures.public_key(tx), at, block)
    return replace(head, signature=signatures.sign(tx, _text(head)))


def is_signed_head(head: SignedHead) -> bool:
    return signatures.is_signed(_text(head), head.signature, head.key)


def _verdict(tx: Tx, receipt: TransferReceipt) -> Verdict:
    key = signatures.public_key(tx)
    if receipt.key != key:
        return "not_ours"
    if not signatures.is_signed(_text(receipt), receipt.signature, key):
        return "changed"
    row = tx.one(_ROW, id=receipt.transfer_id)
    stands = (
        row is not None
        and row.seq == receipt.line
        and _row_hash(tx, row.seq) == receipt.row_hash
        and chain.block_of(tx, row.seq) == receipt.block
        and chain.find_block(tx, receipt.head.no) == receipt.head
    )
    return "valid" if stands else "books_differ"


def _row_hash(tx: Tx, seq: int) -> str:
    return sha256(journal.read(tx, seq)).hexdigest()


def _text(signed: TransferReceipt | SignedHead) -> bytes:
    return signatures.canonical(msgspec.to_builtins(replace(signed, signature="")))
