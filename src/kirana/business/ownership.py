"""What a person takes along, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Tx
from kirana.values import SYSTEM, BusinessId, UserId

from .audit import record
from .events import BusinessShut
from .model import Business, Role, ShopClosure
from .profile import SHOPS, get_business
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


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Take a person out of every team. A shop without an owner goes to whoever may most; one
    without a team closes for good, keeping what receipts need: name and address. Again: nothing.
    """
    for shop_id, role in list_roles(tx, user_id).items():
        others = others_by_role(tx, shop_id, user_id)
        delete_member(tx, shop_id, user_id)
        if role is not Role.OWNER or any(other is Role.OWNER for _, other in others):
            continue
        if others:
            heir, _ = others[0]
            promote(tx, shop_id, heir)
            record(tx, shop_id, "team.inherited", subject_id=heir, by=SYSTEM)
        elif tx.do(_CLOSE, id_=shop_id, now=tx.now, websites_=[]):
            SHOPS.remove(tx, shop_id)
            record(tx, shop_id, "business.shut", by=SYSTEM)
            tx.emit(BusinessShut(shop_id))
