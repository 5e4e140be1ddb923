"""Splitting a bill that one has paid: each of the others is asked for a share of their own.

Shares are independent requests. A split is closed when each of them has ended, whatever way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, insert, or_, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.platform.stream import Change
from kirana.values import (
    Actor,
    Mandate,
    Money,
    OwnerId,
    RequestId,
    SplitId,
    UserId,
    derived_id,
    total,
)

from ..events import RequestEvent, SplitClosed, SplitMade, SplitReminded
from ..ledger import open_currency
from ..model import Ref, digest, ref_of
from ..owners import known_owners, require_mandate
from ..problems import ClaimOpen, RequestEnded
from ..tables import request_ends, shares, splits
from ..ways import WALLET, require_way
from .requests import ask, cancel_request, expire_requests, find_request, remind

MAX_SHARES = 256
SPLIT = "split"
"""The kind of `Ref` that a share's request has."""

_FIND = Q(select(splits).where(splits.c.id == bindparam("id")))
_SHARES = Q(
    select(shares, request_ends.c.how)
    .outerjoin_from(shares, request_ends, request_ends.c.request_id == shares.c.request_id)
    .where(shares.c.split_id == bindparam("split_id"))
    .order_by(shares.c.position)
)
_MINE = Q(
    select(splits)
    .where(
        or_(
            splits.c.payee_id == bindparam("me"),
            splits.c.id.in_(select(shares.c.split_id).where(shares.c.owner_id == bindparam("me"))),
        )
    )
    .order_by(splits.c.created_at, splits.c.id)
)
_ADD = Q(insert(splits))
_ADD_SHARE = Q(insert(shares))
_CLOSE = Q(
    update(splits)
    .where(splits.c.id == bindparam("id_"), splits.c.closed_at.is_(None))
    .values(closed_at=bindparam("now"))
)

ShareState = Literal["own", "open", "paid", "declined", "canceled", "expired"]


@dataclass(frozen=True, slots=True)
class ShareDraft:
    """What somebody is to bear of the bill."""

    owner_id: OwnerId
    amount: Money


@dataclass(frozen=True, slots=True)
class Share:
    """`own` is the share of whoever paid the bill; the others are asked by `request_id`."""

    owner_id: OwnerId
    amount: Money
    request_id: RequestId | None
    state: ShareState


@dataclass(frozen=True, slots=True)
class Split:
    """A bill that `payee_id` has paid, and who bears how much of it."""

    id: SplitId
    payee_id: OwnerId
    total: Money
    ref: Ref | None
    shares: list[Share]
    created_at: int
    closed_at: int | None

    @property
    def asked(self) -> list[Share]:
        return [share for share in self.shares if share.request_id is not None]

    @property
    def paid(self) -> list[Share]:
        return [share for share in self.shares if share.state == "paid"]


def split_bill(
    tx: Tx,
    split_id: SplitId,
    bill: Money,
    drafts: Sequence[ShareDraft],
    *,
    ref: Ref | None = None,
    timeout_s: int | None = None,
    by: Actor,
) -> Split:
    """Ask everybody but oneself for their share. Safe to repeat with the same id.

    Raises: InvalidInput for shares that are none, or do not add up to the bill; WayOff, IdReused;
    NotFound for somebody who is not here; NotAllowed for whoever may not ask in a shop's name.
    """
    require_mandate(Mandate.ASK, by=by)
    fp = digest(by.person_id, by.user_id, bill, drafts, ref, timeout_s)
    if known := tx.one(_FIND, id=split_id):
        if known.fp != fp:
            raise IdReused(id=str(split_id))
        return _split(tx, known)
    _check(bill, drafts, by)
    people = [draft.owner_id for draft in drafts]
    if missing := set(people) - set(known_owners(tx, people)):
        raise NotFound(owner_id=str(min(missing)))
    require_way(tx, bill.currency, WALLET)
    open_currency(tx, bill.currency)
    tx.do(
        _ADD,
        id=split_id,
        payee_id=by.user_id,
        currency=bill.currency,
        total_minor=bill.amount_minor,
        ref_kind=ref.kind if ref else None,
        ref_id=ref.id if ref else None,
        by_id=by.person_id,
        created_at=tx.now,
        fp=fp,
    )
    for position, draft in enumerate(drafts):
        is_own = draft.owner_id == by.user_id
        request_id = None if is_own else _request_id(split_id, position)
        if request_id:
            ask(
                tx,
                request_id,
                asker=by.user_id,
                payer=draft.owner_id,
                amount=draft.amount,
                ref=Ref(SPLIT, split_id),
                timeout_s=timeout_s,
                by=by,
            )
        tx.do(
            _ADD_SHARE,
            split_id=split_id,
            position=position,
            owner_id=draft.owner_id,
            amount_minor=draft.amount.amount_minor,
            request_id=request_id,
        )
    made = find_split(tx, split_id)
    _tell(tx, made)
    _announce(tx, SplitMade, made)
    return made


def get_split(tx: Tx, split_id: SplitId, *, by: Actor) -> Split:
    """A split that `by` made or bears a share of. Raises: NotFound."""
    split = find_split(tx, split_id)
    if by.user_id not in (split.payee_id, *(share.owner_id for share in split.shares)):
        raise NotFound()
    return split


def find_split(tx: Tx, split_id: SplitId) -> Split:
    """A split: for a room that has asked permission. Raises: NotFound."""
    row = tx.one(_FIND, id=split_id)
    if row is None:
        raise NotFound()
    return _split(tx, row)


def list_splits(tx: Tx, *, by: Actor) -> list[Split]:
    """Every split that `by` made or bears a share of, the oldest first."""
    return [_split(tx, row) for row in tx.all(_MINE, me=by.user_id)]


def remind_of_split(tx: Tx, split_id: SplitId, *, by: Actor) -> Split:
    """Remind everybody who has not answered yet, at most once a day.

    Raises: RequestEnded for one that is closed, ClaimOpen when all say that they have paid,
    RemindedAlready, NotFound, NotAllowed.
    """
    expire_requests(tx)
    split = _of_payee(tx, split_id, by)
    open_requests = [
        find_request(tx, share.request_id)
        for share in split.asked
        if share.state == "open" and share.request_id
    ]
    if not open_requests:
        raise RequestEnded()
    unanswered = [request.id for request in open_requests if request.claim is None]
    if not unanswered:
        raise ClaimOpen()
    for request_id in unanswered:
        remind(tx, request_id, by=by)
    tx.emit(
        SplitReminded(split_id=split.id, payee_id=by.user_id, amount=split.total, ref=split.ref)
    )
    return split


def cancel_split(tx: Tx, split_id: SplitId, *, by: Actor) -> Split:
    """Take back what has not been paid yet. Safe to repeat. Raises: NotFound, NotAllowed."""
    expire_requests(tx)
    for share in _of_payee(tx, split_id, by).asked:
        if share.state == "open" and share.request_id:
            cancel_request(tx, share.request_id, by=by)
    return find_split(tx, split_id)


def settle_split(tx: Tx, event: RequestEvent) -> None:
    """A share has ended: with the last one the split is closed."""
    if event.ref is None:
        return
    split = find_split(tx, SplitId(event.ref.id))
    _tell(tx, split)
    if any(share.state == "open" for share in split.shares):
        return
    if tx.do(_CLOSE, id_=split.id, now=tx.now):
        _announce(tx, SplitClosed, split)


def _of_payee(tx: Tx, split_id: SplitId, by: Actor) -> Split:
    require_mandate(Mandate.ASK, by=by)
    split = find_split(tx, split_id)
    if split.payee_id != by.user_id:
        raise NotFound()
    return split


def _check(bill: Money, drafts: Sequence[ShareDraft], by: Actor) -> None:
    people = {draft.owner_id for draft in drafts}
    if len(people) < len(drafts):
        raise _invalid("Nobody has two shares.")
    if not people - {by.user_id}:
        raise _invalid("Somebody else has to bear a share.")
    if any(draft.amount.currency != bill.currency for draft in drafts):
        raise _invalid("Shares are in the currency of the bill.")
    if total((draft.amount for draft in drafts), bill.currency) != bill:
        raise _invalid("The shares do not add up to the bill.")


def _announce(
    tx: Tx, told: type[SplitMade] | type[SplitReminded] | type[SplitClosed], split: Split
) -> None:
    tx.emit(told(split_id=split.id, payee_id=split.payee_id, amount=split.total, ref=split.ref))


def _tell(tx: Tx, split: Split) -> None:
    sides = {split.payee_id, *(share.owner_id for share in split.shares)}
    tx.publish([UserId(side) for side in sides], Change("split", split.id))


def _request_id(split_id: SplitId, position: int) -> RequestId:
    return RequestId(derived_id(split_id, "share", position))


def _split(tx: Tx, row: Row) -> Split:
    def share(of: Row) -> Share:
        state: ShareState = "own" if of.request_id is None else of.how or "open"
        return Share(of.owner_id, Money(of.amount_minor, row.currency), of.request_id, state)

    return Split(
        id=row.id,
        payee_id=row.payee_id,
        total=Money(row.total_minor, row.currency),
        ref=ref_of(row.ref_kind, row.ref_id),
        shares=[share(of) for of in tx.all(_SHARES, split_id=row.id)],
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": "shares", "message": message}])
