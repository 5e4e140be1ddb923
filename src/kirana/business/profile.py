"""A shop's face: opened once, edited often."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import bindparam, insert, select, update

from kirana import identity
from kirana.platform import pictures
from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.platform.search import Field, Index
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId, UnknownCurrency, currency

from .audit import record
from .categories import CATEGORIES
from .events import BusinessChanged, BusinessOpened
from .location import Location
from .model import (
    ABOUT_MAX,
    ADDRESS_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    NOTE_MAX,
    WEBSITES_MAX,
    Business,
    Flaw,
    Role,
    ShopHours,
    clean_languages,
    clean_line,
    clean_text,
    clean_website,
    slug_of,
)
from .problems import BusinessClosed
from .roles import require
from .tables import businesses, members
from .team import insert_member

EVERYWHERE = UUID(int=0)
"""The scope of the directory's search: shops of the whole server."""

SHOPS = Index(
    "businesses",
    {
        "name": Field(8, whole=True, spells=True),
        "category": Field(3, spells=True),
        "text": Field(1),
    },
)

_FIND = Q(select(businesses).where(businesses.c.id == bindparam("id")))
_FIND_BY_HANDLE = Q(select(businesses).where(businesses.c.handle == bindparam("handle")))
_FIND_MANY = Q(select(businesses).where(any_of(businesses.c.id, "ids")))
_INSERT = Q(insert(businesses))
_UPDATE = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(
        name=bindparam("name_"),
        handle=bindparam("handle_"),
        category=bindparam("category_"),
        about=bindparam("about_"),
        description=bindparam("description_"),
        email=bindparam("email_"),
        phone=bindparam("phone_"),
        websites=bindparam("websites_"),
        logo_id=bindparam("logo_id_"),
        cover_id=bindparam("cover_id_"),
        languages=bindparam("languages_"),
        country=bindparam("country_"),
        zone=bindparam("zone_"),
        is_listed=bindparam("is_listed_"),
        address=bindparam("address_"),
        revision=businesses.c.revision + 1,
    )
)
_SET_LOCATION = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(
        lat=bindparam("lat_"),
        lon=bindparam("lon_"),
        accuracy_m=bindparam("accuracy_m_"),
        place_note=bindparam("note_"),
        address=bindparam("address_"),
        revision=businesses.c.revision + 1,
    )
)
_TOUCH = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(revision=businesses.c.revision + 1)
)
_VERIFY = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(is_verified=bindparam("is_verified_"), revision=businesses.c.revision + 1)
)
_SUSPEND = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(suspended_at=bindparam("suspended_at_"), revision=businesses.c.revision + 1)
)
_REVISION = Q(select(businesses.c.revision).where(businesses.c.id == bindparam("id")))
_MINE = Q(
    select(businesses)
    .join(members, members.c.business_id == businesses.c.id)
    .where(members.c.person_id == bindparam("person_id"), businesses.c.closed_at.is_(None))
    .order_by(businesses.c.name, businesses.c.id)
)


@dataclass(frozen=True, slots=True)
class NewBusiness:
    """What a shop opens with. Without a handle, one is made from the name."""

    name: str
    category: str
    country: str
    currency: str
    zone: str
    handle: str | None = None
    about: str = ""
    description: str = ""
    phone: str | None = None
    email: str | None = None
    address: str = ""
    languages: tuple[str, ...] = ()
    logo_id: str | None = None
    is_listed: bool = True


class BusinessEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is. The currency stays for ever: prices are in it."""

    name: str | UnsetType = UNSET
    handle: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    about: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    websites: list[str] | UnsetType = UNSET
    logo_id: str | UnsetType | None = UNSET
    cover_id: str | UnsetType | None = UNSET
    languages: list[str] | UnsetType = UNSET
    country: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    is_listed: bool | UnsetType = UNSET
    address: str | UnsetType = UNSET


def open_business(tx: Tx, business_id: BusinessId, draft: NewBusiness, *, by: Actor) -> Business:
    """Open a shop whose owner is the person behind `by`; the same again answers the same.

    Raises: NotAllowed (guests open no shops), InvalidInput, IdReused, identity.HandleInvalid,
    identity.HandleTaken.
    """
    if by.kind == "guest":
        raise NotAllowed(reason="guest")
    asked = sha256(msgspec.json.encode(draft)).hexdigest()
    if known := tx.one(_FIND, id=business_id):
        if (known.opened_by, known.opened_as) != (by.person_id, asked):
            raise IdReused(id=business_id)
        return business_of(known)
    values = _checked(
        tx,
        {field.name: getattr(draft, field.name) for field in fields(draft)}
        | {"websites": [], "cover_id": None},
    )
    handle = draft.handle or _free_handle(tx, values["name"], business_id)
    card = identity.create_business_user(tx, business_id, values["name"], handle, by=by)
    values |= {"name": card.name, "handle": card.handle}
    tx.do(
        _INSERT,
        id=business_id,
        **values,
        is_verified=False,
        lat=None,
        lon=None,
        accuracy_m=None,
        place_note="",
        hours_kind="unknown",
        hours_text="",
        hours_rules="",
        revision=1,
        opened_by=by.person_id,
        opened_as=asked,
        created_at=tx.now,
        closed_at=None,
        suspended_at=None,
    )
    insert_member(tx, business_id, by.person_id, Role.OWNER)
    if values["logo_id"]:
        _show_card(tx, business_id, values, by)
    business = get_business(tx, business_id)
    _file(tx, business)
    record(tx, business_id, "business.opened", after={"name": business.name}, by=by)
    tx.publish([by.person_id, business_id], Change("business", business_id))
    tx.emit(BusinessOpened(business_id, by.person_id, business.currency))
    return business


def edit_business(tx: Tx, business_id: BusinessId, edit: BusinessEdit, *, by: Actor) -> Business:
    """Change the profile.

    Raises: NotFound, NotAllowed, BusinessClosed, InvalidInput, identity.HandleInvalid,
    identity.HandleTaken.
    """
    before = require_open(tx, business_id, Role.MANAGER, by=by)
    given = {name: value for name, value in msgspec.structs.asdict(edit).items()
             if value is not UNSET}  # fmt: skip
    kept = {name: getattr(before, name) for name in BusinessEdit.__struct_fields__}
    values = _checked(tx, kept | given, changed=given.keys())
    card = _show_card(tx, business_id, values, by)
    values |= {"name": card.name, "handle": card.handle}
    changed = {name: value for name, value in values.items() if getattr(before, name) != value}
    if not changed:
        return before
    tx.do(_UPDATE, id_=business_id, **{f"{name}_": value for name, value in values.items()})
    after = get_business(tx, business_id)
    _file(tx, after)
    record(
        tx,
        business_id,
        "business.changed",
        before={name: getattr(before, name) for name in changed},
        after=changed,
        by=by,
    )
    _tell(tx, business_id)
    return after


def set_location(
    tx: Tx,
    business_id: BusinessId,
    location: Location | None,
    *,
    address: str | UnsetType = UNSET,
    by: Actor,
) -> Business:
    """Say where the shop is, or that it has no place. Raises: as `edit_business`."""
    before = require_open(tx, business_id, Role.MANAGER, by=by)
    try:
        note = clean_line(location.note, "note", NOTE_MAX) if location else ""
        text = before.address
        if address is not UNSET:
            text = clean_text(address, "address", ADDRESS_MAX)
    except Flaw as flaw:
        raise _invalid([flaw]) from None
    if location and not (-90 <= location.lat <= 90 and -180 <= location.lon <= 180):
        raise _invalid([Flaw("lat", "Latitudes end at 90, longitudes at 180.")])
    tx.do(
        _SET_LOCATION,
        id_=business_id,
        lat_=float(location.lat) if location else None,
        lon_=float(location.lon) if location else None,
        accuracy_m_=location.accuracy_m if location else None,
        note_=note,
        address_=text,
    )
    after = get_business(tx, business_id)
    if (after.location, after.address) != (before.location, before.address):
        _file(tx, after)
        record(
            tx,
            business_id,
            "location.changed",
            before={"location": before.location, "address": before.address},
            after={"location": after.location, "address": after.address},
            by=by,
        )
        _tell(tx, business_id)
    return after


def verify_business(tx: Tx, business_id: BusinessId, is_verified: bool, *, by: Actor) -> None:
    """Give or take the badge; the operator's to decide. Raises: NotAllowed, NotFound."""
    if by.kind != "system":
        raise NotAllowed()
    if get_business(tx, business_id).is_verified == is_verified:
        return
    tx.do(_VERIFY, id_=business_id, is_verified_=is_verified)
    record(tx, business_id, "business.verified", after={"is_verified": is_verified}, by=by)
    _tell(tx, business_id)


def set_suspended(tx: Tx, business_id: BusinessId, is_suspended: bool, *, by: Actor) -> None:
    """Keep the shop from the public, or show it again. Whoever calls has asked whether one may.

    Raises: NotFound.
    """
    business = get_business(tx, business_id)
    if (business.suspended_at is not None) == is_suspended:
        return
    tx.do(_SUSPEND, id_=business_id, suspended_at_=tx.now if is_suspended else None)
    _file(tx, get_business(tx, business_id))
    record(tx, business_id, "business.suspended", after={"is_suspended": is_suspended}, by=by)
    _tell(tx, business_id)


def touch(tx: Tx, business_id: BusinessId) -> None:
    """Something that the shop's pages show is another: what was cached of them is old now."""
    tx.do(_TOUCH, id_=business_id)


def find_business(tx: Tx, business_id: BusinessId) -> Business | None:
    row = tx.one(_FIND, id=business_id)
    return business_of(row) if row else None


def get_business(tx: Tx, business_id: BusinessId) -> Business:
    """Raises: NotFound."""
    row = tx.one(_FIND, id=business_id)
    if row is None:
        raise NotFound(business_id=business_id)
    return business_of(row)


def get_businesses(tx: Tx, ids: Iterable[BusinessId]) -> dict[BusinessId, Business]:
    """Those of the shops that exist, by id."""
    wanted = list(ids)
    rows = tx.all(_FIND_MANY, ids=wanted) if wanted else []
    return {row.id: business_of(row) for row in rows}


def find_by_handle(tx: Tx, handle: str) -> Business | None:
    """The shop at this address, if it is one and open. Letter case and @ do not matter."""
    handle = identity.normalize_handle(handle)
    if not identity.is_handle(handle):
        return None
    row = tx.one(_FIND_BY_HANDLE, handle=handle)
    business = business_of(row) if row else None
    return business if business and business.is_public else None


def get_by_handle(tx: Tx, handle: str) -> Business:
    """Raises: NotFound."""
    business = find_by_handle(tx, handle)
    if business is None:
        raise NotFound(handle=handle)
    return business


def get_revision(tx: Tx, business_id: BusinessId) -> int:
    """What cached pages of a shop are compared with. Raises: NotFound."""
    row = tx.one(_REVISION, id=business_id)
    if row is None:
        raise NotFound(business_id=business_id)
    revision: int = row.revision
    return revision


def list_mine(tx: Tx, *, by: Actor) -> list[Business]:
    """The open shops in whose team the person is."""
    return [business_of(row) for row in tx.all(_MINE, person_id=by.person_id)]


def require_open(tx: Tx, business_id: BusinessId, role: Role, *, by: Actor) -> Business:
    """The shop, if it still is one and `by` may. Raises: NotFound, NotAllowed, BusinessClosed."""
    require(tx, business_id, role, by=by)
    business = get_business(tx, business_id)
    if business.closed_at is not None:
        raise BusinessClosed(business_id=business_id)
    return business


def business_of(row: Row) -> Business:
    location = None
    if row.lat is not None:
        location = Location(row.lat, row.lon, row.accuracy_m, row.place_note)
    return Business(
        id=BusinessId(row.id),
        name=row.name,
        handle=row.handle,
        category=row.category,
        about=row.about,
        description=row.description,
        email=row.email,
        phone=row.phone,
        websites=row.websites,
        logo_id=row.logo_id,
        cover_id=row.cover_id,
        languages=row.languages,
        country=row.country,
        currency=row.currency,
        zone=row.zone,
        is_verified=row.is_verified,
        is_listed=row.is_listed,
        address=row.address,
        location=location,
        hours=ShopHours(row.hours_kind, row.hours_text, row.hours_rules),
        revision=row.revision,
        created_at=row.created_at,
        closed_at=row.closed_at,
        suspended_at=row.suspended_at,
    )


def _checked(
    tx: Tx, given: dict[str, Any], *, changed: Iterable[str] | None = None
) -> dict[str, Any]:
    """The values as they will be kept; all that is wrong is said at once. Raises: InvalidInput."""
    values = dict(given)
    flaws: list[Flaw] = []
    asked = set(given if changed is None else changed)

    def clean(name: str, cleaned: Any) -> None:
        if name in asked:
            try:
                values[name] = cleaned(given[name])
            except Flaw as flaw:
                flaws.append(flaw)

    clean("name", lambda text: _present(clean_line(text, "name", NAME_MAX), "name"))
    clean("about", lambda text: clean_line(text, "about", ABOUT_MAX))
    clean("description", lambda text: clean_text(text, "description", DESCRIPTION_MAX))
    clean("address", lambda text: clean_text(text, "address", ADDRESS_MAX))
    clean("category", _known_category)
    clean("country", _known_country)
    clean("currency", _known_currency)
    clean("zone", _known_zone)
    clean("languages", clean_languages)
    clean("websites", _clean_websites)
    country = str(values["country"])
    clean("phone", lambda text: _clean_address(text, "phone", country))
    clean("email", lambda text: _clean_address(text, "email", country))
    for name in ("logo_id", "cover_id"):
        if name in asked and given[name] is not None and pictures.find(tx, given[name]) is None:
            flaws.append(Flaw(name, "There is no such picture. Upload it first."))
    if flaws:
        raise _invalid(flaws)
    return values


def _present(text: str, field: str) -> str:
    if not text:
        raise Flaw(field, "This must not be empty.")
    return text


def _known_category(category: str) -> str:
    if category not in CATEGORIES:
        raise Flaw("category", "There is no such category.")
    return category


def _known_country(country: str) -> str:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # the territories that can be called

    country = country.strip().upper()
    if not any(country in regions for regions in COUNTRY_CODE_TO_REGION_CODE.values()):
        raise Flaw("country", "There is no such country.")
    return country


def _known_currency(code: str) -> str:
    try:
        return currency(code).code
    except UnknownCurrency:
        raise Flaw("currency", "There is no such currency.") from None


def _known_zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Flaw("zone", "There is no such time zone.") from None


def _clean_websites(websites: list[str]) -> list[str]:
    cleaned = list(dict.fromkeys(clean_website(text) for text in websites if text.strip()))
    if len(cleaned) > WEBSITES_MAX:
        raise Flaw("websites", f"{WEBSITES_MAX} websites at most.")
    return cleaned


def _clean_address(text: str | None, kind: str, country: str) -> str | None:
    if text is None or not text.strip():
        return None
    address = identity.parse_address(text, country)
    if address is None or address.kind != kind:
        sentence = "This is no phone number." if kind == "phone" else "This is no e-mail address."
        raise Flaw(kind, sentence)
    return address.text


def _free_handle(tx: Tx, name: str, business_id: BusinessId) -> str:
    """A handle from the name, with a number if others have it; else from the id."""
    slug = slug_of(name)
    for number in range(1, 10):
        handle = slug if number == 1 else f"{slug}-{number}"
        if identity.is_handle(handle) and identity.find_by_handle(tx, handle) is None:
            return handle
    tail = sha256(business_id.bytes).hexdigest()[:6]
    return f"{slug or 'shop'}-{tail}"[-30:].strip("-")


def _show_card(tx: Tx, business_id: BusinessId, values: dict[str, Any], by: Actor) -> identity.Card:
    return identity.edit_business_user(
        tx,
        business_id,
        name=values["name"],
        handle=values["handle"],
        photo_id=values["logo_id"],
        by=by,
    )


def _file(tx: Tx, business: Business) -> None:
    """Let the directory find it, or not."""
    if not business.is_listed or not business.is_public:
        SHOPS.remove(tx, business.id)
        return
    category = CATEGORIES[business.category]
    SHOPS.put(
        tx,
        EVERYWHERE,
        business.id,
        {
            "name": [business.name, business.handle],
            "category": category.label,
            "text": [business.about, business.description, business.address],
        },
    )


def _tell(tx: Tx, business_id: BusinessId) -> None:
    tx.publish([business_id], Change("business", business_id))
    tx.emit(BusinessChanged(business_id))


def _invalid(flaws: Iterable[Flaw]) -> InvalidInput:
    return InvalidInput(errors=[{"field": flaw.field, "message": str(flaw)} for flaw in flaws])
