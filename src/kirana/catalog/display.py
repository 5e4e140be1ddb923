"""What people see: product pages, and lists of cards with prices and stock of this moment."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, func, or_, select, true

from kirana import business
from kirana.platform import pictures
from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.pictures import Picture
from kirana.platform.problems import InvalidInput, NotFound
from kirana.values import Actor, BusinessId, CollectionId, Money, Page, ProductId, VariantId

from .collections import Collection, Rule, get_collection, with_parts
from .model import Attribute, Option, Price, Product, ProductStatus, Stock, Text, Variant
from .products import find_by_slug, price_in, product_of
from .search import PRODUCTS
from .stock import expired_holds, stock_in
from .tables import holds, members, products, tags, variants

PAGE = 24
MAX_PAGE = 100
MOST_FOUND = 1000
"""So many of the things that fit a search are looked at, best first."""
DAY_MS = 24 * 3600 * 1000

StatusFilter = Literal["published", "draft", "hidden", "any"]

_CARD_COLUMNS = (
    products.c.id,
    products.c.business_id,
    products.c.slug,
    products.c.name,
    products.c.status,
    products.c.first_picture_id,
    products.c.created_at,
    products.c.updated_at,
)
_CARDS = Q(select(*_CARD_COLUMNS).where(any_of(products.c.id, "ids")))
_VARIANTS = Q(
    select(
        variants.c.id,
        variants.c.product_id,
        variants.c.currency,
        variants.c.price_minor,
        variants.c.sale_minor,
        variants.c.sale_starts_at,
        variants.c.sale_ends_at,
        variants.c.tracked,
        variants.c.sell_beyond,
        variants.c.backorder_text,
        variants.c.low_at,
        variants.c.on_hand,
        variants.c.held,
    )
    .where(any_of(variants.c.product_id, "ids"), variants.c.retired_at.is_(None))
    .order_by(variants.c.product_id, variants.c.position)
)


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant as it is now. `stock` is for the team only."""

    id: VariantId
    option_values: tuple[str, ...]
    sku: str | None
    barcode: str | None
    price: Price | None
    other_prices: tuple[Price, ...]
    price_now: Money | None
    is_reduced: bool
    weight_g: int | None
    picture_id: str | None
    available: int | None
    """How many can be ordered; `None`: as many as one likes."""
    is_available: bool
    backorder_text: str
    stock: Stock | None = None


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product page."""

    id: ProductId
    business_id: BusinessId
    slug: str
    name: str
    description: str
    """Harmless HTML."""
    status: ProductStatus
    options: tuple[Option, ...]
    pictures: tuple[Picture, ...]
    tags: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    texts: dict[str, Text]
    tax_class: str
    needs_delivery: bool
    weight_g: int | None
    collection_ids: tuple[CollectionId, ...]
    variants: tuple[VariantView, ...]
    price_from: Money | None
    is_available: bool
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product in a list."""

    id: ProductId
    business_id: BusinessId
    slug: str
    name: str
    status: str
    picture: Picture | None
    price_from: Money | None
    """The lowest price of now."""
    regular_price: Money | None
    """What that one costs without the sale; only when it is reduced."""
    has_many_prices: bool
    variant_count: int
    variant_id: VariantId | None
    """The only variant: it can be put into a cart at once."""
    available: int | None
    """Of all variants together; `None`: as many as one likes."""
    is_available: bool
    updated_at: int


def get_product(tx: Tx, product_id: ProductId, *, viewer: Actor | None = None) -> ProductView:
    """A published product, for everybody; any, for the shop's team. Raises: NotFound."""
    return _view(tx, product_of(tx, product_id), viewer)


def get_product_by_slug(
    tx: Tx, business_id: BusinessId, slug: str, *, viewer: Actor | None = None
) -> ProductView:
    """As `get_product`. With another `slug` in the answer, the product lives there now.

    Raises: NotFound, ProductGone.
    """
    product = find_by_slug(tx, business_id, slug)
    if product is None:
        raise NotFound(slug=slug)
    return _view(tx, product, viewer)


def list_products(
    tx: Tx,
    business_id: BusinessId,
    *,
    collection_id: CollectionId | None = None,
    status: StatusFilter = "published",
    in_stock: bool = False,
    after: str | None = None,
    limit: int = PAGE,
    viewer: Actor | None = None,
) -> Page[ProductCard]:
    """Newest first; a collection made by hand in its own order. Only the team sees what is not
    published, when it asks with `status`.

    Raises: NotFound for an unknown or hidden collection, NotAllowed for another `status`.
    """
    limit = _checked(tx, business_id, status, limit, viewer)
    values: dict[str, Any] = {"business_id": business_id, "now": tx.now, "limit": limit + 1}
    filters = {"in_stock"} if in_stock else set()
    if status != "any":
        filters.add("status")
        values["status"] = status
    if collection_id is not None:
        collection = _visible_collection(tx, business_id, collection_id, viewer)
        filters |= _filters_of(tx, collection, values)
    if after is not None:
        filters.add("after")
        values["after_order"], values["after_id"] = _cursor(after)
    rows = tx.all(_listing(frozenset(filters)), **values)
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = f"{rows[-1].place}.{rows[-1].id.hex}"
    return Page(_cards(tx, rows), following)


def search_products(
    tx: Tx,
    business_id: BusinessId,
    text: str,
    *,
    collection_id: CollectionId | None = None,
    status: StatusFilter = "published",
    in_stock: bool = False,
    after: str | None = None,
    limit: int = PAGE,
    viewer: Actor | None = None,
) -> Page[ProductCard]:
    """What fits `text` best comes first; accents and typos are forgiven.

    Raises: as `list_products`.
    """
    limit = _checked(tx, business_id, status, limit, viewer)
    start = 0
    if after is not None:
        if not re.fullmatch("[0-9]{1,9}", after):
            raise InvalidInput(field="after")
        start = int(after)
    ids = [it.id for it in PRODUCTS.find(tx, business_id, text, MOST_FOUND)]
    values: dict[str, Any] = {"business_id": business_id, "now": tx.now, "ids": ids}
    filters = {"ids", "in_stock"} if in_stock else {"ids"}
    if status != "any":
        filters.add("status")
        values["status"] = status
    if collection_id is not None:
        collection = _visible_collection(tx, business_id, collection_id, viewer)
        filters |= _filters_of(tx, collection, values)
    fitting = {row.id: row for row in tx.all(_listing(frozenset(filters - {"by_hand"})), **values)}
    rows = [fitting[id_] for id_ in ids if id_ in fitting]
    following = str(start + limit) if len(rows) > start + limit else None
    return Page(_cards(tx, rows[start : start + limit]), following)


def cards_of(tx: Tx, product_ids: Sequence[ProductId]) -> list[ProductCard]:
    """Cards of those that are published, in this order: for a card in a chat."""
    rows = {row.id: row for row in tx.all(_CARDS, ids=product_ids)} if product_ids else {}
    found = [rows[id_] for id_ in product_ids if id_ in rows]
    return _cards(tx, [row for row in found if row.status == ProductStatus.PUBLISHED])


def _view(tx: Tx, product: Product, viewer: Actor | None) -> ProductView:
    is_team = _is_team(tx, product.business_id, viewer)
    if product.status != ProductStatus.PUBLISHED and not is_team:
        raise NotFound(id=product.id)
    known = pictures.get_many(tx, product.picture_ids)
    expired = expired_holds(tx, [it.id for it in product.variants if it.stock.held])
    shown = tuple(
        _variant_view(it, expired.get(it.id, 0), tx.now, is_team) for it in product.variants
    )
    return ProductView(
        id=product.id,
        business_id=product.business_id,
        slug=product.slug,
        name=product.name,
        description=product.description,
        status=product.status,
        options=product.options,
        pictures=tuple(known[id_] for id_ in product.picture_ids if id_ in known),
        tags=product.tags,
        attributes=product.attributes,
        texts=product.texts,
        tax_class=product.tax_class,
        needs_delivery=product.needs_delivery,
        weight_g=product.weight_g,
        collection_ids=product.collection_ids,
        variants=shown,
        price_from=min((it.price_now for it in shown if it.price_now is not None), default=None),
        is_available=any(it.is_available for it in shown),
        created_at=product.created_at,
        updated_at=product.updated_at,
    )


def _variant_view(variant: Variant, expired: int, now: int, is_team: bool) -> VariantView:
    stock = replace(variant.stock, held=variant.stock.held - expired)
    price = variant.price
    is_short = stock.tracked and stock.sell_beyond and stock.on_hand <= stock.held
    return VariantView(
        id=variant.id,
        option_values=variant.option_values,
        sku=variant.sku,
        barcode=variant.barcode,
        price=price,
        other_prices=variant.other_prices,
        price_now=price.at(now) if price else None,
        is_reduced=price is not None and price.is_reduced_at(now),
        weight_g=variant.weight_g,
        picture_id=variant.picture_id,
        available=stock.available,
        is_available=stock.is_available,
        backorder_text=stock.backorder_text if is_short else "",
        stock=stock if is_team else None,
    )


def _cards(tx: Tx, rows: Sequence[Row]) -> list[ProductCard]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    of_product: dict[ProductId, list[Row]] = defaultdict(list)
    held = []
    for row in tx.all(_VARIANTS, ids=ids):
        of_product[row.product_id].append(row)
        if row.held:
            held.append(row.id)
    expired = expired_holds(tx, held)
    known = pictures.get_many(tx, {it.first_picture_id for it in rows if it.first_picture_id})
    return [
        _card(row, of_product[row.id], expired, known.get(row.first_picture_id or ""), tx.now)
        for row in rows
    ]


def _card(
    row: Row,
    its_variants: Sequence[Row],
    expired: dict[VariantId, int],
    picture: Picture | None,
    now: int,
) -> ProductCard:
    prices = [price for it in its_variants if (price := price_in(it)) is not None]
    cheapest = min(prices, key=lambda price: price.at(now).amount_minor, default=None)
    left: int | None = 0
    for it in its_variants:
        stock = stock_in(it)
        if expired and it.id in expired:
            stock = replace(stock, held=stock.held - expired[it.id])
        available = stock.available
        left = None if left is None or available is None else left + available
    return ProductCard(
        id=row.id,
        business_id=row.business_id,
        slug=row.slug,
        name=row.name,
        status=row.status,
        picture=picture,
        price_from=cheapest.at(now) if cheapest else None,
        regular_price=cheapest.regular if cheapest and cheapest.is_reduced_at(now) else None,
        has_many_prices=len({price.at(now).amount_minor for price in prices}) > 1,
        variant_count=len(its_variants),
        variant_id=its_variants[0].id if len(its_variants) == 1 else None,
        available=left,
        is_available=left != 0,
        updated_at=row.updated_at,
    )


def _is_team(tx: Tx, business_id: BusinessId, viewer: Actor | None) -> bool:
    return viewer is not None and business.find_role(tx, business_id, by=viewer) is not None


def _checked(
    tx: Tx, business_id: BusinessId, status: StatusFilter, limit: int, viewer: Actor | None
) -> int:
    if status != "published":
        if viewer is None:
            raise NotFound(business_id=business_id)
        business.require(tx, business_id, business.Role.VIEWER, by=viewer)
    return max(1, min(limit, MAX_PAGE))


def _visible_collection(
    tx: Tx, business_id: BusinessId, collection_id: CollectionId, viewer: Actor | None
) -> Collection:
    collection = get_collection(tx, collection_id, viewer=viewer)
    if collection.business_id != business_id:
        raise NotFound(id=collection_id)
    return collection


def _filters_of(tx: Tx, collection: Collection, values: dict[str, Any]) -> set[str]:
    """What is asked of the products of a collection; what for goes into `values`."""
    if collection.rule is not None:
        return _filters_of_rule(collection.rule, tx.now, values)
    parts = with_parts(tx, collection)
    if len(parts) > 1:
        values["collection_ids"] = parts
        return {"within"}
    values["collection_id"] = collection.id
    values["collection_ids"] = parts
    return {"by_hand", "within"}


def _filters_of_rule(rule: Rule, now: int, values: dict[str, Any]) -> set[str]:
    filters = set()
    if rule.tag is not None:
        filters.add("tag")
        values["tag"] = rule.tag
    if rule.min_price_minor is not None:
        filters.add("min_price")
        values["min_price"] = rule.min_price_minor
    if rule.max_price_minor is not None:
        filters.add("max_price")
        values["max_price"] = rule.max_price_minor
    if rule.in_stock:
        filters.add("in_stock")
    if rule.new_days is not None:
        filters.add("new")
        values["since"] = now - rule.new_days * DAY_MS
    return filters


def _cursor(after: str) -> tuple[int, UUID]:
    if not (match := re.fullmatch(r"([0-9]{1,15})\.([0-9a-f]{32})", after)):
        raise InvalidInput(field="after")
    return int(match[1]), UUID(hex=match[2])


@cache
def _listing(filters: frozenset[str]) -> Q:
    """The statement for these filters. There are few combinations, and each is compiled once."""
    where: list[Any] = [products.c.business_id == bindparam("business_id")]
    if "status" in filters:
        where.append(products.c.status == bindparam("status"))
    if "ids" in filters:
        where.append(any_of(products.c.id, "ids"))
    if "tag" in filters:
        where.append(
            exists(
                select(tags.c.tag).where(
                    tags.c.product_id == products.c.id, tags.c.tag == bindparam("tag")
                )
            )
        )
    if "new" in filters:
        where.append(products.c.created_at >= bindparam("since"))
    if "in_stock" in filters:
        where.append(_has_variant(_is_left()))
    if "min_price" in filters:
        where.append(_has_variant(_price_now() >= bindparam("min_price")))
    if "max_price" in filters:
        where.append(_has_variant(_price_now() <= bindparam("max_price")))

    if "by_hand" in filters:
        place: ColumnElement[int] = members.c.position
        statement = select(*_CARD_COLUMNS, place.label("place")).join(
            members,
            and_(
                members.c.product_id == products.c.id,
                members.c.collection_id == bindparam("collection_id"),
            ),
        )
        order = [place, products.c.id]
        is_after = or_(
            place > bindparam("after_order"),
            and_(place == bindparam("after_order"), products.c.id > bindparam("after_id")),
        )
    else:
        place = products.c.created_at
        statement = select(*_CARD_COLUMNS, place.label("place"))
        order = [place.desc(), products.c.id.desc()]
        is_after = or_(
            place < bindparam("after_order"),
            and_(place == bindparam("after_order"), products.c.id < bindparam("after_id")),
        )
        if "within" in filters:
            where.append(
                exists(
                    select(members.c.position).where(
                        members.c.product_id == products.c.id,
                        any_of(members.c.collection_id, "collection_ids"),
                    )
                )
            )
    if "after" in filters:
        where.append(is_after)
    if "ids" in filters:
        return Q(statement.where(*where))
    return Q(statement.where(*where).order_by(*order).limit(bindparam("limit")))


def _has_variant(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(
        select(variants.c.id).where(
            variants.c.product_id == products.c.id, variants.c.retired_at.is_(None), condition
        )
    )


def _is_left() -> ColumnElement[bool]:
    expired = (
        select(func.coalesce(func.sum(holds.c.quantity), 0))
        .where(holds.c.variant_id == variants.c.id, holds.c.until_at <= bindparam("now"))
        .scalar_subquery()
    )
    return or_(
        variants.c.tracked == false(),
        variants.c.sell_beyond == true(),
        variants.c.on_hand - variants.c.held + expired > 0,
    )


def _price_now() -> ColumnElement[int]:
    is_reduced = and_(
        variants.c.sale_minor < variants.c.price_minor,
        or_(variants.c.sale_starts_at.is_(None), variants.c.sale_starts_at <= bindparam("now")),
        or_(variants.c.sale_ends_at.is_(None), variants.c.sale_ends_at > bindparam("now")),
    )
    return case((is_reduced, variants.c.sale_minor), else_=variants.c.price_minor)
