"""What a person takes along, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from kirana.platform.db import Q, Tx
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .blocks import list_blocks
from .contacts import Contact
from .devices import revoke_all
from .events import ProfileChanged, UserDeleted
from .keys import KeyLists, list_keys
from .model import Card, Device, Me
from .passkeys import Passkey, list_passkeys
from .tables import (
    addresses,
    blocks,
    challenges,
    codes,
    confirmations,
    contacts,
    cross_signing_keys,
    delegations,
    devices,
    key_signatures,
    passkeys,
    pins,
    suspensions,
    users,
)
from .users import find_user, get_cards, get_me

_LIST_DEVICES = Q(select(devices).where(devices.c.user_id == bindparam("user_id")))
_LIST_CONTACTS = Q(select(contacts).where(contacts.c.user_id == bindparam("user_id")))
_NAME_DEVICES = Q(update(devices).where(devices.c.user_id == bindparam("user_id_")).values(name=""))
_ERASE = Q(
    update(users)
    .where(users.c.id == bindparam("id_"))
    .values(
        name="", handle=None, photo_id=None, language=None, zone=None, erased_at=bindparam("now")
    )
)
_MERGED = Q(select(users.c.id).where(users.c.merged_into == bindparam("user_id")))
_DELETE_CODES = Q(
    delete(codes).where(
        codes.c.key.in_(select(addresses.c.key).where(addresses.c.user_id == bindparam("id")))
    )
)
_DELETE_THE_REST = [
    _DELETE_CODES,
    *(
        Q(delete(table).where(table.c.user_id == bindparam("id")))
        for table in (
            addresses,
            passkeys,
            challenges,
            pins,
            confirmations,
            cross_signing_keys,
            suspensions,
        )
    ),
    Q(
        delete(key_signatures).where(
            (key_signatures.c.target_user_id == bindparam("id"))
            | (key_signatures.c.signer_user_id == bindparam("id"))
        )
    ),
    Q(
        delete(contacts).where(
            (contacts.c.user_id == bindparam("id")) | (contacts.c.contact_id == bindparam("id"))
        )
    ),
    Q(
        delete(blocks).where(
            (blocks.c.user_id == bindparam("id")) | (blocks.c.blocked_id == bindparam("id"))
        )
    ),
    Q(
        delete(delegations).where(
            (delegations.c.person_id == bindparam("id"))
            | (delegations.c.shop_id == bindparam("id"))
        )
    ),
]


@dataclass(frozen=True, slots=True)
class UserExport:
    """All that this room knows of a person, but no secret."""

    me: Me
    devices: list[Device]
    passkeys: list[Passkey]
    contacts: list[Contact]
    blocks: list[Card]
    keys: KeyLists


def export_user(tx: Tx, user_id: UserId) -> UserExport:
    """Raises: NotFound."""
    by = Actor(user_id, user_id)
    rows = tx.all(_LIST_CONTACTS, user_id=user_id)
    cards = get_cards(tx, [row.contact_id for row in rows])
    return UserExport(
        me=get_me(tx, by=by),
        devices=[
            Device(row.id, row.kind, row.name, row.created_at, row.seen_at, is_current=False)
            for row in tx.all(_LIST_DEVICES, user_id=user_id)
        ],
        passkeys=list_passkeys(tx, by=by),
        contacts=[Contact(cards[row.contact_id], row.name, row.created_at) for row in rows],
        blocks=list_blocks(tx, by=by),
        keys=list_keys(tx, [user_id], by=by),
    )


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Sign a user out everywhere and forget who it was; the id stays, for books and receipts.

    The guests that turned out to be this person are forgotten too. Again: nothing.
    """
    user = find_user(tx, user_id)
    if user is None or user.erased_at is not None:
        return
    for row in tx.all(_MERGED, user_id=user_id):
        erase_user(tx, row.id)
    revoke_all(tx, user_id)
    tx.do(_NAME_DEVICES, user_id_=user_id)
    for statement in _DELETE_THE_REST:
        tx.do(statement, id=user_id)
    tx.do(_ERASE, id_=user_id, now=tx.now)
    tx.publish([user_id], Change("user", user_id))
    tx.emit(ProfileChanged(user_id))
    tx.emit(UserDeleted(user_id))
