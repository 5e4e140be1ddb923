"""What machines are told to look at: `robots.txt`, and lists of all public pages."""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from litestar import Response, get

from kirana import business, catalog
from kirana.platform.db import Db, Tx
from kirana.platform.settings import Settings

_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HOUR = {"Cache-Control": "public, max-age=3600"}
MOST = 50_000
"""Addresses in one list. Source: sitemaps.org protocol."""


@get("/robots.txt", include_in_schema=False)
async def show_robots(settings: Settings) -> Response[str]:
    """Public pages may be read by all; what is somebody's own is not linked from them."""
    hidden = ("/app/", "/v1/", "/o/", "/*/cart", "/*/checkout", "/*/chat", "/*/search")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in hidden), ""]
    lines.append(f"Sitemap: {settings.public_url}/sitemap.xml")
    return Response("\n".join(lines) + "\n", media_type="text/plain", headers=_HOUR)


@get("/sitemap.xml", include_in_schema=False)
async def show_sitemap(db: Db, settings: Settings) -> Response[bytes]:
    """The lists of all shops."""
    shops = await db.read(_shops)
    site = settings.public_url
    entries = "".join(
        f"<sitemap><loc>{escape(f'{site}/{handle}/sitemap.xml')}</loc></sitemap>"
        for handle in shops
    )
    return _xml(f'<sitemapindex xmlns="{_XMLNS}">{entries}</sitemapindex>')


@get("/{handle:str}/sitemap.xml", include_in_schema=False)
async def show_shop_sitemap(handle: str, db: Db, settings: Settings) -> Response[bytes]:
    """All pages of a shop."""

    def read(tx: Tx) -> list[tuple[str, int | None]]:
        shop = business.get_by_handle(tx, handle)
        url = f"{settings.public_url}/{shop.handle}"
        pages: list[tuple[str, int | None]] = [(url, None), (f"{url}/about", None)]
        pages += [(f"{url}/c/{it.slug}", None) for it in catalog.list_collections(tx, shop.id)]
        after = None
        while len(pages) < MOST:
            some = catalog.list_products(tx, shop.id, after=after, limit=100)
            pages += [(f"{url}/p/{it.slug}", it.updated_at) for it in some.items]
            if (after := some.next) is None:
                break
        return pages[:MOST]

    return _xml(f'<urlset xmlns="{_XMLNS}">{"".join(_entries(await db.read(read)))}</urlset>')


def _shops(tx: Tx) -> list[str]:
    handles: list[str] = []
    after = None
    while len(handles) < MOST:
        page = business.list_businesses(tx, after=after, limit=100)
        handles += [card.handle for card in page.items]
        if (after := page.next) is None:
            break
    return handles


def _entries(pages: Iterable[tuple[str, int | None]]) -> Iterable[str]:
    for url, changed_at in pages:
        day = ""
        if changed_at:
            day = f"<lastmod>{datetime.fromtimestamp(changed_at / 1000, UTC):%Y-%m-%d}</lastmod>"
        yield f"<url><loc>{escape(url)}</loc>{day}</url>"


def _xml(text: str) -> Response[bytes]:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
    return Response(body, media_type="application/xml", headers=_HOUR)


routes = [show_robots, show_sitemap, show_shop_sitemap]
