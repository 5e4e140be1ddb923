"""Paying by card: into one's wallet, for something that is held until it is handed over, and back.

Nothing here calls anybody: it is written down what is wanted, and a job asks the provider.
"""

from typing import Any

from kirana.platform.db import Row, Tx
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import Actor, Mandate, Money, OwnerId, RailPaymentId, TransferId

from ..model import Ref, digest
from ..owners import open_owner, require_mandate
from ..problems import AmountOutOfRange, WayOff
from ..rails import CodeRefused
from ..rails.stripe import Stage, to_rail
from ..refusals import Attempt
from ..screening import Screen, require_unlisted
from .payments import (
    RailKind,
    RailPayment,
    add_row,
    card_account_for,
    find_row,
    go_on,
    is_operators,
    list_of_owner,
    require_row,
    save,
    seen,
)
from .reports import LOOK_AGAIN_MS, books_of, send_back


def top_up_by_card(
    tx: Tx, id: RailPaymentId, amount: Money, *, screen: Screen | None = None, by: Actor
) -> RailPayment:
    """Pay into `by`'s wallet by card. Nothing is in the wallet until the provider has the money.
    Safe to repeat with the same id.

    Raises: WayOff where no cards are taken; AmountOutOfRange, IdReused; NeedsReview for whoever is
    on the operators' list; NotAllowed for guests and for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    if by.kind == "guest":
        raise NotAllowed()
    fp = digest(by.person_id, by.user_id, "card-top-up", amount.amount_minor, amount.currency)
    if known := find_row(tx, id):
        return _same(known, fp)
    require_unlisted(tx, Attempt(id, "top_up", by.user_id, None, amount), screen=screen)
    open_owner(tx, by.user_id)
    return seen(_begin(tx, id, "top_up", amount, owner_id=by.user_id, fp=fp, by=by))


def pay_by_card(
    tx: Tx,
    id: RailPaymentId,
    *,
    payer: OwnerId,
    payee: OwnerId,
    amount: Money,
    ref: Ref,
    by: Actor,
) -> RailPayment:
    """Let `payer` pay by card for `ref`, through the payee's own account where there is one. Once
    the bank has set the money aside it is held for the payee, until `capture_card` or
    `cancel_card`. Safe to repeat with the same id.

    For a room that has asked permission. Raises: WayOff, AmountOutOfRange, IdReused.
    """
    fp = digest(payer, payee, "card-payment", amount.amount_minor, amount.currency, ref)
    if known := find_row(tx, id):
        return _same(known, fp)
    open_owner(tx, payer)
    row = _begin(
        tx, id, "order", amount, owner_id=payer, payee_id=payee, ref_kind=ref.kind, ref_id=ref.id,
        fp=fp, by=by,
    )  # fmt: skip
    return seen(row)


def capture_card(tx: Tx, id: RailPaymentId, *, by: Actor) -> None:
    """Take what the bank has set aside. The payee has it when the provider says so. Safe to repeat.

    For a room that has asked permission. Raises: NotFound.
    """
    row = _require(tx, id)
    if row.wanted is None and row.stage < Stage.ENDED:
        save(tx, row, wanted="capture")
        go_on(tx, id)


def cancel_card(tx: Tx, id: RailPaymentId, *, by: Actor) -> None:
    """It is not to be paid any more: what the bank has set aside is let go. What was taken already
    is not touched. Safe to repeat.

    For a room that has asked permission. Raises: NotFound.
    """
    row = _require(tx, id)
    if row.wanted == "cancel" or row.stage >= Stage.ENDED:
        return
    hold_id = books_of(row).keep_back(tx, row) if row.hold_id else None
    save(tx, row, wanted="cancel", hold_id=hold_id)
    go_on(tx, id)


def return_to_card(
    tx: Tx, id: TransferId, payment_id: RailPaymentId, amount: Money, *, by: Actor
) -> RailPayment:
    """Send money back to the card: what a refund `id` brought into the payer's wallet, or noted as
    given back by the payee. Safe to repeat.

    For a room that has asked permission. Raises: InsufficientFunds, AccountFrozen, NotFound.
    """
    payment = _require(tx, payment_id)
    return seen(send_back(tx, id, payment, amount, is_noted=not is_operators(payment)))


def forget_rail_payments(tx: Tx, owner_id: OwnerId) -> None:
    """Somebody leaves: nothing can be paid for them any more."""
    for row in list_of_owner(tx, owner_id):
        if row.kind == "top_up" and row.stage < Stage.ENDED and row.wanted is None:
            save(tx, row, wanted="cancel", url=None)
            go_on(tx, row.id)


def _begin(
    tx: Tx,
    id: RailPaymentId,
    kind: RailKind,
    amount: Money,
    *,
    owner_id: OwnerId,
    by: Actor,
    **more: Any,
) -> Row:
    card_account_id = card_account_for(tx, amount.currency, more.get("payee_id"))
    if card_account_id is None:
        raise WayOff(currency=amount.currency)
    try:
        to_rail(amount)
    except CodeRefused as refused:
        raise AmountOutOfRange(currency=amount.currency) from refused
    row = add_row(
        tx, id, kind, owner_id=owner_id, amount=amount, by_id=by.person_id,
        card_account_id=card_account_id, look_at=tx.now + LOOK_AGAIN_MS, **more,
    )  # fmt: skip
    go_on(tx, id)
    return row


def _same(known: Row, fp: bytes) -> RailPayment:
    if known.fp != fp:
        raise IdReused(id=str(known.id))
    return seen(known)


def _require(tx: Tx, id: RailPaymentId) -> Row:
    row = require_row(tx, id)
    if row.kind not in ("order", "top_up"):
        raise NotFound()
    return row
