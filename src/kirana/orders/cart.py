"""What a buyer has in hand: one cart for each shop, kept by the server, guests' too.

A cart promises nothing. Prices and stock are the catalog's of this moment; beside them stands what
has changed since the buyer last looked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import bindparam, delete, select

from kirana import catalog
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, Money, ProductId, UserId, VariantId

from .delivery import DeliverySettings, get_delivery
from .model import Address, Method, Quote
from .problems import CartFull, invalid
from .quotes import MAX_LINES, price_goods
from .tables import MAX_QUANTITY, cart_lines, carts

FEW = 5
"""From here down a line tells how many are left."""

_FIND = Q(
    select(carts).where(
        carts.c.business_id == bindparam("business_id"), carts.c.buyer_id == bindparam("buyer_id")
    )
)
_OF_BUYER = Q(select(carts).where(carts.c.buyer_id == bindparam("buyer_id")))
_TOUCH = Q(upsert(carts, ["business_id", "buyer_id"], ["changed_at"]))
_SET_METHOD = Q(upsert(carts, ["business_id", "buyer_id"], ["method", "address", "changed_at"]))
_LINES = Q(
    select(cart_lines)
    .where(
        cart_lines.c.business_id == bindparam("business_id"),
        cart_lines.c.buyer_id == bindparam("buyer_id"),
    )
    .order_by(cart_lines.c.added_at, cart_lines.c.variant_id)
)
_KEPT = Q(
    select(
        cart_lines.c.business_id,
        cart_lines.c.variant_id,
        cart_lines.c.name,
        cart_lines.c.quantity,
        cart_lines.c.added_at,
    )
    .where(cart_lines.c.buyer_id == bindparam("buyer_id"))
    .order_by(cart_lines.c.added_at, cart_lines.c.variant_id)
)
_SET_LINE = Q(
    upsert(
        cart_lines,
        ["business_id", "buyer_id", "variant_id"],
        ["quantity", "product_id", "name", "seen_minor"],
    )
)
_DROP_LINES = Q(
    delete(cart_lines).where(
        cart_lines.c.business_id == bindparam("business_id"),
        cart_lines.c.buyer_id == bindparam("buyer_id"),
        any_of(cart_lines.c.variant_id, "variant_ids"),
    )
)
_DROP_ALL_LINES = Q(delete(cart_lines).where(cart_lines.c.buyer_id == bindparam("buyer_id")))
_DROP_ALL = Q(delete(carts).where(carts.c.buyer_id == bindparam("buyer_id")))


class Trouble(StrEnum):
    """Why a line cannot be bought as it is."""

    NOT_FOR_SALE = "not_for_sale"
    SOLD_OUT = "sold_out"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class CartLine:
    """One thing in the cart, as it is sold now."""

    variant_id: VariantId
    product_id: ProductId
    name: str
    options: tuple[str, ...]
    sku: str | None
    picture_id: str | None
    quantity: int
    unit_price: Money | None
    """None: it is not for sale any more."""
    amount: Money
    left: int | None
    """How many are left, where they are few."""
    price_was: Money | None
    """What the buyer saw, where it costs something else now."""
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line as it is kept, whether or not it can still be bought."""

    business_id: BusinessId
    variant_id: VariantId
    name: str
    quantity: int
    added_at: int


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart with its price. The quote leaves out what is not for sale."""

    business_id: BusinessId
    lines: tuple[CartLine, ...]
    item_count: int
    method: Method
    address: Address | None
    delivery: DeliverySettings
    quote: Quote
    missing: Money
    """What is missing to the smallest sum that the shop brings."""
    is_ready: bool
    """It can be bought as it is."""
    changed_at: int | None


def get_cart(tx: Tx, business_id: BusinessId, *, by: Actor) -> Cart:
    """What `by` has in hand in this shop, at the prices of now. Raises: NotFound for no shop."""
    settings = get_delivery(tx, business_id)
    kept = tx.one(_FIND, business_id=business_id, buyer_id=by.user_id)
    rows = _rows(tx, business_id, by.user_id)
    goods = catalog.find_goods(tx, [row.variant_id for row in rows], sold_by=business_id)
    sold = [row for row in rows if row.variant_id in goods]

    chosen = Method(kept.method) if kept and kept.method else None
    method = chosen if chosen in settings.methods else settings.methods[0]
    priced = price_goods(
        settings, [goods[row.variant_id] for row in sold], [row.quantity for row in sold], method
    )
    lines = tuple(_line(row, goods.get(row.variant_id), settings.currency) for row in rows)
    return Cart(
        business_id=business_id,
        lines=lines,
        item_count=sum(row.quantity for row in rows),
        method=method,
        address=msgspec.convert(kept.address, Address) if kept and kept.address else None,
        delivery=settings,
        quote=priced.quote,
        missing=priced.missing,
        is_ready=bool(lines) and not priced.missing and not any(line.trouble for line in lines),
        changed_at=kept.changed_at if kept else None,
    )


def count_cart(tx: Tx, business_id: BusinessId, currency: str, *, by: Actor) -> tuple[int, Money]:
    """How many things `by` has in hand in this shop, and what those that are for sale cost."""
    rows = _rows(tx, business_id, by.user_id)
    goods = catalog.find_goods(tx, [row.variant_id for row in rows], sold_by=business_id)
    minor = sum(
        goods[row.variant_id].price.amount_minor * row.quantity
        for row in rows
        if row.variant_id in goods
    )
    return sum(row.quantity for row in rows), Money(minor, currency)


def set_line(
    tx: Tx, business_id: BusinessId, variant_id: VariantId, quantity: int, *, by: Actor
) -> Cart:
    """Say how many of a variant are in the cart; none takes it out.

    Raises: catalog.OutOfStock with how many there are, catalog.NotForSale, CartFull.
    """
    if not 0 <= quantity <= MAX_QUANTITY:
        raise invalid("quantity", f"From 0 to {MAX_QUANTITY}.")
    if quantity == 0:
        take_out(tx, business_id, [variant_id], by=by)
        return get_cart(tx, business_id, by=by)

    [good] = catalog.list_goods(tx, [variant_id], sold_by=business_id)
    if good.available is not None and quantity > good.available:
        raise catalog.OutOfStock(variant_id=variant_id, available=good.available)
    in_cart = {row.variant_id for row in _rows(tx, business_id, by.user_id)}
    if len(in_cart | {variant_id}) > MAX_LINES:
        raise CartFull(most=MAX_LINES)
    _put_in(tx, business_id, by.user_id, good, quantity)
    _tell(tx, business_id, by.user_id)
    return get_cart(tx, business_id, by=by)


def set_method(
    tx: Tx, business_id: BusinessId, method: Method, *, address: Address | None = None, by: Actor
) -> Cart:
    """Choose how the goods are handed over, and where to. Raises: MethodUnavailable."""
    get_delivery(tx, business_id).require(method)
    tx.do(
        _SET_METHOD,
        business_id=business_id,
        buyer_id=by.user_id,
        method=method,
        address=address,
        changed_at=tx.now,
    )
    _tell(tx, business_id, by.user_id)
    return get_cart(tx, business_id, by=by)


def join_carts(tx: Tx, guest_id: UserId, user_id: UserId) -> None:
    """What a guest had in hand is now the user's: of each thing the larger quantity, as far as
    there is stock."""
    for cart in tx.all(_OF_BUYER, buyer_id=guest_id):
        business_id = cart.business_id
        mine = {row.variant_id: row.quantity for row in _rows(tx, business_id, user_id)}
        theirs = _rows(tx, business_id, guest_id)
        goods = catalog.find_goods(tx, [row.variant_id for row in theirs], sold_by=business_id)
        for row in theirs:
            if good := goods.get(row.variant_id):
                most = row.quantity if good.available is None else good.available
                quantity = min(row.quantity, most)
                if quantity > mine.get(row.variant_id, 0):
                    _put_in(tx, business_id, user_id, good, quantity)
        _tell(tx, business_id, user_id)
    empty_carts(tx, guest_id)


def empty_carts(tx: Tx, user_id: UserId) -> None:
    """Nothing is left in this user's hands, in any shop."""
    tx.do(_DROP_ALL_LINES, buyer_id=user_id)
    tx.do(_DROP_ALL, buyer_id=user_id)


def list_kept(tx: Tx, user_id: UserId) -> list[KeptLine]:
    """What this user has in hand, in all shops."""
    return [KeptLine(*row) for row in tx.all(_KEPT, buyer_id=user_id)]


def take_out(
    tx: Tx, business_id: BusinessId, variant_ids: Iterable[VariantId], *, by: Actor
) -> None:
    """Take these out of the cart: they were bought, or are not wanted."""
    if tx.do(
        _DROP_LINES,
        business_id=business_id,
        buyer_id=by.user_id,
        variant_ids=list(variant_ids),
    ):
        _tell(tx, business_id, by.user_id)


def _rows(tx: Tx, business_id: BusinessId, buyer_id: UserId) -> list[Row]:
    return tx.all(_LINES, business_id=business_id, buyer_id=buyer_id)


def _line(row: Row, good: catalog.Good | None, currency: str) -> CartLine:
    seen = Money(row.seen_minor, currency)
    price = good.price if good else None
    left = good.available if good else 0
    return CartLine(
        variant_id=row.variant_id,
        product_id=row.product_id,
        name=good.name if good else row.name,
        options=good.options if good else (),
        sku=good.sku if good else None,
        picture_id=good.picture_id if good else None,
        quantity=row.quantity,
        unit_price=price,
        amount=price * row.quantity if price else Money.zero(currency),
        left=left if left is not None and left <= FEW else None,
        price_was=seen if price is not None and price != seen else None,
        trouble=_trouble(row.quantity, good),
    )


def _trouble(quantity: int, good: catalog.Good | None) -> Trouble | None:
    if good is None:
        return Trouble.NOT_FOR_SALE
    if good.available is None or quantity <= good.available:
        return None
    return Trouble.TOO_MANY if good.available else Trouble.SOLD_OUT


def _put_in(
    tx: Tx, business_id: BusinessId, buyer_id: UserId, good: catalog.Good, quantity: int
) -> None:
    tx.do(
        _TOUCH,
        business_id=business_id,
        buyer_id=buyer_id,
        method=None,
        address=None,
        changed_at=tx.now,
    )
    tx.do(
        _SET_LINE,
        business_id=business_id,
        buyer_id=buyer_id,
        variant_id=good.variant_id,
        quantity=quantity,
        product_id=good.product_id,
        name=good.name,
        seen_minor=good.price.amount_minor,
        added_at=tx.now,
    )


def _tell(tx: Tx, business_id: BusinessId, buyer_id: UserId) -> None:
    tx.publish([buyer_id], Change("cart", business_id))
