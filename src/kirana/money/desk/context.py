"""What operators see of a payment that waits: who the two are to the books, how much each moved of
late, which rule caught it, and what was decided before. Nothing of what people say to each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, case, func, select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import NotFound
from kirana.values import Actor, Money, OwnerId, TransferId, UserId

from ..model import AccountKey, currency_of
from ..owners import NameOf, Tier, find_owner, require_operator
from ..screening import matching_names
from ..tables import accounts, entries, holds, review_rules, reviews, transfers
from ..transfers import TransferDetails, find_transfer
from ..wallets import wallet_key
from .reviews import votes_on

DAY_MS = 24 * 3600 * 1000
MONTH_MS = 30 * DAY_MS
_EARLIER = 20

_FIND = Q(select(reviews).where(reviews.c.transfer_id == bindparam("id")))
_RULE = Q(
    select(review_rules.c.above_minor)
    .where(review_rules.c.currency == bindparam("currency"), review_rules.c.at <= bindparam("at"))
    .order_by(review_rules.c.at.desc(), review_rules.c.id.desc())
    .limit(1)
)
_posted = entries.c.posted_minor
_MOVED = Q(
    select(
        func.coalesce(func.sum(case((_posted < 0, -_posted), else_=0)), 0).label("out_minor"),
        func.coalesce(func.sum(case((_posted > 0, _posted), else_=0)), 0).label("in_minor"),
        func.coalesce(func.sum(case((_posted < 0, 1), else_=0)), 0).label("out_count"),
        func.coalesce(func.sum(case((_posted > 0, 1), else_=0)), 0).label("in_count"),
    )
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .where(
        entries.c.account_id == bindparam("account_id"),
        transfers.c.created_at > bindparam("since"),
    )
)
_FIRST = Q(
    select(func.min(transfers.c.created_at).label("at"))
    .join_from(entries, transfers, transfers.c.seq == entries.c.seq)
    .join(accounts, accounts.c.id == entries.c.account_id)
    .where(accounts.c.owner_id == bindparam("owner_id"), entries.c.version == 1)
)
_debits, _credits = accounts.alias("debits"), accounts.alias("credits")
_BETWEEN = Q(
    select(
        transfers.c.id,
        transfers.c.ledger_id,
        transfers.c.amount_minor,
        transfers.c.created_at,
        _debits.c.owner_id.label("payer_id"),
        reviews.c.why,
        holds.c.state,
    )
    .join_from(reviews, transfers, transfers.c.id == reviews.c.transfer_id)
    .join(holds, holds.c.id == transfers.c.id)
    .join(_debits, _debits.c.id == transfers.c.debit_id)
    .join(_credits, _credits.c.id == transfers.c.credit_id)
    .where(
        any_of(_debits.c.owner_id, "both"),
        any_of(_credits.c.owner_id, "both"),
        holds.c.state != "open",
    )
    .order_by(transfers.c.seq.desc())
    .limit(_EARLIER)
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What went out of a wallet and came into it, in so many payments each."""

    out: Money
    out_count: int
    into: Money
    into_count: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two. `since` is when money of theirs was first here, `day` and `month` what their
    wallet of this currency moved in the last 24 hours and 30 days, without what is set aside."""

    owner_id: OwnerId
    tier: Tier
    since: int | None
    day: Moved
    month: Moved


@dataclass(frozen=True, slots=True)
class Decided:
    """A payment between the same two that waited before, and how it ended."""

    transfer_id: TransferId
    payer_id: OwnerId
    amount: Money
    how: Literal["posted", "voided", "expired"]
    by_ids: list[UserId]
    """The operators who decided, in the order in which they did."""
    created_at: int


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """`above` is the line that the amount had passed, `names` the names of the list that one of the
    two bears now. `ref_kind` says what the payment belongs to (`conversation`, `order`), and not
    which."""

    transfer_id: TransferId
    ref_kind: str | None
    above: Money | None
    names: list[str]
    payer: Side
    payee: Side
    earlier: list[Decided]


def get_review_context(
    tx: Tx, transfer_id: TransferId, name_of: NameOf, *, by: Actor
) -> ReviewContext:
    """For operators: what a payment that waits, or waited, is about.

    Raises: NotAllowed, NotFound.
    """
    require_operator(tx, by=by)
    row, transfer = tx.one(_FIND, id=transfer_id), find_transfer(tx, transfer_id)
    if row is None or transfer is None:
        raise NotFound()
    sides = [transfer.payer_id, transfer.payee_id]
    return ReviewContext(
        transfer_id=transfer_id,
        ref_kind=transfer.ref.kind if transfer.ref else None,
        above=_line(tx, row, transfer),
        names=matching_names(tx, sides, name_of),
        payer=_side(tx, transfer.payer_id, transfer.amount.currency),
        payee=_side(tx, transfer.payee_id, transfer.amount.currency),
        earlier=_earlier(tx, transfer_id, sides),
    )


def _line(tx: Tx, row: Row, transfer: TransferDetails) -> Money | None:
    amount = transfer.amount
    rule = tx.one(_RULE, currency=amount.currency, at=row.created_at)
    if rule is None or rule.above_minor is None or amount.amount_minor <= rule.above_minor:
        return None
    return Money(rule.above_minor, amount.currency)


def _side(tx: Tx, owner_id: OwnerId, currency: str) -> Side:
    owner = find_owner(tx, owner_id)
    key = wallet_key(owner_id, currency)
    first = tx.one(_FIRST, owner_id=owner_id)
    return Side(
        owner_id=owner_id,
        tier=owner.tier if owner else "unverified",
        since=first.at if first else None,
        day=_moved(tx, key, tx.now - DAY_MS),
        month=_moved(tx, key, tx.now - MONTH_MS),
    )


def _moved(tx: Tx, key: AccountKey, since: int) -> Moved:
    row = tx.one(_MOVED, account_id=key.id, since=since)
    assert row is not None, "A sum is one row."
    return Moved(
        Money(int(row.out_minor), key.currency),
        int(row.out_count),
        Money(int(row.in_minor), key.currency),
        int(row.in_count),
    )


def _earlier(tx: Tx, transfer_id: TransferId, both: Sequence[OwnerId]) -> list[Decided]:
    rows = [row for row in tx.all(_BETWEEN, both=list(both)) if row.id != transfer_id]
    votes = votes_on(tx, [row.id for row in rows])
    return [
        Decided(
            transfer_id=row.id,
            payer_id=row.payer_id,
            amount=Money(row.amount_minor, currency_of(row.ledger_id)),
            how=row.state,
            by_ids=[vote.by_id for vote in votes if vote.transfer_id == row.id],
            created_at=row.created_at,
        )
        for row in rows
    ]
