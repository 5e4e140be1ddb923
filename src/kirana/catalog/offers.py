"""What can be bought now, and at what price: what carts show and orders copy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, func, or_, select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.values import BusinessId, Money, ProductId, VariantId

from .model import ProductStatus
from .problems import NotForSale
from .products import price_in
from .stock import expired_holds, stock_in
from .tables import products, variants

_FIND = Q(
    select(
        variants,
        products.c.slug,
        products.c.name,
        products.c.status,
        products.c.options,
        products.c.first_picture_id,
        products.c.tax_class,
        products.c.needs_delivery,
        products.c.weight_g.label("product_weight_g"),
    )
    .join(products, products.c.id == variants.c.product_id)
    .where(any_of(variants.c.id, "ids"))
)
_LIVE_VARIANT = (
    variants.c.business_id == bindparam("business_id"),
    variants.c.retired_at.is_(None),
)
_NEXT_CHANGE = Q(
    select(
        func.min(variants.c.sale_starts_at).filter(variants.c.sale_starts_at > bindparam("now")),
        func.min(variants.c.sale_ends_at).filter(variants.c.sale_ends_at > bindparam("now")),
    ).where(
        *_LIVE_VARIANT,
        or_(
            variants.c.sale_starts_at > bindparam("now"), variants.c.sale_ends_at > bindparam("now")
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as it can be bought now, with all that an order copies."""

    variant_id: VariantId
    product_id: ProductId
    business_id: BusinessId
    slug: str
    name: str
    options: tuple[tuple[str, str], ...]
    """Names and values: `(("Size", "L"),)`."""
    sku: str | None
    picture_id: str | None
    price: Money | None
    """What one costs now."""
    regular_price: Money | None
    available: int | None
    """`None`: as many as one likes."""
    backorder_text: str
    """What to tell who orders more than there are; empty when that is no question."""
    is_for_sale: bool
    """Published, with a price. Whether some are left is another question."""
    tax_class: str
    needs_delivery: bool
    weight_g: int | None


def offers_of(tx: Tx, variant_ids: Iterable[VariantId]) -> dict[VariantId, Offer]:
    """Those of the variants that there are or once were."""
    ids = list(variant_ids)
    if not ids:
        return {}
    expired = expired_holds(tx, ids)
    return {row.id: _offer(row, expired.get(row.id, 0), tx.now) for row in tx.all(_FIND, ids=ids)}


def price_of(tx: Tx, variant_id: VariantId, *, sold_by: BusinessId) -> Money:
    """What one of them costs now. Raises: NotForSale."""
    offer = offers_of(tx, [variant_id]).get(variant_id)
    if offer is None or offer.business_id != sold_by or not offer.is_for_sale:
        raise NotForSale(variant_id=variant_id)
    assert offer.price is not None
    return offer.price


def next_price_change(tx: Tx, business_id: BusinessId) -> int | None:
    """When the next sale of the shop begins or ends: pages that show prices are good until then."""
    row = tx.one(_NEXT_CHANGE, business_id=business_id, now=tx.now)
    return min((at for at in row or () if at is not None), default=None)


def _offer(row: Row, expired: int, now: int) -> Offer:
    price = price_in(row)
    stock = stock_in(row)
    stock = replace(stock, held=stock.held - expired)
    is_short = stock.tracked and stock.sell_beyond and stock.on_hand <= stock.held
    return Offer(
        variant_id=row.id,
        product_id=row.product_id,
        business_id=row.business_id,
        slug=row.slug,
        name=row.name,
        options=tuple(
            (option["name"], value)
            for option, value in zip(row.options, row.option_values, strict=False)
        ),
        sku=row.sku,
        picture_id=row.picture_id or row.first_picture_id,
        price=price.at(now) if price else None,
        regular_price=price.regular if price else None,
        available=stock.available,
        backorder_text=stock.backorder_text if is_short else "",
        is_for_sale=row.status == ProductStatus.PUBLISHED
        and row.retired_at is None
        and price is not None,
        tax_class=row.tax_class,
        needs_delivery=row.needs_delivery,
        weight_g=row.product_weight_g if row.weight_g is None else row.weight_g,
    )
