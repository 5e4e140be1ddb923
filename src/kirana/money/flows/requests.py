"""Asking for money. Nothing moves until the payer pays; a request ends once."""

import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import and_, bindparam, cast, func, insert, or_, select, update

from kirana.platform.db import Int, Q, Row, Tx
from kirana.platform.problems import IdReused, NotFound
from kirana.values import SYSTEM, Actor, Mandate, Money, OwnerId, Page, RequestId, TransferId

from ..events import RequestCanceled, RequestDeclined, RequestExpired, RequestMade, RequestReminded
from ..ledger import open_currency, post, tell_request
from ..model import Consent, Group, Move, Reason, Ref, Refused, Scrutiny, Transfer, digest, ref_of
from ..owners import require_mandate, require_owner
from ..problems import ClaimOpen, RemindedAlready, RequestEnded, SameAccount
from ..screening import Screen
from ..tables import claims, holds, request_ends, requests
from ..wallets import wallet_key
from ..ways import WALLET, objection_to, require_way

_claim = (
    select(
        claims.c.request_id,
        claims.c.transfer_id,
        claims.c.rail,
        holds.c.amount_minor,
        holds.c.expires_at,
    )
    .join_from(claims, holds, holds.c.id == claims.c.transfer_id)
    .where(holds.c.state == "open")
    .subquery("claim")
)
_received = (
    select(cast(func.coalesce(func.sum(holds.c.captured_minor), 0), Int))
    .join_from(claims, holds, holds.c.id == claims.c.transfer_id)
    .where(claims.c.request_id == requests.c.id)
    .correlate(requests)
    .scalar_subquery()
)
_REQUEST = (
    select(
        *requests.c,
        request_ends.c.how,
        request_ends.c.transfer_id,
        request_ends.c.at.label("ended_at"),
        _claim.c.transfer_id.label("claim_id"),
        _claim.c.rail.label("claim_rail"),
        _claim.c.amount_minor.label("claim_minor"),
        _claim.c.expires_at.label("claim_expires_at"),
        _received.label("received_minor"),
    )
    .outerjoin_from(requests, request_ends, request_ends.c.request_id == requests.c.id)
    .outerjoin(_claim, _claim.c.request_id == requests.c.id)
)
_FIND = Q(_REQUEST.where(requests.c.id == bindparam("id")))
_BY_REFERENCE = Q(_REQUEST.where(requests.c.reference == bindparam("reference")))
_MINE = Q(
    _REQUEST.where(
        or_(requests.c.asker_id == bindparam("me"), requests.c.payer_id == bindparam("me")),
        or_(
            requests.c.created_at < bindparam("at"),
            and_(requests.c.created_at == bindparam("at"), requests.c.id < bindparam("id")),
        ),
    )
    .order_by(requests.c.created_at.desc(), requests.c.id.desc())
    .limit(bindparam("limit"))
)
_OPEN = Q(
    _REQUEST.where(
        requests.c.asker_id == bindparam("asker_id"),
        request_ends.c.how.is_(None),
        or_(requests.c.expires_at.is_(None), requests.c.expires_at > bindparam("now")),
    )
    .order_by(requests.c.created_at.desc(), requests.c.id.desc())
    .limit(bindparam("limit"))
)
_DUE = Q(
    _REQUEST.where(
        requests.c.expires_at <= bindparam("now"), request_ends.c.how.is_(None)
    ).order_by(requests.c.expires_at, requests.c.id)
)
_ADD = Q(insert(requests))
_END = Q(insert(request_ends))
_REMIND = Q(
    update(requests)
    .where(
        requests.c.id == bindparam("id_"),
        or_(requests.c.reminded_at.is_(None), requests.c.reminded_at <= bindparam("before")),
    )
    .values(reminded_at=bindparam("now"))
)
_KEEP_OPEN = Q(
    update(requests)
    .where(requests.c.id == bindparam("id_"), requests.c.expires_at < bindparam("until"))
    .values(expires_at=bindparam("until"))
)
REMIND_EVERY_MS = 24 * 3600 * 1000

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_Ended = type[RequestDeclined] | type[RequestCanceled] | type[RequestExpired]


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """The payer says that `amount` was paid from their bank; the asker has until `expires_at` to
    say whether it came."""

    id: TransferId
    rail: str
    amount: Money
    expires_at: int


@dataclass(frozen=True, slots=True)
class Request:
    """`asker_id` would like to be paid. No payer: whoever has the `reference` may pay.

    `received` came from bank to bank already, and was less than was asked. While there is a `claim`
    the request waits for the asker's answer.
    """

    id: RequestId
    reference: str
    asker_id: OwnerId
    payer_id: OwnerId | None
    amount: Money
    ref: Ref | None
    state: Literal["open", "paid", "declined", "canceled", "expired"]
    transfer_id: TransferId | None
    expires_at: int | None
    reminded_at: int | None
    ended_at: int | None
    created_at: int
    received: Money
    claim: OpenClaim | None

    @property
    def left(self) -> Money:
        """What is still to be paid."""
        return self.amount - self.received

    @property
    def objection(self) -> Refused | None:
        """Nothing is paid in another way while the asker is to look whether it came."""
        if self.state != "open" or self.claim is None:
            return None
        return Refused(Reason.CLAIM_OPEN, claim_id=str(self.claim.id))


def request_money(
    tx: Tx,
    request_id: RequestId,
    payer_id: OwnerId,
    amount: Money,
    *,
    ref: Ref | None = None,
    timeout_s: int | None = None,
    by: Actor,
) -> Request:
    """Ask somebody to pay `by`, for so long. Safe to repeat with the same id.

    Raises: SameAccount, WayOff, IdReused; NotFound for a payer who is not here; NotAllowed for
    whoever may not ask in a shop's name.
    """
    require_mandate(Mandate.ASK, by=by)
    if tx.one(_FIND, id=request_id) is None:
        require_owner(tx, payer_id)
        require_way(tx, amount.currency, WALLET)
    return ask(
        tx,
        request_id,
        asker=by.user_id,
        payer=payer_id,
        amount=amount,
        ref=ref,
        timeout_s=timeout_s,
        by=by,
    )


def ask(
    tx: Tx,
    request_id: RequestId,
    *,
    asker: OwnerId,
    payer: OwnerId | None,
    amount: Money,
    ref: Ref | None = None,
    timeout_s: int | None = None,
    by: Actor,
) -> Request:
    """Ask for money in `asker`'s name: for a room that has asked permission.

    Raises: SameAccount, IdReused.
    """
    if asker == payer:
        raise SameAccount()
    fp = digest(by.person_id, asker, payer, amount, ref, timeout_s)
    if known := tx.one(_FIND, id=request_id):
        if known.fp != fp:
            raise IdReused(id=str(request_id))
        return _request(known, tx.now)
    open_currency(tx, amount.currency)
    tx.do(
        _ADD,
        id=request_id,
        reference=new_reference(),
        asker_id=asker,
        payer_id=payer,
        currency=amount.currency,
        amount_minor=amount.amount_minor,
        ref_kind=ref.kind if ref else None,
        ref_id=ref.id if ref else None,
        expires_at=None if timeout_s is None else tx.now + timeout_s * 1000,
        by_id=by.person_id,
        created_at=tx.now,
        fp=fp,
    )
    tell_request(
        tx,
        RequestMade(
            request_id=request_id,
            asker_id=asker,
            payer_id=payer,
            amount=amount,
            ref=ref,
            transfer_id=None,
        ),
    )
    return find_request(tx, request_id)


def pay_request(
    tx: Tx,
    id: TransferId,
    request_id: RequestId,
    *,
    screen: Screen | None = None,
    by: Actor,
) -> Transfer:
    """Pay what is left of a request from `by`'s wallet; the request ends with the transfer `id`. An
    attempt that is refused uses up its own id, not the request.

    Raises: RequestEnded, ClaimOpen, NeedsReview, InsufficientFunds, AccountFrozen, AccountClosed,
    ConfirmationRequired, ConfirmationWrong, SameAccount, WayOff, IdReused; NotFound for somebody
    else's request; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    request = find_request(tx, request_id)
    if request.payer_id not in (by.user_id, None):
        raise NotFound()
    if request.asker_id == by.user_id:
        raise SameAccount()
    currency = request.amount.currency
    move = Move.posted(
        wallet_key(by.user_id, currency), wallet_key(request.asker_id, currency), request.left
    )
    group = Group(
        id,
        (move,),
        "request",
        by.person_id,
        request.ref,
        request_id=request_id,
        objection=objection_to(tx, currency, WALLET) or request.objection,
        consent=Consent.NEVER if by.kind == "system" else Consent.ABOVE,
        confirmation=by.confirmation,
        scrutiny=Scrutiny.REFUSE,
        is_suspect=bool(screen and screen(tx, {by.user_id, request.asker_id})),
    )
    return post(tx, group)[0]


def decline_request(tx: Tx, request_id: RequestId, *, by: Actor) -> Request:
    """Say no. Safe to repeat.

    Raises: RequestEnded; NotFound unless `by` was asked; NotAllowed.
    """
    require_mandate(Mandate.ASK, by=by)
    request = find_request(tx, request_id)
    if request.payer_id != by.user_id:
        raise NotFound()
    return _end(tx, request, RequestDeclined, by=by)


def take_back_request(tx: Tx, request_id: RequestId, *, by: Actor) -> Request:
    """Take a request back. Safe to repeat.

    Raises: RequestEnded; NotFound unless `by` asked; NotAllowed.
    """
    require_mandate(Mandate.ASK, by=by)
    if find_request(tx, request_id).asker_id != by.user_id:
        raise NotFound()
    return cancel_request(tx, request_id, by=by)


def remind(tx: Tx, request_id: RequestId, *, by: Actor) -> Request:
    """Tell the payer again what is asked, at most once a day.

    Raises: RequestEnded, RemindedAlready; ClaimOpen when the payer says that it was paid; NotFound
    unless `by` asked, and of somebody; NotAllowed.
    """
    require_mandate(Mandate.ASK, by=by)
    request = find_request(tx, request_id)
    if request.asker_id != by.user_id or request.payer_id is None:
        raise NotFound()
    if request.state != "open":
        raise RequestEnded(how=request.state)
    if request.claim is not None:
        raise ClaimOpen(claim_id=str(request.claim.id))
    if not tx.do(_REMIND, id_=request_id, now=tx.now, before=tx.now - REMIND_EVERY_MS):
        raise RemindedAlready(next_at=(request.reminded_at or tx.now) + REMIND_EVERY_MS)
    _tell(tx, RequestReminded, request)
    return find_request(tx, request_id)


def cancel_request(tx: Tx, request_id: RequestId, *, by: Actor) -> Request:
    """Take a request back: for a room that has asked permission. Raises: RequestEnded, NotFound."""
    return _end(tx, find_request(tx, request_id), RequestCanceled, by=by)


def keep_open(tx: Tx, request_id: RequestId, until: int) -> None:
    """A request does not run out before this instant: somebody has to answer about it."""
    tx.do(_KEEP_OPEN, id_=request_id, until=until)


def expire_requests(tx: Tx) -> int:
    """End every request whose time is over."""
    due = [_request(row, tx.now) for row in tx.all(_DUE, now=tx.now)]
    for request in due:
        _write_end(tx, request, RequestExpired, by=SYSTEM)
    return len(due)


def get_request(tx: Tx, request_id: RequestId, *, by: Actor) -> Request:
    """A request that `by` made or was asked. Raises: NotFound."""
    request = find_request(tx, request_id)
    if by.user_id not in (request.asker_id, request.payer_id) and request.payer_id is not None:
        raise NotFound()
    return request


def find_request(tx: Tx, request_id: RequestId) -> Request:
    """A request: for a room that has asked permission. Raises: NotFound."""
    row = tx.one(_FIND, id=request_id)
    if row is None:
        raise NotFound()
    return _request(row, tx.now)


def new_reference() -> str:
    """Twelve characters that find their way back through a bank."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(12))


def find_by_reference(tx: Tx, reference: str) -> Request:
    """A request by what people read off a code: for a room that has asked permission.

    Raises: NotFound.
    """
    row = tx.one(_BY_REFERENCE, reference=reference.upper())
    if row is None:
        raise NotFound()
    return _request(row, tx.now)


def list_requests(
    tx: Tx, *, before: RequestId | None = None, limit: int = 50, by: Actor
) -> Page[Request]:
    """What `by` asked for and was asked, the newest first."""
    at, id = (2**62, RequestId(by.user_id))
    if before is not None:
        at, id = get_request(tx, before, by=by).created_at, before
    rows = tx.all(_MINE, me=by.user_id, at=at, id=id, limit=limit + 1)
    items = [_request(row, tx.now) for row in rows[:limit]]
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def list_open_requests(tx: Tx, asker_id: OwnerId, limit: int = 1000) -> list[Request]:
    """What somebody still waits for, the newest first: for a room that has asked permission."""
    rows = tx.all(_OPEN, asker_id=asker_id, now=tx.now, limit=limit)
    return [_request(row, tx.now) for row in rows]


def _end(tx: Tx, request: Request, ended: _Ended, *, by: Actor) -> Request:
    how = ended.name.removeprefix("request.")
    if request.state == how:
        return request
    if request.state != "open":
        raise RequestEnded(how=request.state)
    _write_end(tx, request, ended, by=by)
    return find_request(tx, request.id)


def _write_end(tx: Tx, request: Request, ended: _Ended, *, by: Actor) -> None:
    how = ended.name.removeprefix("request.")
    tx.do(_END, request_id=request.id, how=how, transfer_id=None, by_id=by.person_id, at=tx.now)
    _tell(tx, ended, request)


def _tell(tx: Tx, told: _Ended | type[RequestReminded], request: Request) -> None:
    tell_request(
        tx,
        told(
            request_id=request.id,
            asker_id=request.asker_id,
            payer_id=request.payer_id,
            amount=request.amount,
            ref=request.ref,
            transfer_id=None,
        ),
    )


def _request(row: Row, now: int) -> Request:
    is_over = row.expires_at is not None and row.expires_at <= now
    return Request(
        id=row.id,
        reference=row.reference,
        asker_id=row.asker_id,
        payer_id=row.payer_id,
        amount=Money(row.amount_minor, row.currency),
        ref=ref_of(row.ref_kind, row.ref_id),
        state=row.how or ("expired" if is_over else "open"),
        transfer_id=row.transfer_id,
        expires_at=row.expires_at,
        reminded_at=row.reminded_at,
        ended_at=row.ended_at,
        created_at=row.created_at,
        received=Money(row.received_minor, row.currency),
        claim=_open_claim(row, now),
    )


def _open_claim(row: Row, now: int) -> OpenClaim | None:
    if row.claim_id is None or row.claim_expires_at <= now:
        return None
    amount = Money(row.claim_minor, row.currency)
    return OpenClaim(row.claim_id, row.claim_rail, amount, row.claim_expires_at)
