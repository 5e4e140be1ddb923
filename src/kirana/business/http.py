"""Routes: a shop's profile, hours, place and team, and the directory of shops."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, delete, get, patch, post, put
from litestar.params import Parameter
from msgspec import UNSET, Meta, Struct, UnsetType

from kirana import identity
from kirana.platform import pictures
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.pictures import Picture
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.platform.settings import Settings
from kirana.values import Actor, BusinessId, Page, UserId

from . import audit, directory, profile, sketch, team, timetable
from .audit import Record
from .categories import CATEGORIES, Category
from .hours import DayPreview, HoursState, Kind, Opening, Proposal
from .location import Directions, Location, NotLocated, Point, directions_to, parse_location
from .model import Business, Member, Role, ShopCard, ShopClosure, ShopHours
from .problems import (
    BusinessClosed,
    HoursInvalid,
    LastOwner,
    LocationNotUnderstood,
    TooManyClosures,
)
from .profile import BusinessEdit, NewBusiness
from .roles import find_role
from .timetable import DayOpenings, NewClosure

Line = Annotated[str, Meta(max_length=300)]
Long = Annotated[str, Meta(max_length=2000)]
Code = Annotated[str, Meta(max_length=64)]
PictureText = Annotated[str, Meta(max_length=128)]
ClockText = Annotated[str, Meta(pattern=r"^[0-9]{2}:[0-9]{2}$")]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]


@dataclass(frozen=True, slots=True)
class Profile:
    """A shop as everybody sees it."""

    id: BusinessId
    name: str
    handle: str
    page_url: str
    """The public page; what the QR code says."""
    category: str
    about: str
    description: str
    email: str | None
    phone: str | None
    websites: list[str]
    logo: Picture | None
    cover: Picture | None
    languages: list[str]
    country: str
    currency: str
    zone: str
    is_verified: bool
    is_listed: bool
    address: str
    location: Location | None
    directions: Directions | None
    hours: ShopHours
    closures: list[ShopClosure]
    state: HoursState
    week: list[DayOpenings]
    """Today and the six days after it; empty when nobody knows the hours."""
    revision: int
    created_at: int
    closed_at: int | None
    suspended_at: int | None
    """Since when the people who run this server keep it from the public."""
    role: Role | None = None
    """What the viewer is in this shop."""


@dataclass(frozen=True, slots=True)
class OpenBusiness:
    id: BusinessId
    name: Line
    category: Code
    country: Code
    currency: Code
    zone: Code
    handle: Code | None = None
    about: Line = ""
    description: Long = ""
    phone: Code | None = None
    email: Line | None = None
    address: Line = ""
    languages: Annotated[list[Code], Meta(max_length=20)] | None = None
    logo_id: PictureText | None = None
    is_listed: bool = True


class EditBusiness(Struct, frozen=True):
    """What is left out stays as it is; null takes it away. The currency stays for ever."""

    name: Line | UnsetType = UNSET
    handle: Code | UnsetType = UNSET
    category: Code | UnsetType = UNSET
    about: Line | UnsetType = UNSET
    description: Long | UnsetType = UNSET
    email: Line | UnsetType | None = UNSET
    phone: Code | UnsetType | None = UNSET
    websites: Annotated[list[Line], Meta(max_length=20)] | UnsetType = UNSET
    logo_id: PictureText | UnsetType | None = UNSET
    cover_id: PictureText | UnsetType | None = UNSET
    languages: Annotated[list[Code], Meta(max_length=20)] | UnsetType = UNSET
    country: Code | UnsetType = UNSET
    zone: Code | UnsetType = UNSET
    is_listed: bool | UnsetType = UNSET
    address: Line | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class ProposeHours:
    text: Annotated[str, Meta(max_length=5000)]
    country: Code = ""
    language: Code = ""
    zone: Code = "UTC"


@dataclass(frozen=True, slots=True)
class OpeningInput:
    """`closes` at or before `opens` is on the next day; null: until nobody knows when."""

    opens: ClockText
    closes: ClockText | None


@dataclass(frozen=True, slots=True)
class DayInput:
    day: Literal["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    openings: Annotated[list[OpeningInput], Meta(max_length=12)]


@dataclass(frozen=True, slots=True)
class SetHours:
    """The week as `rules` (`opening_hours` notation) or as the days of a grid (`week`)."""

    kind: Kind
    rules: Annotated[str, Meta(max_length=1000)] = ""
    text: Annotated[str, Meta(max_length=1000)] = ""
    """As it was typed."""
    week: Annotated[list[DayInput], Meta(max_length=7)] | None = None


@dataclass(frozen=True, slots=True)
class AddClosure:
    """Both dates inclusive; without openings the shop is closed."""

    id: UUID
    first_on: date
    last_on: date
    openings: Annotated[list[OpeningInput], Meta(max_length=12)] | None = None
    label: Line = ""
    is_holiday: bool = False


@dataclass(frozen=True, slots=True)
class FindPlace:
    text: Long


@dataclass(frozen=True, slots=True)
class SetLocation:
    """`text` (anything with coordinates in it) or `lat` and `lon`; nothing: the shop has no place.

    The address stays as it is when left out.
    """

    text: Long | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    accuracy_m: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    note: Line = ""
    address: Line | None = None


@dataclass(frozen=True, slots=True)
class SetRole:
    role: Role


@dataclass(frozen=True, slots=True)
class StateNow:
    """Whether the shop is open at `at`, and until when."""

    state: Literal["open", "closed", "unknown"]
    closes_at: int | None
    opens_at: int | None
    at: int
    zone: str


_EDIT = problems(
    NotFound, NotAllowed, BusinessClosed, InvalidInput, NotSignedIn,
)  # fmt: skip
_HANDLE = problems(identity.HandleInvalid, identity.HandleTaken, identity.NameMissing)


@get("/v1/categories")
async def list_categories() -> list[Category]:
    """What kinds of shops there are."""
    return list(CATEGORIES.values())


@post("/v1/businesses", raises=_HANDLE + problems(IdReused, NotAllowed, InvalidInput, NotSignedIn))
async def open_business(data: OpenBusiness, db: Db, settings: Settings, by: Actor) -> Profile:
    """Open a shop. Without a handle, one is made from the name."""
    draft = NewBusiness(
        name=data.name,
        category=data.category,
        country=data.country,
        currency=data.currency,
        zone=data.zone,
        handle=data.handle,
        about=data.about,
        description=data.description,
        phone=data.phone,
        email=data.email,
        address=data.address,
        languages=tuple(data.languages or ()),
        logo_id=data.logo_id,
        is_listed=data.is_listed,
    )
    await db.write(profile.open_business, data.id, draft, by=by)
    return await db.read(_profile, data.id, settings.public_url, viewer=by)


@get("/v1/businesses", raises=problems(InvalidInput, NotSignedIn))
async def list_businesses(
    db: Db,
    viewer: Actor | None,
    q: Annotated[str, Parameter(max_length=200)] = "",
    category: Annotated[str | None, Parameter(max_length=64)] = None,
    country: Annotated[str | None, Parameter(max_length=2)] = None,
    mine: bool = False,
    after: Annotated[str | None, Parameter(max_length=64)] = None,
) -> Page[ShopCard]:
    """Shops of this server that fit, or with `mine` the shops one works in."""
    if mine:
        if viewer is None:
            raise NotSignedIn()
        return await db.read(directory.list_my_businesses, by=viewer)
    return await db.read(
        directory.list_businesses, q, category=category, country=country, after=after
    )


@get("/v1/businesses/{business_id:uuid}", raises=problems(NotFound))
async def get_business(
    business_id: UUID, db: Db, settings: Settings, viewer: Actor | None
) -> Profile:
    """A shop's profile."""
    return await db.read(
        _profile, BusinessId(UserId(business_id)), settings.public_url, viewer=viewer
    )


@get("/v1/handles/{handle:str}", raises=problems(NotFound))
async def get_by_handle(
    handle: Annotated[str, Parameter(max_length=64)],
    db: Db,
    settings: Settings,
    viewer: Actor | None,
) -> Profile:
    """The profile of the shop with this handle."""
    return await db.read(_profile_by_handle, handle, settings.public_url, viewer=viewer)


@patch("/v1/businesses/{business_id:uuid}", raises=_EDIT + _HANDLE)
async def edit_business(
    business_id: UUID, data: EditBusiness, db: Db, settings: Settings, by: Actor
) -> Profile:
    """Change the profile."""
    shop = BusinessId(UserId(business_id))
    edit = BusinessEdit(**{name: getattr(data, name) for name in data.__struct_fields__})
    await db.write(profile.edit_business, shop, edit, by=by)
    return await db.read(_profile, shop, settings.public_url, viewer=by)


@post("/v1/hours-proposals", status_code=200)
async def propose_hours(data: ProposeHours, db: Db) -> Proposal:
    """Read opening hours as people type them. Saves nothing."""
    return await db.read(timetable.propose_hours, data.text, data.country, data.language, data.zone)


@put("/v1/businesses/{business_id:uuid}/hours", raises=[*_EDIT, *problems(HoursInvalid)])
async def set_hours(
    business_id: UUID, data: SetHours, db: Db, settings: Settings, by: Actor
) -> Profile:
    """Save the opening hours."""
    shop = BusinessId(UserId(business_id))
    week = None
    if data.week is not None:
        week = [DayPreview(day.day, _openings(day.openings)) for day in data.week]
    await db.write(timetable.set_hours, shop, data.kind, data.rules, data.text, week=week, by=by)
    return await db.read(_profile, shop, settings.public_url, viewer=by)


@get("/v1/businesses/{business_id:uuid}/hours-state", raises=problems(NotFound))
async def get_hours_state(
    business_id: UUID,
    db: Db,
    at: Annotated[int | None, Parameter(ge=0, le=4_102_444_800_000)] = None,
) -> StateNow:
    """Whether the shop is open, now or at an instant."""
    return await db.read(_state_now, BusinessId(UserId(business_id)), at)


@get("/v1/businesses/{business_id:uuid}/openings", raises=problems(NotFound))
async def list_openings(
    business_id: UUID,
    db: Db,
    first: date | None = None,
    days: Annotated[int, Parameter(ge=1, le=92)] = 7,
) -> list[DayOpenings]:
    """The openings of some days in a row, closures included."""
    return await db.read(timetable.list_openings, BusinessId(UserId(business_id)), first, days)


@get("/v1/businesses/{business_id:uuid}/closures")
async def list_closures(business_id: UUID, db: Db) -> list[ShopClosure]:
    """Days on which the shop is closed or open at other hours."""
    return await db.read(timetable.list_closures, BusinessId(UserId(business_id)))


@post(
    "/v1/businesses/{business_id:uuid}/closures",
    raises=[*_EDIT, *problems(IdReused, TooManyClosures)],
)
async def add_closure(business_id: UUID, data: AddClosure, db: Db, by: Actor) -> ShopClosure:
    """Close for some days, or open at other hours."""
    draft = NewClosure(
        data.first_on,
        data.last_on,
        _openings(data.openings or []),
        data.label,
        data.is_holiday,
    )
    return await db.write(
        timetable.add_closure, BusinessId(UserId(business_id)), data.id, draft, by=by
    )


@delete("/v1/businesses/{business_id:uuid}/closures/{closure_id:uuid}", raises=_EDIT)
async def remove_closure(business_id: UUID, closure_id: UUID, db: Db, by: Actor) -> None:
    """Open as usual again."""
    await db.write(timetable.remove_closure, BusinessId(UserId(business_id)), closure_id, by=by)


@post("/v1/location-proposals", status_code=200, raises=problems(LocationNotUnderstood))
async def propose_location(data: FindPlace) -> Point:
    """Coordinates from what people type or paste. Saves nothing, asks nobody."""
    return _located(data.text)


@put(
    "/v1/businesses/{business_id:uuid}/location",
    raises=[*_EDIT, *problems(LocationNotUnderstood)],
)
async def set_location(
    business_id: UUID, data: SetLocation, db: Db, settings: Settings, by: Actor
) -> Profile:
    """Say where the shop is."""
    location = None
    if data.text and data.text.strip():
        point = _located(data.text)
        location = Location(point.lat, point.lon, data.accuracy_m, data.note)
    elif data.lat is not None and data.lon is not None:
        location = Location(data.lat, data.lon, data.accuracy_m, data.note)
    elif data.lat is not None or data.lon is not None:
        raise InvalidInput(errors=[{"field": "lat", "message": "Give both lat and lon."}])
    shop = BusinessId(UserId(business_id))
    address = UNSET if data.address is None else data.address
    await db.write(profile.set_location, shop, location, address=address, by=by)
    return await db.read(_profile, shop, settings.public_url, viewer=by)


@get(
    "/v1/businesses/{business_id:uuid}/sketch.svg",
    raises=problems(NotFound),
    media_type="image/svg+xml",
)
async def get_sketch(
    business_id: UUID,
    db: Db,
    lat: Annotated[float | None, Parameter(ge=-90, le=90)] = None,
    lon: Annotated[float | None, Parameter(ge=-180, le=180)] = None,
) -> Response[bytes]:
    """A small map without any map service; with `lat` and `lon`, the way from there."""
    shop = await db.read(profile.get_business, BusinessId(UserId(business_id)))
    if shop.location is None:
        raise NotFound(business_id=business_id)
    visitor = None
    if lat is not None and lon is not None and math.isfinite(lat) and math.isfinite(lon):
        visitor = Point(lat, lon)
    drawing = sketch.draw(shop.location, shop.name, visitor=visitor)
    cache = "no-store" if visitor else "public, max-age=300"
    headers = {
        "Cache-Control": cache,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(drawing.encode(), media_type="image/svg+xml", headers=headers)


@get(
    "/v1/businesses/{business_id:uuid}/members",
    raises=problems(NotFound, NotAllowed, NotSignedIn),
)
async def list_members(business_id: UUID, db: Db, by: Actor) -> list[Member]:
    """The team, for the team."""
    return await db.read(team.list_members, BusinessId(UserId(business_id)), by=by)


@put(
    "/v1/businesses/{business_id:uuid}/members/{person_id:uuid}",
    raises=problems(NotFound, NotAllowed, LastOwner, NotSignedIn),
)
async def set_role(business_id: UUID, person_id: UUID, data: SetRole, db: Db, by: Actor) -> Member:
    """Take somebody into the team, or give them another role."""
    return await db.write(
        team.set_role, BusinessId(UserId(business_id)), UserId(person_id), data.role, by=by
    )


@delete(
    "/v1/businesses/{business_id:uuid}/members/{person_id:uuid}",
    raises=problems(NotFound, NotAllowed, LastOwner, NotSignedIn),
)
async def remove_member(business_id: UUID, person_id: UUID, db: Db, by: Actor) -> None:
    """Take somebody out of the team, or leave it."""
    await db.write(team.remove_member, BusinessId(UserId(business_id)), UserId(person_id), by=by)


@get(
    "/v1/businesses/{business_id:uuid}/records",
    raises=problems(NotFound, NotAllowed, InvalidInput, NotSignedIn),
)
async def list_records(
    business_id: UUID,
    db: Db,
    by: Actor,
    after: Annotated[str | None, Parameter(max_length=64)] = None,
) -> Page[Record]:
    """Who changed what, the newest first."""
    return await db.read(audit.list_records, BusinessId(UserId(business_id)), after=after, by=by)


def _openings(given: list[OpeningInput]) -> tuple[Opening, ...]:
    return tuple(Opening(opening.opens, opening.closes) for opening in given)


def _located(text: str) -> Point:
    try:
        return parse_location(text)
    except NotLocated as error:
        raise LocationNotUnderstood(reason=error.reason) from None


def _state_now(tx: Tx, business_id: BusinessId, at: int | None) -> StateNow:
    at = tx.now if at is None else at
    state = timetable.state_at(tx, business_id, at)
    zone = profile.get_business(tx, business_id).zone
    return StateNow(state.state, state.closes_at, state.opens_at, at, zone)


def _profile_by_handle(tx: Tx, handle: str, public_url: str, *, viewer: Actor | None) -> Profile:
    return _profile(tx, profile.get_by_handle(tx, handle).id, public_url, viewer=viewer)


def _profile(tx: Tx, business_id: BusinessId, public_url: str, *, viewer: Actor | None) -> Profile:
    shop: Business = profile.get_business(tx, business_id)
    shown = pictures.get_many(tx, {it for it in (shop.logo_id, shop.cover_id) if it})
    plain: dict[str, Any] = {
        name: getattr(shop, name)
        for name in Business.__slots__
        if name not in ("logo_id", "cover_id")
    }
    return Profile(
        **plain,
        page_url=f"{public_url}/{shop.handle}",
        logo=shown.get(shop.logo_id or ""),
        cover=shown.get(shop.cover_id or ""),
        directions=directions_to(shop.location, shop.name) if shop.location else None,
        closures=timetable.list_closures(tx, business_id),
        state=timetable.state_at(tx, business_id),
        week=timetable.list_openings(tx, business_id),
        role=find_role(tx, business_id, by=viewer) if viewer else None,
    )


routes = [
    list_categories,
    open_business,
    list_businesses,
    get_business,
    get_by_handle,
    edit_business,
    propose_hours,
    set_hours,
    get_hours_state,
    list_openings,
    list_closures,
    add_closure,
    remove_closure,
    propose_location,
    set_location,
    get_sketch,
    list_members,
    set_role,
    remove_member,
    list_records,
]
