"""Refunds that were made at the provider's own desk: operators say whose money it was to give."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx, upsert
from kirana.values import Money, OwnerId, UserId

from ..model import OPERATOR
from ..rails.stripe import Stage
from ..screening import list_review_rules
from .books import sale_of
from .tables import rail_settlements

Bearer = Literal["payee", "operator"]
"""Who bears it: whoever was paid, or the operator."""

_FIND = Q(select(rail_settlements).where(rail_settlements.c.payment_id == bindparam("payment_id")))
_PROPOSE = Q(upsert(rail_settlements, ["payment_id"], ["bearer", "by_id", "at"]))
_SETTLE = Q(
    update(rail_settlements)
    .where(rail_settlements.c.payment_id == bindparam("id_"))
    .values(
        agreed_by=bindparam("agreed_by"),
        settled_at=bindparam("settled_at"),
        given_back_minor=bindparam("given_back_minor"),
    )
)
_UNDO = Q(
    update(rail_settlements)
    .where(rail_settlements.c.payment_id == bindparam("id_"))
    .values(undone_at=bindparam("undone_at"))
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be said of a refund that was made elsewhere: whether `bearer_id` gives it, or the
    operator."""

    bearer_id: OwnerId
    approvals: int
    """How many operators have to say the same."""
    proposed: Bearer | None
    proposed_by: UserId | None


def is_elsewhere(row: Row) -> bool:
    """Whether it is a refund out of the operator's account that none of ours asked for: nothing was
    set aside for it."""
    is_ours = row.card_account_id == OPERATOR
    return bool(row.kind == "refund" and row.hold_id is None and is_ours)


def find_settlement(tx: Tx, row: Row) -> Row | None:
    return tx.one(_FIND, payment_id=row.id)


def to_settle(tx: Tx, row: Row) -> Settlement | None:
    """What operators have yet to say of a refund, if anything."""
    if not is_elsewhere(row) or row.stage != Stage.SETTLED:
        return None
    said = find_settlement(tx, row)
    if said is not None and said.settled_at is not None:
        return None
    return Settlement(
        bearer_id=row.payee_id if sale_of(tx, row) else row.owner_id,
        approvals=approvals_for(tx, Money(row.amount_minor, row.currency)),
        proposed=said.bearer if said else None,
        proposed_by=said.by_id if said else None,
    )


def approvals_for(tx: Tx, amount: Money) -> int:
    """As many as have to look at a payment of this amount before it goes through; else one."""
    return next(
        (
            rule.approvals
            for rule in list_review_rules(tx)
            if rule.currency == amount.currency and amount.amount_minor > rule.above_minor
        ),
        1,
    )


def propose(tx: Tx, row: Row, bearer: Bearer, by_id: UserId) -> None:
    """What one operator says; it takes the place of what another said before."""
    nothing: dict[str, Any] = {"agreed_by": None, "settled_at": None, "undone_at": None}
    tx.do(
        _PROPOSE, payment_id=row.id, bearer=bearer, by_id=by_id, at=tx.now, given_back_minor=0,
        **nothing,
    )  # fmt: skip


def note_settled(tx: Tx, row: Row, given_back: Money, agreed_by: UserId | None) -> None:
    tx.do(
        _SETTLE, id_=row.id, agreed_by=agreed_by, settled_at=tx.now,
        given_back_minor=given_back.amount_minor,
    )  # fmt: skip


def note_undone(tx: Tx, row: Row) -> None:
    tx.do(_UNDO, id_=row.id, undone_at=tx.now)
