"""The keys of devices: for whom one can encrypt, and who says so."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused, NotAllowed
from kirana.values import Actor, DeviceId, UserId, user_name

from ..device_lists import raise_devices_rev
from ..devices import find_device
from ..problems import SignatureWrong, TooManyDevices
from ..tables import devices
from .signatures import KeySignature, forget_signatures_on, keep_signatures
from .signed import (
    JsonObject,
    canonical,
    invalid,
    is_public_key,
    is_signed,
    read_object,
    require_signature,
    require_small,
    signatures_by,
    without_signatures,
    write_object,
)

MAX_DEVICES = 10
"""Of one person, that have keys."""

_COUNT = Q(
    select(func.count().label("many"))
    .select_from(devices)
    .where(devices.c.user_id == bindparam("user_id"))
    .where(devices.c.revoked_at.is_(None), devices.c.signed_keys.is_not(None))
)
_SAVE = Q(
    update(devices)
    .where(devices.c.id == bindparam("id_"), devices.c.revoked_at.is_(None))
    .values(signed_keys=bindparam("keys_"))
)


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """Keys of one device, signed by itself and read without complaint."""

    user_id: UserId
    device: str
    """A device's id, or the name that a dehydrated device gave itself."""
    ed25519: str
    curve25519: str
    text: str
    """The JSON with the device's own signature, and no other."""
    signatures: tuple[KeySignature, ...]
    """What the person's self-signing key says about it."""


def require_device(by: Actor) -> DeviceId:
    """The device of a person who speaks for themselves: only those have keys.

    Raises: NotAllowed.
    """
    if by.kind != "person" or by.device_id is None or by.is_acting_for_a_shop:
        raise NotAllowed
    return by.device_id


def read_device_keys(
    value: JsonObject,
    device: str,
    *,
    self_signing: str | None,
    by: Actor,
    field: str = "device_keys",
) -> DeviceKeys:
    """Read the keys that `by` shows for a device, and check who signed them.

    `self_signing` is the person's self-signing key as it is known. What another key signed is not
    kept.

    Raises: InvalidInput; SignatureWrong when the device did not sign them, or the self-signing key
    is said to have signed what it has not.
    """
    require_small(value, field)
    if value.get("user_id") != user_name(by.user_id) or value.get("device_id") != device:
        raise invalid(field, "These are the keys of another device.")
    algorithms = value.get("algorithms")
    if not isinstance(algorithms, list) or not all(isinstance(it, str) for it in algorithms):
        raise invalid(field, "The algorithms are missing.")
    keys = value.get("keys")
    wanted = {f"ed25519:{device}", f"curve25519:{device}"}
    if (
        not isinstance(keys, dict)
        or set(keys) != wanted
        or not all(map(is_public_key, keys.values()))
    ):
        raise invalid(field, "A device has an Ed25519 and a Curve25519 key, in base64.")
    ed25519 = str(keys[f"ed25519:{device}"])
    own = require_signature(value, by.user_id, f"ed25519:{device}", ed25519, field)
    signed = without_signatures(value)
    signed["signatures"] = {user_name(by.user_id): {f"ed25519:{device}": own}}
    return DeviceKeys(
        user_id=by.user_id,
        device=device,
        ed25519=ed25519,
        curve25519=str(keys[f"curve25519:{device}"]),
        text=write_object(signed),
        signatures=_vouching(value, by.user_id, device, self_signing, field),
    )


def read_signed_key(value: JsonObject, device: str, ed25519: str, *, by: Actor, field: str) -> str:
    """A one-time or fallback key as JSON, with the signature of its device and no other.

    Raises: InvalidInput, SignatureWrong.
    """
    require_small(value, field, max_bytes=2048)
    if not is_public_key(value.get("key")):
        raise invalid(field, "There is no Curve25519 key in base64.")
    key_id = f"ed25519:{device}"
    signature = require_signature(value, by.user_id, key_id, ed25519, field)
    signed = without_signatures(value)
    signed["signatures"] = {user_name(by.user_id): {key_id: signature}}
    return write_object(signed)


def save_device_keys(tx: Tx, keys: DeviceKeys, *, by: Actor) -> None:
    """Show the keys of one's own device to others. They stay what they are.

    Raises: NotAllowed, IdReused for other keys than before, TooManyDevices.
    """
    device_id = require_device(by)
    row = find_device(tx, device_id)
    if row is None or row.revoked_at is not None or keys.device != str(device_id):
        raise NotAllowed
    if row.signed_keys is None:
        held = tx.one(_COUNT, user_id=by.user_id)
        if held is not None and held.many >= MAX_DEVICES:
            raise TooManyDevices(most=MAX_DEVICES)
    elif keys_in(row.signed_keys) != keys_in(keys.text):
        raise IdReused(id=keys.device)
    if row.signed_keys != keys.text:
        forget_signatures_on(tx, by.user_id, keys.device)
        tx.do(_SAVE, id_=device_id, keys_=keys.text)
    vouched = keep_signatures(tx, keys.signatures)
    if row.signed_keys != keys.text or vouched:
        raise_devices_rev(tx, by.user_id)


def find_own_keys(tx: Tx, *, by: Actor) -> str | None:
    """The keys that this device has shown, as JSON. Raises: NotAllowed."""
    row = find_device(tx, require_device(by))
    return None if row is None else row.signed_keys


def keys_in(text: str) -> JsonObject:
    """The public keys of a device by their names, from its JSON."""
    keys: JsonObject = read_object(text)["keys"]
    return keys


def _vouching(
    value: JsonObject, user_id: UserId, device: str, self_signing: str | None, field: str
) -> tuple[KeySignature, ...]:
    if self_signing is None:
        return ()
    key_id = f"ed25519:{self_signing}"
    signature = signatures_by(value, user_id).get(key_id)
    if signature is None:
        return ()
    if not is_signed(canonical(value, field), signature, self_signing):
        raise SignatureWrong(field=field, key_id=key_id)
    return (KeySignature(user_id, device, user_id, key_id, signature),)
