"""What somebody takes along of their orders, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, update

from kirana.platform.db import Q, Tx
from kirana.values import BusinessId, OrderId, UserId

from .book import BUYER, OWNER, read_order, state_of
from .cart import KeptLine, empty_carts, list_kept
from .model import OPEN, Address, Contact, Order
from .tables import orders, steps

NOBODY = Contact("erased")
NOWHERE = Address("erased")

_OF_BUYER = Q(
    select(orders)
    .where(orders.c.buyer_id == bindparam("buyer_id"))
    .order_by(orders.c.placed_at, orders.c.id)
)
_OF_SHOP = Q(
    select(orders)
    .where(orders.c.business_id == bindparam("business_id"))
    .order_by(orders.c.placed_at, orders.c.id)
)
_UNFINISHED = Q(
    select(orders)
    .where(
        or_(orders.c.buyer_id == bindparam("user_id"), orders.c.business_id == bindparam("user_id"))
    )
    .where(orders.c.state.in_(sorted(OPEN)))
    .order_by(orders.c.placed_at, orders.c.id)
)
_ERASE_PERSON = Q(
    update(orders)
    .where(orders.c.buyer_id == bindparam("buyer_id_"))
    .values(contact=bindparam("contact_"), contact_key=None, note="")
)
_ERASE_PLACE = Q(
    update(orders)
    .where(orders.c.buyer_id == bindparam("buyer_id_"), orders.c.address.is_not(None))
    .values(address=bindparam("address_"))
)
_ERASE_WORDS = Q(update(steps).where(steps.c.by_id == bindparam("person_id")).values(note=""))


@dataclass(frozen=True, slots=True)
class OrdersExport:
    """All that this room knows of a user."""

    orders: list[Order]
    carts: list[KeptLine]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An order that something still comes after."""

    id: OrderId
    number: int
    business_id: BusinessId


def list_unfinished(tx: Tx, user_id: UserId) -> list[Unfinished]:
    """The open orders of a buyer, or of a shop."""
    return [
        Unfinished(row.id, row.number, row.business_id)
        for row in tx.all(_UNFINISHED, user_id=user_id)
        if state_of(tx, row) in OPEN
    ]


def export_shop(tx: Tx, business_id: BusinessId) -> list[Order]:
    """All orders of a shop, as the shop sees them."""
    return [read_order(tx, row, OWNER) for row in tx.all(_OF_SHOP, business_id=business_id)]


def export_user(tx: Tx, user_id: UserId) -> OrdersExport:
    return OrdersExport(
        orders=[read_order(tx, row, BUYER) for row in tx.all(_OF_BUYER, buyer_id=user_id)],
        carts=list_kept(tx, user_id),
    )


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Take name, number, address and words out of a buyer's orders. What was bought for how much
    stays: the shop's books need it. Again: nothing."""
    empty_carts(tx, user_id)
    tx.do(_ERASE_PERSON, buyer_id_=user_id, contact_=NOBODY)
    tx.do(_ERASE_PLACE, buyer_id_=user_id, address_=NOWHERE)
    tx.do(_ERASE_WORDS, person_id=user_id)
