"""One-time keys: with one of them, anybody can begin to encrypt for a device that is asleep.

Each is handed out once. When none is left the fallback key serves, as often as needed, until the
device brings new ones.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana import identity
from kirana.identity import JsonObject
from kirana.platform.db import Q, Tx, any_of, upsert
from kirana.platform.problems import IdReused, TooLarge
from kirana.values import Actor, UserId, user_name

from ..problems import invalid
from .people import reach
from .sleepers import names_of_sleepers
from .tables import fallback_keys, one_time_keys

ALGORITHM = "signed_curve25519"
MAX_ONE_TIME_KEYS = 200
"""Of one device, that wait to be used."""
MAX_CLAIMED = 3_000
USED_KEPT_MS = 30 * 24 * 3600 * 1000

_KEY_ID = re.compile(rf"{ALGORITHM}:[A-Za-z0-9+/=_-]{{1,64}}")

_of_device = (
    one_time_keys.c.user_id == bindparam("user_id_"),
    one_time_keys.c.device_id == bindparam("device_id_"),
)
_KNOWN = Q(
    select(one_time_keys.c.key_id, one_time_keys.c.key)
    .where(*_of_device)
    .where(any_of(one_time_keys.c.key_id, "key_ids"))
)
_COUNT = Q(
    select(func.count().label("many"))
    .select_from(one_time_keys)
    .where(*_of_device)
    .where(one_time_keys.c.used_at.is_(None))
)
_ADD = Q(insert(one_time_keys))
_TAKE = Q(
    update(one_time_keys)
    .where(*_of_device)
    .where(
        one_time_keys.c.key_id
        == select(one_time_keys.c.key_id)
        .where(*_of_device)
        .where(one_time_keys.c.used_at.is_(None))
        .order_by(one_time_keys.c.created_at, one_time_keys.c.key_id)
        .limit(1)
        .scalar_subquery()
    )
    .values(used_at=bindparam("now"))
    .returning(one_time_keys.c.key_id, one_time_keys.c.key)
)
_FORGET_USED = Q(delete(one_time_keys).where(one_time_keys.c.used_at < bindparam("before")))
_of_same = (
    fallback_keys.c.user_id == bindparam("user_id_"),
    fallback_keys.c.device_id == bindparam("device_id_"),
)
_FALLBACK = Q(select(fallback_keys).where(*_of_same))
_SET_FALLBACK = Q(upsert(fallback_keys, ["user_id", "device_id"], ["key_id", "key", "used_at"]))
_USE_FALLBACK = Q(
    update(fallback_keys)
    .where(*_of_same)
    .values(used_at=func.coalesce(fallback_keys.c.used_at, bindparam("now")))
    .returning(fallback_keys.c.key_id, fallback_keys.c.key)
)
_FORGET = [
    Q(delete(table).where(table.c.user_id == bindparam("u"), table.c.device_id == bindparam("d")))
    for table in (one_time_keys, fallback_keys)
]


@dataclass(frozen=True, slots=True)
class Prekeys:
    """One-time keys and perhaps a fallback key, by id, as JSON whose signatures are good."""

    ed25519: str
    """The device's key that has signed them."""
    one_time: Mapping[str, str] = field(default_factory=dict)
    fallback: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyUpload:
    """What a device shows of itself at once."""

    device_keys: identity.DeviceKeys | None
    prekeys: Prekeys | None


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """How many one-time keys of a device are left, and whether its fallback key is fresh."""

    one_time_key_counts: dict[str, int]
    unused_fallback_key_types: list[str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """Keys by user name, device and key id; and the devices that have one less now."""

    one_time_keys: dict[str, dict[str, dict[str, msgspec.Raw]]]
    devices: list[str]


def read_upload(
    device_keys: JsonObject | None,
    one_time: Mapping[str, JsonObject],
    fallback: Mapping[str, JsonObject],
    *,
    device: str,
    known: str | None,
    self_signing: str | None,
    by: Actor,
) -> KeyUpload:
    """Read what a device uploads and check every signature; not in the writer.

    `known` are the keys that it has shown before.

    Raises: InvalidInput, SignatureWrong, KeysMissing.
    """
    shown = None
    if device_keys is not None:
        shown = identity.read_device_keys(device_keys, device, self_signing=self_signing, by=by)
    if not one_time and not fallback:
        return KeyUpload(shown, None)
    if shown is not None:
        ed25519 = shown.ed25519
    elif known is not None:
        ed25519 = str(identity.keys_in(known)[f"ed25519:{device}"])
    else:
        raise identity.KeysMissing
    if len(one_time) > MAX_ONE_TIME_KEYS:
        raise invalid("one_time_keys", f"At most {MAX_ONE_TIME_KEYS}.")
    if len(fallback) > 1:
        raise invalid("fallback_keys", "At most one.")
    read = [
        {
            _key_id(key_id, name): identity.read_signed_key(
                value, device, ed25519, by=by, field=f"{name}.{key_id}"
            )
            for key_id, value in some.items()
        }
        for name, some in (("one_time_keys", one_time), ("fallback_keys", fallback))
    ]
    return KeyUpload(shown, Prekeys(ed25519, *read))


def upload_keys(tx: Tx, upload: KeyUpload, *, by: Actor) -> KeyCounts:
    """Keep what a device shows of itself. The same again changes nothing.

    Raises: NotAllowed, IdReused for a key id that had another key, TooManyDevices, KeysMissing,
    TooLarge.
    """
    device = str(identity.require_device(by))
    if upload.device_keys is not None:
        identity.save_device_keys(tx, upload.device_keys, by=by)
    if upload.prekeys is not None:
        known = identity.find_own_keys(tx, by=by)
        if known is None:
            raise identity.KeysMissing
        if identity.keys_in(known)[f"ed25519:{device}"] != upload.prekeys.ed25519:
            raise IdReused(id=device)
        save_prekeys(tx, by.user_id, device, upload.prekeys)
    return count_keys(tx, by.user_id, device)


def save_prekeys(tx: Tx, user_id: UserId, device: str, prekeys: Prekeys) -> None:
    """For this folder only. Raises: IdReused, TooLarge."""
    names = {"user_id_": user_id, "device_id_": device}
    known = {row.key_id: row.key for row in tx.all(_KNOWN, **names, key_ids=list(prekeys.one_time))}
    for key_id, key in prekeys.one_time.items():
        if known.get(key_id, key) != key:
            raise IdReused(id=key_id)
    new = {key_id: key for key_id, key in prekeys.one_time.items() if key_id not in known}
    if new and _count(tx, user_id, device) + len(new) > MAX_ONE_TIME_KEYS:
        raise TooLarge(most=MAX_ONE_TIME_KEYS)
    tx.many(
        _ADD,
        [
            {
                "user_id": user_id,
                "device_id": device,
                "key_id": key_id,
                "key": key,
                "created_at": tx.now,
            }
            for key_id, key in new.items()
        ],
    )
    for key_id, key in prekeys.fallback.items():
        there = tx.one(_FALLBACK, **names)
        if there is None or there.key_id != key_id:
            tx.do(
                _SET_FALLBACK,
                user_id=user_id,
                device_id=device,
                key_id=key_id,
                key=key,
                used_at=None,
            )
        elif there.key != key:
            raise IdReused(id=key_id)


def count_keys(tx: Tx, user_id: UserId, device: str) -> KeyCounts:
    """What is left of a device's keys."""
    fallback = tx.one(_FALLBACK, user_id_=user_id, device_id_=device)
    is_fresh = fallback is not None and fallback.used_at is None
    return KeyCounts({ALGORITHM: _count(tx, user_id, device)}, [ALGORITHM] if is_fresh else [])


def claim_keys(tx: Tx, wanted: Mapping[UserId, Mapping[str, str]], *, by: Actor) -> Claimed:
    """Take a key of each of these devices: nobody else gets it. Devices that are not there, or not
    to be reached, and other algorithms are left out.

    Raises: NotAllowed.
    """
    reachable = reach(tx, wanted, by=by)
    people = [user_id for user_id in sorted(wanted) if user_id in reachable]
    live = identity.live_devices(tx, people)
    sleeping = names_of_sleepers(tx, people)
    claimed = Claimed({}, [])
    for user_id in people:
        there = {str(device_id) for device_id in live[user_id]}
        there |= {sleeping[user_id]} if user_id in sleeping else set()
        for device, algorithm in wanted[user_id].items():
            if device not in there or algorithm != ALGORITHM:
                continue
            names = {"user_id_": user_id, "device_id_": device, "now": tx.now}
            row = tx.one(_TAKE, **names) or tx.one(_USE_FALLBACK, **names)
            if row is not None:
                of_user = claimed.one_time_keys.setdefault(user_name(user_id), {})
                of_user[device] = {row.key_id: msgspec.Raw(row.key.encode())}
                claimed.devices.append(device)
    return claimed


def forget_used_keys(tx: Tx) -> None:
    """Forget one-time keys that were handed out so long ago that no upload brings them again."""
    tx.do(_FORGET_USED, before=tx.now - USED_KEPT_MS)


def forget_prekeys(tx: Tx, user_id: UserId, device: str) -> None:
    """For this folder only."""
    for statement in _FORGET:
        tx.do(statement, u=user_id, d=device)


def _count(tx: Tx, user_id: UserId, device: str) -> int:
    row = tx.one(_COUNT, user_id_=user_id, device_id_=device)
    return 0 if row is None else int(row.many)


def _key_id(key_id: str, name: str) -> str:
    if not _KEY_ID.fullmatch(key_id):
        raise invalid(name, f"A key's id is {ALGORITHM}: and up to 64 letters of base64.")
    return key_id


def require_few(wanted: Iterable[Mapping[str, object]]) -> None:
    """Raises: InvalidInput."""
    if sum(map(len, wanted)) > MAX_CLAIMED:
        raise invalid("one_time_keys", f"At most {MAX_CLAIMED} devices.")
