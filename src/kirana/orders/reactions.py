"""What orders does when a room below announces something."""

from sqlalchemy import bindparam, select, update

from kirana import catalog, identity, money
from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.stream import Change
from kirana.values import SYSTEM, Actor, OrderId, UserId

from . import payments
from .book import find_row
from .cart import join_carts
from .fulfillment import end_order, promise
from .model import OPEN, State
from .receipts import settle
from .tables import orders

_ADOPT = Q(
    update(orders)
    .where(orders.c.buyer_id == bindparam("guest_id"))
    .values(buyer_id=bindparam("user_id"))
    .returning(orders.c.id, orders.c.business_id)
)
_ADOPT_REACHED = Q(
    update(orders)
    .where(orders.c.buyer_id == bindparam("guest_id"), any_of(orders.c.contact_key, "keys"))
    .values(buyer_id=bindparam("user_id"))
    .returning(orders.c.id, orders.c.business_id)
)
_BUYERS_REACHED_BY = Q(select(orders.c.buyer_id).where(any_of(orders.c.contact_key, "keys")))


def mark_paid(tx: Tx, event: money.TransferPosted) -> None:
    """Money for an order has moved: when all of it is there, the order is paid, once.

    Goods that are paid for are held for good. If they are gone meanwhile, the money goes back.
    """
    assert event.ref is not None
    row = find_row(tx, OrderId(event.ref.id))
    if row is None:
        return
    if row.paid_at is not None:
        tx.publish([row.buyer_id, row.business_id], Change("order", row.id))
        return
    funds = payments.funds_of(tx, row)
    if funds.captured < funds.due:
        return
    row = settle(tx, row)
    if row.state == State.PLACED:
        try:
            promise(tx, row, by=SYSTEM)
        except catalog.OutOfStock:
            end_order(tx, row, State.CANCELED, by=SYSTEM)


def cancel_unfunded(tx: Tx, event: money.TransferExpired) -> None:
    """The shop let the time pass for which the buyer's money was set aside. (A claim that nobody
    answered set nothing aside.)"""
    assert event.ref is not None
    if event.way is not money.Way.WALLET:
        return
    row = find_row(tx, OrderId(event.ref.id))
    if row is not None and State(row.state) in OPEN:
        end_order(tx, row, State.CANCELED, by=SYSTEM)


def cancel_unpaid(tx: Tx, event: money.CardPaymentEnded) -> None:
    """The buyer did not pay by card, or the bank has let the money go."""
    assert event.ref is not None
    row = find_row(tx, OrderId(event.ref.id))
    if row is not None and State(row.state) in OPEN and row.paid_at is None:
        end_order(tx, row, State.CANCELED, by=SYSTEM)


def show_held(tx: Tx, event: money.CardPaymentHeld) -> None:
    """The bank has set the money aside: both sides look at the order again."""
    assert event.ref is not None
    row = find_row(tx, OrderId(event.ref.id))
    if row is not None:
        tx.publish([row.buyer_id, row.business_id], Change("order", row.id))


def adopt_guest(tx: Tx, event: identity.GuestJoined) -> None:
    """A guest turned out to be somebody: cart and orders are theirs."""
    join_carts(tx, event.guest_id, event.user_id)
    _tell(tx, event.user_id, tx.all(_ADOPT, guest_id=event.guest_id, user_id=event.user_id))
    _adopt_reached(tx, event.user_id)


def adopt_by_address(tx: Tx, event: identity.UserJoined) -> None:
    """Somebody has an account now: what guests ordered under an address that this person has
    proven is theirs."""
    _adopt_reached(tx, event.user_id)


def _adopt_reached(tx: Tx, user_id: UserId) -> None:
    me = identity.get_me(tx, by=Actor(user_id, user_id))
    proven = [identity.parse_address(own.address) for own in me.addresses]
    keys = [address.key for address in proven if address]
    rows = tx.all(_BUYERS_REACHED_BY, keys=keys)
    buyers = identity.get_cards(tx, {row.buyer_id for row in rows})
    for buyer in buyers.values():
        if buyer.kind == "guest":
            found = tx.all(_ADOPT_REACHED, guest_id=buyer.id, user_id=user_id, keys=keys)
            _tell(tx, user_id, found)


def _tell(tx: Tx, user_id: UserId, adopted: list[Row]) -> None:
    for row in adopted:
        tx.publish([user_id, row.business_id], Change("order", row.id))
