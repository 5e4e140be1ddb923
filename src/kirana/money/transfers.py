"""Sending money from one wallet to another, giving it back, and finding what was sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, select

from kirana.platform.db import Call, Q, Row, Tx, batched
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import (
    Actor,
    Mandate,
    Money,
    OwnerId,
    Problem,
    TransferId,
    UserId,
    derived_id,
    uuid7,
)

from . import ledger
from .model import Consent, Group, Kind, Move, Reason, Ref, Refused, Scrutiny, Transfer
from .owners import known_owners, require_mandate
from .problems import problem_of
from .screening import Screen, note_held
from .tables import accounts, holds, reversals, transfers
from .wallets import get_wallet, list_wallets, wallet_key
from .ways import WALLET, object_to, ways_off

_debits, _credits = accounts.alias("debits"), accounts.alias("credits")
_TRANSFER = (
    select(
        *transfers.c,
        _debits.c.owner_id.label("payer_id"),
        _credits.c.owner_id.label("payee_id"),
        holds.c.state.label("hold_state"),
        reversals.c.reversed_minor,
    )
    .join_from(transfers, _debits, _debits.c.id == transfers.c.debit_id)
    .join(_credits, _credits.c.id == transfers.c.credit_id)
    .outerjoin(holds, holds.c.id == transfers.c.id)
    .outerjoin(reversals, reversals.c.original_id == transfers.c.id)
)
_FIND = Q(_TRANSFER.where(transfers.c.id == bindparam("id")))
_BY_REF = Q(
    _TRANSFER.where(
        transfers.c.ref_kind == bindparam("ref_kind"), transfers.c.ref_id == bindparam("ref_id")
    ).order_by(transfers.c.seq)
)


Gift = Literal["send", "tip", "donation"]
"""What money is sent for: no more than a word in the statement of both."""
_BETWEEN_PEOPLE = {"send", "tip", "donation", "request", "cash_in", "cash_out"}
"""Purposes of what the payee may give back by themselves. The money of an order, say, goes back
from the order, which writes down what for."""


@dataclass(frozen=True, slots=True)
class TransferDetails(Transfer):
    """A transfer and what has become of it. A hold is `open` until it is resolved; what moves or
    releases money at once is `posted`, `voided` or `expired` from the start."""

    state: Literal["open", "posted", "voided", "expired"]
    refunded: Money


@dataclass(frozen=True, slots=True)
class Preview:
    """What a payment would mean, before it is made."""

    payee_id: OwnerId
    amount: Money
    fee: Money
    available_after: Money
    needs_confirmation: bool


def _send_many(tx: Tx, calls: Sequence[Call]) -> list[Transfer | Problem]:
    """One pass for all that wait, with the same answers as one after another."""
    sendings = [_Sending(*call.args, **call.kwargs) for call in calls]
    off = ways_off(tx)
    known = known_owners(tx, list({sending.payee_id for sending in sendings}))
    suspects = _suspects(tx, sendings)
    groups = [sending.group(off, known, suspects) for sending in sendings]
    outcomes = list(zip(groups, ledger.apply(tx, groups), strict=True))
    note_held(tx, ((group, it[0]) for group, it in outcomes if not isinstance(it, Refused)))
    return [
        problem_of(outcome, group) if isinstance(outcome, Refused) else outcome[0]
        for group, outcome in outcomes
    ]


@batched(_send_many)
def send_money(
    tx: Tx,
    id: TransferId,
    payee_id: OwnerId,
    amount: Money,
    *,
    purpose: Gift = "send",
    ref: Ref | None = None,
    screen: Screen | None = None,
    by: Actor,
) -> Transfer:
    """Pay somebody from `by`'s wallet. Safe to repeat with the same `id`. One that people must look
    at first is set aside for the payee until they have: its kind is `pending`.

    Raises: InsufficientFunds, AccountFrozen, AccountClosed, CounterFull, ConfirmationRequired,
    ConfirmationWrong, SameAccount, WayOff, IdReused; NotFound for a payee who is not here;
    NotAllowed for whoever may not spend a shop's money.
    """
    sending = _Sending(id, payee_id, amount, purpose=purpose, ref=ref, screen=screen, by=by)
    suspects = _suspects(tx, [sending])
    group = sending.group(ways_off(tx), known_owners(tx, [payee_id]), suspects)
    sent = ledger.post(tx, group)[0]
    note_held(tx, [(group, sent)])
    return sent


def _suspects(tx: Tx, sendings: Sequence["_Sending"]) -> set[OwnerId]:
    """Whose payments are looked at whatever the amount, of all who pay or are paid."""
    found: set[OwnerId] = set()
    for screen in {it.screen for it in sendings if it.screen}:
        sides = {
            id for it in sendings if it.screen is screen for id in (it.payee_id, it.by.user_id)
        }
        found |= screen(tx, sides)
    return found


class _Sending:
    """One call of `send_money`."""

    def __init__(
        self,
        id: TransferId,
        payee_id: OwnerId,
        amount: Money,
        *,
        purpose: Gift = "send",
        ref: Ref | None = None,
        screen: Screen | None = None,
        by: Actor,
    ) -> None:
        self.id, self.payee_id, self.amount, self.ref, self.by = id, payee_id, amount, ref, by
        self.purpose, self.screen = purpose, screen

    def group(
        self,
        off: set[tuple[str, str, str]],
        known: set[OwnerId],
        suspects: Collection[OwnerId] = (),
    ) -> Group:
        by, payee_id, currency = self.by, self.payee_id, self.amount.currency
        objection = object_to(currency, WALLET, off)
        if payee_id not in known:
            objection = Refused(Reason.NOT_FOUND, payee_id=str(payee_id))
        if not by.mandate.includes(Mandate.SPEND):
            objection = Refused(Reason.NOT_ALLOWED, needs=Mandate.SPEND)
        move = Move.posted(
            wallet_key(by.user_id, currency), wallet_key(payee_id, currency), self.amount
        )
        return Group(
            self.id,
            (move,),
            self.purpose,
            by.person_id,
            self.ref,
            objection=objection,
            consent=Consent.NEVER if by.kind == "system" else Consent.ABOVE,
            confirmation=by.confirmation,
            scrutiny=Scrutiny.HOLD,
            is_suspect=payee_id in suspects or by.user_id in suspects,
        )


def hand_over(tx: Tx, from_id: OwnerId, to_id: OwnerId, *, parent: UUID, by: Actor) -> None:
    """All that is free in one owner's wallets goes to another: the two are the same person, a
    guest who turned out to have an account. `parent` is what made that known.

    For a room that has asked permission. Raises: AccountFrozen, AccountClosed.
    """
    owner = Actor(UserId(from_id), UserId(from_id))
    for number, wallet in enumerate(list_wallets(tx, by=owner)):
        if not wallet.available:
            continue
        move = Move.posted(
            wallet_key(from_id, wallet.currency),
            wallet_key(to_id, wallet.currency),
            wallet.available,
        )
        id = TransferId(derived_id(parent, "hand-over", number))
        ledger.post(tx, Group(id, (move,), "hand_over", by.person_id))


def give_back(
    tx: Tx, id: TransferId, original_id: TransferId, amount: Money | None = None, *, by: Actor
) -> Transfer:
    """Give back what `by` was paid, in part or all that is left of it. Confirmed like any payment.

    Raises: those of `refund`; ConfirmationRequired, ConfirmationWrong; NotAllowed for the payer,
    for whoever may not do this with a shop's money, and for what was paid for an order or by the
    operator; NotFound for somebody else's transfer.
    """
    require_mandate(Mandate.GIVE_BACK, by=by)
    original = get_transfer(tx, original_id, by=by)
    is_between_people = original.purpose in _BETWEEN_PEOPLE and (
        original.ref is None or original.ref.kind == "conversation"
    )
    if original.payee_id != by.user_id or not is_between_people:
        raise NotAllowed()
    return ledger.refund(tx, id, original_id, amount, consent=Consent.ABOVE, by=by)


def preview_transfer(tx: Tx, payee_id: OwnerId, amount: Money, *, by: Actor) -> Preview:
    """What sending would mean: what is left, and whether a PIN is needed. Changes nothing.

    Raises: those of `send_money`, but for the PIN.
    """
    sending = _Sending(TransferId(uuid7()), payee_id, amount, by=by)
    group = sending.group(ways_off(tx), known_owners(tx, [payee_id]))
    outcome = ledger.try_out(tx, group)
    needs_confirmation = (
        isinstance(outcome, Refused) and outcome.reason is Reason.CONFIRMATION_REQUIRED
    )
    if isinstance(outcome, Refused) and not needs_confirmation:
        raise problem_of(outcome, group)
    available = get_wallet(tx, by.user_id, amount.currency).available
    return Preview(
        payee_id=payee_id,
        amount=amount,
        fee=Money.zero(amount.currency),
        available_after=available - amount,
        needs_confirmation=needs_confirmation,
    )


def get_transfer(tx: Tx, id: TransferId, *, by: Actor) -> TransferDetails:
    """A transfer that `by` is a side of. Raises: NotFound."""
    found = find_transfer(tx, id)
    if found is None or by.user_id not in (found.payer_id, found.payee_id):
        raise NotFound()
    return found


def find_transfer(tx: Tx, id: TransferId) -> TransferDetails | None:
    """A transfer, for a room that has asked permission. A refused attempt is none."""
    row = tx.one(_FIND, id=id)
    return _details(row) if row else None


def list_transfers(tx: Tx, ref: Ref) -> list[TransferDetails]:
    """All that was moved for `ref`, oldest first, for the room whose thing it is."""
    return [_details(row) for row in tx.all(_BY_REF, ref_kind=ref.kind, ref_id=ref.id)]


_FIELDS = [field.name for field in fields(Transfer)]
_STATES: Mapping[Kind, Any] = {Kind.VOID: "voided", Kind.EXPIRE: "expired"}


def _details(row: Row) -> TransferDetails:
    transfer = ledger.transfer_of(row)
    told: dict[str, Any] = {name: getattr(transfer, name) for name in _FIELDS}
    return TransferDetails(
        **told,
        state=row.hold_state or _STATES.get(transfer.kind, "posted"),
        refunded=Money(row.reversed_minor or 0, transfer.amount.currency),
    )
