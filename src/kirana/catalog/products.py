"""What the shop sells: saving, publishing, hiding and deleting products."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, update

from kirana import business
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, Money, ProductId, VariantId

from . import search
from .events import ProductChanged, ProductHidden, ProductPublished
from .model import (
    Attribute,
    Flaw,
    Option,
    Price,
    Product,
    ProductDraft,
    ProductStatus,
    StockDraft,
    Text,
    Variant,
    VariantDraft,
    draft_of,
    flaws_for_sale,
    flaws_of,
    sku_key,
    slug_choices,
    slug_of,
    tidy,
)
from .problems import InvalidProduct, ProductGone
from .stock import NO_STOCK, change_stock, merged, stock_in
from .tables import collections, holds, members, products, slugs, stock_moves, tags, variants

_FIND = Q(select(products).where(products.c.id == bindparam("id")))
_FIND_MANY = Q(select(products).where(any_of(products.c.id, "ids")))
_VARIANTS_OF = Q(
    select(variants)
    .where(any_of(variants.c.product_id, "ids"), variants.c.retired_at.is_(None))
    .order_by(variants.c.product_id, variants.c.position)
)
_FIND_VARIANTS = Q(select(variants).where(any_of(variants.c.id, "ids")))
_COLLECTIONS_OF = Q(
    select(members.c.product_id, members.c.collection_id)
    .where(any_of(members.c.product_id, "ids"))
    .order_by(members.c.product_id, members.c.collection_id)
)
_KNOWN_COLLECTIONS = Q(
    select(collections.c.id).where(
        any_of(collections.c.id, "ids"),
        collections.c.business_id == bindparam("business_id"),
        collections.c.rule.is_(None),
    )
)
_SAVE = Q(
    upsert(
        products,
        keys=["id"],
        update=[c.name for c in products.c if c.name not in ("id", "business_id", "created_at")],
    )
)
_COUNTERS = ("tracked", "sell_beyond", "backorder_text", "low_at", "on_hand", "held", "moves")
_SAVE_VARIANT = Q(
    upsert(
        variants,
        keys=["id"],
        update=[
            c.name
            for c in variants.c
            if c.name not in ("id", "product_id", "business_id", *_COUNTERS)
        ],
    )
)
_RETIRE = Q(
    update(variants)
    .where(any_of(variants.c.id, "ids"))
    .values(retired_at=bindparam("now"), sku_key=None)
)
_SKU_OWNERS = Q(
    select(variants.c.sku_key, variants.c.product_id).where(
        variants.c.business_id == bindparam("business_id"), any_of(variants.c.sku_key, "keys")
    )
)
_SLUG_OWNER = Q(
    select(slugs.c.product_id).where(
        slugs.c.business_id == bindparam("business_id"), slugs.c.slug == bindparam("slug")
    )
)
_SAVE_SLUG = Q(upsert(slugs, keys=["business_id", "slug"], update=["product_id"]))
_ORPHAN_SLUGS = Q(
    update(slugs).where(slugs.c.product_id == bindparam("product_id_")).values(product_id=None)
)
_DROP_TAGS = Q(delete(tags).where(tags.c.product_id == bindparam("product_id")))
_ADD_TAGS = Q(insert(tags))
_DROP_MEMBERS = Q(delete(members).where(members.c.product_id == bindparam("product_id")))
_DROP_MEMBER = Q(
    delete(members).where(
        members.c.product_id == bindparam("product_id"),
        members.c.collection_id == bindparam("collection_id"),
    )
)
_ADD_MEMBER = Q(insert(members))
_LAST_POSITION = Q(
    select(func.coalesce(func.max(members.c.position), 0).label("position")).where(
        members.c.collection_id == bindparam("collection_id")
    )
)
_SET_STATUS = Q(
    update(products)
    .where(products.c.id == bindparam("id_"))
    .values(status=bindparam("status_"), updated_at=bindparam("now"))
)
_SET_PRICE = Q(
    update(variants)
    .where(variants.c.id == bindparam("id_"))
    .values(
        currency=bindparam("currency_"),
        price_minor=bindparam("price_minor_"),
        sale_minor=bindparam("sale_minor_"),
        sale_starts_at=bindparam("sale_starts_at_"),
        sale_ends_at=bindparam("sale_ends_at_"),
    )
)
_SET_PICTURES = Q(
    update(products)
    .where(products.c.id == bindparam("id_"))
    .values(
        picture_ids=bindparam("picture_ids_"),
        first_picture_id=bindparam("first_picture_id_"),
        updated_at=bindparam("now"),
    )
)
_WAS_ORDERED = Q(
    select(variants.c.id)
    .where(
        variants.c.product_id == bindparam("product_id"),
        or_(
            exists(
                select(stock_moves.c.number).where(
                    stock_moves.c.variant_id == variants.c.id, stock_moves.c.order_id.is_not(None)
                )
            ),
            exists(select(holds.c.quantity).where(holds.c.variant_id == variants.c.id)),
        ),
    )
    .limit(1)
)
_VARIANT_IDS = select(variants.c.id).where(variants.c.product_id == bindparam("product_id"))
_DROP_MOVES = Q(delete(stock_moves).where(stock_moves.c.variant_id.in_(_VARIANT_IDS)))
_DROP_VARIANTS = Q(delete(variants).where(variants.c.product_id == bindparam("product_id")))
_DROP = Q(delete(products).where(products.c.id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving a draft would do. Without flaws, `after` is what would then be there."""

    before: Product | None
    after: ProductDraft
    flaws: list[Flaw]

    @property
    def changes_nothing(self) -> bool:
        return self.before is not None and draft_of(self.before) == self.after


def preview_product(
    tx: Tx, product_id: ProductId, business_id: BusinessId, draft: ProductDraft
) -> Preview:
    """What `save_product` would do with this draft. Writes nothing and asks for no permission.

    Raises: IdReused when another shop has this product.
    """
    before = find_product(tx, product_id)
    if before is not None and before.business_id != business_id:
        raise IdReused(id=product_id)
    after = _completed(tx, product_id, business_id, tidy(draft), before)
    currency = business.get_business(tx, business_id).currency
    flaws = flaws_of(after, currency)
    flaws += _flaws_of_neighbors(tx, product_id, business_id, after)
    if after.status == ProductStatus.PUBLISHED:
        flaws += flaws_for_sale(after.variants)
    return Preview(before, after, flaws)


def save_product(
    tx: Tx,
    product_id: ProductId,
    business_id: BusinessId,
    draft: ProductDraft,
    *,
    by: Actor,
) -> Product:
    """Create the product, or replace all of it by `draft`; saving the same again writes nothing.

    Variants are known by their ids: those that the draft no longer has are retired (orders keep
    what they copied). Stock stays as it is unless the draft counts it.

    Raises: NotAllowed, InvalidProduct, IdReused, StockIsPromised.
    """
    business.require(tx, business_id, business.Role.MANAGER, by=by)
    preview = preview_product(tx, product_id, business_id, draft)
    if preview.flaws:
        raise InvalidProduct(flaws=preview.flaws)
    if preview.before is not None and preview.changes_nothing:
        return preview.before

    _write(tx, product_id, business_id, preview, by)
    product = product_of(tx, product_id)
    search.index_product(tx, product)
    was = preview.before.status if preview.before else ProductStatus.DRAFT
    _tell(tx, product, was)
    before = draft_of(preview.before) if preview.before else None
    changed = [it.name for it in fields(ProductDraft) if _differs(before, preview.after, it.name)]
    _note(tx, product, "product.saved", after={"name": product.name, "changed": changed}, by=by)
    return product


def publish_product(tx: Tx, product_id: ProductId, *, by: Actor) -> Product:
    """Let everybody see and buy it. Raises: NotFound, NotAllowed, InvalidProduct without price."""
    product = _mine(tx, product_id, by)
    if flaws := flaws_for_sale(product.variants):
        raise InvalidProduct(flaws=flaws)
    return _set_status(tx, product, ProductStatus.PUBLISHED, by)


def hide_product(tx: Tx, product_id: ProductId, *, by: Actor) -> Product:
    """Take it out of sight; a draft stays a draft. Raises: NotFound, NotAllowed."""
    product = _mine(tx, product_id, by)
    if product.status == ProductStatus.DRAFT:
        return product
    return _set_status(tx, product, ProductStatus.HIDDEN, by)


def delete_product(tx: Tx, product_id: ProductId, *, by: Actor) -> bool:
    """Delete it, or only hide it when it was ordered once; whether it is gone.

    Raises: NotFound, NotAllowed.
    """
    product = _mine(tx, product_id, by)
    if tx.one(_WAS_ORDERED, product_id=product_id) is not None:
        hide_product(tx, product_id, by=by)
        return False
    search.forget_product(tx, product_id)
    tx.do(_ORPHAN_SLUGS, product_id_=product_id)
    tx.do(_DROP_TAGS, product_id=product_id)
    tx.do(_DROP_MEMBERS, product_id=product_id)
    tx.do(_DROP_MOVES, product_id=product_id)
    tx.do(_DROP_VARIANTS, product_id=product_id)
    tx.do(_DROP, id=product_id)
    _tell(tx, replace(product, status=ProductStatus.HIDDEN), product.status)
    _note(tx, product, "product.deleted", before={"name": product.name}, by=by)
    return True


def set_price(tx: Tx, variant_id: VariantId, price: Price, *, by: Actor) -> Product:
    """Change what a variant costs. Raises: NotFound, NotAllowed, InvalidProduct."""
    product = _mine_by_variant(tx, variant_id, by)
    drafts = tuple(
        replace(draft, price=price) if draft.id == variant_id else draft
        for draft in draft_of(product).variants
    )
    currency = business.get_business(tx, product.business_id).currency
    if flaws := flaws_of(replace(draft_of(product), variants=drafts), currency):
        raise InvalidProduct(flaws=flaws)
    [old] = [variant.price for variant in product.variants if variant.id == variant_id]
    if old == price:
        return product
    tx.do(
        _SET_PRICE,
        id_=variant_id,
        **{f"{name}_": value for name, value in _price_columns(price).items()},
    )
    _tell(tx, product, product.status)
    business.record(
        tx,
        product.business_id,
        "price.changed",
        subject_id=variant_id,
        before=old,
        after=price,
        by=by,
    )
    return product_of(tx, product.id)


def set_pictures(
    tx: Tx, product_id: ProductId, picture_ids: Sequence[str], *, by: Actor
) -> Product:
    """Give it these pictures, in this order. Raises: NotFound, NotAllowed, InvalidProduct."""
    product = _mine(tx, product_id, by)
    draft = tidy(replace(draft_of(product), picture_ids=tuple(picture_ids)))
    currency = business.get_business(tx, product.business_id).currency
    if flaws := flaws_of(draft, currency):
        raise InvalidProduct(flaws=flaws)
    if draft.picture_ids == product.picture_ids:
        return product
    tx.do(
        _SET_PICTURES,
        id_=product_id,
        picture_ids_=draft.picture_ids,
        first_picture_id_=next(iter(draft.picture_ids), None),
        now=tx.now,
    )
    _tell(tx, product, product.status)
    _note(tx, product, "product.saved", after={"changed": ["picture_ids"]}, by=by)
    return product_of(tx, product_id)


def product_of(tx: Tx, product_id: ProductId) -> Product:
    """All that the shop knows of a product; for rooms, who know whom they show it to.

    Raises: NotFound.
    """
    product = find_product(tx, product_id)
    if product is None:
        raise NotFound(id=product_id)
    return product


def find_product(tx: Tx, product_id: ProductId) -> Product | None:
    row = tx.one(_FIND, id=product_id)
    return None if row is None else _products_in(tx, [row])[0]


def find_products(tx: Tx, product_ids: Sequence[ProductId]) -> list[Product]:
    """Those of them that there are, in this order."""
    rows = {row.id: row for row in tx.all(_FIND_MANY, ids=product_ids)}
    return _products_in(tx, [rows[id_] for id_ in product_ids if id_ in rows])


def find_by_slug(tx: Tx, business_id: BusinessId, slug: str) -> Product | None:
    """The product with this address, or with another `slug` now: then send people there.

    Raises: ProductGone when there was one and it was deleted.
    """
    if slug != slug_of(slug):
        return None
    row = tx.one(_SLUG_OWNER, business_id=business_id, slug=slug)
    if row is None:
        return None
    if row.product_id is None:
        raise ProductGone(slug=slug)
    return product_of(tx, row.product_id)


def _completed(
    tx: Tx,
    product_id: ProductId,
    business_id: BusinessId,
    draft: ProductDraft,
    before: Product | None,
) -> ProductDraft:
    """`draft` with what it leaves as it was, so that nothing in it is `None` for that reason."""
    stocks = {variant.id: variant.stock for variant in before.variants} if before else {}
    return replace(
        draft,
        status=draft.status or (before.status if before else ProductStatus.DRAFT),
        slug=_slug_for(tx, product_id, business_id, draft, before),
        collection_ids=draft.collection_ids
        if draft.collection_ids is not None
        else (before.collection_ids if before else ()),
        variants=tuple(
            replace(variant, stock=_stock_after(tx, variant, stocks)) for variant in draft.variants
        ),
    )


def _slug_for(
    tx: Tx,
    product_id: ProductId,
    business_id: BusinessId,
    draft: ProductDraft,
    before: Product | None,
) -> str:
    if draft.slug is None and before is not None:
        return before.slug
    for slug in slug_choices(draft.slug or slug_of(draft.name), product_id):
        owner = tx.one(_SLUG_OWNER, business_id=business_id, slug=slug)
        if owner is None or owner.product_id in (None, product_id):
            return slug
    raise AssertionError("The last choice is nobody else's.")


def _stock_after(tx: Tx, variant: VariantDraft, stocks: dict[VariantId, Any]) -> StockDraft:
    stock = stocks.get(variant.id)
    if stock is None:
        # A variant that was retired comes back with the stock that it had.
        rows = tx.all(_FIND_VARIANTS, ids=[variant.id])
        stock = stock_in(rows[0]) if rows else NO_STOCK
    after = merged(stock, variant.stock or StockDraft())
    return StockDraft(
        tracked=after.tracked,
        on_hand=after.on_hand,
        sell_beyond=after.sell_beyond,
        backorder_text=after.backorder_text,
        low_at=-1 if after.low_at is None else after.low_at,
    )


def _flaws_of_neighbors(
    tx: Tx, product_id: ProductId, business_id: BusinessId, draft: ProductDraft
) -> list[Flaw]:
    flaws = []
    keys = {sku_key(it.sku): i for i, it in enumerate(draft.variants) if it.sku}
    for row in tx.all(_SKU_OWNERS, business_id=business_id, keys=list(keys)) if keys else ():
        if row.product_id != product_id:
            text = "Another product of the shop has this SKU."
            flaws.append(Flaw(f"variants[{keys[row.sku_key]}].sku", "sku-taken", text))
    ids = [variant.id for variant in draft.variants]
    others = {row.id for row in tx.all(_FIND_VARIANTS, ids=ids) if row.product_id != product_id}
    for i, variant in enumerate(draft.variants):
        if variant.id in others:
            text = "Another product has a variant with this id."
            flaws.append(Flaw(f"variants[{i}].id", "id-taken", text))
    if draft.collection_ids:
        found = tx.all(_KNOWN_COLLECTIONS, ids=draft.collection_ids, business_id=business_id)
        if len(found) < len(draft.collection_ids):
            text = "The shop has no such collection, or it fills itself by a rule."
            flaws.append(Flaw("collection_ids", "no-such-collection", text))
    return flaws


def _write(
    tx: Tx, product_id: ProductId, business_id: BusinessId, preview: Preview, by: Actor
) -> None:
    before, draft = preview.before, preview.after
    tx.do(
        _SAVE,
        id=product_id,
        business_id=business_id,
        slug=draft.slug,
        name=draft.name,
        description=draft.description,
        status=str(draft.status),
        options=draft.options,
        picture_ids=draft.picture_ids,
        first_picture_id=next(iter(draft.picture_ids), None),
        tags=draft.tags,
        attributes=draft.attributes,
        texts=draft.texts,
        tax_class=draft.tax_class,
        needs_delivery=draft.needs_delivery,
        weight_g=draft.weight_g,
        created_at=before.created_at if before else tx.now,
        updated_at=tx.now,
    )
    if before is None or before.slug != draft.slug:
        tx.do(_SAVE_SLUG, business_id=business_id, slug=draft.slug, product_id=product_id)
    _write_variants(tx, product_id, business_id, preview, by)
    if draft.tags != (before.tags if before else ()):
        tx.do(_DROP_TAGS, product_id=product_id)
        keys = {tag.casefold() for tag in draft.tags}
        tx.many(_ADD_TAGS, [{"product_id": product_id, "tag": key} for key in sorted(keys)])
    was_in = set(before.collection_ids) if before else set()
    for id_ in was_in.difference(draft.collection_ids or ()):
        tx.do(_DROP_MEMBER, product_id=product_id, collection_id=id_)
    for id_ in [id_ for id_ in draft.collection_ids or () if id_ not in was_in]:
        last = tx.one(_LAST_POSITION, collection_id=id_)
        assert last is not None
        tx.do(_ADD_MEMBER, collection_id=id_, product_id=product_id, position=last.position + 1)


def _write_variants(
    tx: Tx, product_id: ProductId, business_id: BusinessId, preview: Preview, by: Actor
) -> None:
    before, draft = preview.before, preview.after
    known = {variant.id: variant for variant in draft_of(before).variants} if before else {}
    gone = [id_ for id_ in known if id_ not in {variant.id for variant in draft.variants}]
    changed = [
        (position, variant)
        for position, variant in enumerate(draft.variants)
        if replace(variant, stock=None) != _stockless(known.get(variant.id))
        or position != _position(before, variant.id)
    ]
    # SKUs are freed first: two variants of one product may exchange theirs.
    if moved := [*gone, *(it.id for _, it in changed if it.id in known)]:
        tx.do(_RETIRE, ids=moved, now=tx.now)
    for position, variant in changed:
        tx.do(
            _SAVE_VARIANT,
            id=variant.id,
            product_id=product_id,
            business_id=business_id,
            position=position,
            option_values=variant.option_values,
            sku=variant.sku,
            sku_key=sku_key(variant.sku) if variant.sku else None,
            barcode=variant.barcode,
            other_prices=variant.other_prices,
            weight_g=variant.weight_g,
            picture_id=variant.picture_id,
            **_price_columns(variant.price),
            tracked=False,
            sell_beyond=False,
            backorder_text="",
            on_hand=0,
            held=0,
            moves=0,
        )
    for variant in draft.variants:
        old = known.get(variant.id)
        if variant.stock is not None and (old is None or old.stock != variant.stock):
            change_stock(tx, variant.id, variant.stock, by=by)


def _stockless(variant: VariantDraft | None) -> VariantDraft | None:
    return None if variant is None else replace(variant, stock=None)


def _position(product: Product | None, variant_id: VariantId) -> int:
    ids = [variant.id for variant in product.variants] if product else []
    return ids.index(variant_id) if variant_id in ids else -1


def _set_status(tx: Tx, product: Product, status: ProductStatus, by: Actor) -> Product:
    if product.status == status:
        return product
    tx.do(_SET_STATUS, id_=product.id, status_=str(status), now=tx.now)
    after = product_of(tx, product.id)
    _tell(tx, after, product.status)
    _note(tx, product, f"product.{status}", before=product.status, after=status, by=by)
    return after


def _tell(tx: Tx, product: Product, was: ProductStatus) -> None:
    business.touch(tx, product.business_id)
    tx.publish([product.business_id], Change("catalog", product.id))
    who = (product.id, product.business_id)
    if product.status == ProductStatus.PUBLISHED != was:
        tx.emit(ProductPublished(*who))
    elif was == ProductStatus.PUBLISHED != product.status:
        tx.emit(ProductHidden(*who))
    else:
        tx.emit(ProductChanged(*who))


def _note(
    tx: Tx,
    product: Product,
    action: str,
    *,
    before: object = None,
    after: object = None,
    by: Actor,
) -> None:
    business.record(
        tx, product.business_id, action, subject_id=product.id, before=before, after=after, by=by
    )


def _differs(before: ProductDraft | None, after: ProductDraft, name: str) -> bool:
    return before is None or getattr(before, name) != getattr(after, name)


def _mine(tx: Tx, product_id: ProductId, by: Actor) -> Product:
    product = product_of(tx, product_id)
    business.require(tx, product.business_id, business.Role.MANAGER, by=by)
    return product


def _mine_by_variant(tx: Tx, variant_id: VariantId, by: Actor) -> Product:
    rows = tx.all(_FIND_VARIANTS, ids=[variant_id])
    if not rows or rows[0].retired_at is not None:
        raise NotFound(id=variant_id)
    return _mine(tx, rows[0].product_id, by)


def _price_columns(price: Price | None) -> dict[str, Any]:
    if price is None:
        names = ("currency", "price_minor", "sale_minor", "sale_starts_at", "sale_ends_at")
        return dict.fromkeys(names)
    return {
        "currency": price.regular.currency,
        "price_minor": price.regular.amount_minor,
        "sale_minor": None if price.sale is None else price.sale.amount_minor,
        "sale_starts_at": price.sale_starts_at,
        "sale_ends_at": price.sale_ends_at,
    }


def price_in(row: Row) -> Price | None:
    """The price that a row of `catalog_variants` tells."""
    if row.price_minor is None:
        return None
    return Price(
        Money(row.price_minor, row.currency),
        None if row.sale_minor is None else Money(row.sale_minor, row.currency),
        row.sale_starts_at,
        row.sale_ends_at,
    )


def _products_in(tx: Tx, rows: Sequence[Row]) -> list[Product]:
    ids = [row.id for row in rows]
    of_product: dict[ProductId, list[Variant]] = {id_: [] for id_ in ids}
    in_collections: dict[ProductId, list[Any]] = {id_: [] for id_ in ids}
    if ids:
        for row in tx.all(_VARIANTS_OF, ids=ids):
            of_product[row.product_id].append(_variant_in(row))
        for row in tx.all(_COLLECTIONS_OF, ids=ids):
            in_collections[row.product_id].append(row.collection_id)
    return [
        Product(
            id=row.id,
            business_id=row.business_id,
            slug=row.slug,
            name=row.name,
            description=row.description,
            status=ProductStatus(row.status),
            options=msgspec.convert(row.options, tuple[Option, ...]),
            picture_ids=tuple(row.picture_ids),
            tags=tuple(row.tags),
            attributes=msgspec.convert(row.attributes, tuple[Attribute, ...]),
            texts=msgspec.convert(row.texts, dict[str, Text]),
            tax_class=row.tax_class,
            needs_delivery=row.needs_delivery,
            weight_g=row.weight_g,
            collection_ids=tuple(sorted(in_collections[row.id])),
            variants=tuple(of_product[row.id]),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def _variant_in(row: Row) -> Variant:
    return Variant(
        id=row.id,
        option_values=tuple(row.option_values),
        sku=row.sku,
        barcode=row.barcode,
        price=price_in(row),
        other_prices=msgspec.convert(row.other_prices, tuple[Price, ...]),
        weight_g=row.weight_g,
        picture_id=row.picture_id,
        stock=stock_in(row),
    )
