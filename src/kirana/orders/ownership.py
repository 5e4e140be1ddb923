"""What somebody takes along of their orders, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Tx
from kirana.values import UserId

from .book import read_order
from .cart import KeptLine, empty_carts, list_kept
from .model import Address, Contact, Order, Side
from .tables import orders, steps

NOBODY = Contact("erased")
NOWHERE = Address("erased")

_OF_BUYER = Q(
    select(orders)
    .where(orders.c.buyer_id == bindparam("buyer_id"))
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


def export_user(tx: Tx, user_id: UserId) -> OrdersExport:
    return OrdersExport(
        orders=[read_order(tx, row, Side.BUYER) for row in tx.all(_OF_BUYER, buyer_id=user_id)],
        carts=list_kept(tx, user_id),
    )


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Take name, number, address and words out of a buyer's orders. What was bought for how much
    stays: the shop's books need it. Again: nothing."""
    empty_carts(tx, user_id)
    tx.do(_ERASE_PERSON, buyer_id_=user_id, contact_=NOBODY)
    tx.do(_ERASE_PLACE, buyer_id_=user_id, address_=NOWHERE)
    tx.do(_ERASE_WORDS, person_id=user_id)
