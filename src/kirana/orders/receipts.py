"""What was paid, in writing: the number that a payment brings, and all that a receipt says."""

from dataclasses import dataclass

from sqlalchemy import bindparam, update

from kirana import business
from kirana.platform.db import Q, Row, Tx
from kirana.values import SYSTEM, Actor, Money, OrderId

from .book import get_order, record
from .events import OrderPaid
from .model import Order
from .numbers import Series, yearly_number
from .problems import NotPaid
from .tables import orders

_SETTLE = Q(
    update(orders)
    .where(orders.c.id == bindparam("id_"), orders.c.paid_at.is_(None))
    .values(paid_at=bindparam("now"), receipt_number=bindparam("number_"))
)


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sold it, as the shop's profile says."""

    name: str
    address: str
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that is printed. Times are to be shown in `zone`, the shop's."""

    number: str
    issued_at: int
    zone: str
    seller: Seller
    order: Order
    kept: Money
    """What the shop has: the total without what was refunded."""


def get_receipt(tx: Tx, order_id: OrderId, *, by: Actor) -> Receipt:
    """The receipt of an order of one's own, or of one's shop. Raises: NotPaid, NotFound."""
    return render_receipt(tx, get_order(tx, order_id, by=by))


def render_receipt(tx: Tx, order: Order) -> Receipt:
    """The receipt of an order that one may see. Raises: NotPaid."""
    if order.receipt_number is None or order.paid_at is None:
        raise NotPaid(order_id=order.id)
    shop = business.get_business(tx, order.business_id)
    return Receipt(
        number=order.receipt_number,
        issued_at=order.paid_at,
        zone=shop.zone,
        seller=Seller(shop.name, shop.address, shop.phone, shop.email),
        order=order,
        kept=order.total - order.refunded,
    )


def settle(tx: Tx, row: Row) -> Row:
    """All the money is there: give the order its receipt, and tell. For orders not yet paid."""
    number = yearly_number(tx, row.business_id, Series.RECEIPT)
    count = tx.do(_SETTLE, id_=row.id, now=tx.now, number_=number)
    assert count == 1, "An order is settled once."
    row = row._replace(paid_at=tx.now, receipt_number=number)
    return record(
        tx, row, "paid", OrderPaid, amount=Money(row.total_minor, row.currency), by=SYSTEM
    )
