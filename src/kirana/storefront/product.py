"""One product: its pictures, its choices, what it costs and how much of it is left."""

from typing import Any

from litestar import Request, Response, get
from markupsafe import Markup

from kirana import catalog
from kirana.platform.db import Db
from kirana.platform.settings import Settings
from kirana.values import Actor

from . import linked_data
from .desk import Desk, Moved, show
from .rendering import data_block
from .shelf import Shelf
from .words import Words

FEW = 5
"""From here down a page tells how many are left."""
MOST_RADIOS = 10
"""More choices than these are a list to open."""


@get("/{handle:str}/p/{slug:str}", include_in_schema=False)
async def show_product(
    request: Request[Any, Any, Any],
    handle: str,
    slug: str,
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
) -> Response[bytes]:
    """A product. One that has moved leads on, one that is gone says so."""
    wanted = request.query_params.get("v", "")[:40]

    def drawing(desk: Desk) -> bytes:
        product = catalog.get_product_by_slug(desk.tx, desk.shop.id, slug)
        if product.slug != slug:
            raise Moved(f"/{desk.shop.handle}/p/{product.slug}")
        url = f"{desk.url}/p/{product.slug}"
        home = next(
            (
                it
                for it in catalog.list_collections(desk.tx, desk.shop.id)
                if it.id in product.collection_ids
            ),
            None,
        )
        trail = [(settings.name, f"{settings.public_url}/"), (desk.shop.name, desk.url)]
        if home:
            trail.append((home.name, f"{desk.url}/c/{home.slug}"))
        trail.append((product.name, url))
        facts = linked_data.product_facts(product, desk.shop, url, desk.url, settings.public_url)
        return desk.draw(
            "product.html",
            product=product,
            variants=[it for it in product.variants if it.price_now is not None],
            chosen=_chosen(product, wanted),
            home=home,
            few=FEW,
            most_radios=MOST_RADIOS,
            canonical=url,
            description=Markup(product.description),  # noqa: S704 (cleaned by the catalog)
            summary=Markup(product.description).striptags()[:200],  # noqa: S704
            picture=product.pictures[0] if product.pictures else None,
            ld=data_block([facts, linked_data.trail_facts(trail)]),
        )

    return await show(
        request, db, settings, shelf, words, viewer, handle, ("product", slug, wanted), drawing
    )


def _chosen(product: catalog.ProductView, wanted: str) -> catalog.VariantView | None:
    """The choice that a link names, else the first that can be had."""
    offered = [it for it in product.variants if it.price_now is not None]
    for variant in offered:
        if str(variant.id) == wanted:
            return variant
    return next((it for it in offered if it.is_available), offered[0] if offered else None)


routes = [show_product]
