"""The smallest valid people, guests and devices."""

from dataclasses import dataclass

from kirana import identity
from kirana.identity import Address, SignIn, hash_token, new_token, parse_address
from kirana.values import SYSTEM, Actor, BusinessId, DeviceId, UserId, uuid7
from tests.database import RehearsedDatabase


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a device and a token."""

    actor: Actor
    token: str

    @property
    def id(self) -> UserId:
        return self.actor.person_id

    @property
    def device_id(self) -> DeviceId:
        assert self.actor.device_id
        return self.actor.device_id


def device_id() -> DeviceId:
    return DeviceId(uuid7())


def user_id() -> UserId:
    return UserId(uuid7())


def address(text: str = "+919876543210") -> Address:
    found = parse_address(text)
    assert found
    return found


def person(
    db: RehearsedDatabase,
    name: str = "Ravi",
    *,
    handle: str | None = None,
    phone: str | None = None,
) -> Actor:
    """A person without any device."""
    card = db.write(
        identity.create_person,
        user_id(),
        name,
        handle=handle,
        address=address(phone) if phone else None,
        by=SYSTEM,
    )
    return Actor(card.id, card.id)


def visitor(db: RehearsedDatabase, name: str = "Ravi", *, phone: str | None = None) -> Visitor:
    """A person who is signed in on a browser."""
    who, device, token = person(db, name, phone=phone), device_id(), new_token()
    db.write(
        identity.open_session, SignIn(device, hash_token(token), "Phone"), who.user_id, by=SYSTEM
    )
    return Visitor(db.read(identity.resolve, token), token)


def guest(db: RehearsedDatabase, name: str = "") -> Visitor:
    token = new_token()
    db.write(identity.create_guest, user_id(), device_id(), token_hash=hash_token(token), name=name)
    return Visitor(db.read(identity.resolve, token), token)


def shop(db: RehearsedDatabase, owner: Actor, handle: str | None = None) -> BusinessId:
    """A shop's user whose owner may act for it."""
    shop_id = BusinessId(user_id())
    db.write(identity.create_business_user, shop_id, "Asha Stores", handle, by=owner)
    db.write(identity.delegate, shop_id, owner.person_id)
    return shop_id


def code_for(db: RehearsedDatabase, text: str, code: str = "123456") -> str:
    """Ask for a code that the test knows."""
    db.write(identity.request_code, uuid7(), address(text), code)
    return code


def sign_in(
    db: RehearsedDatabase,
    text: str,
    code: str,
    *,
    device: DeviceId | None = None,
    viewer: Actor | None = None,
    token: str | None = None,
) -> identity.SignedIn:
    return db.write(
        identity.sign_in,
        SignIn(device or device_id(), hash_token(token or new_token())),
        address(text),
        code,
        new_user_id=user_id(),
        viewer=viewer,
    )
