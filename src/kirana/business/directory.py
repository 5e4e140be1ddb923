"""The shops of this server, for everybody who looks for one."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select

from kirana.platform import pictures
from kirana.platform.db import Q, Tx
from kirana.platform.problems import InvalidInput
from kirana.values import Actor, BusinessId, Page

from .categories import CATEGORIES
from .model import Business, ShopCard
from .profile import EVERYWHERE, SHOPS, business_of, get_businesses, list_mine
from .tables import businesses
from .team import list_roles
from .timetable import states_at

PAGE = 24
MOST_FOUND = 200

_c = businesses.c
_AFTER = or_(
    _c.created_at < bindparam("before_at"),
    and_(_c.created_at == bindparam("before_at"), _c.id < bindparam("before_id")),
)
_LISTED = (
    select(businesses)
    .where(_c.is_listed, _c.closed_at.is_(None), _c.suspended_at.is_(None), _AFTER)
    .order_by(_c.created_at.desc(), _c.id.desc())
    .limit(bindparam("limit"))
)
_ALL = Q(_LISTED)
_IN_CATEGORY = Q(_LISTED.where(_c.category == bindparam("category")))
_IN_COUNTRY = Q(_LISTED.where(_c.country == bindparam("country")))
_IN_BOTH = Q(
    _LISTED.where(_c.category == bindparam("category"), _c.country == bindparam("country"))
)
_STATEMENTS = {
    (False, False): _ALL,
    (True, False): _IN_CATEGORY,
    (False, True): _IN_COUNTRY,
    (True, True): _IN_BOTH,
}


def list_businesses(
    tx: Tx,
    text: str = "",
    *,
    category: str | None = None,
    country: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Page[ShopCard]:
    """Shops that want to be found: the best fit first, or without a `text` the newest.

    Raises: InvalidInput for a cursor that is none.
    """
    limit = max(1, min(limit, 100))
    country = country.upper() if country else None
    if (category and category not in CATEGORIES) or (
        country and not re.match("[A-Z]{2}$", country)
    ):
        return Page([])
    if text.strip():
        found = _find(tx, text, category, country)
        start = _number(after)
        rest = found[start : start + limit]
        more = str(start + limit) if len(found) > start + limit else None
        return Page(cards_of(tx, rest), more)
    before_at, before_id = _cursor(after)
    chosen = {
        name: value
        for name, value in (("category", category), ("country", country))
        if value is not None
    }
    rows = tx.all(
        _STATEMENTS[category is not None, country is not None],
        before_at=before_at,
        before_id=before_id,
        limit=limit + 1,
        **chosen,
    )
    shops = [business_of(row) for row in rows[:limit]]
    more = f"{shops[-1].created_at}_{shops[-1].id}" if len(rows) > limit else None
    return Page(cards_of(tx, shops), more)


def list_my_businesses(tx: Tx, *, by: Actor) -> Page[ShopCard]:
    """The shops in whose team one is, with one's role."""
    return Page(cards_of(tx, list_mine(tx, by=by), by=by))


def cards_of(tx: Tx, shops: Sequence[Business], *, by: Actor | None = None) -> list[ShopCard]:
    """Shops as they stand in a list."""
    states = states_at(tx, shops)
    colors = pictures.get_many(tx, {shop.logo_id for shop in shops if shop.logo_id})
    roles = list_roles(tx, by.person_id) if by else {}
    return [
        ShopCard(
            id=shop.id,
            name=shop.name,
            handle=shop.handle,
            category=shop.category,
            about=shop.about,
            country=shop.country,
            currency=shop.currency,
            address=shop.address,
            logo_id=shop.logo_id,
            logo_color=colors[shop.logo_id].color if shop.logo_id in colors else None,
            cover_id=shop.cover_id,
            is_verified=shop.is_verified,
            zone=shop.zone,
            state=states[shop.id],
            role=roles.get(shop.id),
        )
        for shop in shops
    ]


def _find(tx: Tx, text: str, category: str | None, country: str | None) -> list[Business]:
    found = SHOPS.find(tx, EVERYWHERE, text, MOST_FOUND)
    shops = get_businesses(tx, [BusinessId(it.id) for it in found])  # type: ignore[arg-type]
    ranked = [shops[it.id] for it in found if it.id in shops]  # type: ignore[index]
    return [
        shop
        for shop in ranked
        if shop.is_listed
        and shop.is_public
        and category in (None, shop.category)
        and country in (None, shop.country)
    ]


def _number(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isdecimal() or len(after) > 6:
        raise InvalidInput(errors=[{"field": "after", "message": "No cursor of this list."}])
    return int(after)


def _cursor(after: str | None) -> tuple[int, UUID]:
    if after is None:
        return 2**62, UUID(int=2**128 - 1)
    try:
        at, _, id_ = after.partition("_")
        return max(0, min(int(at), 2**62)), UUID(id_)
    except ValueError:
        raise InvalidInput(
            errors=[{"field": "after", "message": "No cursor of this list."}]
        ) from None
