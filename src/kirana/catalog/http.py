"""Routes: products, prices, stock and collections."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Request, Response, delete, get, put
from litestar.params import Parameter
from msgspec import Meta

from kirana import business
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.values import (
    Actor,
    BusinessId,
    CollectionId,
    Money,
    Page,
    ProductId,
    UserId,
    VariantId,
)

from . import collections, display, products, stock
from .collections import Collection, CollectionDraft
from .display import PAGE, ProductCard, ProductView, StatusFilter
from .goods import next_price_change
from .model import Price, ProductDraft, Stock, StockDraft
from .problems import InvalidCollection, InvalidProduct, ProductGone, StockIsPromised

T = TypeVar("T")
MAX_BODY = 1_000_000

Words = Annotated[str, Parameter(max_length=200, description="What to look for.")]
Cursor = Annotated[str | None, Parameter(max_length=80)]
Limit = Annotated[int, Parameter(ge=1, le=display.MAX_PAGE)]
PictureText = Annotated[str, Meta(max_length=128)]

_CHANGE = problems(NotSignedIn, NotAllowed, NotFound, InvalidInput)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveProduct(ProductDraft):
    """A whole product; what is left out or null stays as it was only where that is said."""

    business_id: BusinessId


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCollection(CollectionDraft):
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class SetPictures:
    ids: Annotated[list[PictureText], Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class SetPrice:
    """`price` is the regular one; a sale price may count for a while only."""

    price: Money
    sale_price: Money | None = None
    sale_starts_at: int | None = None
    sale_ends_at: int | None = None


@get(
    "/v1/businesses/{business_id:uuid}/products",
    raises=problems(NotFound, NotAllowed, NotSignedIn, InvalidInput),
)
async def list_products(
    request: Request[Any, Any, Any],
    business_id: UUID,
    db: Db,
    viewer: Actor | None,
    q: Words = "",
    collection: UUID | None = None,
    status: StatusFilter = "published",
    in_stock: bool = False,
    after: Cursor = None,
    limit: Limit = PAGE,
) -> Response[Page[ProductCard]]:
    """Products of a shop, newest first, or with `q` what fits best. The team may ask with
    `status` for drafts, hidden ones or any."""
    if status != "published" and viewer is None:
        raise NotSignedIn()
    shop = BusinessId(UserId(business_id))

    def read(tx: Tx) -> Page[ProductCard]:
        filters: dict[str, Any] = {
            "collection_id": collection,
            "status": status,
            "in_stock": in_stock,
            "after": after,
            "limit": limit,
            "viewer": viewer,
        }
        if q.strip():
            return display.search_products(tx, shop, q, **filters)
        return display.list_products(tx, shop, **filters)

    return await _answer(request, db, shop, viewer, read)


@get("/v1/products/{product_id:uuid}", raises=problems(NotFound))
async def get_product(product_id: UUID, db: Db, viewer: Actor | None) -> ProductView:
    """A product with its variants, prices and stock of now."""
    return await db.read(display.get_product, ProductId(product_id), viewer=viewer)


@get("/v1/businesses/{business_id:uuid}/slugs/{slug:str}", raises=problems(NotFound, ProductGone))
async def get_product_by_slug(
    business_id: UUID,
    slug: Annotated[str, Parameter(max_length=200)],
    db: Db,
    viewer: Actor | None,
) -> ProductView:
    """The product with this address; with another `slug` in it, it lives there now."""
    shop = BusinessId(UserId(business_id))
    return await db.read(display.get_product_by_slug, shop, slug, viewer=viewer)


@put(
    "/v1/products/{product_id:uuid}",
    raises=[*_CHANGE, *problems(InvalidProduct, IdReused, StockIsPromised)],
    request_max_body_size=MAX_BODY,
)
async def save_product(product_id: UUID, data: SaveProduct, db: Db, by: Actor) -> ProductView:
    """Create a product with an id of one's own, or replace it. Stock left out stays as it is."""
    id_ = ProductId(product_id)
    draft = ProductDraft(**{it.name: getattr(data, it.name) for it in fields(ProductDraft)})
    await db.write(_save_product, id_, data.business_id, draft, by=by)
    return await db.read(display.get_product, id_, viewer=by)


@delete("/v1/products/{product_id:uuid}", raises=_CHANGE)
async def delete_product(product_id: UUID, db: Db, by: Actor) -> None:
    """Delete a product. One that was ordered is hidden instead."""
    await db.write(products.delete_product, ProductId(product_id), by=by)


@put(
    "/v1/products/{product_id:uuid}/publication",
    raises=[*_CHANGE, *problems(InvalidProduct)],
)
async def publish_product(product_id: UUID, db: Db, by: Actor) -> ProductView:
    """Let everybody see and buy it."""
    await db.write(products.publish_product, ProductId(product_id), by=by)
    return await db.read(display.get_product, ProductId(product_id), viewer=by)


@delete("/v1/products/{product_id:uuid}/publication", raises=_CHANGE)
async def hide_product(product_id: UUID, db: Db, by: Actor) -> None:
    """Take it out of sight."""
    await db.write(products.hide_product, ProductId(product_id), by=by)


@put(
    "/v1/products/{product_id:uuid}/pictures",
    raises=[*_CHANGE, *problems(InvalidProduct)],
)
async def set_pictures(product_id: UUID, data: SetPictures, db: Db, by: Actor) -> ProductView:
    """Give it these pictures, in this order."""
    await db.write(products.set_pictures, ProductId(product_id), data.ids, by=by)
    return await db.read(display.get_product, ProductId(product_id), viewer=by)


@put("/v1/variants/{variant_id:uuid}/price", raises=[*_CHANGE, *problems(InvalidProduct)])
async def set_price(variant_id: UUID, data: SetPrice, db: Db, by: Actor) -> ProductView:
    """Change what a variant costs."""
    price = Price(data.price, data.sale_price, data.sale_starts_at, data.sale_ends_at)
    product = await db.write(products.set_price, VariantId(variant_id), price, by=by)
    return await db.read(display.get_product, product.id, viewer=by)


@put(
    "/v1/variants/{variant_id:uuid}/stock",
    raises=[*_CHANGE, *problems(InvalidProduct, StockIsPromised)],
)
async def set_stock(variant_id: UUID, data: StockDraft, db: Db, by: Actor) -> Stock:
    """Say how many there are, or whether they are counted. What is left out stays as it is."""
    return await db.write(stock.set_stock, VariantId(variant_id), data, by=by)


@get("/v1/businesses/{business_id:uuid}/collections", raises=problems(NotFound))
async def list_collections(business_id: UUID, db: Db, viewer: Actor | None) -> list[Collection]:
    """The collections of a shop, in its order; parts name their `parent_id`."""
    shop = BusinessId(UserId(business_id))
    return await db.read(collections.list_collections, shop, viewer=viewer)


@get("/v1/collections/{collection_id:uuid}", raises=problems(NotFound))
async def get_collection(collection_id: UUID, db: Db, viewer: Actor | None) -> Collection:
    """One collection."""
    return await db.read(collections.get_collection, CollectionId(collection_id), viewer=viewer)


@put(
    "/v1/collections/{collection_id:uuid}",
    raises=[*_CHANGE, *problems(InvalidCollection, IdReused)],
    request_max_body_size=MAX_BODY,
)
async def save_collection(
    collection_id: UUID, data: SaveCollection, db: Db, by: Actor
) -> Collection:
    """Create a collection with an id of one's own, or replace it."""
    id_ = CollectionId(collection_id)
    draft = CollectionDraft(**{it.name: getattr(data, it.name) for it in fields(CollectionDraft)})
    await db.write(_save_collection, id_, data.business_id, draft, by=by)
    return await db.read(collections.get_collection, id_, viewer=by)


@delete("/v1/collections/{collection_id:uuid}", raises=_CHANGE)
async def delete_collection(collection_id: UUID, db: Db, by: Actor) -> None:
    """Take a collection away. Its products stay; its parts move up."""
    await db.write(collections.delete_collection, CollectionId(collection_id), by=by)


def _save_product(
    tx: Tx, product_id: ProductId, business_id: BusinessId, draft: ProductDraft, *, by: Actor
) -> None:
    if products.find_product(tx, product_id) is None:
        _require_own_ids(product_id, *(variant.id for variant in draft.variants))
    products.save_product(tx, product_id, business_id, draft, by=by)


def _save_collection(
    tx: Tx,
    collection_id: CollectionId,
    business_id: BusinessId,
    draft: CollectionDraft,
    *,
    by: Actor,
) -> None:
    if collections.find_collection(tx, collection_id) is None:
        _require_own_ids(collection_id)
    collections.save_collection(tx, collection_id, business_id, draft, by=by)


def _require_own_ids(*ids: UUID) -> None:
    """New ids are of version 7: the others are the server's. Raises: InvalidInput."""
    if any(id_.version != 7 for id_ in ids):
        raise InvalidInput(field="id", message="A new id is a UUID of version 7.")


async def _answer(
    request: Request[Any, Any, Any],
    db: Db,
    business_id: BusinessId,
    viewer: Actor | None,
    read: Callable[[Tx], T],
) -> Response[T]:
    """What `read` finds, or 304 when nothing in the shop changed since the client last asked."""
    known = request.headers.get("if-none-match")

    def read_if_new(tx: Tx) -> tuple[str, T | None]:
        tag = _tag(tx, business_id, viewer)
        return tag, None if tag == known else read(tx)

    tag, found = await db.read(read_if_new)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if found is None:
        return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]
    return Response(found, headers=headers)


def _tag(tx: Tx, business_id: BusinessId, viewer: Actor | None) -> str:
    """Another one after each change, after each border of a sale, and for each role."""
    revision = business.get_revision(tx, business_id)
    role = business.find_role(tx, business_id, by=viewer) if viewer else None
    return f'"{revision}.{next_price_change(tx, business_id) or 0}.{role or "all"}"'


routes = [
    list_products,
    get_product,
    get_product_by_slug,
    save_product,
    delete_product,
    publish_product,
    hide_product,
    set_pictures,
    set_price,
    set_stock,
    list_collections,
    get_collection,
    save_collection,
    delete_collection,
]
