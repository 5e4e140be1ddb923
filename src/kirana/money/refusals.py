"""What was refused since a name is on the operators' list: a trace that operators alone see. What
was refused is undone, but for this."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Tx, upsert
from kirana.platform.stream import Change
from kirana.values import Money, OwnerId, UserId

from .model import OPERATOR, Group
from .tables import owners, refused_payments

What = Literal["order", "coming", "request", "link", "top_up", "exchange", "payout"]

_NOTE = Q(upsert(refused_payments, ["id"]))
_NEWEST = Q(
    select(refused_payments)
    .order_by(refused_payments.c.at.desc(), refused_payments.c.id.desc())
    .limit(bindparam("limit"))
)
_OPERATORS = Q(select(owners.c.id).where(owners.c.tier == "operator"))


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody tried. Its `id` is noted once, however often it is tried again."""

    id: UUID
    what: What
    payer_id: OwnerId
    payee_id: OwnerId | None
    """None: nobody but this server."""
    amount: Money
    names: tuple[str, ...] = ()
    """Those of the list that one of the two bears, or the name that was given; where it was looked
    for when many pay at once, none is told."""


@dataclass(frozen=True, slots=True)
class RefusedPayment:
    """An attempt, and when it was refused first."""

    attempt: Attempt
    at: int


def attempt_of(group: Group) -> Attempt | None:
    """What a group that was refused for a name wanted."""
    move = group.moves[0]
    if not group.is_suspect or move.debit is None or move.credit is None or move.amount is None:
        return None
    payee_id = move.credit.owner_id
    return Attempt(
        group.id,
        _KINDS.get(group.purpose, "coming"),
        move.debit.owner_id,
        None if payee_id == OPERATOR else payee_id,
        move.amount,
    )


def note_refused(tx: Tx, attempt: Attempt) -> None:
    """Keep the trace. Safe to repeat."""
    is_new = tx.do(
        _NOTE,
        id=attempt.id,
        what=attempt.what,
        payer_id=attempt.payer_id,
        payee_id=attempt.payee_id,
        currency=attempt.amount.currency,
        amount_minor=attempt.amount.amount_minor,
        names=list(attempt.names),
        at=tx.now,
    )
    if is_new:
        operators = [UserId(row.id) for row in tx.all(_OPERATORS)]
        tx.publish(operators, Change("review", attempt.id))


def newest_refused(tx: Tx, limit: int) -> list[RefusedPayment]:
    return [
        RefusedPayment(
            Attempt(
                row.id,
                row.what,
                row.payer_id,
                row.payee_id,
                Money(row.amount_minor, row.currency),
                tuple(row.names),
            ),
            row.at,
        )
        for row in tx.all(_NEWEST, limit=limit)
    ]


_KINDS: dict[str, What] = {
    "request": "request",
    "link": "link",
    "exchange": "exchange",
    "payout": "payout",
}
