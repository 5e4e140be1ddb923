"""The catalog of a shop as a plan or an export needs it."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Tx
from kirana.values import BusinessId, CollectionId, ProductId

from .. import tables as catalog
from ..model import Product
from ..products import find_products
from . import tables
from .plan import Known, Shop, ShopCollection

T = TypeVar("T")
_CHUNK = 500
_PRODUCT_IDS = Q(
    select(catalog.products.c.id)
    .where(catalog.products.c.business_id == bindparam("business_id"))
    .order_by(catalog.products.c.created_at, catalog.products.c.id)
)
_COLLECTIONS = Q(
    select(catalog.collections)
    .where(catalog.collections.c.business_id == bindparam("business_id"))
    .order_by(catalog.collections.c.created_at, catalog.collections.c.id)
)
_MEMBERS = Q(
    select(catalog.members.c.collection_id, catalog.members.c.product_id)
    .join(catalog.collections, catalog.collections.c.id == catalog.members.c.collection_id)
    .where(catalog.collections.c.business_id == bindparam("business_id"))
    .order_by(catalog.members.c.collection_id, catalog.members.c.position)
)
_KEYS = Q(select(tables.keys).where(tables.keys.c.business_id == bindparam("business_id")))
_PICTURES = Q(
    select(tables.pictures.c.target_id, tables.pictures.c.url, tables.pictures.c.picture_id).where(
        tables.pictures.c.business_id == bindparam("business_id")
    )
)


def load_shop(tx: Tx, business_id: BusinessId, currency: str, public_url: str) -> Shop:
    """All that a plan looks at."""
    return Shop(
        business_id=business_id,
        currency=currency,
        public_url=public_url,
        products={product.id: product for product in load_products(tx, business_id)},
        collections=load_collections(tx, business_id),
        keys={
            row.key: Known(row.product_id, row.variant_id, row.collection_id)
            for row in tx.all(_KEYS, business_id=business_id)
        },
        pictures={
            (row.target_id, row.url): row.picture_id
            for row in tx.all(_PICTURES, business_id=business_id)
        },
    )


def load_products(tx: Tx, business_id: BusinessId) -> list[Product]:
    """Every product of the shop, the oldest first."""
    ids = [ProductId(row.id) for row in tx.all(_PRODUCT_IDS, business_id=business_id)]
    return [product for part in _chunks(ids) for product in find_products(tx, part)]


def load_collections(tx: Tx, business_id: BusinessId) -> dict[CollectionId, ShopCollection]:
    members: dict[CollectionId, list[ProductId]] = {}
    for row in tx.all(_MEMBERS, business_id=business_id):
        members.setdefault(row.collection_id, []).append(row.product_id)
    return {
        row.id: ShopCollection(
            id=row.id,
            parent_id=row.parent_id,
            name=row.name,
            description=row.description,
            is_hidden=row.is_hidden,
            has_rule=row.rule is not None,
            members=tuple(members.get(row.id, ())),
        )
        for row in tx.all(_COLLECTIONS, business_id=business_id)
    }


def paths_of(
    collections: dict[CollectionId, ShopCollection],
) -> dict[CollectionId, tuple[str, ...]]:
    """The names from the topmost collection down to each one."""
    paths = {}
    for id_, collection in collections.items():
        names, above, seen = [collection.name], collection.parent_id, {id_}
        while above is not None and above in collections and above not in seen:
            seen.add(above)
            names.append(collections[above].name)
            above = collections[above].parent_id
        paths[id_] = tuple(reversed(names))
    return paths


def _chunks(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), _CHUNK):
        yield things[start : start + _CHUNK]
