"""The operators' desk: payments that wait until somebody has looked at them, and corrections that
one operator proposes and another one makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Money, OwnerId, TransferId, UserId

from .. import ledger
from ..events import ReviewEnded, TransferExpired
from ..model import OPERATOR, AccountKey, Code, Group, Move, Ref
from ..owners import operators, require_operator, require_owner
from ..problems import HoldExpired, HoldResolved
from ..screening import Why
from ..tables import corrections, holds, review_votes, reviews, transfers
from ..transfers import TransferDetails, find_transfer
from ..wallets import wallet_key

Verdict = Literal["approve", "reject"]

_OPEN = Q(
    select(reviews)
    .join(holds, holds.c.id == reviews.c.transfer_id)
    .join(transfers, transfers.c.id == reviews.c.transfer_id)
    .where(holds.c.state == "open")
    .order_by(transfers.c.seq)
)
_FIND = Q(select(reviews).where(reviews.c.transfer_id == bindparam("id")))
_VOTES = Q(
    select(review_votes)
    .where(any_of(review_votes.c.transfer_id, "ids"))
    .order_by(review_votes.c.at, review_votes.c.by_id)
)
_VOTE = Q(insert(review_votes))
_FIND_CORRECTION = Q(select(corrections).where(corrections.c.id == bindparam("id")))
_NEWEST_CORRECTIONS = Q(
    select(corrections).order_by(corrections.c.at.desc(), corrections.c.id.desc()).limit(100)
)
_PROPOSE = Q(insert(corrections))
_DECIDE = Q(
    update(corrections)
    .where(corrections.c.id == bindparam("id_"), corrections.c.verdict.is_(None))
    .values(
        verdict=bindparam("verdict_"),
        decided_by=bindparam("decided_by_"),
        decided_at=bindparam("decided_at_"),
        transfer_id=bindparam("transfer_id_"),
    )
)


@dataclass(frozen=True, slots=True)
class Review:
    """A payment that waits, why, and who has said yes of how many that must."""

    transfer: TransferDetails
    why: Why
    approvals: int
    approved_by: list[UserId]


@dataclass(frozen=True, slots=True)
class Correction:
    """What the operators give (`amount` above zero) or take from a wallet to put something right,
    against suspense. It is made when another operator than `by_id` approves it."""

    id: UUID
    owner_id: OwnerId
    amount: Money
    reason: str
    by_id: UserId
    at: int
    verdict: Verdict | None
    decided_by: UserId | None
    decided_at: int | None
    transfer_id: TransferId | None


def list_reviews(tx: Tx, *, by: Actor) -> list[Review]:
    """For operators: what waits, the oldest first. Raises: NotAllowed."""
    require_operator(tx, by=by)
    return [_review(tx, row) for row in tx.all(_OPEN)]


def decide_review(
    tx: Tx, id: TransferId, transfer_id: TransferId, verdict: Verdict, *, by: Actor
) -> Review:
    """Let a payment through, or send it back. It goes through when as many operators have said yes
    as its rule asks for; one who rejects it is enough. Safe to repeat.

    Raises: NotAllowed unless an operator does it who neither pays nor is paid; NotFound,
    HoldResolved, HoldExpired, AccountFrozen, AccountClosed, IdReused.
    """
    require_operator(tx, by=by)
    ledger.expire_holds(tx)
    row, transfer = tx.one(_FIND, id=transfer_id), find_transfer(tx, transfer_id)
    if row is None or transfer is None:
        raise NotFound()
    if by.person_id in (transfer.payer_id, transfer.payee_id):
        raise NotAllowed()
    votes = {it.by_id: it.verdict for it in votes_on(tx, [transfer_id])}
    if known := votes.get(by.person_id):
        if known != verdict:
            raise HoldResolved(state=transfer.state)
        return _review(tx, row)
    if transfer.state == "expired":
        raise HoldExpired()
    if transfer.state != "open":
        raise HoldResolved(state=transfer.state)
    if verdict == "reject":
        ledger.void(tx, id, transfer_id, "review_rejected", by=by)
        _announce(tx, transfer, "rejected")
    elif len(votes) + 1 >= row.approvals:
        ledger.capture(tx, id, transfer_id, purpose=transfer.purpose, by=by)
        _announce(tx, transfer, "released")
    tx.do(_VOTE, transfer_id=transfer_id, by_id=by.person_id, verdict=verdict, at=tx.now)
    _tell(tx, transfer_id)
    return _review(tx, row)


def hear_expired(tx: Tx, event: TransferExpired) -> None:
    """A payment that nobody looked at in time went back."""
    if event.hold_id and tx.one(_FIND, id=event.hold_id):
        transfer = find_transfer(tx, event.hold_id)
        assert transfer is not None
        _announce(tx, transfer, "expired")
        _tell(tx, transfer.id)


def propose_correction(
    tx: Tx, id: UUID, owner_id: OwnerId, amount: Money, reason: str, *, by: Actor
) -> Correction:
    """Write down what would put something right; nothing moves yet. Safe to repeat with the same
    `id`.

    Raises: NotAllowed unless an operator does it, and for their own wallet; NotFound, IdReused.
    """
    require_operator(tx, by=by)
    if known := tx.one(_FIND_CORRECTION, id=id):
        correction = _correction(known)
        if (correction.owner_id, correction.amount, correction.reason) != (
            owner_id,
            amount,
            reason,
        ):
            raise IdReused(id=str(id))
        return correction
    require_owner(tx, owner_id)
    if owner_id == by.person_id:
        raise NotAllowed()
    ledger.open_currency(tx, amount.currency)
    tx.do(
        _PROPOSE,
        id=id,
        owner_id=owner_id,
        currency=amount.currency,
        amount_minor=amount.amount_minor,
        reason=reason,
        by_id=by.person_id,
        at=tx.now,
        verdict=None,
        decided_by=None,
        decided_at=None,
        transfer_id=None,
    )
    _tell(tx, id)
    return _get(tx, id)


def decide_correction(
    tx: Tx, id: TransferId, correction_id: UUID, verdict: Verdict, *, by: Actor
) -> Correction:
    """Make a correction that another operator proposed, or drop one. Safe to repeat.

    Raises: NotAllowed unless an operator does it, for approving what one proposed oneself, and for
    one's own wallet; HoldResolved when it was decided otherwise; InsufficientFunds, AccountFrozen,
    AccountClosed, CounterFull, IdReused, NotFound.
    """
    require_operator(tx, by=by)
    correction = _get(tx, correction_id)
    if correction.verdict is not None:
        if (correction.verdict, correction.decided_by) != (verdict, by.person_id):
            raise HoldResolved(state=correction.verdict)
        return correction
    if verdict == "approve" and by.person_id in (correction.by_id, correction.owner_id):
        raise NotAllowed()
    made = _correct(tx, id, correction, by=by) if verdict == "approve" else None
    tx.do(
        _DECIDE,
        id_=correction_id,
        verdict_=verdict,
        decided_by_=by.person_id,
        decided_at_=tx.now,
        transfer_id_=made,
    )
    _tell(tx, correction_id)
    return _get(tx, correction_id)


def list_corrections(tx: Tx, *, by: Actor) -> list[Correction]:
    """For operators: the newest hundred, made, dropped or waiting. Raises: NotAllowed."""
    require_operator(tx, by=by)
    return [_correction(row) for row in tx.all(_NEWEST_CORRECTIONS)]


def votes_on(tx: Tx, ids: Sequence[TransferId]) -> list[Row]:
    """What operators said of payments that wait, in the order in which they did."""
    return tx.all(_VOTES, ids=list(ids))


def _correct(tx: Tx, id: TransferId, correction: Correction, *, by: Actor) -> TransferId:
    amount = correction.amount
    suspense = AccountKey(OPERATOR, Code.SUSPENSE, amount.currency)
    wallet = wallet_key(correction.owner_id, amount.currency)
    gives = amount.amount_minor > 0
    move = Move.posted(
        *((suspense, wallet) if gives else (wallet, suspense)), amount if gives else -amount
    )
    ref = Ref("correction", correction.id)
    return ledger.post(tx, Group(id, (move,), "correction", by.person_id, ref))[0].id


def _get(tx: Tx, id: UUID) -> Correction:
    row = tx.one(_FIND_CORRECTION, id=id)
    if row is None:
        raise NotFound()
    return _correction(row)


def _announce(
    tx: Tx, transfer: TransferDetails, how: Literal["released", "rejected", "expired"]
) -> None:
    tx.emit(
        ReviewEnded(
            transfer_id=transfer.id,
            payer_id=transfer.payer_id,
            payee_id=transfer.payee_id,
            amount=transfer.amount,
            how=how,
        )
    )


def _tell(tx: Tx, id: UUID) -> None:
    tx.publish([UserId(it) for it in operators(tx)], Change("review", id))


def _review(tx: Tx, row: Row) -> Review:
    transfer = find_transfer(tx, row.transfer_id)
    assert transfer is not None, "A review is of a transfer."
    votes = votes_on(tx, [row.transfer_id])
    approved = [it.by_id for it in votes if it.verdict == "approve"]
    return Review(transfer, row.why, row.approvals, approved)


def _correction(row: Row) -> Correction:
    return Correction(
        id=row.id,
        owner_id=row.owner_id,
        amount=Money(row.amount_minor, row.currency),
        reason=row.reason,
        by_id=row.by_id,
        at=row.at,
        verdict=row.verdict,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        transfer_id=row.transfer_id,
    )
