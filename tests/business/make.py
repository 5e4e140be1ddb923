"""The smallest valid shops."""

from uuid import UUID

from kirana import business
from kirana.business import Business, NewBusiness, Role
from kirana.values import Actor, BusinessId, UserId, uuid7
from tests.database import RehearsedDatabase
from tests.identity import make

person, guest = make.person, make.guest


def business_id() -> BusinessId:
    return BusinessId(UserId(uuid7()))


def draft(name: str = "Asha Stores", **more: object) -> NewBusiness:
    values: dict[str, object] = {
        "category": "grocery",
        "country": "IN",
        "currency": "INR",
        "zone": "Asia/Kolkata",
    }
    return NewBusiness(name=name, **values | more)  # type: ignore[arg-type]


def shop(
    db: RehearsedDatabase, owner: Actor | None = None, name: str = "Asha Stores", **more: object
) -> Business:
    """An open shop; of a new person, unless an `owner` is given."""
    owner = owner or person(db, "Asha")
    return db.write(business.open_business, business_id(), draft(name, **more), by=owner)


def member(db: RehearsedDatabase, shop: Business, owner: Actor, role: Role) -> Actor:
    """Somebody who works in the shop."""
    who = person(db, role.title())
    db.write(business.set_role, shop.id, who.person_id, role, by=owner)
    return who


def new_id() -> UUID:
    return uuid7()
