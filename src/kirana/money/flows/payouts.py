"""Taking money out: the owner sets it aside, the operator hands it over or sends it, then it is
posted; or the operator refuses, and it goes back."""

from sqlalchemy import select

from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, Mandate, Money, TransferId

from .. import ledger
from ..model import OPERATOR, AccountKey, Code, Consent, Group, Kind, Move, Transfer
from ..owners import require_mandate, require_operator, tell_operators
from ..tables import holds, transfers
from ..topups import Source, operator_key
from ..transfers import TransferDetails, find_transfer
from ..wallets import wallet_key

_OPEN = Q(
    select(transfers.c.id)
    .join_from(holds, transfers, transfers.c.id == holds.c.id)
    .where(holds.c.state == "open", transfers.c.purpose == "payout")
    .order_by(transfers.c.seq)
)


def ask_payout(tx: Tx, id: TransferId, amount: Money, *, by: Actor) -> Transfer:
    """Set `amount` of `by`'s wallet aside, to be paid out by the operator. Always confirmed.

    Raises: InsufficientFunds, ConfirmationRequired, ConfirmationWrong, AccountFrozen,
    AccountClosed, IdReused; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    going_out = AccountKey(OPERATOR, Code.GOING_OUT, amount.currency)
    move = Move.pending(wallet_key(by.user_id, amount.currency), going_out, amount, None)
    group = Group(
        id,
        (move,),
        "payout",
        by.person_id,
        consent=Consent.NEVER if by.kind == "system" else Consent.ALWAYS,
        confirmation=by.confirmation,
    )
    [payout] = ledger.post(tx, group)
    tell_operators(tx, payout.id)
    return payout


def settle_payout(
    tx: Tx, id: TransferId, payout_id: TransferId, *, source: Source = Source.CASH, by: Actor
) -> Transfer:
    """The operator has paid it out, from `source`.

    Raises: NotAllowed unless an operator does it; InsufficientFunds when the source has less;
    HoldResolved, IdReused, NotFound.
    """
    payout = _get(tx, payout_id, by=by)
    currency = payout.amount.currency
    going_out = AccountKey(OPERATOR, Code.GOING_OUT, currency)
    moves = (
        Move.post(payout_id),
        Move.posted(going_out, operator_key(source, currency), payout.amount),
    )
    settled, _ = ledger.post(tx, Group(id, moves, "payout", by.person_id))
    tell_operators(tx, payout_id)
    return settled


def refuse_payout(tx: Tx, id: TransferId, payout_id: TransferId, *, by: Actor) -> Transfer:
    """The operator will not pay it out: it goes back to the wallet.

    Raises: NotAllowed unless an operator does it; HoldResolved, IdReused, NotFound.
    """
    _get(tx, payout_id, by=by)
    refused = ledger.void(tx, id, payout_id, "payout_refused", by=by)
    tell_operators(tx, payout_id)
    return refused


def list_payouts(tx: Tx, *, by: Actor) -> list[TransferDetails]:
    """What waits to be paid out, oldest first. Raises: NotAllowed unless an operator asks."""
    require_operator(tx, by=by)
    return [_get(tx, row.id, by=by) for row in tx.all(_OPEN)]


def _get(tx: Tx, payout_id: TransferId, *, by: Actor) -> TransferDetails:
    require_operator(tx, by=by)
    payout = find_transfer(tx, payout_id)
    if payout is None or payout.purpose != "payout" or payout.kind is not Kind.PENDING:
        raise NotFound()
    return payout
