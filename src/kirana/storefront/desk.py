"""What the drawing of one shop's page has at hand, and how a page gets from there to a reader."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response

from kirana import business, catalog, chat, orders
from kirana.platform import pictures
from kirana.platform.db import Db, Tx
from kirana.platform.pictures import Picture
from kirana.platform.settings import Settings
from kirana.values import Actor, Money

from . import formats
from .looks import Face
from .rendering import answer, draw
from .shelf import Drawn, Shelf
from .words import Words

NOTICES = {"added", "few", "gone", "full", "off"}
"""What a page may be asked to say about what was just done: `?notice=`."""
_BAR = (b"<!--bar:-->", b"<!--:bar-->")


class Moved(Exception):
    """The page lives at another address now."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class Bar:
    """What one visitor has going on in a shop: the only part of a page that is theirs."""

    item_count: int = 0
    sum: Money | None = None
    unread: int = 0
    conversation_id: Any = None
    user_id: Any = None
    is_team: bool = False
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """A shop as it is now, for one drawing in one language."""

    tx: Tx
    shop: business.Business
    state: business.HoursState
    words: Words
    settings: Settings

    @property
    def url(self) -> str:
        return f"{self.settings.public_url}/{self.shop.handle}"

    def face(self) -> Face:
        shop = self.shop
        return Face(
            id=shop.id,
            handle=shop.handle,
            name=shop.name,
            about=shop.about,
            logo_id=shop.logo_id,
            cover_id=shop.cover_id,
            zone=shop.zone,
            country=shop.country,
            currency=shop.currency,
            is_verified=shop.is_verified,
            state=self.state.state,
            state_text=state_text(self.state, self.tx.now, shop.zone, shop.country, self.words),
        )

    def picture(self, id_: str | None) -> Picture | None:
        return pictures.find(self.tx, id_) if id_ else None

    def draw(self, template: str, *, bar: Bar | None = None, **facts: Any) -> bytes:
        return draw(
            template,
            self.words,
            self.settings,
            country=self.shop.country,
            shop=self.face(),
            bar=bar or Bar(),
            **facts,
        )

    def border(self) -> int:
        """The next moment at which the pages are other ones, although nobody changed them."""
        now, zone = self.tx.now, ZoneInfo(self.shop.zone)
        today = datetime.fromtimestamp(now / 1000, zone).date()
        midnight = datetime.combine(today + timedelta(1), datetime.min.time(), zone)
        borders = (
            self.state.opens_at,
            self.state.closes_at,
            catalog.next_price_change(self.tx, self.shop.id),
            int(midnight.astimezone(UTC).timestamp() * 1000),
        )
        return min(at for at in borders if at is not None and at > now)


def sit_down(tx: Tx, handle: str, words: Words, settings: Settings) -> Desk:
    """Raises: NotFound; Moved when the shop's address is written in another way."""
    shop = business.get_by_handle(tx, handle)
    if shop.handle != handle:
        raise Moved(f"/{shop.handle}")
    return Desk(tx, shop, business.states_at(tx, [shop])[shop.id], words, settings)


async def show(
    request: Request[Any, Any, Any],
    db: Db,
    settings: Settings,
    shelf: Shelf,
    words: Words,
    viewer: Actor | None,
    handle: str,
    key: Hashable,
    drawing: Callable[[Desk], bytes],
) -> Response[bytes]:
    """A page that is the same for everybody, with the visitor's own bar in it.

    `key` tells it from the other pages of the shop.
    """
    notice = request.query_params.get("notice", "")

    def read(tx: Tx) -> bytes:
        shop = business.get_by_handle(tx, handle)
        if shop.handle != handle:
            raise Moved(request.url.path.replace(f"/{handle}", f"/{shop.handle}", 1))
        place = (shop.id, words.language, key)
        page = shelf.find(place, shop.revision, tx.now)
        if page is None:
            state = business.states_at(tx, [shop])[shop.id]
            desk = Desk(tx, shop, state, words, settings)
            page = Drawn(drawing(desk), shop.revision, desk.border())
            shelf.keep(place, page)
        if viewer is None and not notice:
            return page.body
        bar = draw_bar(tx, shop, words, settings, viewer, notice)
        before, _, rest = page.body.partition(_BAR[0])
        _, _, after = rest.partition(_BAR[1])
        return before + _BAR[0] + bar + _BAR[1] + after

    return answer(request, settings, await db.read(read))


def draw_bar(
    tx: Tx,
    shop: business.Business,
    words: Words,
    settings: Settings,
    viewer: Actor | None,
    notice: str = "",
) -> bytes:
    bar = read_bar(tx, shop, viewer, notice)
    return draw("bar.html", words, settings, country=shop.country, shop=shop, bar=bar)


def read_bar(tx: Tx, shop: business.Business, viewer: Actor | None, notice: str = "") -> Bar:
    """What `viewer` has in hand in this shop, and how much of the chat is unread."""
    notice = notice if notice in NOTICES else ""
    if viewer is None:
        return Bar(notice=notice)
    item_count, goods = orders.count_cart(tx, shop.id, shop.currency, by=viewer)
    conversation_id = chat.find_direct(tx, viewer.user_id, shop.id, chat.Kind.BUSINESS)
    unread = 0
    if conversation_id is not None:
        unread = chat.count_unread(tx, conversation_id, by=viewer)
    return Bar(
        item_count=item_count,
        sum=goods,
        unread=unread,
        conversation_id=conversation_id,
        user_id=viewer.user_id,
        is_team=business.find_role(tx, shop.id, by=viewer) is not None,
        notice=notice,
    )


def state_text(state: business.HoursState, now: int, zone: str, country: str, words: Words) -> str:
    """`Open until 20:00`, `Closed, opens tomorrow at 9:00`, or nothing where nobody knows."""
    locale = formats.locale_of(words.language, country)
    if state.state == "open":
        if state.closes_at is None or state.closes_at - now > 24 * 3600 * 1000:
            return words("open")
        return words("open_until", time=formats.clock_text(state.closes_at, zone, locale))
    if state.state == "closed":
        if state.opens_at is None:
            return words("closed")
        opens = formats.opening_text(state.opens_at, now, zone, locale, words)
        return words("closed_until", opens=opens)
    return ""
