"""Claims: the payer of a request says that it was paid from bank to bank.

Kirana never holds that money, so a claim proves nothing. It is a hold in the memo ledger: the payee
confirms it with what came, or says that nothing did; unanswered, it goes back. Until then the
request stays open, and is paid in no other way.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, insert, or_, select, update

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import (
    SYSTEM,
    Actor,
    Mandate,
    Money,
    OwnerId,
    PaymentAddressId,
    RequestId,
    TransferId,
    UserId,
    derived_id,
)

from ..events import ClaimEvent, ClaimMade, ClaimRejected
from ..ledger import expire_holds, post, void
from ..model import (
    OPERATOR,
    AccountKey,
    Code,
    Group,
    Kind,
    Move,
    Transfer,
    currency_of,
    digest,
    move_id,
)
from ..owners import require_mandate
from ..problems import (
    AmountOutOfRange,
    BankReferenceUsed,
    HoldExpired,
    HoldResolved,
    RequestEnded,
    SameAccount,
)
from ..tables import accounts, addresses, claims, holds, transfers
from ..transfers import find_transfer
from ..ways import objection_to
from .addresses import find_address, find_paid_at
from .requests import Request, find_request, get_request, keep_open

ANSWER_WITHIN_S = 72 * 3600
"""How long the payee has to look into the bank account."""
NOT_RECEIVED = "not_received"
TAKEN_BACK = "taken_back"

_made, _ended = transfers.alias("made"), transfers.alias("ended")
_payers, _payees = accounts.alias("payers"), accounts.alias("payees")
_CLAIM = (
    select(
        *claims.c,
        _payers.c.owner_id.label("payer_id"),
        _payees.c.owner_id.label("payee_id"),
        _made.c.ledger_id,
        _made.c.amount_minor,
        _made.c.created_at,
        holds.c.state,
        holds.c.captured_minor,
        holds.c.expires_at,
        _ended.c.id.label("ended_by"),
        _ended.c.purpose.label("ended_why"),
        _ended.c.created_at.label("ended_at"),
        addresses.c.details,
        addresses.c.ended_at.label("address_ended_at"),
    )
    .join_from(claims, _made, _made.c.id == claims.c.transfer_id)
    .join(_payers, _payers.c.id == _made.c.debit_id)
    .join(_payees, _payees.c.id == _made.c.credit_id)
    .join(holds, holds.c.id == claims.c.transfer_id)
    .outerjoin(
        _ended,
        (_ended.c.hold_id == claims.c.transfer_id)
        & _ended.c.kind.in_([Kind.POST, Kind.VOID, Kind.EXPIRE]),
    )
    .outerjoin(addresses, addresses.c.id == claims.c.address_id)
)
_FIND = Q(_CLAIM.where(claims.c.transfer_id == bindparam("id")))
_OF_REQUEST = Q(_CLAIM.where(claims.c.request_id == bindparam("request_id")).order_by(_made.c.seq))
_OF_OWNER = Q(
    _CLAIM.where(
        or_(_payers.c.owner_id == bindparam("me"), _payees.c.owner_id == bindparam("me"))
    ).order_by(_made.c.seq)
)
_SAME_PAYMENT = Q(
    select(claims.c.transfer_id).where(
        claims.c.rail == bindparam("rail"),
        claims.c.bank_ref == bindparam("bank_ref"),
        claims.c.confirmed_at.is_not(None),
    )
)
_ADD = Q(insert(claims))
_CONFIRM = Q(
    update(claims)
    .where(claims.c.transfer_id == bindparam("id_"))
    .values(confirmed_at=bindparam("now"))
)
_FORGET_BANK_REF = Q(
    update(claims).where(claims.c.transfer_id == bindparam("id_")).values(bank_ref=None)
)

ClaimState = Literal["open", "confirmed", "rejected", "taken_back", "expired"]


@dataclass(frozen=True, slots=True)
class Claim:
    """`payer_id` says that `amount` was paid by this `rail`; `received` is what came by the word of
    the payee, be it more or less."""

    id: TransferId
    request_id: RequestId
    payer_id: OwnerId
    payee_id: OwnerId
    amount: Money
    rail: str
    paid_at: dict[str, str] | None
    """The payee's address that was paid; None when it was forgotten with its owner."""
    is_former_address: bool
    """The payee has had another one since: the money went to the former."""
    bank_ref: str | None
    """What the payer's bank calls the payment, if the payer said so."""
    state: ClaimState
    received: Money
    expires_at: int
    ended_at: int | None
    created_at: int


def make_claim(
    tx: Tx,
    id: TransferId,
    request_id: RequestId,
    address_id: PaymentAddressId,
    bank_ref: str | None = None,
    *,
    by: Actor,
) -> Claim:
    """Say that `by` has paid what is left of a request, to an address that was offered (and may
    have ended since). It marks nothing as paid. Safe to repeat with the same id.

    Raises: RequestEnded, ClaimOpen, WayOff, SameAccount, IdReused; NotFound for somebody else's
    request or address; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    bank_ref = "".join(bank_ref.split()).upper() or None if bank_ref else None
    fp = digest(by.person_id, by.user_id, "claim", request_id, address_id, bank_ref)
    if known := tx.one(_FIND, id=id):
        if known.fp != fp:
            raise IdReused(id=str(id))
        return _claim(tx, known)
    request = find_request(tx, request_id)
    if request.payer_id not in (by.user_id, None):
        raise NotFound()
    if request.asker_id == by.user_id:
        raise SameAccount()
    if request.state != "open":
        raise RequestEnded(how=request.state)
    address = find_paid_at(tx, request.asker_id, address_id)
    currency = request.amount.currency
    if address is None or address.currency != currency:
        raise NotFound(address_id=str(address_id))
    move = Move.pending(
        _direct(by.user_id, currency),
        _direct(request.asker_id, currency),
        request.left,
        ANSWER_WITHIN_S,
    )
    objection = objection_to(tx, currency, ("direct", address.rail)) or request.objection
    post(tx, Group(id, (move,), "direct", by.person_id, request.ref, objection=objection))
    tx.do(
        _ADD,
        transfer_id=id,
        request_id=request_id,
        rail=address.rail,
        address_id=address_id,
        bank_ref=bank_ref,
        confirmed_at=None,
        fp=fp,
    )
    claim = find_claim(tx, id)
    keep_open(tx, request_id, claim.expires_at)
    _tell(tx, claim)
    tx.emit(_event(tx, ClaimMade, claim))
    return claim


def confirm_claim(
    tx: Tx, id: TransferId, claim_id: TransferId, received: Money | None = None, *, by: Actor
) -> Claim:
    """The money came: all that was claimed, or what was `received`. With less the request stays
    open for the rest; what is more becomes a transfer of its own. Safe to repeat with the same id.

    Whoever may take cash in a shop's name may say so.

    Raises: HoldResolved, HoldExpired, BankReferenceUsed, AmountOutOfRange, IdReused; NotFound
    unless `by` is the payee; NotAllowed.
    """
    require_mandate(Mandate.ASK, by=by)
    claim = _of(tx, claim_id, "payee_id", by)
    if claim.state == "confirmed" and _is_done_by(tx, id, claim):
        if received not in (None, claim.received):
            raise IdReused(id=str(id))
        return claim
    _require_open(claim)
    received = claim.amount if received is None else received
    if received.currency != claim.amount.currency:
        raise AmountOutOfRange(currency=claim.amount.currency)
    if _is_used(tx, claim):
        raise BankReferenceUsed(rail=claim.rail, bank_ref=claim.bank_ref)
    _confirm(tx, id, claim, received, by=by)
    claim = find_claim(tx, claim_id)
    _tell(tx, claim)
    return claim


def receive(
    tx: Tx, id: TransferId, request_id: RequestId, received: Money, *, rail: str, by: Actor
) -> tuple[Transfer, ...]:
    """The payee's bank says that this came for a request. It confirms the claim that waits; where
    nobody claimed anything it is a claim that is confirmed at once, of what is still asked. All
    else is a transfer of its own: the money came, whatever has become of the request.

    For the bank's own word, in the name of the payee. `rail` counts where no claim names one.
    """
    expire_holds(tx)
    request = find_request(tx, request_id)
    if request.claim:
        claim = find_claim(tx, request.claim.id)
        if _is_used(tx, claim):
            # The payer named one payment twice; the bank says that this is another.
            tx.do(_FORGET_BANK_REF, id_=claim.id)
    else:
        left = Money.zero(received.currency) if request.state == "paid" else request.left
        if not left:
            return _receive_more(tx, id, request, received, by=by)
        claim = _claim_for_bank(tx, id, request, min(received, left), rail, by=by)
    transfers = _confirm(tx, id, claim, received, by=by)
    _tell(tx, claim)
    return transfers


def _claim_for_bank(
    tx: Tx, id: TransferId, request: Request, amount: Money, rail: str, *, by: Actor
) -> Claim:
    claim_id = TransferId(derived_id(id, "claim"))
    payer_id, currency = request.payer_id or OPERATOR, amount.currency
    move = Move.pending(
        _direct(payer_id, currency), _direct(request.asker_id, currency), amount, ANSWER_WITHIN_S
    )
    post(tx, Group(claim_id, (move,), "direct", by.person_id, request.ref))
    paid_at = find_address(tx, request.asker_id, rail)
    tx.do(
        _ADD,
        transfer_id=claim_id,
        request_id=request.id,
        rail=rail,
        address_id=paid_at.id if paid_at else claim_id,
        bank_ref=None,
        confirmed_at=None,
        fp=digest("bank", request.id, amount),
    )
    return find_claim(tx, claim_id)


def _receive_more(
    tx: Tx, id: TransferId, request: Request, received: Money, *, by: Actor
) -> tuple[Transfer, ...]:
    """Nothing is asked any more, and yet it came."""
    payer = _direct(request.payer_id or OPERATOR, received.currency)
    payee = _direct(request.asker_id, received.currency)
    move = Move.posted(payer, payee, received)
    return post(tx, Group(id, (move,), "direct", by.person_id, request.ref))


def _confirm(
    tx: Tx, id: TransferId, claim: Claim, received: Money, *, by: Actor
) -> tuple[Transfer, ...]:
    """The group that takes what was claimed, and with it what came beyond that."""
    request = find_request(tx, claim.request_id)
    moves = [Move.post(claim.id, min(received, claim.amount))]
    if received > claim.amount:
        payer = _direct(claim.payer_id, received.currency)
        payee = _direct(claim.payee_id, received.currency)
        moves.append(Move.posted(payer, payee, received - claim.amount))
    is_paid = request.state == "open" and received >= request.left
    group = Group(
        id,
        tuple(moves),
        "direct",
        by.person_id,
        request.ref,
        request_id=request.id if is_paid else None,
    )
    transfers = post(tx, group)
    tx.do(_CONFIRM, id_=claim.id, now=tx.now)
    return transfers


def _is_used(tx: Tx, claim: Claim) -> bool:
    if claim.bank_ref is None:
        return False
    return tx.one(_SAME_PAYMENT, rail=claim.rail, bank_ref=claim.bank_ref) is not None


def reject_claim(tx: Tx, id: TransferId, claim_id: TransferId, *, by: Actor) -> Claim:
    """Nothing came. The payer may pay, or say so, again. Safe to repeat with the same id.

    Raises: HoldResolved, HoldExpired, IdReused; NotFound unless `by` is the payee; NotAllowed.
    """
    require_mandate(Mandate.ASK, by=by)
    claim = _of(tx, claim_id, "payee_id", by)
    if claim.state == "rejected" and _is_done_by(tx, id, claim):
        return claim
    claim = _void(tx, id, claim, NOT_RECEIVED, by=by)
    tx.emit(_event(tx, ClaimRejected, claim))
    return claim


def take_back_claim(tx: Tx, id: TransferId, claim_id: TransferId, *, by: Actor) -> Claim:
    """The payer has not paid after all. Safe to repeat with the same id.

    Raises: HoldResolved, HoldExpired, IdReused; NotFound unless `by` made it; NotAllowed.
    """
    require_mandate(Mandate.SPEND, by=by)
    claim = _of(tx, claim_id, "payer_id", by)
    if claim.state == "taken_back" and _is_done_by(tx, id, claim):
        return claim
    return _void(tx, id, claim, TAKEN_BACK, by=by)


def get_claim(tx: Tx, claim_id: TransferId, *, by: Actor) -> Claim:
    """A claim that `by` is a side of. Raises: NotFound."""
    claim = find_claim(tx, claim_id)
    if by.user_id not in (claim.payer_id, claim.payee_id):
        raise NotFound()
    return claim


def find_claim(tx: Tx, claim_id: TransferId) -> Claim:
    """A claim: for a room that has asked permission. Raises: NotFound."""
    row = tx.one(_FIND, id=claim_id)
    if row is None:
        raise NotFound()
    return _claim(tx, row)


def list_claims(tx: Tx, request_id: RequestId, *, by: Actor) -> list[Claim]:
    """What was claimed of a request, the oldest first. Raises: NotFound."""
    get_request(tx, request_id, by=by)
    found = [_claim(tx, row) for row in tx.all(_OF_REQUEST, request_id=request_id)]
    return [claim for claim in found if by.user_id in (claim.payer_id, claim.payee_id)]


def export_claims(tx: Tx, owner_id: OwnerId) -> list[Claim]:
    """All that somebody claimed, or was to confirm."""
    return [_claim(tx, row) for row in tx.all(_OF_OWNER, me=owner_id)]


def forget_claims(tx: Tx, owner_id: OwnerId) -> None:
    """Whoever goes answers no more. What their bank called their payments is forgotten."""
    for claim in export_claims(tx, owner_id):
        if claim.state == "open":
            _void(tx, TransferId(derived_id(claim.id, "erased")), claim, "erased", by=SYSTEM)
        if claim.payer_id == owner_id and claim.bank_ref:
            tx.do(_FORGET_BANK_REF, id_=claim.id)


def _of(tx: Tx, claim_id: TransferId, side: str, by: Actor) -> Claim:
    claim = find_claim(tx, claim_id)
    if getattr(claim, side) != by.user_id:
        raise NotFound()
    return claim


def _is_done_by(tx: Tx, id: TransferId, claim: Claim) -> bool:
    done = find_transfer(tx, id)
    return done is not None and done.hold_id == claim.id


def _require_open(claim: Claim) -> None:
    """Asked before an id is tried, so that none is used up: what has ended stays so."""
    if claim.state == "expired":
        raise HoldExpired()
    if claim.state != "open":
        raise HoldResolved(state=claim.state)


def _void(tx: Tx, id: TransferId, claim: Claim, reason: str, *, by: Actor) -> Claim:
    _require_open(claim)
    void(tx, id, claim.id, reason, by=by)
    claim = find_claim(tx, claim.id)
    _tell(tx, claim)
    return claim


def _direct(owner_id: OwnerId, currency: str) -> AccountKey:
    return AccountKey(owner_id, Code.DIRECT, currency)


def _tell(tx: Tx, claim: Claim) -> None:
    both = {claim.payer_id, claim.payee_id} - {OPERATOR}
    tx.publish([UserId(id) for id in both], Change("request", claim.request_id))


def _event(tx: Tx, told: type[ClaimEvent], claim: Claim) -> ClaimEvent:
    return told(
        claim_id=claim.id,
        request_id=claim.request_id,
        payer_id=claim.payer_id,
        payee_id=claim.payee_id,
        amount=claim.amount,
        rail=claim.rail,
        ref=find_request(tx, claim.request_id).ref,
    )


def _claim(tx: Tx, row: Row) -> Claim:
    currency = currency_of(row.ledger_id)
    received = Money(row.captured_minor, currency)
    if row.captured_minor == row.amount_minor:
        more = find_transfer(tx, move_id(row.ended_by, 1))
        received += more.amount if more else Money.zero(currency)
    return Claim(
        id=row.transfer_id,
        request_id=row.request_id,
        payer_id=row.payer_id,
        payee_id=row.payee_id,
        amount=Money(row.amount_minor, currency),
        rail=row.rail,
        paid_at=row.details,
        is_former_address=row.details is not None and row.address_ended_at is not None,
        bank_ref=row.bank_ref,
        state=_state(row, tx.now),
        received=received,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        created_at=row.created_at,
    )


def _state(row: Row, now: int) -> ClaimState:
    if row.state == "posted":
        return "confirmed"
    if row.state == "voided":
        return "taken_back" if row.ended_why == TAKEN_BACK else "rejected"
    return "expired" if row.state == "expired" or row.expires_at <= now else "open"
