"""What a shop asks for some of its goods, handed over in one way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kirana import catalog
from kirana.platform.db import Tx
from kirana.platform.problems import InvalidInput
from kirana.values import BusinessId, Money, VariantId

from .delivery import DeliverySettings, get_delivery
from .model import Item, Method, Quote, price
from .problems import CartEmpty
from .tables import MAX_QUANTITY

MAX_LINES = 100


@dataclass(frozen=True, slots=True)
class PricedCart:
    """Goods as they are sold now, so many of each, and what they cost together."""

    goods: tuple[catalog.Offer, ...]
    quantities: tuple[int, ...]
    quote: Quote
    missing: Money
    """What is missing to the smallest sum that the shop brings; nothing for a pickup."""


def quote_cart(
    tx: Tx, business_id: BusinessId, quantities: Mapping[VariantId, int], *, method: Method
) -> PricedCart:
    """Price these goods as the catalog has them now.

    Raises: CartEmpty, MethodUnavailable, InvalidInput, catalog.NotForSale.
    """
    if not quantities:
        raise CartEmpty()
    if len(quantities) > MAX_LINES or not all(1 <= n <= MAX_QUANTITY for n in quantities.values()):
        raise InvalidInput(field="quantities")
    settings = get_delivery(tx, business_id)
    settings.require(method)
    goods = goods_of(tx, business_id, quantities)
    for variant_id in quantities:
        if variant_id not in goods:
            raise catalog.NotForSale(variant_id=variant_id)
    return price_goods(
        settings, [goods[id] for id in quantities], list(quantities.values()), method
    )


def goods_of(
    tx: Tx, business_id: BusinessId, variant_ids: Iterable[VariantId]
) -> dict[VariantId, catalog.Offer]:
    """Those of the variants that this shop sells now."""
    offers = catalog.offers_of(tx, variant_ids)
    return {
        id: offer
        for id, offer in offers.items()
        if offer.is_for_sale and offer.business_id == business_id
    }


def price_goods(
    settings: DeliverySettings,
    goods: Sequence[catalog.Offer],
    quantities: Sequence[int],
    method: Method,
) -> PricedCart:
    """What these cost together. Any stock will do: a price promises nothing."""
    quote = price(
        [
            Item(unit_price(offer), quantity)
            for offer, quantity in zip(goods, quantities, strict=True)
        ],
        settings.currency,
        delivery=settings.fee_for(method),
    )
    missing = Money.zero(settings.currency)
    if method is Method.DELIVERY and quote.goods < settings.minimum:
        missing = settings.minimum - quote.goods
    return PricedCart(tuple(goods), tuple(quantities), quote, missing)


def unit_price(offer: catalog.Offer) -> Money:
    """The price of what is for sale."""
    assert offer.price is not None, "What is for sale has a price."
    return offer.price
