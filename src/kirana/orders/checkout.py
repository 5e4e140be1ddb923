"""From a cart to a promise: price it, hold the goods, set the money aside, write it down."""

import secrets
from collections.abc import Mapping

from sqlalchemy import insert

from kirana import business, catalog, identity
from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused
from kirana.values import Actor, BusinessId, Money, OrderId, VariantId

from . import payments
from .book import BUYER, find_row, fingerprint, read_order, record
from .cart import take_out
from .events import OrderPlaced
from .model import Address, Contact, Method, Order, Payment, State
from .numbers import order_number
from .problems import AddressNeeded, BelowMinimum, ContactNeeded, OwnShop, PriceChanged
from .quotes import PricedCart, quote_cart
from .receipts import settle
from .tables import lines, orders

ACCEPT_WITHIN_MS = 3 * 24 * 3600 * 1000
"""How long an order waits for the shop. Then goods and money are free again."""

_INSERT = Q(insert(orders))
_INSERT_LINES = Q(insert(lines))


def place_order(
    tx: Tx,
    order_id: OrderId,
    business_id: BusinessId,
    quantities: Mapping[VariantId, int],
    *,
    method: Method,
    payment: Payment,
    contact: Contact,
    address: Address | None = None,
    note: str = "",
    shown_total: Money,
    by: Actor,
) -> Order:
    """Price the cart, reserve the stock, hold the money and promise the goods: all or nothing.

    `order_id` is chosen by the client; asking again with the same id gives the order that the
    first call placed. Prices are the catalog's, never the client's: `shown_total` is what the
    buyer saw, and the order is placed at that price or not at all.

    Raises: CartEmpty, MethodUnavailable, AddressNeeded, ContactNeeded, BelowMinimum, PriceChanged,
    OwnShop, IdReused, NotFound; business.BusinessClosed, business.BusinessSuspended;
    catalog.NotForSale, catalog.OutOfStock; money.InsufficientFunds, money.ConfirmationRequired and
    what else money refuses.
    """
    fp = fingerprint(
        business_id, sorted(quantities.items()), method, payment, contact, address, note
    )
    if known := find_row(tx, order_id):
        if (known.buyer_id, known.fp) != (by.user_id, fp):
            raise IdReused(id=order_id)
        return read_order(tx, known, BUYER)

    if by.user_id == business_id:
        raise OwnShop()
    if method is Method.PICKUP:
        address = None
    elif address is None or not address.street.strip():
        raise AddressNeeded()
    shop = business.get_business(tx, business_id)
    if shop.closed_at is not None:
        raise business.BusinessClosed(business_id=business_id)
    if shop.suspended_at is not None:
        raise business.BusinessSuspended(business_id=business_id)
    contact, contact_key = _reachable(contact, shop.country, by=by)
    priced = quote_cart(tx, business_id, quantities, method=method)
    if priced.missing:
        raise BelowMinimum(missing=priced.missing)
    if priced.quote.total != shown_total:
        raise PriceChanged(total=priced.quote.total, quote=priced.quote)

    held_until = tx.now + ACCEPT_WITHIN_MS
    for good, quantity in zip(priced.goods, priced.quantities, strict=True):
        catalog.reserve(tx, good.variant_id, quantity, for_order=order_id, until=held_until, by=by)
    tx.do(
        _INSERT,
        id=order_id,
        business_id=business_id,
        buyer_id=by.user_id,
        number=order_number(tx, business_id),
        token=secrets.token_urlsafe(16),
        fp=fp,
        state=State.PLACED,
        method=method,
        payment=payment,
        address=address,
        contact=contact,
        contact_key=contact_key,
        note=note,
        placed_at=tx.now,
        changed_at=tx.now,
        held_until=held_until,
        step_count=0,
        **_columns(priced),
    )
    tx.many(_INSERT_LINES, _lines(order_id, priced))
    row = find_row(tx, order_id)
    assert row is not None
    payments.secure(tx, row, by=by)
    take_out(tx, business_id, quantities, by=by)
    row = record(tx, row, State.PLACED, OrderPlaced, by=by)
    if not row.total_minor:
        row = settle(tx, row)
    return read_order(tx, row, BUYER)


def _reachable(contact: Contact, country: str, *, by: Actor) -> tuple[Contact, str | None]:
    """The contact with its number made regular, and the key by which it is found again.

    Whoever has an account can be reached there; a guest has to leave a way.

    Raises: ContactNeeded.
    """
    name = contact.name.strip()
    if not name:
        raise ContactNeeded(field="name")
    phone = identity.parse_address(contact.phone, country) if contact.phone else None
    email = identity.parse_address(contact.email) if contact.email else None
    if contact.phone and (phone is None or phone.kind != "phone"):
        raise ContactNeeded(field="phone")
    if contact.email and (email is None or email.kind != "email"):
        raise ContactNeeded(field="email")
    known = phone or email
    if known is None and by.kind == "guest":
        raise ContactNeeded(field="phone")
    return (
        Contact(name, phone.text if phone else None, email.text if email else None),
        known.key if known else None,
    )


def _columns(priced: PricedCart) -> dict[str, object]:
    """The columns of an order that tell what it costs and what it is."""
    quote = priced.quote
    return {
        "currency": quote.total.currency,
        "goods_minor": quote.goods.amount_minor,
        "discount_minor": quote.discount.amount_minor,
        "delivery": quote.delivery,
        "taxes": quote.taxes,
        "rounding_minor": quote.rounding.amount_minor,
        "total_minor": quote.total.amount_minor,
        "item_count": sum(priced.quantities),
        "first_item": priced.goods[0].name,
        "first_picture_id": priced.goods[0].picture_id,
    }


def _lines(order_id: OrderId, priced: PricedCart) -> list[dict[str, object]]:
    """The lines of an order: copies of what the catalog says today."""
    return [
        {
            "order_id": order_id,
            "position": position,
            "variant_id": good.variant_id,
            "product_id": good.product_id,
            "name": good.name,
            "options": good.options,
            "sku": good.sku,
            "picture_id": good.picture_id,
            "unit_price_minor": good.price.amount_minor,
            "quantity": quantity,
            "amount_minor": line.amount.amount_minor,
            "discount_minor": line.discount.amount_minor,
            "tax_minor": line.tax.amount_minor,
            "paid_minor": line.paid.amount_minor,
            "returned": 0,
        }
        for position, (good, quantity, line) in enumerate(
            zip(priced.goods, priced.quantities, priced.quote.lines, strict=True)
        )
    ]
