"""Money links: money for somebody who has not joined yet.

The money is parked: a hold on an account of the link's own. Whoever has the link's secret takes it,
once; the sender may take it back before, and untaken it goes back by itself. Of the secret only the
hash is kept.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from sqlalchemy import and_, bindparam, insert, or_, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import Actor, Mandate, Money, OwnerId, Page, TransferId

from ..ledger import post, void
from ..model import (
    OPERATOR,
    AccountKey,
    Code,
    Consent,
    Group,
    Kind,
    Move,
    Ref,
    Scrutiny,
    currency_of,
    digest,
)
from ..owners import require_mandate
from ..problems import HoldExpired, HoldResolved
from ..screening import Screen
from ..tables import holds, links, transfers
from ..transfers import find_transfer
from ..wallets import wallet_key
from ..ways import WALLET, objection_to

LINK_LIFE_S = 7 * 24 * 3600
"""How long somebody has to take it."""
LINK, TAKEN, TAKEN_BACK = "link", "link_taken", "taken_back"
_NO_HASH = bytes(32)

_made, _ended = transfers.alias("made"), transfers.alias("ended")
_LINK = (
    select(
        *links.c,
        _made.c.ledger_id,
        _made.c.amount_minor,
        holds.c.state,
        holds.c.expires_at,
        _ended.c.purpose.label("ended_why"),
        _ended.c.created_at.label("ended_at"),
    )
    .join_from(links, _made, _made.c.id == links.c.transfer_id)
    .join(holds, holds.c.id == links.c.transfer_id)
    .outerjoin(
        _ended,
        (_ended.c.hold_id == links.c.transfer_id) & _ended.c.kind.in_([Kind.VOID, Kind.EXPIRE]),
    )
)
_FIND = Q(_LINK.where(links.c.transfer_id == bindparam("id")))
_MINE = Q(
    _LINK.where(
        links.c.payer_id == bindparam("me"),
        or_(
            links.c.created_at < bindparam("at"),
            and_(links.c.created_at == bindparam("at"), links.c.transfer_id < bindparam("id")),
        ),
    )
    .order_by(links.c.created_at.desc(), links.c.transfer_id.desc())
    .limit(bindparam("limit"))
)
_OF_OWNER = Q(
    _LINK.where(
        or_(links.c.payer_id == bindparam("me"), links.c.taker_id == bindparam("me"))
    ).order_by(_made.c.seq)
)
_ADD = Q(insert(links))
_TAKE = Q(
    update(links)
    .where(links.c.transfer_id == bindparam("id_"), links.c.taker_id.is_(None))
    .values(taker_id=bindparam("taker_id_"))
)


@dataclass(frozen=True, slots=True)
class MoneyLink:
    """`payer_id` has parked `amount` for whoever has the link, until `expires_at`."""

    id: TransferId
    payer_id: OwnerId
    amount: Money
    state: Literal["open", "taken", "taken_back", "expired"]
    taker_id: OwnerId | None
    """Who has it now; None unless it was taken."""
    expires_at: int
    ended_at: int | None
    created_at: int


def make_link(
    tx: Tx,
    id: TransferId,
    amount: Money,
    secret: str,
    *,
    screen: Screen | None = None,
    by: Actor,
) -> MoneyLink:
    """Park money of `by`'s wallet for whoever has the `secret`. Confirmed like any payment to
    somebody new. Safe to repeat with the same `id`.

    Raises: InsufficientFunds, LimitExceeded, AccountFrozen, AccountClosed, CounterFull,
    ConfirmationRequired, ConfirmationWrong, ProofTooNew, WayOff, IdReused; NotAllowed for whoever
    may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    hashed = _hash(secret)
    fp = digest(by.person_id, by.user_id, LINK, amount, hashed.hex())
    if known := tx.one(_FIND, id=id):
        if known.fp != fp:
            raise IdReused(id=str(id))
        return _link(known, tx.now)
    currency = amount.currency
    parked = AccountKey(OPERATOR, Code.PARKED, currency, id.hex)
    move = Move.pending(wallet_key(by.user_id, currency), parked, amount, LINK_LIFE_S)
    group = Group(
        id,
        (move,),
        LINK,
        by.person_id,
        Ref("link", id),
        objection=objection_to(tx, currency, WALLET),
        consent=Consent.NEVER if by.kind == "system" else Consent.ABOVE,
        confirmation=by.confirmation,
        scrutiny=Scrutiny.REFUSE,
        is_suspect=bool(screen and screen(tx, {by.user_id})),
    )
    post(tx, group)
    tx.do(
        _ADD,
        transfer_id=id,
        payer_id=by.user_id,
        secret_hash=hashed,
        taker_id=None,
        created_at=tx.now,
        fp=fp,
    )
    return find_link(tx, id)


def take_link(tx: Tx, id: TransferId, link_id: TransferId, secret: str, *, by: Actor) -> MoneyLink:
    """Put what was parked into `by`'s wallet: the transfer after `id`, in one group with the end of
    the hold. Safe to repeat with the same `id`. When `by` cannot receive it now, it stays parked.

    Raises: HoldResolved, HoldExpired, PayeeCannotReceive, AccountFrozen, AccountClosed,
    CounterFull, SameAccount for the sender, IdReused; NotFound without the right secret; NotAllowed
    for guests, and for whoever may not receive in a shop's name.
    """
    require_mandate(Mandate.ASK, by=by)
    if by.kind == "guest":
        raise NotAllowed()
    link = look_at_link(tx, link_id, secret)
    if link.taker_id == by.user_id and _is_done_by(tx, id, link):
        return link
    _require_open(link)
    currency = link.amount.currency
    moves = (
        Move.void(link.id),
        Move.posted(
            wallet_key(link.payer_id, currency), wallet_key(by.user_id, currency), link.amount
        ),
    )
    post(tx, Group(id, moves, TAKEN, by.person_id, Ref("link", link.id)))
    taken = tx.do(_TAKE, id_=link.id, taker_id_=by.user_id)
    assert taken == 1
    return find_link(tx, link.id)


def take_back_link(tx: Tx, id: TransferId, link_id: TransferId, *, by: Actor) -> MoneyLink:
    """The sender would rather keep it. Safe to repeat with the same `id`.

    Raises: HoldResolved, HoldExpired, IdReused; NotFound unless `by` made it; NotAllowed.
    """
    require_mandate(Mandate.SPEND, by=by)
    link = get_link(tx, link_id, by=by)
    if link.state == "taken_back" and _is_done_by(tx, id, link):
        return link
    _require_open(link)
    void(tx, id, link.id, TAKEN_BACK, by=by)
    return find_link(tx, link.id)


def look_at_link(tx: Tx, link_id: TransferId, secret: str) -> MoneyLink:
    """What somebody may know who has the secret, signed in or not. Raises: NotFound."""
    row = tx.one(_FIND, id=link_id)
    is_right = hmac.compare_digest(_hash(secret), row.secret_hash if row else _NO_HASH)
    if row is None or not is_right:
        raise NotFound()
    return _link(row, tx.now)


def get_link(tx: Tx, link_id: TransferId, *, by: Actor) -> MoneyLink:
    """A link that `by` made. Raises: NotFound."""
    link = find_link(tx, link_id)
    if link.payer_id != by.user_id:
        raise NotFound()
    return link


def find_link(tx: Tx, link_id: TransferId) -> MoneyLink:
    """A link: for a room that has asked permission. Raises: NotFound."""
    row = tx.one(_FIND, id=link_id)
    if row is None:
        raise NotFound()
    return _link(row, tx.now)


def list_links(
    tx: Tx, *, before: TransferId | None = None, limit: int = 50, by: Actor
) -> Page[MoneyLink]:
    """The links that `by` made, the newest first."""
    at, id = 2**62, TransferId(by.user_id)
    if before is not None:
        at, id = get_link(tx, before, by=by).created_at, before
    rows = tx.all(_MINE, me=by.user_id, at=at, id=id, limit=limit + 1)
    items = [_link(row, tx.now) for row in rows[:limit]]
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def export_links(tx: Tx, owner_id: OwnerId) -> list[MoneyLink]:
    """All that somebody sent, or took, by a link."""
    return [_link(row, tx.now) for row in tx.all(_OF_OWNER, me=owner_id)]


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _is_done_by(tx: Tx, id: TransferId, link: MoneyLink) -> bool:
    done = find_transfer(tx, id)
    return done is not None and done.hold_id == link.id


def _require_open(link: MoneyLink) -> None:
    """Asked before an id is tried, so that none is used up: what has ended stays so."""
    if link.state == "expired":
        raise HoldExpired()
    if link.state != "open":
        raise HoldResolved(state=link.state)


def _link(row: Row, now: int) -> MoneyLink:
    is_over = row.state == "open" and row.expires_at <= now
    state: Literal["open", "taken", "taken_back", "expired"] = "open"
    if row.state == "expired" or is_over:
        state = "expired"
    elif row.state == "voided":
        state = "taken" if row.ended_why == TAKEN else "taken_back"
    return MoneyLink(
        id=row.transfer_id,
        payer_id=row.payer_id,
        amount=Money(row.amount_minor, currency_of(row.ledger_id)),
        state=state,
        taker_id=row.taker_id,
        expires_at=row.expires_at,
        ended_at=row.expires_at if is_over else row.ended_at,
        created_at=row.created_at,
    )
