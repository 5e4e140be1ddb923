"""Saying of a key that it is whose it says: a person's keys of their devices, and of friends."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.stream import Change
from kirana.values import Actor, UserId, read_user_name

from ..device_lists import devices_rev_of, raise_devices_rev
from ..tables import devices
from .cross_signing import list_current
from .device_keys import keys_in, require_device
from .signatures import KeySignature, keep_signatures
from .signed import (
    JsonObject,
    canonical,
    invalid,
    is_signed,
    read_object,
    require_small,
    signatures_by,
)

MAX_SIGNED = 300
"""In one upload."""

Uploaded = Mapping[str, Mapping[str, JsonObject]]
"""Signed objects by user name and by device or master key."""

_OWN_DEVICES = Q(
    select(devices.c.id, devices.c.signed_keys)
    .where(devices.c.user_id == bindparam("user_id"))
    .where(devices.c.revoked_at.is_(None), devices.c.signed_keys.is_not(None))
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a signature was not taken, in the shape that the crypto library knows."""

    errcode: str
    error: str


@dataclass(frozen=True, slots=True)
class Known:
    """What uploaded signatures are held against: own signing keys, and what may be signed."""

    devices: Mapping[str, JsonObject]
    """One's own, by id."""
    masters: Mapping[UserId, tuple[str, JsonObject]]
    self_signing: str | None
    user_signing: str | None


@dataclass(frozen=True, slots=True)
class Vouched:
    """The signatures that are good, and why the others are not."""

    good: tuple[KeySignature, ...]
    failures: dict[str, dict[str, Failure]]


def known_keys(tx: Tx, uploaded: Uploaded, *, by: Actor) -> Known:
    """What is known of one's own keys and of the master keys of these users.

    Raises: NotAllowed, InvalidInput when it is too much.
    """
    require_device(by)
    if len(uploaded) + sum(map(len, uploaded.values())) > MAX_SIGNED:
        raise invalid("", f"At most {MAX_SIGNED} signed keys.")
    users = {user_id for name in uploaded if (user_id := read_user_name(name))}
    masters: dict[UserId, tuple[str, JsonObject]] = {}
    own: dict[str, str] = {}
    for row in list_current(tx, [by.user_id, *sorted(users - {by.user_id})]):
        if row.usage == "master":
            masters[row.user_id] = row.key_id, read_object(row.key)
        elif row.user_id == by.user_id:
            own[row.usage] = row.key_id
    return Known(
        {str(row.id): read_object(row.signed_keys) for row in _own_devices(tx, by)},
        masters,
        own.get("self_signing"),
        own.get("user_signing"),
    )


def device_signing_keys(tx: Tx, *, by: Actor) -> dict[str, str]:
    """The Ed25519 keys of one's own devices, by device. Raises: NotAllowed."""
    require_device(by)
    return {
        str(row.id): str(keys_in(row.signed_keys)[f"ed25519:{row.id}"])
        for row in _own_devices(tx, by)
    }


def check_signatures(uploaded: Uploaded, known: Known, *, by: Actor) -> Vouched:
    """Which of the uploaded signatures are good. A device is vouched for by the self-signing key,
    somebody else's master key by the user-signing key, one's own by one's devices.

    Raises: InvalidInput for what is no signed JSON at all.
    """
    good: list[KeySignature] = []
    failures: dict[str, dict[str, Failure]] = {}
    for name, signed in uploaded.items():
        for target, value in signed.items():
            require_small(value, target[:100])
            try:
                good += _check(value, name, target, known, by.user_id)
            except _Refused as refused:
                failures.setdefault(name, {})[target] = refused.why
    return Vouched(tuple(good), failures)


def save_signatures(tx: Tx, vouched: Vouched, *, by: Actor) -> None:
    """Keep checked signatures; what was signed or signs must still be there. Raises: NotAllowed."""
    device_id = require_device(by)
    known = known_keys(tx, {}, by=by)
    if str(device_id) not in known.devices:
        # Also: whoever was signed out while the signatures were checked.
        return
    still = [one for one in vouched.good if _still_holds(tx, one, known, by.user_id)]
    kept = keep_signatures(tx, still)
    if any(one.target_key_id in known.devices for one in kept):
        raise_devices_rev(tx, by.user_id)
    others = {one.target_user_id for one in kept if one.target_user_id != by.user_id}
    revs = devices_rev_of(tx, sorted(others))
    for user_id in sorted(others):
        # Nobody else sees whom one has verified; one's own devices fetch it.
        tx.publish([by.user_id], Change("devices", user_id, revs[user_id]))


class _Refused(Exception):
    def __init__(self, errcode: str, error: str) -> None:
        self.why = Failure(errcode, error)


def _check(
    value: JsonObject, name: str, target: str, known: Known, me: UserId
) -> list[KeySignature]:
    user_id = read_user_name(name)
    master = known.masters.get(user_id) if user_id else None
    signers: dict[str, str] = {}
    if user_id == me and target in known.devices:
        stored = known.devices[target]
        if known.self_signing:
            signers[f"ed25519:{known.self_signing}"] = known.self_signing
    elif user_id is not None and master is not None and target == master[0]:
        stored = master[1]
        if user_id == me:
            for device, keys in known.devices.items():
                signers[f"ed25519:{device}"] = _ed25519(keys, device)
        elif known.user_signing:
            signers[f"ed25519:{known.user_signing}"] = known.user_signing
    else:
        raise _Refused("M_NOT_FOUND", "There is no such key.")
    message = canonical(value, target[:100])
    if message != canonical(stored, target[:100]):
        raise _Refused("M_INVALID_SIGNATURE", "This is not the key that was uploaded.")
    assert user_id is not None
    found = []
    for key_id, signature in signatures_by(value, me).items():
        if user_id == me and key_id == f"ed25519:{target}":
            continue  # the device's own, which came with it
        public_key = signers.get(key_id)
        if public_key is None:
            raise _Refused("M_INVALID_SIGNATURE", "This key may not sign that one.")
        if not is_signed(message, signature, public_key):
            raise _Refused("M_INVALID_SIGNATURE", "The signature is wrong.")
        found.append(KeySignature(user_id, target, me, key_id, signature))
    if not found:
        raise _Refused("M_INVALID_SIGNATURE", "There is no signature of yours.")
    return found


def _still_holds(tx: Tx, one: KeySignature, known: Known, me: UserId) -> bool:
    signer = one.signer_key_id.removeprefix("ed25519:")
    if one.target_user_id == me and one.target_key_id in known.devices:
        return signer == known.self_signing
    masters = {
        row.key_id for row in list_current(tx, [one.target_user_id]) if row.usage == "master"
    }
    if one.target_key_id not in masters:
        return False
    return signer in known.devices if one.target_user_id == me else signer == known.user_signing


def _own_devices(tx: Tx, by: Actor) -> list[Row]:
    return tx.all(_OWN_DEVICES, user_id=by.user_id)


def _ed25519(keys: JsonObject, device: str) -> str:
    return str(keys["keys"][f"ed25519:{device}"])
