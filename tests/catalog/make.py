"""The smallest shops and products. Prices are in minor units of INR."""

from dataclasses import replace
from typing import Any

from kirana import business, catalog
from kirana.catalog import Price, ProductDraft, ProductStatus, StockDraft, VariantDraft
from kirana.values import (
    Actor,
    BusinessId,
    CollectionId,
    Money,
    OrderId,
    ProductId,
    UserId,
    VariantId,
    uuid7,
)
from tests.database import RehearsedDatabase
from tests.identity import make as people

stranger = people.person


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def price(minor: int, **sale: Any) -> Price:
    return Price(inr(minor), **sale)


def shop(db: RehearsedDatabase, name: str = "Asha Stores") -> tuple[BusinessId, Actor]:
    """A shop that sells in INR, and its owner."""
    owner = people.person(db, "Asha")
    business_id = BusinessId(UserId(uuid7()))
    draft = business.NewBusiness(name, "grocery", "IN", "INR", "Asia/Kolkata")
    db.write(business.open_business, business_id, draft, by=owner)
    return business_id, owner


def variant(minor: int | None = 12_000, *, stock: int | None = None, **more: Any) -> VariantDraft:
    return VariantDraft(
        VariantId(uuid7()),
        price=None if minor is None else price(minor),
        stock=None if stock is None else StockDraft(tracked=True, on_hand=stock),
        **more,
    )


def draft(name: str = "Assam tea", *variants: VariantDraft, **more: Any) -> ProductDraft:
    """Published, unless `status` says otherwise."""
    more.setdefault("status", ProductStatus.PUBLISHED)
    return ProductDraft(name, variants or (variant(),), **more)


def product(
    db: RehearsedDatabase, shop: tuple[BusinessId, Actor], draft: ProductDraft | str = "Assam tea"
) -> catalog.Product:
    if isinstance(draft, str):
        draft = _draft(draft)
    return db.write(catalog.save_product, ProductId(uuid7()), shop[0], draft, by=shop[1])


def sellable(
    db: RehearsedDatabase,
    shop: tuple[BusinessId, Actor],
    *,
    stock: int | None = 3,
    minor: int = 12_000,
    **settings: Any,
) -> VariantId:
    """The only variant of a new published product."""
    one = variant(minor)
    if stock is not None:
        one = replace(one, stock=StockDraft(tracked=True, on_hand=stock, **settings))
    return product(db, shop, draft("Assam tea", one)).variants[0].id


def order_id() -> OrderId:
    return OrderId(uuid7())


def collection(
    db: RehearsedDatabase, shop: tuple[BusinessId, Actor], name: str = "Teas", **more: Any
) -> CollectionId:
    collection_id = CollectionId(uuid7())
    draft = catalog.CollectionDraft(name, **more)
    db.write(catalog.save_collection, collection_id, shop[0], draft, by=shop[1])
    return collection_id


_draft = draft
