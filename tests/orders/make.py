"""The smallest valid shops, goods, buyers and orders. Prices are in minor units of INR."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from kirana import business, catalog, money, orders
from kirana.catalog import Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.orders import Address, Contact, Method, Order, Payment, Refund, State
from kirana.platform.problems import NotAllowed
from kirana.values import (
    SYSTEM,
    Actor,
    BusinessId,
    Mandate,
    Money,
    OrderId,
    ProductId,
    RequestId,
    TransferId,
    UserId,
    VariantId,
    uuid7,
)
from tests.database import RehearsedDatabase
from tests.identity import make as identity_make

Refused = NotAllowed
REFUSALS = (
    orders.NotPaid,
    orders.NotFulfilled,
    orders.TooManyReturned,
    orders.RefundNotCovered,
    money.OverRefund,
)
ADDRESS = Address("12 Hill Road, blue gate", city="Bandra", postcode="400050")
CONTACT = Contact("Ravi", phone="+919876543210")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop, its owner, and the owner acting for it."""

    id: BusinessId
    name: str
    owner: Actor

    @property
    def owner_as_shop(self) -> Actor:
        return Actor(self.id, self.owner.person_id, shop_mandate=Mandate.SPEND)


class Placed(Protocol):
    @property
    def id(self) -> OrderId: ...


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def new_id() -> Any:
    return uuid7()


def shop(db: RehearsedDatabase, name: str = "Asha Stores", *, zone: str = "Asia/Kolkata") -> Shop:
    """A shop that lets people pick up."""
    owner = identity_make.person(db, "Asha")
    shop_id = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness(name, "grocery", "IN", "INR", zone)
    db.write(business.open_business, shop_id, draft, by=owner)
    db.write(money.set_owner, shop_id, by=SYSTEM)
    return Shop(shop_id, name, owner)


def delivers(
    db: RehearsedDatabase, shop: Shop, *, fee: int, free_from: int | None = None, minimum: int = 0
) -> None:
    settings = replace(
        db.read(orders.get_delivery, shop.id),
        has_delivery=True,
        fee=inr(fee),
        free_from=None if free_from is None else inr(free_from),
        minimum=inr(minimum),
    )
    db.write(orders.set_delivery, shop.id, settings, by=shop.owner)


def variant(
    db: RehearsedDatabase,
    shop: Shop,
    name: str = "Tea",
    *,
    price: int = 120,
    stock: int | None = 10,
    sku: str | None = None,
) -> VariantId:
    """A product with one variant, on sale; without `stock`, always there."""
    variant_id = VariantId(uuid7())
    counted = StockDraft(tracked=stock is not None, on_hand=stock or 0)
    draft = VariantDraft(variant_id, sku=sku, price=Price(inr(price)), stock=counted)
    db.write(
        catalog.save_product,
        ProductId(uuid7()),
        shop.id,
        ProductDraft(name, (draft,), status=ProductStatus.PUBLISHED),
        by=shop.owner,
    )
    return variant_id


def set_price(db: RehearsedDatabase, shop: Shop, variant_id: VariantId, price: int) -> None:
    db.write(catalog.set_price, variant_id, Price(inr(price)), by=shop.owner)


def set_stock(db: RehearsedDatabase, shop: Shop, variant_id: VariantId, on_hand: int) -> None:
    db.write(catalog.set_stock, variant_id, StockDraft(on_hand=on_hand), by=shop.owner)


def hide(db: RehearsedDatabase, shop: Shop, variant_id: VariantId) -> None:
    [good] = db.read(catalog.list_goods, [variant_id], sold_by=shop.id)
    db.write(catalog.hide_product, good.product_id, by=shop.owner)


def stock(db: RehearsedDatabase, variant_id: VariantId) -> tuple[int, int]:
    """On hand, and held."""
    found = db.read(catalog.stock_of, variant_id)
    return found.on_hand, found.held


def buyer(db: RehearsedDatabase, *, purse: Money | None = None) -> Actor:
    """A person with `purse` in the wallet."""
    by = identity_make.person(db, "Ravi")
    db.write(money.set_owner, by.user_id, by=SYSTEM)
    if purse:
        top_up(db, by, purse)
    return by


def guest(db: RehearsedDatabase) -> Actor:
    return identity_make.guest(db).actor


def top_up(db: RehearsedDatabase, by: Actor, amount: Money) -> None:
    source = money.Source.CREDIT
    db.write(money.top_up, TransferId(uuid7()), by.user_id, amount, source=source, by=SYSTEM)


def available(db: RehearsedDatabase, by: Actor) -> Money:
    """What is free in the wallet."""
    return db.read(money.get_wallet, by.user_id, "INR").available


def place(
    db: RehearsedDatabase,
    shop: Shop,
    quantities: Mapping[VariantId, int],
    *,
    id: OrderId | None = None,
    total: int | None = None,
    method: Method = Method.PICKUP,
    payment: Payment = Payment.WALLET,
    address: Address | None = ADDRESS,
    contact: Contact = CONTACT,
    by: Actor,
) -> Order:
    """Place an order; without a `total` each unit costs 120."""
    shown = 120 * sum(quantities.values()) if total is None else total
    return db.write(
        orders.place_order,
        id or OrderId(uuid7()),
        shop.id,
        quantities,
        method=method,
        payment=payment,
        contact=contact,
        address=address,
        shown_total=inr(shown),
        by=by,
    )


def request_of(order: Order) -> RequestId:
    """The request by which money is asked for an order."""
    return RequestId(order.id)


def hand_over(db: RehearsedDatabase, shop: Shop, order: Order) -> None:
    """Accept the order, take cash if it is to be paid so, hand over the goods, hear of it all."""
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)
    if order.payment is Payment.CASH:
        db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
    db.write(orders.move_order, order.id, State.FULFILLED, by=shop.owner_as_shop)
    db.deliver()


def refund(
    db: RehearsedDatabase,
    shop: Shop,
    order: Placed,
    quantities: Mapping[VariantId, int] | None = None,
    *,
    id: UUID | None = None,
    has_delivery: bool = False,
    amount: Money | None = None,
    is_restocked: bool = False,
    by: Actor | None = None,
) -> Refund:
    return db.write(
        orders.refund_order,
        order.id,
        TransferId(id or uuid7()),
        quantities=quantities or {},
        has_delivery=has_delivery,
        amount=amount,
        is_restocked=is_restocked,
        by=by or shop.owner_as_shop,
    )
