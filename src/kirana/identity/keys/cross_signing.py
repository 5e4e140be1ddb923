"""A person's own three keys: the master key is who they are; the self-signing key vouches for their
devices, the user-signing key for their friends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, TypeAlias

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import ConfirmationRequired, ConfirmationWrong
from kirana.values import Actor, UserId, user_name

from ..device_lists import raise_devices_rev
from ..problems import SignatureWrong
from ..tables import cross_signing_keys as rows
from .device_keys import require_device
from .signatures import KeySignature, forget_signatures_about, keep_signatures
from .signed import (
    JsonObject,
    canonical,
    invalid,
    is_public_key,
    is_signed,
    require_signature,
    require_small,
    signatures_by,
    without_signatures,
    write_object,
)

Usage: TypeAlias = Literal["master", "self_signing", "user_signing"]
USAGES: tuple[Usage, ...] = ("master", "self_signing", "user_signing")

_CURRENT = Q(
    select(rows)
    .where(any_of(rows.c.user_id, "users"), rows.c.replaced_at.is_(None))
    .order_by(rows.c.user_id, rows.c.usage)
)
_REPLACE = Q(
    update(rows)
    .where(rows.c.user_id == bindparam("user_id_"), rows.c.usage == bindparam("usage_"))
    .where(rows.c.replaced_at.is_(None))
    .values(replaced_at=bindparam("now"))
)
_SAVE = Q(upsert(rows, ["user_id", "usage", "key_id"], ["key", "created_at", "replaced_at"]))


@dataclass(frozen=True, slots=True)
class CrossSigningKeys:
    """A person's three keys, read and checked: the master key has signed the other two."""

    user_id: UserId
    key_ids: Mapping[Usage, str]
    """Public keys in base64."""
    texts: Mapping[Usage, str]
    signatures: tuple[KeySignature, ...]
    """What own devices say about the master key."""


def read_cross_signing_keys(
    uploaded: Mapping[Usage, JsonObject], *, devices: Mapping[str, str], by: Actor
) -> CrossSigningKeys:
    """Read the keys that `by` hands in. `devices` are the Ed25519 keys of their devices.

    What an unknown device has signed is not kept.

    Raises: InvalidInput; SignatureWrong when the master key has not signed the other two, or a
    device is said to have signed what it has not.
    """
    values = {usage: _read(uploaded[usage], usage, by.user_id) for usage in USAGES}
    key_ids = {usage: key_id for usage, (_, key_id) in values.items()}
    master, master_id = values["master"]
    texts: dict[Usage, str] = {"master": write_object(without_signatures(master))}
    for usage in USAGES[1:]:
        value, _ = values[usage]
        name = f"ed25519:{master_id}"
        signature = require_signature(value, by.user_id, name, master_id, f"{usage}_key")
        kept = without_signatures(value)
        kept["signatures"] = {user_name(by.user_id): {name: signature}}
        texts[usage] = write_object(kept)
    if len(set(key_ids.values())) != len(USAGES):
        raise invalid("master_key", "Each key is another one.")
    return CrossSigningKeys(
        by.user_id, key_ids, texts, _said_by_devices(master, master_id, devices, by.user_id)
    )


def save_cross_signing_keys(tx: Tx, keys: CrossSigningKeys, *, by: Actor) -> None:
    """Keep one's keys. The first need no confirmation; another master key does, since from then on
    nobody knows any more that it is the same person.

    Raises: NotAllowed, ConfirmationRequired, ConfirmationWrong.
    """
    require_device(by)
    known = {row.usage: row.key_id for row in list_current(tx, [by.user_id])}
    is_new_identity = "master" in known and known["master"] != keys.key_ids["master"]
    if is_new_identity:
        _require_confirmation(tx, keys, by)
    replaced = [usage for usage in USAGES if known.get(usage) != keys.key_ids[usage]]
    old = [known[usage] for usage in replaced if usage in known]
    if old:
        forget_signatures_about(
            tx, by.user_id, signers=[f"ed25519:{key_id}" for key_id in old], targets=old
        )
    for usage in replaced:
        tx.do(_REPLACE, user_id_=by.user_id, usage_=usage, now=tx.now)
        tx.do(
            _SAVE,
            user_id=by.user_id,
            usage=usage,
            key_id=keys.key_ids[usage],
            key=keys.texts[usage],
            created_at=tx.now,
            replaced_at=None,
        )
    keep_signatures(tx, keys.signatures)
    if replaced:
        raise_devices_rev(tx, by.user_id, is_new_identity=is_new_identity)


def list_current(tx: Tx, user_ids: Sequence[UserId]) -> list[Row]:
    """For this room only: the keys of these people that hold now."""
    return tx.all(_CURRENT, users=user_ids)


def current_key(tx: Tx, user_id: UserId, usage: Usage) -> str | None:
    """The public key of a person for this usage."""
    return next((row.key_id for row in list_current(tx, [user_id]) if row.usage == usage), None)


def _read(value: JsonObject, usage: Usage, user_id: UserId) -> tuple[JsonObject, str]:
    field = f"{usage}_key"
    require_small(value, field)
    if value.get("user_id") != user_name(user_id) or value.get("usage") != [usage]:
        raise invalid(field, "This is another key than its place says, or somebody else's.")
    keys = value.get("keys")
    if not isinstance(keys, dict) or len(keys) != 1:
        raise invalid(field, "There must be one key.")
    ((name, public_key),) = keys.items()
    if not is_public_key(public_key) or name != f"ed25519:{public_key}":
        raise invalid(field, "The key must be an Ed25519 key in base64, named by itself.")
    canonical(value, field)
    return value, str(public_key)


def _said_by_devices(
    master: JsonObject, master_id: str, devices: Mapping[str, str], user_id: UserId
) -> tuple[KeySignature, ...]:
    said = []
    for key_id, signature in signatures_by(master, user_id).items():
        public_key = devices.get(key_id.removeprefix("ed25519:"))
        if public_key is None:
            continue
        if not is_signed(canonical(master, "master_key"), signature, public_key):
            raise SignatureWrong(field="master_key", key_id=key_id)
        said.append(KeySignature(user_id, master_id, user_id, key_id, signature))
    return tuple(said)


def _require_confirmation(tx: Tx, keys: CrossSigningKeys, by: Actor) -> None:
    purpose = "\n".join(
        ["cross-signing keys", str(by.user_id), *(keys.key_ids[it] for it in USAGES)]
    )
    challenge = sha256(purpose.encode()).digest()
    if by.confirmation is None:
        raise ConfirmationRequired(challenge=challenge.hex())
    if by.confirmation.challenge != challenge:
        raise ConfirmationWrong(challenge=challenge.hex())
