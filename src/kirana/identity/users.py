"""Who there is: people, guests, shops, and what others may see of them."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import bindparam, func, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import SYSTEM, Actor, BusinessId, UserId

from .delegations import list_delegations
from .events import ProfileChanged, UserJoined, ZoneChanged
from .model import (
    NAME_MAX,
    Address,
    Card,
    Me,
    OwnAddress,
    UserKind,
    clean_name,
    is_handle,
    normalize_handle,
    parse_address,
)
from .problems import AddressTaken, HandleInvalid, HandleTaken, NameMissing
from .tables import addresses, passkeys, pins, users

_CARD = (users.c.id, users.c.kind, users.c.name, users.c.handle, users.c.photo_id)
_FIND = Q(select(users).where(users.c.id == bindparam("id")))
_FIND_CARD = Q(select(*_CARD).where(users.c.id == bindparam("id")))
_FIND_CARDS = Q(select(*_CARD).where(any_of(users.c.id, "ids")))
_FIND_BY_HANDLE = Q(select(*_CARD).where(users.c.handle == bindparam("handle")))
_FIND_BY_KEY = Q(
    select(*_CARD)
    .join(addresses, addresses.c.user_id == users.c.id)
    .where(addresses.c.key == bindparam("key"))
)
_LIST_ADDRESSES = Q(
    select(addresses)
    .where(addresses.c.user_id == bindparam("user_id"))
    .order_by(addresses.c.verified_at, addresses.c.key)
)
_HAS_PIN = Q(select(pins.c.user_id).where(pins.c.user_id == bindparam("user_id")))
_HAS_PASSKEY = Q(select(passkeys.c.id).where(passkeys.c.user_id == bindparam("user_id")).limit(1))
_WITH_PICTURE = Q(select(users.c.id).where(users.c.photo_id == bindparam("picture_id")).limit(1))
_COUNT_PEOPLE = Q(select(func.count().label("count")).where(users.c.kind == "person"))
_INSERT = Q(insert(users))
_INSERT_SYSTEM = Q(upsert(users, ["id"]))
_INSERT_ADDRESS = Q(insert(addresses))
_UPDATE = Q(
    update(users)
    .where(users.c.id == bindparam("id_"))
    .values(
        name=bindparam("name_"),
        handle=bindparam("handle_"),
        photo_id=bindparam("photo_id_"),
        language=bindparam("language_"),
        zone=bindparam("zone_"),
    )
)


def get_card(tx: Tx, user_id: UserId) -> Card:
    """What anybody may see of a user; of an erased one only that there was somebody.

    Raises: NotFound.
    """
    if row := tx.one(_FIND_CARD, id=user_id):
        return _card(row)
    raise NotFound(user_id=user_id)


def get_cards(tx: Tx, user_ids: Iterable[UserId]) -> dict[UserId, Card]:
    """The cards of those that exist."""
    return {row.id: _card(row) for row in tx.all(_FIND_CARDS, ids=list(set(user_ids)))}


def find_by_handle(tx: Tx, handle: str) -> Card | None:
    """Whoever has this handle now: a person or a shop. Letter case and @ do not matter."""
    handle = normalize_handle(handle)
    row = tx.one(_FIND_BY_HANDLE, handle=handle) if is_handle(handle) else None
    return _card(row) if row else None


def find_by_address(tx: Tx, address: Address) -> Card | None:
    """The person who has proven this address."""
    row = tx.one(_FIND_BY_KEY, key=address.key)
    return _card(row) if row else None


def find_anybody(tx: Tx, who: str) -> Card | None:
    """The user whom an operator means by an id, a handle, a number or an e-mail address."""
    try:
        row = tx.one(_FIND_CARD, id=UUID(who))
    except ValueError:
        address = parse_address(who)
        return (find_by_address(tx, address) if address else None) or find_by_handle(tx, who)
    return _card(row) if row else None


def get_me(tx: Tx, *, by: Actor) -> Me:
    """The person behind `by`, as they see themselves."""
    user = tx.one(_FIND, id=by.person_id)
    if user is None:
        raise NotFound(user_id=by.person_id)
    shops = get_cards(tx, list_delegations(tx, by.person_id))
    return Me(
        id=user.id,
        kind=user.kind,
        name=user.name,
        handle=user.handle,
        photo_id=user.photo_id,
        language=user.language,
        zone=user.zone,
        addresses=[
            OwnAddress(row.kind, row.address, row.verified_at)
            for row in tx.all(_LIST_ADDRESSES, user_id=user.id)
        ],
        has_pin=tx.one(_HAS_PIN, user_id=user.id) is not None,
        has_passkey=tx.one(_HAS_PASSKEY, user_id=user.id) is not None,
        acts_for=sorted(shops.values(), key=lambda card: (card.name, card.id)),
        created_at=user.created_at,
    )


def create_person(
    tx: Tx,
    user_id: UserId,
    name: str,
    *,
    address: Address | None = None,
    handle: str | None = None,
    language: str | None = None,
    zone: str | None = None,
    by: Actor,
) -> Card:
    """Make a person whose address is vouched for: by a code that was proven, or by the operator.

    Raises: NotAllowed, IdReused, AddressTaken, HandleInvalid, HandleTaken.
    """
    _require_system(by)
    if known := tx.one(_FIND, id=user_id):
        if known.kind != "person":
            raise IdReused(id=user_id)
        return _card(known)
    card = insert_user(
        tx, user_id, "person", clean_name(name), handle=handle, language=language, zone=zone
    )
    if address:
        insert_address(tx, address, user_id)
    tx.emit(UserJoined(user_id))
    if zone:
        tx.emit(ZoneChanged(user_id, zone))
    return card


def create_business_user(
    tx: Tx, business_id: BusinessId, name: str, handle: str | None, *, by: Actor
) -> Card:
    """The user that a shop speaks through; it has the shop's id. For the room `business`.

    Raises: IdReused, NameMissing, HandleInvalid, HandleTaken, NotAllowed (guests open no shops).
    """
    if by.kind == "guest":
        raise NotAllowed()
    if known := tx.one(_FIND, id=business_id):
        same = known.kind == "business" and known.name == _checked_name(name)
        if not same or (handle and known.handle != normalize_handle(handle)):
            raise IdReused(id=business_id)
        return _card(known)
    return insert_user(tx, business_id, "business", _checked_name(name), handle=handle)


def edit_business_user(
    tx: Tx,
    business_id: BusinessId,
    *,
    name: str,
    handle: str | None,
    photo_id: str | None,
    by: Actor,
) -> Card:
    """Change a shop's card. Whether `by` may is asked by the room `business`.

    Raises: NotFound, NameMissing, HandleInvalid, HandleTaken.
    """
    known = tx.one(_FIND, id=business_id)
    if known is None or known.kind != "business" or by.kind == "guest":
        raise NotFound(user_id=business_id)
    return _save(
        tx,
        known,
        name=_checked_name(name),
        handle=handle,
        photo_id=photo_id,
        language=known.language,
        zone=known.zone,
    )


def edit_profile(
    tx: Tx,
    *,
    name: str | UnsetType = UNSET,
    handle: str | UnsetType | None = UNSET,
    photo_id: str | UnsetType | None = UNSET,
    language: str | UnsetType | None = UNSET,
    zone: str | UnsetType | None = UNSET,
    by: Actor,
) -> Me:
    """Change what is set of one's own profile; None takes it away.

    Raises: NameMissing, HandleInvalid, HandleTaken, NotAllowed (a guest has no handle).
    """
    known = tx.one(_FIND, id=by.person_id)
    if known is None:
        raise NotFound(user_id=by.person_id)
    if known.kind == "guest" and isinstance(handle, str):
        raise NotAllowed()
    _save(
        tx,
        known,
        name=known.name if name is UNSET else _checked_name(name),
        handle=known.handle if handle is UNSET else handle,
        photo_id=known.photo_id if photo_id is UNSET else photo_id,
        language=known.language if language is UNSET else language,
        zone=known.zone if zone is UNSET else zone,
    )
    return get_me(tx, by=by)


def ensure_system(tx: Tx) -> None:
    """Make the user that stands for Kirana itself, so that rows may say `by` it."""
    tx.do(
        _INSERT_SYSTEM,
        id=SYSTEM.user_id,
        kind="system",
        name="Kirana",
        devices_rev=0,
        created_at=tx.now,
    )


def insert_user(
    tx: Tx,
    user_id: UserId,
    kind: UserKind,
    name: str,
    *,
    handle: str | None = None,
    language: str | None = None,
    zone: str | None = None,
) -> Card:
    """For this room only: a user from nothing."""
    handle = _free_handle(tx, handle, user_id)
    tx.do(
        _INSERT,
        id=user_id,
        kind=kind,
        name=name,
        handle=handle,
        language=language,
        zone=zone,
        devices_rev=0,
        created_at=tx.now,
    )
    return Card(user_id, kind, name, handle, None)


def insert_address(tx: Tx, address: Address, user_id: UserId) -> None:
    """For this room only: `user_id` has proven `address`. Raises: AddressTaken."""
    if owner := find_by_address(tx, address):
        if owner.id != user_id:
            raise AddressTaken()
        return
    tx.do(
        _INSERT_ADDRESS,
        key=address.key,
        kind=address.kind,
        address=address.text,
        user_id=user_id,
        verified_at=tx.now,
    )


def find_user(tx: Tx, user_id: UserId) -> Row | None:
    """For this room only: the whole row."""
    return tx.one(_FIND, id=user_id)


def require_person(by: Actor) -> None:
    """Raises: NotAllowed for a guest."""
    if by.kind != "person":
        raise NotAllowed()


def _require_system(by: Actor) -> None:
    if by.kind != "system":
        raise NotAllowed()


def _save(
    tx: Tx,
    known: Row,
    *,
    name: str,
    handle: str | None,
    photo_id: str | None,
    language: str | None,
    zone: str | None,
) -> Card:
    if handle != known.handle:
        handle = _free_handle(tx, handle, known.id)
    card = Card(known.id, known.kind, name, handle, photo_id)
    if (card, language, zone) == (_card(known), known.language, known.zone):
        return card
    tx.do(
        _UPDATE,
        id_=known.id,
        name_=name,
        handle_=handle,
        photo_id_=photo_id,
        language_=language,
        zone_=zone,
    )
    tx.publish([known.id], Change("user", known.id))
    if card != _card(known):
        tx.emit(ProfileChanged(known.id))
    if zone and zone != known.zone:
        tx.emit(ZoneChanged(known.id, zone))
    return card


def _free_handle(tx: Tx, handle: str | None, user_id: UserId) -> str | None:
    if handle is None:
        return None
    handle = normalize_handle(handle)
    if not is_handle(handle):
        raise HandleInvalid(handle=handle)
    owner = find_by_handle(tx, handle)
    if owner and owner.id != user_id:
        raise HandleTaken(handle=handle)
    return handle


def uses_picture(tx: Tx, picture_id: str) -> bool:
    """Whether it is somebody's photo."""
    return tx.one(_WITH_PICTURE, picture_id=picture_id) is not None


def count_people(tx: Tx) -> int:
    """How many have an account here."""
    found = tx.one(_COUNT_PEOPLE)
    assert found is not None
    count: int = found.count
    return count


def _checked_name(name: str) -> str:
    name = clean_name(name)
    if not 1 <= len(name) <= NAME_MAX:
        raise NameMissing()
    return name


def _card(row: Row) -> Card:
    return Card(row.id, row.kind, row.name, row.handle, row.photo_id)
