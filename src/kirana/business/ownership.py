"""What a person takes along, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, update

from kirana.platform.db import Q, Tx
from kirana.values import SYSTEM, Actor, BusinessId, UserId

from .audit import record
from .events import BusinessShut
from .model import Business, Role, ShopClosure
from .profile import SHOPS, find_business, get_business
from .roles import require
from .tables import businesses, records
from .team import delete_member, list_roles, others_by_role, promote
from .timetable import list_closures

_CLOSE = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"), businesses.c.closed_at.is_(None))
    .values(
        closed_at=bindparam("now"),
        is_listed=False,
        email=None,
        phone=None,
        websites=bindparam("websites_"),
        lat=None,
        lon=None,
        accuracy_m=None,
        place_note="",
        revision=businesses.c.revision + 1,
    )
)
_WITH_PICTURE = Q(
    select(businesses.c.id)
    .where(
        or_(
            businesses.c.logo_id == bindparam("picture_id"),
            businesses.c.cover_id == bindparam("picture_id"),
        )
    )
    .limit(1)
)
_DID = Q(
    select(records.c.at, records.c.action, records.c.business_id)
    .where(records.c.person_id == bindparam("person_id"))
    .order_by(records.c.at)
)


@dataclass(frozen=True, slots=True)
class ShopExport:
    """One shop as its member may take it along."""

    role: Role
    business: Business
    closures: list[ShopClosure]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that the person changed in a shop."""

    at: int
    action: str
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class BusinessExport:
    """All that this room knows of a person."""

    shops: list[ShopExport]
    deeds: list[Deed]


@dataclass(frozen=True, slots=True)
class LastOwned:
    """A shop that would have no owner without this person; with `has_team` somebody could be."""

    id: BusinessId
    name: str
    handle: str
    has_team: bool


def export_user(tx: Tx, user_id: UserId) -> BusinessExport:
    return BusinessExport(
        shops=[
            ShopExport(role, get_business(tx, shop_id), list_closures(tx, shop_id))
            for shop_id, role in list_roles(tx, user_id).items()
        ],
        deeds=[
            Deed(row.at, row.action, row.business_id) for row in tx.all(_DID, person_id=user_id)
        ],
    )


def uses_picture(tx: Tx, picture_id: str) -> bool:
    """Whether a shop shows it as its logo or cover."""
    return tx.one(_WITH_PICTURE, picture_id=picture_id) is not None


def close_business(tx: Tx, business_id: BusinessId, *, by: Actor) -> None:
    """Close a shop for good. Its name and address stay, for receipts. Again: nothing.

    Raises: NotFound, NotAllowed for others than its owners.
    """
    require(tx, business_id, Role.OWNER, by=by)
    _close(tx, business_id, by=by)


def list_last_owned(tx: Tx, person_id: UserId) -> list[LastOwned]:
    """The open shops that nobody else owns."""
    found = []
    for shop_id, role in list_roles(tx, person_id).items():
        others = others_by_role(tx, shop_id, person_id)
        if role is not Role.OWNER or any(other is Role.OWNER for _, other in others):
            continue
        shop = get_business(tx, shop_id)
        if shop.closed_at is None:
            found.append(LastOwned(shop_id, shop.name, shop.handle, has_team=bool(others)))
    return found


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Take a person out of every team. A shop without an owner goes to whoever may most; one
    without a team closes for good, keeping what receipts need: name and address. Again: nothing.
    """
    for shop_id, role in list_roles(tx, user_id).items():
        others = others_by_role(tx, shop_id, user_id)
        delete_member(tx, shop_id, user_id)
        if role is not Role.OWNER or any(other is Role.OWNER for _, other in others):
            continue
        shop = find_business(tx, shop_id)
        if shop is None or shop.closed_at is not None:
            continue
        if others:
            heir, _ = others[0]
            promote(tx, shop_id, heir)
            record(tx, shop_id, "team.inherited", subject_id=heir, by=SYSTEM)
        else:
            _close(tx, shop_id, by=SYSTEM)


def _close(tx: Tx, shop_id: BusinessId, *, by: Actor) -> None:
    if tx.do(_CLOSE, id_=shop_id, now=tx.now, websites_=[]):
        SHOPS.remove(tx, shop_id)
        record(tx, shop_id, "business.shut", by=by)
        tx.emit(BusinessShut(shop_id))
