"""Browsers, apps and programs that are signed in. A program's token is a device of its own kind."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, func, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, NotFound, RateLimited
from kirana.platform.stream import Change
from kirana.values import Actor, DeviceId, UserId

from .device_lists import forget_keys, raise_devices_rev
from .events import DeviceLinked, DeviceRevoked
from .model import IDLE_LIFE, REPEAT_WITHIN, SEEN_EVERY, Device, DeviceKind, clean_name
from .problems import NameMissing
from .subscriptions import drop_subscription
from .tables import devices
from .users import require_person

MAX_TOKENS = 50

_FIND = Q(select(devices).where(devices.c.id == bindparam("id")))
_LIST = Q(
    select(devices)
    .where(devices.c.user_id == bindparam("user_id"), devices.c.revoked_at.is_(None))
    .order_by(devices.c.seen_at.desc(), devices.c.id)
)
_LIVE = Q(select(devices.c.id).where(any_of(devices.c.id, "ids"), devices.c.revoked_at.is_(None)))
_LIST_IDLE = Q(
    select(devices.c.id, devices.c.user_id)
    .where(
        devices.c.revoked_at.is_(None),
        devices.c.kind != "program",
        devices.c.seen_at < bindparam("before"),
    )
    .limit(500)
)
_LAST_SEEN = Q(
    select(devices.c.user_id, func.max(devices.c.seen_at).label("seen_at"))
    .where(any_of(devices.c.user_id, "user_ids"))
    .where(devices.c.revoked_at.is_(None), devices.c.kind != "program")
    .group_by(devices.c.user_id)
)
_INSERT = Q(insert(devices))
_RENEW = Q(
    update(devices)
    .where(devices.c.id == bindparam("id_"))
    .values(token_hash=bindparam("token_hash_"), seen_at=bindparam("now"))
)
_GIVE = Q(
    update(devices).where(devices.c.id == bindparam("id_")).values(user_id=bindparam("user_id_"))
)
_REVOKE = Q(
    update(devices)
    .where(devices.c.id == bindparam("id_"), devices.c.revoked_at.is_(None))
    .values(token_hash=None, revoked_at=bindparam("now"))
)
_RENAME = Q(update(devices).where(devices.c.id == bindparam("id_")).values(name=bindparam("name_")))
_TOUCH = Q(
    update(devices)
    .where(
        devices.c.id == bindparam("id_"),
        devices.c.revoked_at.is_(None),
        devices.c.seen_at <= bindparam("before"),
    )
    .values(seen_at=bindparam("now"))
)


def link(
    tx: Tx,
    device_id: DeviceId,
    user_id: UserId,
    *,
    kind: DeviceKind,
    name: str,
    token_hash: bytes,
) -> None:
    """For this room only: let the device in. A device that is in gets the new token instead.

    Raises: IdReused for a device of somebody else, or one that was revoked.
    """
    known = tx.one(_FIND, id=device_id)
    if known is None:
        tx.do(
            _INSERT,
            id=device_id,
            user_id=user_id,
            kind=kind,
            name=clean_name(name),
            token_hash=token_hash,
            created_at=tx.now,
            seen_at=tx.now,
        )
        tx.emit(DeviceLinked(user_id, device_id))
        tx.publish([user_id], Change("device", device_id))
    elif known.user_id != user_id or known.revoked_at is not None or known.kind != kind:
        raise IdReused(id=device_id)
    else:
        tx.do(_RENEW, id_=device_id, token_hash_=token_hash, now=tx.now)
        tx.publish([user_id], Change("device", device_id))


def find_device(tx: Tx, device_id: DeviceId) -> Row | None:
    """For this room only."""
    return tx.one(_FIND, id=device_id)


def hand_over(tx: Tx, guest_id: UserId, user_id: UserId, *, keep: DeviceId) -> None:
    """For this room only: the device `keep` of a guest becomes the user's; the others end."""
    for row in tx.all(_LIST, user_id=guest_id):
        if row.id == keep:
            if user_id != guest_id:
                tx.do(_GIVE, id_=row.id, user_id_=user_id)
                tx.emit(DeviceLinked(user_id, row.id))
                tx.publish([user_id], Change("device", row.id))
        else:
            revoke(tx, row.id, guest_id)


def list_devices(tx: Tx, *, by: Actor) -> list[Device]:
    """Where `by` is signed in, the most recently seen first. Without programs."""
    return _list(tx, by, programs=False)


def revoke_device(tx: Tx, device_id: DeviceId, *, by: Actor) -> None:
    """End the session of a device at once. Again: nothing. Raises: NotFound."""
    _revoke_own(tx, device_id, by, programs=False)


def rename_device(tx: Tx, device_id: DeviceId, name: str, *, by: Actor) -> Device:
    """Give a device of one's own another name. Raises: NotFound, NameMissing."""
    row = tx.one(_FIND, id=device_id)
    is_own = row is not None and row.user_id == by.person_id and row.revoked_at is None
    if row is None or not is_own or row.kind == "program":
        raise NotFound(id=device_id)
    name = clean_name(name)
    if not name:
        raise NameMissing
    if name != row.name:
        tx.do(_RENAME, id_=device_id, name_=name)
        tx.publish([by.person_id], Change("device", device_id))
    return Device(device_id, row.kind, name, row.created_at, row.seen_at, device_id == by.device_id)


def create_token(tx: Tx, token_id: DeviceId, name: str, *, token_hash: bytes, by: Actor) -> Device:
    """Let a program act as `by`; it keeps the token, we keep its hash.

    The same id and name again within ten minutes replace the token: the first answer was lost.

    Raises: IdReused, NotAllowed, RateLimited when there are too many tokens.
    """
    require_person(by)
    name = clean_name(name) or "Program"
    known = tx.one(_FIND, id=token_id)
    if known is None and len(_list(tx, by, programs=True)) >= MAX_TOKENS:
        raise RateLimited(retry_after_s=3600, most=MAX_TOKENS)
    if known and (known.name != name or tx.now - known.created_at > REPEAT_WITHIN):
        raise IdReused(id=token_id)
    link(tx, token_id, by.person_id, kind="program", name=name, token_hash=token_hash)
    made_at = known.created_at if known else tx.now
    return Device(token_id, "program", name, made_at, tx.now, is_current=False)


def list_tokens(tx: Tx, *, by: Actor) -> list[Device]:
    """The programs that may act as `by`. Their tokens are not known to us."""
    return _list(tx, by, programs=True)


def revoke_token(tx: Tx, token_id: DeviceId, *, by: Actor) -> None:
    """Raises: NotFound."""
    _revoke_own(tx, token_id, by, programs=True)


def touch(tx: Tx, device_id: DeviceId) -> None:
    """Note that the device was seen, at most once in five minutes."""
    tx.do(_TOUCH, id_=device_id, before=tx.now - SEEN_EVERY, now=tx.now)


def last_seen_of(tx: Tx, user_ids: Iterable[UserId]) -> dict[UserId, int]:
    """When each of these was here last, as far as their devices were noted (`touch`)."""
    return {row.user_id: row.seen_at for row in tx.all(_LAST_SEEN, user_ids=list(user_ids))}


def revoke(tx: Tx, device_id: DeviceId, user_id: UserId) -> None:
    """For this room only."""
    if tx.do(_REVOKE, id_=device_id, now=tx.now):
        if forget_keys(tx, device_id, user_id):
            raise_devices_rev(tx, user_id)
        drop_subscription(tx, device_id)
        tx.emit(DeviceRevoked(user_id, device_id))
        tx.publish([user_id], Change("device", device_id))


def find_signed_out(tx: Tx, device_ids: Sequence[DeviceId]) -> set[DeviceId]:
    """Which of these devices are signed in no more."""
    return set(device_ids) - {DeviceId(row.id) for row in tx.all(_LIVE, ids=device_ids)}


def revoke_all(tx: Tx, user_id: UserId) -> None:
    """Sign a person out everywhere, programs included."""
    for row in tx.all(_LIST, user_id=user_id):
        revoke(tx, row.id, user_id)


def revoke_idle(tx: Tx) -> None:
    """End the sessions of browsers and apps that were not seen for ninety days."""
    for row in tx.all(_LIST_IDLE, before=tx.now - IDLE_LIFE):
        revoke(tx, row.id, row.user_id)


def _list(tx: Tx, by: Actor, *, programs: bool) -> list[Device]:
    return [
        Device(row.id, row.kind, row.name, row.created_at, row.seen_at, row.id == by.device_id)
        for row in tx.all(_LIST, user_id=by.person_id)
        if (row.kind == "program") == programs
    ]


def _revoke_own(tx: Tx, device_id: DeviceId, by: Actor, *, programs: bool) -> None:
    row = tx.one(_FIND, id=device_id)
    if row is None or row.user_id != by.person_id or (row.kind == "program") != programs:
        raise NotFound(id=device_id)
    revoke(tx, device_id, by.person_id)
