"""Strangers: an identity that hangs on one device and can become an account later."""

from sqlalchemy import bindparam, update

from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused
from kirana.platform.stream import Change
from kirana.values import Actor, DeviceId, UserId

from . import blocks, contacts, devices
from .events import GuestJoined, ProfileChanged, UserJoined
from .model import NAME_MAX, REPEAT_WITHIN, Address, Card, clean_name
from .tables import users
from .users import find_user, get_card, insert_address, insert_user

_PROMOTE = Q(
    update(users)
    .where(users.c.id == bindparam("id_"), users.c.kind == "guest", users.c.merged_into.is_(None))
    .values(kind="person")
)
_MERGE = Q(
    update(users)
    .where(users.c.id == bindparam("id_"), users.c.kind == "guest", users.c.merged_into.is_(None))
    .values(merged_into=bindparam("into"))
)


def create_guest(
    tx: Tx,
    guest_id: UserId,
    device_id: DeviceId,
    *,
    token_hash: bytes,
    name: str = "",
    language: str | None = None,
    device_name: str = "",
) -> Card:
    """Give a stranger an identity of their own, signed in on this device.

    The same two ids again within ten minutes replace the token: the first answer was lost.

    Raises: IdReused.
    """
    name = clean_name(name)[:NAME_MAX].strip()
    known, device = find_user(tx, guest_id), devices.find_device(tx, device_id)
    if known is None and device is None:
        insert_user(tx, guest_id, "guest", name, language=language)
    elif (
        known is None
        or device is None
        or known.kind != "guest"
        or device.user_id != guest_id
        or tx.now - device.created_at > REPEAT_WITHIN
    ):
        raise IdReused(id=guest_id)
    devices.link(tx, device_id, guest_id, kind="browser", name=device_name, token_hash=token_hash)
    return get_card(tx, guest_id)


def promote(tx: Tx, guest: Actor, address: Address, device_id: DeviceId) -> bool:
    """For this room only: the guest becomes a person in place, keeping id, chats and orders.

    Answers whether it happened: a guest who has meanwhile become somebody is none any more.
    """
    if not tx.do(_PROMOTE, id_=guest.user_id):
        return False
    insert_address(tx, address, guest.user_id)
    devices.hand_over(tx, guest.user_id, guest.user_id, keep=device_id)
    tx.publish([guest.user_id], Change("user", guest.user_id))
    tx.emit(UserJoined(guest.user_id))
    tx.emit(ProfileChanged(guest.user_id))
    return True


def merge(tx: Tx, guest: Actor, user_id: UserId, device_id: DeviceId) -> None:
    """For this room only: the guest was `user_id` all along. Other rooms hear `guest.joined`."""
    if not tx.do(_MERGE, id_=guest.user_id, into=user_id):
        return
    devices.hand_over(tx, guest.user_id, user_id, keep=device_id)
    contacts.adopt(tx, guest.user_id, user_id)
    blocks.adopt(tx, guest.user_id, user_id)
    tx.emit(GuestJoined(guest.user_id, user_id))
