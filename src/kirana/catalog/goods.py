"""What can be bought now, and at what price: what carts show and orders copy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, func, or_, select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.values import BusinessId, Money, ProductId, VariantId

from .model import Price, ProductStatus
from .problems import NotForSale
from .products import price_in
from .stock import expired_holds, stock_in
from .tables import products, variants

_FIND = Q(
    select(
        variants,
        products.c.slug,
        products.c.name,
        products.c.first_picture_id,
        products.c.tax_class,
        products.c.needs_delivery,
        products.c.weight_g.label("product_weight_g"),
    )
    .join(products, products.c.id == variants.c.product_id)
    .where(
        any_of(variants.c.id, "ids"),
        variants.c.retired_at.is_(None),
        products.c.status == ProductStatus.PUBLISHED.value,
    )
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
class Good:
    """A variant that is for sale now, with all that an order copies."""

    variant_id: VariantId
    product_id: ProductId
    business_id: BusinessId
    slug: str
    name: str
    options: tuple[str, ...]
    """What was chosen, in the order of the product's options: `("L", "red")`."""
    sku: str | None
    picture_id: str | None
    price: Money
    """What one costs now."""
    regular_price: Money
    available: int | None
    """`None`: as many as one likes."""
    backorder_text: str
    """What to tell who orders more than there are; empty when that is no question."""
    tax_class: str
    needs_delivery: bool
    weight_g: int | None


def find_goods(
    tx: Tx, variant_ids: Iterable[VariantId], *, sold_by: BusinessId
) -> dict[VariantId, Good]:
    """Those of the variants that this shop sells now; of some of them none may be left."""
    ids = list(variant_ids)
    if not ids:
        return {}
    expired = expired_holds(tx, ids)
    goods = {}
    for row in tx.all(_FIND, ids=ids):
        price = price_in(row)
        if row.business_id == sold_by and price is not None:
            goods[row.id] = _good(row, price, expired.get(row.id, 0), tx.now)
    return goods


def list_goods(tx: Tx, variant_ids: Iterable[VariantId], *, sold_by: BusinessId) -> list[Good]:
    """All of them, in this order. Raises: NotForSale for the first that this shop does not sell."""
    ids = list(variant_ids)
    goods = find_goods(tx, ids, sold_by=sold_by)
    for id_ in ids:
        if id_ not in goods:
            raise NotForSale(variant_id=id_)
    return [goods[id_] for id_ in ids]


def price_of(tx: Tx, variant_id: VariantId, *, sold_by: BusinessId) -> Money:
    """What one of them costs now. Raises: NotForSale."""
    [good] = list_goods(tx, [variant_id], sold_by=sold_by)
    return good.price


def next_price_change(tx: Tx, business_id: BusinessId) -> int | None:
    """When the next sale of the shop begins or ends: pages that show prices are good until then."""
    row = tx.one(_NEXT_CHANGE, business_id=business_id, now=tx.now)
    return min((at for at in row or () if at is not None), default=None)


def _good(row: Row, price: Price, expired: int, now: int) -> Good:
    stock = stock_in(row)
    stock = replace(stock, held=stock.held - expired)
    is_short = stock.tracked and stock.sell_beyond and stock.on_hand <= stock.held
    return Good(
        variant_id=row.id,
        product_id=row.product_id,
        business_id=row.business_id,
        slug=row.slug,
        name=row.name,
        options=tuple(row.option_values),
        sku=row.sku,
        picture_id=row.picture_id or row.first_picture_id,
        price=price.at(now),
        regular_price=price.regular,
        available=stock.available,
        backorder_text=stock.backorder_text if is_short else "",
        tax_class=row.tax_class,
        needs_delivery=row.needs_delivery,
        weight_g=row.product_weight_g if row.weight_g is None else row.weight_g,
    )
