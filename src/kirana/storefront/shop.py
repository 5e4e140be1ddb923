"""The shop's pages: its face with its goods, a collection, a search, and all about it."""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get

from kirana import business, catalog, orders
from kirana.platform.db import Db
from kirana.platform.problems import NotFound
from kirana.platform.settings import Settings
from kirana.values import Actor

from . import formats, linked_data
from .desk import Desk, show
from .rendering import data_block
from .shelf import Shelf
from .town import trade_name
from .words import Words

PAGE = 24


@get("/{handle:str}", include_in_schema=False)
async def show_shop(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """A shop: its face, its collections, its goods."""
    after = _after(request)

    def drawing(desk: Desk) -> bytes:
        page = catalog.list_products(desk.tx, desk.shop.id, after=after, limit=PAGE)
        cover = desk.picture(desk.shop.cover_id)
        return desk.draw(
            "shop.html",
            products=page.items,
            next=page.next,
            is_first=after is None,
            cover=cover,
            collections=_top(catalog.list_collections(desk.tx, desk.shop.id)),
            ld=data_block(
                [
                    _facts(desk),
                    linked_data.trail_facts(
                        [(settings.name, f"{settings.public_url}/"), (desk.shop.name, desk.url)]
                    ),
                ]
            ),
            picture=cover or desk.picture(desk.shop.logo_id),
            **_about(desk),
        )

    return await show(request, db, settings, shelf, words, viewer, handle, ("shop", after), drawing)


@get("/{handle:str}/c/{slug:str}", include_in_schema=False)
async def show_collection(
    request: Request[Any, Any, Any],
    handle: str,
    slug: str,
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """Some of a shop's goods."""
    after = _after(request)

    def drawing(desk: Desk) -> bytes:
        shown = catalog.list_collections(desk.tx, desk.shop.id)
        here = next((it for it in shown if it.slug == slug), None)
        if here is None:
            raise NotFound()
        page = catalog.list_products(
            desk.tx, desk.shop.id, collection_id=here.id, after=after, limit=PAGE
        )
        url = f"{desk.url}/c/{here.slug}"
        return desk.draw(
            "collection.html",
            collection=here,
            parent=next((it for it in shown if it.id == here.parent_id), None),
            parts_of_it=[it for it in shown if it.parent_id == here.id],
            siblings=[it for it in shown if it.parent_id == here.parent_id],
            products=page.items,
            next=page.next,
            canonical=url,
            picture=desk.picture(here.picture_id),
            ld=data_block(
                [
                    linked_data.trail_facts(
                        [
                            (settings.name, f"{settings.public_url}/"),
                            (desk.shop.name, desk.url),
                            (here.name, url),
                        ]
                    )
                ]
            ),
        )

    return await show(
        request, db, settings, shelf, words, viewer, handle, ("collection", slug, after), drawing
    )


@get("/{handle:str}/search", include_in_schema=False)
async def show_search(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """What of a shop's goods fits some words."""
    text = " ".join(request.query_params.get("q", "")[:200].split())
    after = _after(request)

    def drawing(desk: Desk) -> bytes:
        if text:
            page = catalog.search_products(desk.tx, desk.shop.id, text, after=after, limit=PAGE)
        else:
            page = catalog.list_products(desk.tx, desk.shop.id, after=after, limit=PAGE)
        return desk.draw("search.html", text=text, products=page.items, next=page.next)

    return await show(
        request, db, settings, shelf, words, viewer, handle, ("search", text, after), drawing
    )


@get("/{handle:str}/about", include_in_schema=False)
async def show_about(
    request: Request[Any, Any, Any],
    handle: str,
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """Hours, place, contact, and how a shop hands over its goods."""

    def drawing(desk: Desk) -> bytes:
        return desk.draw(
            "about.html",
            picture=desk.picture(desk.shop.cover_id or desk.shop.logo_id),
            ld=data_block([_facts(desk)]),
            **_about(desk),
        )

    return await show(request, db, settings, shelf, words, viewer, handle, "about", drawing)


def _about(desk: Desk) -> dict[str, Any]:
    """All that the box about a shop shows."""
    shop = desk.shop
    days = business.list_openings(desk.tx, shop.id, days=7)
    today = formats.local(desk.tx.now, shop.zone).date()
    closures = [
        it
        for it in business.list_closures(desk.tx, shop.id)
        if it.last_on >= today and it.first_on <= today + timedelta(60)
    ]
    directions = None
    if shop.location:
        directions = business.directions_to(shop.location, shop.name)
    return {
        "profile": shop,
        "days": days,
        "closures": closures,
        "directions": directions,
        "delivery": orders.get_delivery(desk.tx, shop.id),
        "trade": trade_name(shop.category, desk.words),
    }


def _facts(desk: Desk) -> linked_data.Facts:
    shop = desk.shop
    return linked_data.shop_facts(
        shop,
        desk.url,
        desk.settings.public_url,
        desk.picture(shop.cover_id) or desk.picture(shop.logo_id),
        business.list_closures(desk.tx, shop.id),
        formats.local(desk.tx.now, shop.zone).date(),
    )


def _top(collections: list[catalog.Collection]) -> list[catalog.Collection]:
    """Those that stand at the top and hold something."""
    parents = {it.parent_id for it in collections}
    return [
        it
        for it in collections
        if it.parent_id is None and (it.product_count != 0 or it.id in parents)
    ]


def _after(request: Request[Any, Any, Any]) -> str | None:
    return request.query_params.get("after", "")[:100] or None


routes = [show_shop, show_collection, show_search, show_about]
