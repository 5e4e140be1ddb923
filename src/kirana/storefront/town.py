"""The town: every shop of this server, for whoever walks in."""

from typing import Any

from litestar import Request, Response, get

from kirana import business
from kirana.platform.db import Db, Tx
from kirana.platform.settings import Settings
from kirana.values import Page

from .looks import Face
from .rendering import answer, data_block, draw
from .shelf import Drawn, Shelf
from .words import Words

PAGE = 60
MOST_LOOKS = 10
"""So many pages of shops are looked through for those that are open, before one asks for more."""
GOOD_MS = 5_000
"""So long may a list of shops be old."""


@get("/", include_in_schema=False)
async def show_town(
    request: Request[Any, Any, Any], db: Db, settings: Settings, shelf: Shelf, words: Words
) -> Response[bytes]:
    """All shops, or those that fit."""
    asked = request.query_params
    text = asked.get("q", "").strip()[:200]
    category = asked.get("category", "")
    category = category if category in business.CATEGORIES else ""
    is_open = asked.get("open") == "1"
    after = asked.get("after") or None

    place = ("town", words.language, text, category, is_open, after)

    def read(tx: Tx) -> bytes:
        if found := shelf.find(place, 0, tx.now):
            return found.body
        body = drawn(tx)
        shelf.keep(place, Drawn(body, 0, tx.now + GOOD_MS))
        return body

    def drawn(tx: Tx) -> bytes:
        def some(after: str | None) -> Page[business.ShopCard]:
            return business.list_businesses(
                tx, text, category=category or None, after=after, limit=PAGE
            )

        page = some(after)
        trades = {it.category: None for it in page.items}
        cards = [it for it in page.items if not is_open or it.state.state == "open"]
        for _ in range(MOST_LOOKS - 1):
            if cards or page.next is None:
                break
            page = some(page.next)
            cards = [it for it in page.items if it.state.state == "open"]
        shops = [_face(it, tx.now, words) for it in cards]
        if category:
            trades[category] = None
        return draw(
            "town.html",
            words,
            settings,
            shops=shops,
            trades=_trades(trades, words),
            trade_of={it.id: trade_name(it.category, words) for it in cards},
            places={it.id: it.address for it in cards},
            text=text,
            category=category,
            is_open=is_open,
            is_narrowed=bool(text or category or is_open),
            next=page.next,
            ld=data_block([_site_facts(settings)]),
        )

    return answer(request, settings, await db.read(read))


def trade_name(category: str, words: Words) -> str:
    """What a category is called in the reader's language."""
    if words.has("trade", category):
        return words(f"trade.{category}")
    known = business.CATEGORIES.get(category)
    return known.label if known else ""


def _trades(ids: dict[str, None], words: Words) -> list[tuple[str, str]]:
    named = [(id_, trade_name(id_, words)) for id_ in ids]
    return sorted(((id_, name) for id_, name in named if name), key=lambda it: it[1])


def _face(card: business.ShopCard, now: int, words: Words) -> Face:
    return Face(
        id=card.id,
        handle=card.handle,
        name=card.name,
        about=card.about,
        logo_id=card.logo_id,
        cover_id=card.cover_id,
        zone="",
        country=card.country,
        currency=card.currency,
        is_verified=card.is_verified,
        state=card.state.state,
        state_text=words("open") if card.state.state == "open" else _closed(card, words),
    )


def _closed(card: business.ShopCard, words: Words) -> str:
    return words("closed") if card.state.state == "closed" else ""


def _site_facts(settings: Settings) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": settings.name,
        "url": f"{settings.public_url}/",
    }


routes = [show_town]
