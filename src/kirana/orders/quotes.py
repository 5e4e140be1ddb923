"""What a shop asks for some of its goods, handed over in one way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kirana import catalog
from kirana.platform.db import Tx
from kirana.values import MAX_AMOUNT_MINOR, BusinessId, Money, VariantId

from .delivery import DeliverySettings, get_delivery
from .model import Item, Method, Quote, price
from .problems import CartEmpty, TooMuch, invalid
from .tables import MAX_QUANTITY

MAX_LINES = 100


@dataclass(frozen=True, slots=True)
class PricedCart:
    """Goods as they are sold now, so many of each, and what they cost together."""

    goods: tuple[catalog.Good, ...]
    quantities: tuple[int, ...]
    quote: Quote
    missing: Money
    """What is missing to the smallest sum that the shop brings; nothing for a pickup."""


def quote_cart(
    tx: Tx, business_id: BusinessId, quantities: Mapping[VariantId, int], *, method: Method
) -> PricedCart:
    """Price these goods as the catalog has them now.

    Raises: CartEmpty, MethodUnavailable, TooMuch, InvalidInput, catalog.NotForSale.
    """
    if not quantities:
        raise CartEmpty()
    if len(quantities) > MAX_LINES or not all(1 <= n <= MAX_QUANTITY for n in quantities.values()):
        raise invalid("quantities", f"Up to {MAX_LINES} things, up to {MAX_QUANTITY} of each.")
    settings = get_delivery(tx, business_id)
    settings.require(method)
    goods = catalog.list_goods(tx, quantities, sold_by=business_id)
    return price_goods(settings, goods, list(quantities.values()), method)


def price_goods(
    settings: DeliverySettings,
    goods: Sequence[catalog.Good],
    quantities: Sequence[int],
    method: Method,
) -> PricedCart:
    """What these cost together. Any stock will do: a price promises nothing. Raises: TooMuch."""
    most = sum(good.price.amount_minor * n for good, n in zip(goods, quantities, strict=True))
    if most + settings.fee.amount_minor > MAX_AMOUNT_MINOR:
        raise TooMuch()
    quote = price(
        [Item(good.price, quantity) for good, quantity in zip(goods, quantities, strict=True)],
        settings.currency,
        delivery=settings.fee_for(method),
    )
    missing = Money.zero(settings.currency)
    if method is Method.DELIVERY and quote.goods < settings.minimum:
        missing = settings.minimum - quote.goods
    return PricedCart(tuple(goods), tuple(quantities), quote, missing)
