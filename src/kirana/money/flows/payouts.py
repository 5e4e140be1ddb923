"""Taking money out: the owner sets it aside, the operator sends it to the bank or hands it over,
then it is posted; or it fails, and goes back. What nobody knows anything of stays set aside.

Which file takes it to the bank is told in `bank.payout_files`, what the bank says in
`bank.payout_lines`.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import bindparam, or_, select, update

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import (
    Actor,
    Mandate,
    Money,
    OwnerId,
    PaymentAddressId,
    PayoutFileId,
    TransferId,
    UserId,
)

from .. import ledger
from ..events import PayoutFailed, PayoutSettled
from ..model import (
    OPERATOR,
    AccountKey,
    Code,
    Consent,
    Group,
    Kind,
    Move,
    Reason,
    Ref,
    Refused,
    Transfer,
    move_id,
)
from ..owners import operators, require_mandate, require_operator
from ..problems import HoldResolved, PayoutNotAgreed, PayoutUnderWay
from ..screening import Screen, bears_listed, objection_to_listed
from ..tables import payout_files, payout_votes, payouts, transfers
from ..topups import Source, operator_key
from ..wallets import wallet_key
from .addresses import find_paid_at, in_use
from .payout_rules import can_be_paid_out_to, payout_rule, usable_from
from .requests import new_reference

PayoutState = Literal["asked", "sent", "arrived", "came_back", "taken_back"]
WhyBack = Literal["refused", "wrong_account", "account_closed", "bank_refused", "returned"]
"""Why it came back, by the operator's word or by the bank's."""
Attention = Literal[
    "amount_differs", "paid_twice", "paid_after_all", "books_short", "cannot_return"
]  # fmt: skip
"""What an operator has to look into: bank and books do not say the same."""
ADDRESS = "payment_address"
"""The kind of `Ref` that says where a wallet is paid out to."""
_APPROVALS = 2
_MOST = 200

_FIND = Q(select(payouts).where(payouts.c.transfer_id == bindparam("id")))
_OF_OWNER = Q(
    select(payouts)
    .where(payouts.c.owner_id == bindparam("owner_id"))
    .order_by(payouts.c.created_at.desc(), payouts.c.transfer_id.desc())
    .limit(bindparam("limit"))
)
_UNDER_WAY = Q(
    select(payouts)
    .where(or_(payouts.c.state.in_(["asked", "sent"]), payouts.c.attention.is_not(None)))
    .order_by(payouts.c.created_at, payouts.c.transfer_id)
)
_LATEST = Q(
    select(payouts)
    .where(payouts.c.state.not_in(["asked", "sent"]), payouts.c.rail.is_not(None))
    .order_by(payouts.c.changed_at.desc(), payouts.c.transfer_id.desc())
    .limit(_MOST)
)
_ADD = Q(upsert(payouts, ["transfer_id"]))
_CHANGING = (
    "file_id", "state", "reason", "attention", "line_id", "return_line_id", "changed_at",
)  # fmt: skip
_SAVE = Q(
    update(payouts)
    .where(payouts.c.transfer_id == bindparam("id_"))
    .values({name: bindparam(f"{name}_") for name in _CHANGING})
)
_VOTES = Q(
    select(payout_votes)
    .where(any_of(payout_votes.c.payout_id, "ids"))
    .order_by(payout_votes.c.at, payout_votes.c.by_id)
)
_VOTE = Q(upsert(payout_votes, ["payout_id", "by_id"]))
_CAPTURED = Q(
    select(transfers.c.id).where(
        transfers.c.hold_id == bindparam("hold_id"), transfers.c.kind == str(Kind.POST)
    )
)
_FILES_OF = Q(
    select(payout_files.c.id, payout_files.c.content, payout_files.c.original_hash).where(
        payout_files.c.id.in_(
            select(payouts.c.file_id).where(payouts.c.owner_id == bindparam("owner_id"))
        )
    )
)
_UNWRITE = Q(
    update(payout_files)
    .where(payout_files.c.id == bindparam("id_"))
    .values(content=None, original_hash=bindparam("hash_"), changed_at=bindparam("at_"))
)
_FORGET = Q(update(payouts).where(payouts.c.owner_id == bindparam("owner_id")).values(details=None))


@dataclass(frozen=True, slots=True)
class Payout:
    """Money on its way out of a wallet, as its owner sees it. Without a `rail` the operator hands
    it over, or sends it otherwise; `reason` says why it came back."""

    id: TransferId
    owner_id: OwnerId
    amount: Money
    state: PayoutState
    rail: str | None
    details: dict[str, str] | None
    reference: str | None
    reason: WhyBack | None
    can_take_back: bool
    asked_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class PayoutCase:
    """A payout as operators see it: `approved_by` of as many `approvals` as it must have."""

    payout: Payout
    approvals: int
    approved_by: list[UserId]
    asked_by: UserId
    file_id: PayoutFileId | None
    attention: Attention | None


@dataclass(frozen=True, slots=True)
class PayoutPlace:
    """Where an owner may be paid out to, from `usable_from` on."""

    address_id: PaymentAddressId
    rail: str
    currency: str
    details: dict[str, str]
    usable_from: int


@dataclass(frozen=True, slots=True)
class MyPayouts:
    """The latest payouts of an owner, and where they can be sent."""

    items: list[Payout]
    places: list[PayoutPlace]


def ask_payout(
    tx: Tx,
    id: TransferId,
    amount: Money,
    address_id: PaymentAddressId | None = None,
    *,
    screen: Screen | None = None,
    by: Actor,
) -> Transfer:
    """Set `amount` of `by`'s wallet aside, to be paid out by the operator: to one of `by`'s
    addresses, or (None) as the two agree. Always confirmed.

    Raises: InsufficientFunds, LimitExceeded, ConfirmationRequired, ConfirmationWrong,
    AddressTooNew, AccountFrozen, AccountClosed, IdReused; NeedsReview for whoever is on the
    operators' list, and for a bank account in such a name; NotFound for an address that is not in
    use, or in another currency; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    currency = amount.currency
    address = find_paid_at(tx, by.user_id, address_id) if address_id else None
    going_out = AccountKey(OPERATOR, Code.GOING_OUT, currency)
    objection = None
    if address_id is not None:
        if (
            address is None
            or address.ended_at is not None
            or address.currency != currency
            or not can_be_paid_out_to(address)
        ):
            objection = Refused(Reason.NOT_FOUND)
        elif tx.now < (until := usable_from(tx, address)):
            objection = Refused(Reason.ADDRESS_TOO_NEW, until=until)
    named = address.details.get("name", "") if address else ""
    is_suspect = bool(screen and (screen(tx, {by.user_id}) or bears_listed(tx, named)))
    objection = objection_to_listed(currency, is_suspect=is_suspect) or objection
    group = Group(
        id,
        (Move.pending(wallet_key(by.user_id, currency), going_out, amount, None),),
        "payout",
        by.person_id,
        Ref(ADDRESS, address_id) if address_id else None,
        objection=objection,
        consent=Consent.NEVER if by.kind == "system" else Consent.ALWAYS,
        confirmation=by.confirmation,
        is_suspect=is_suspect,
    )
    [asked] = ledger.post(tx, group)
    if find_row(tx, id) is None:
        line = payout_rule(tx, currency).second_above_minor
        row = {
            "transfer_id": id,
            "owner_id": by.user_id,
            "currency": currency,
            "amount_minor": amount.amount_minor,
            "rail": address.rail if address else None,
            "details": address.details if address else None,
            "reference": new_reference() if address else None,
            "approvals": _APPROVALS if line is not None and amount.amount_minor > line else 0,
            "file_id": None,
            "state": "asked",
            "reason": None,
            "attention": None,
            "line_id": None,
            "return_line_id": None,
            "by_id": by.person_id,
            "created_at": tx.now,
            "changed_at": tx.now,
        }
        tx.do(_ADD, **row)
        tell(tx, id, by.user_id)
    return asked


def take_back_payout(tx: Tx, id: TransferId, payout_id: TransferId, *, by: Actor) -> Transfer:
    """The owner wants it back in the wallet, which is possible until it is in a file for the bank.

    Raises: NotFound for somebody else's; PayoutUnderWay; HoldResolved, IdReused; NotAllowed.
    """
    require_mandate(Mandate.SPEND, by=by)
    row = find_row(tx, payout_id)
    if row is None or row.owner_id != by.user_id:
        raise NotFound()
    if row.file_id is not None and row.state in ("asked", "sent"):
        raise PayoutUnderWay()
    voided = ledger.void(tx, id, payout_id, "payout_taken_back", by=by)
    if row.state == "asked":
        save(tx, row, state="taken_back")
    return voided


def approve_payout(tx: Tx, payout_id: TransferId, *, by: Actor) -> PayoutCase:
    """Agree that a large one is paid out. Safe to repeat.

    Raises: NotAllowed unless an operator does it who did not ask for it; HoldResolved, NotFound.
    """
    require_operator(tx, by=by)
    row = _require(tx, payout_id)
    if by.person_id in (row.owner_id, row.by_id):
        raise NotAllowed()
    if row.state != "asked":
        raise HoldResolved(state=row.state)
    tx.do(_VOTE, payout_id=payout_id, by_id=by.person_id, at=tx.now)
    tell(tx, payout_id)
    return case(tx, row)


def settle_payout(
    tx: Tx, id: TransferId, payout_id: TransferId, *, source: Source = Source.CASH, by: Actor
) -> Transfer:
    """The operator has paid it out, from `source`, or knows that it has arrived.

    Raises: NotAllowed unless an operator does it; PayoutNotAgreed; InvalidInput for cash of what
    goes by bank; InsufficientFunds when the source has less; HoldResolved, IdReused, NotFound.
    """
    require_operator(tx, by=by)
    row = _require(tx, payout_id)
    if row.file_id is not None and source is not Source.BANK:
        message = "It is in a file for the bank."
        raise InvalidInput(errors=[{"field": "source", "message": message}])
    if row.approvals > len(approved_by(tx, payout_id)):
        raise PayoutNotAgreed()
    return settle(tx, id, row, source, by=by)


def refuse_payout(
    tx: Tx, id: TransferId, payout_id: TransferId, reason: WhyBack = "refused", *, by: Actor
) -> Transfer:
    """It will not arrive, or has come back: it is in the wallet again.

    Raises: NotAllowed unless an operator does it; HoldResolved, InsufficientFunds, AccountFrozen,
    AccountClosed, IdReused, NotFound.
    """
    require_operator(tx, by=by)
    return bring_back(tx, id, _require(tx, payout_id), reason, by=by)


def list_my_payouts(tx: Tx, *, by: Actor) -> MyPayouts:
    """What `by` took out lately, and where it can go."""
    places = [
        PayoutPlace(it.id, it.rail, it.currency, it.details, usable_from(tx, it))
        for it in in_use(tx, by.user_id)
        if can_be_paid_out_to(it)
    ]
    rows = tx.all(_OF_OWNER, owner_id=by.user_id, limit=50)
    return MyPayouts([payout_of(row) for row in rows], places)


def list_payouts(tx: Tx, *, over: bool = False, by: Actor) -> list[PayoutCase]:
    """What operators have to see to, the oldest first; or those that are `over`, the latest first.

    Raises: NotAllowed unless an operator asks.
    """
    require_operator(tx, by=by)
    rows = tx.all(_LATEST if over else _UNDER_WAY)
    votes: dict[TransferId, list[UserId]] = {}
    for vote in tx.all(_VOTES, ids=[row.transfer_id for row in rows]):
        votes.setdefault(vote.payout_id, []).append(vote.by_id)
    return [_case(row, votes.get(row.transfer_id, [])) for row in rows]


def export_payouts(tx: Tx, owner_id: OwnerId) -> list[Payout]:
    return [payout_of(row) for row in tx.all(_OF_OWNER, owner_id=owner_id, limit=2**31)]


def forget_payouts(tx: Tx, owner_id: OwnerId) -> None:
    """Where an owner was paid out to is forgotten. Files that say it are written anew without it:
    whoever goes has nothing set aside, so the bank has had them. What they said first is known by
    its hash."""
    for file in tx.all(_FILES_OF, owner_id=owner_id):
        if file.content is not None:
            first = file.original_hash or sha256(file.content).digest()
            tx.do(_UNWRITE, id_=file.id, hash_=first, at_=tx.now)
    tx.do(_FORGET, owner_id=owner_id)


# For the other files of this room


def find_row(tx: Tx, id: TransferId) -> Row | None:
    return tx.one(_FIND, id=id)


def approved_by(tx: Tx, payout_id: TransferId) -> list[UserId]:
    return [it.by_id for it in tx.all(_VOTES, ids=[payout_id])]


def settle(tx: Tx, id: TransferId, row: Row, source: Source, *, by: Actor) -> Transfer:
    """Post what was set aside, and take it out of the operator's own account."""
    going_out = AccountKey(OPERATOR, Code.GOING_OUT, row.currency)
    moves = (
        Move.post(row.transfer_id),
        Move.posted(going_out, operator_key(source, row.currency), amount_of(row)),
    )
    settled, _ = ledger.post(tx, Group(id, moves, "payout", by.person_id))
    if row.state in ("asked", "sent"):
        save(tx, row, state="arrived", attention=None)
        tx.emit(PayoutSettled(row.transfer_id, row.owner_id, amount_of(row)))
    return settled


def bring_back(
    tx: Tx, id: TransferId, row: Row, reason: WhyBack, *, by: Actor, line: Row | None = None
) -> Transfer:
    """Into the wallet again: what was set aside is released, what had arrived is paid back."""
    captured = tx.one(_CAPTURED, hold_id=row.transfer_id)
    if captured is None:
        back = ledger.void(tx, id, row.transfer_id, "payout_refused", by=by)
    else:
        moves = (
            Move.reverse(move_id(captured.id, 1), None),
            Move.reverse(captured.id, None),
        )
        _, back = ledger.post(tx, Group(id, moves, "payout_returned", by.person_id))
    if row.state in ("asked", "sent", "arrived"):
        found = {"return_line_id": line.id} if line is not None else {}
        save(tx, row, state="came_back", reason=reason, attention=None, **found)
        tx.emit(PayoutFailed(row.transfer_id, row.owner_id, amount_of(row), reason))
    return back


def save(tx: Tx, row: Row, **changes: Any) -> None:
    """Write down what has changed, and tell whom it concerns."""
    row = row._replace(changed_at=tx.now, **changes)
    tx.do(_SAVE, id_=row.transfer_id, **{f"{name}_": getattr(row, name) for name in _CHANGING})
    tell(tx, row.transfer_id, row.owner_id)


def tell(tx: Tx, payout_id: TransferId, owner_id: OwnerId | None = None) -> None:
    """What waits to be paid out, or how it stands, has changed."""
    concerned = {UserId(it) for it in operators(tx)}
    if owner_id is not None:
        concerned.add(UserId(owner_id))
    tx.publish(sorted(concerned), Change("payout", payout_id))


def amount_of(row: Row) -> Money:
    return Money(row.amount_minor, row.currency)


def payout_of(row: Row) -> Payout:
    return Payout(
        id=row.transfer_id,
        owner_id=row.owner_id,
        amount=amount_of(row),
        state=row.state,
        rail=row.rail,
        details=row.details,
        reference=row.reference,
        reason=row.reason,
        can_take_back=row.state == "asked" and row.file_id is None,
        asked_at=row.created_at,
        changed_at=row.changed_at,
    )


def case(tx: Tx, row: Row) -> PayoutCase:
    return _case(row, approved_by(tx, row.transfer_id))


def _case(row: Row, votes: list[UserId]) -> PayoutCase:
    return PayoutCase(payout_of(row), row.approvals, votes, row.by_id, row.file_id, row.attention)


def _require(tx: Tx, payout_id: TransferId) -> Row:
    row = find_row(tx, payout_id)
    if row is None:
        raise NotFound()
    return row
