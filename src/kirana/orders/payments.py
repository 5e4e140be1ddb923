"""The money of an order: set aside or asked for, taken, given back. Where it is, money knows."""

from collections.abc import Iterable
from dataclasses import dataclass

from kirana import identity, money
from kirana.platform.db import Row, Tx
from kirana.values import (
    Actor,
    Mandate,
    Money,
    OrderId,
    OwnerId,
    RailPaymentId,
    RequestId,
    TransferId,
    UserId,
    derived_id,
    total,
)

from .model import Payment, PaymentState, payment_state
from .problems import RefundNotCovered

SET_ASIDE_S = 30 * 24 * 3600
"""How long the shop has to hand over what was paid for; then the buyer's money is free again."""

_WAYS = {
    Payment.WALLET: ("wallet", "kirana"),
    Payment.CASH: ("direct", "cash"),
}
"""Way and rail of each, as the operator switches them. Of cards money knows."""


@dataclass(frozen=True, slots=True)
class Funds:
    """Where the money of one order is."""

    due: Money
    held: Money
    captured: Money
    refunded: Money
    captured_by: tuple[money.TransferDetails, ...]
    """The transfers that brought it: what a refund gives back. One, unless the buyer paid from the
    bank and it came in parts."""

    @property
    def state(self) -> PaymentState:
        return payment_state(self.due, self.held, self.captured, self.refunded)

    @property
    def left(self) -> Money:
        """What can still be given back."""
        return self.captured - self.refunded


def funds_of(tx: Tx, row: Row) -> Funds:
    """Read the books: every transfer of an order names it."""
    transfers = money.list_transfers(tx, ref_to(row.id))
    held = [
        transfer.amount
        for transfer in transfers
        if transfer.kind is money.Kind.PENDING
        and transfer.purpose == money.PURCHASE
        and transfer.state == "open"
        and (transfer.expires_at is None or tx.now < transfer.expires_at)
    ]
    moved = [
        transfer
        for transfer in transfers
        if transfer.kind in (money.Kind.POSTED, money.Kind.POST) and transfer.purpose != money.FEE
    ]
    captured = [transfer for transfer in moved if transfer.reverses_id is None]
    refunded = [transfer.amount for transfer in moved if transfer.reverses_id is not None]
    # What was given back and came again is no second payment: less was given back.
    again = total((it.amount for it in captured if it.purpose == money.BACK_AGAIN), row.currency)
    return Funds(
        due=Money(row.total_minor, row.currency),
        held=total(held, row.currency),
        captured=total((transfer.amount for transfer in captured), row.currency) - again,
        refunded=total(refunded, row.currency) - again,
        captured_by=tuple(captured),
    )


def secure(tx: Tx, row: Row, *, by: Actor) -> None:
    """Set the total aside in the buyer's wallet, ask for it in cash, or let the buyer pay by card.
    What is free needs none of it.

    Raises: money.WayOff, money.AmountOutOfRange, money.InsufficientFunds,
    money.ConfirmationRequired and what else money refuses; money.NeedsReview for money of, or to,
    whoever is on the operators' list; NotAllowed for whoever may not spend the money of the shop
    that buys.
    """
    amount = Money(row.total_minor, row.currency)
    if not amount:
        return
    way = _WAYS.get(Payment(row.payment))
    if way and (row.currency, *way) in money.ways_off(tx):
        raise money.WayOff(currency=row.currency)
    if row.payment != Payment.CASH:
        _require_unlisted(tx, row)
    if row.payment == Payment.WALLET:
        money.require_mandate(Mandate.SPEND, by=by)
        money.hold(
            tx,
            TransferId(row.id),
            payer=row.buyer_id,
            payee=row.business_id,
            amount=amount,
            ref=ref_to(row.id),
            timeout_s=SET_ASIDE_S,
            by=by,
        )
    elif row.payment == Payment.CARD:
        money.require_mandate(Mandate.SPEND, by=by)
        money.pay_by_card(
            tx,
            RailPaymentId(row.id),
            payer=row.buyer_id,
            payee=row.business_id,
            amount=amount,
            ref=ref_to(row.id),
            by=by,
        )
    else:
        money.ask(
            tx,
            RequestId(row.id),
            asker=row.business_id,
            payer=row.buyer_id,
            amount=amount,
            ref=ref_to(row.id),
            by=by,
        )


def _require_unlisted(tx: Tx, row: Row) -> None:
    """By the names that both have here, and by the one that the buyer gave for this order.

    Raises: money.NeedsReview.
    """

    def as_known(tx: Tx, ids: Iterable[OwnerId]) -> dict[OwnerId, str]:
        cards = identity.get_cards(tx, [UserId(id) for id in ids])
        return {id: card.name for id, card in cards.items()}

    def as_given(tx: Tx, ids: Iterable[OwnerId]) -> dict[OwnerId, str]:
        return {row.buyer_id: row.contact["name"]}

    amount = Money(row.total_minor, row.currency)
    attempt = money.Attempt(row.id, "order", row.buyer_id, row.business_id, amount)
    for name_of in (as_known, as_given):
        money.require_unlisted(tx, attempt, screen=money.NameList(name_of))


def capture(tx: Tx, row: Row, *, by: Actor) -> None:
    """Take what was set aside; nothing where nothing is. By card it comes a moment later, when the
    provider has it.

    Raises: money.HoldExpired when the shop took too long.
    """
    if not row.total_minor or row.paid_at is not None:
        return
    if row.payment == Payment.CARD:
        money.capture_card(tx, RailPaymentId(row.id), by=by)
    elif row.payment == Payment.WALLET:
        money.capture_sale(
            tx,
            TransferId(derived_id(row.id, "capture")),
            TransferId(row.id),
            payee=row.business_id,
            amount=Money(row.total_minor, row.currency),
            ref=ref_to(row.id),
            by=by,
        )


def let_go(tx: Tx, row: Row, reason: str, *, by: Actor) -> None:
    """Free what was set aside, or ask no longer. What has been paid is not touched."""
    if row.payment == Payment.CARD:
        if row.total_minor:
            money.cancel_card(tx, RailPaymentId(row.id), by=by)
    elif funds_of(tx, row).held:
        money.void(tx, TransferId(derived_id(row.id, "void")), TransferId(row.id), reason, by=by)
    elif row.payment == Payment.CASH and row.total_minor:
        request = money.find_request(tx, RequestId(row.id))
        if request.state == "open":
            money.cancel_request(tx, request.id, by=by)


def is_secured(row: Row, funds: Funds) -> bool:
    """Whether the shop can rely on the money. By card that is so once the bank has set it aside;
    who pays in cash is trusted, and a wallet is held from the start."""
    return row.payment != Payment.CARD or funds.held + funds.captured >= funds.due


def collect(tx: Tx, row: Row, *, by: Actor) -> None:
    """What is to be paid was handed over in cash.

    Raises: money.RequestEnded, money.ClaimOpen, money.WayOff.
    """
    money.collect_cash(tx, RequestId(row.id), by=by)


def give_back(tx: Tx, row: Row, id: TransferId, amount: Money, reason: str, *, by: Actor) -> None:
    """Return part of what was paid, the way it came: to the wallet, to the card, or noted as handed
    back.

    A refusal uses no id up: the same refund may be tried again later. Raises: RefundNotCovered,
    money.OverRefund, money.AccountFrozen.
    """
    *others, last = funds_of(tx, row).captured_by
    rest = amount
    try:
        for number, payment in enumerate(others):
            part = min(rest, payment.amount - payment.refunded)
            if part:
                part_id = TransferId(derived_id(id, "part", number))
                money.refund(tx, part_id, payment.id, part, reason, may_be_retried=True, by=by)
                rest -= part
        if rest:
            money.refund(tx, id, last.id, rest, reason, may_be_retried=True, by=by)
        if row.payment == Payment.CARD:
            money.return_to_card(tx, id, RailPaymentId(row.id), amount, by=by)
    except money.InsufficientFunds as short:
        raise RefundNotCovered() from short


def ref_to(order_id: OrderId) -> money.Ref:
    return money.Ref("order", order_id)
