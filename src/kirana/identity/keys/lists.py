"""The keys of some people, as one of them may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.values import Actor, DeviceId, UserId, user_name

from ..device_lists import devices_rev_of
from ..tables import devices
from .cross_signing import list_current
from .signatures import list_signatures
from .signed import JsonObject, read_object, write_object

_DEVICES = Q(
    select(devices.c.id, devices.c.user_id, devices.c.name, devices.c.signed_keys)
    .where(any_of(devices.c.user_id, "users"))
    .where(devices.c.revoked_at.is_(None), devices.c.signed_keys.is_not(None))
    .order_by(devices.c.user_id, devices.c.created_at, devices.c.id)
)
_LIVE = Q(
    select(devices.c.id, devices.c.user_id)
    .where(any_of(devices.c.user_id, "users"))
    .where(devices.c.revoked_at.is_(None), devices.c.signed_keys.is_not(None))
    .order_by(devices.c.user_id, devices.c.id)
)


@dataclass(frozen=True, slots=True)
class KeyLists:
    """What the crypto library wants to know of some users, by their names, and `devices_rev`: how
    often the keys of each had changed at that moment."""

    device_keys: dict[str, dict[str, msgspec.Raw]] = field(default_factory=dict)
    master_keys: dict[str, msgspec.Raw] = field(default_factory=dict)
    self_signing_keys: dict[str, msgspec.Raw] = field(default_factory=dict)
    user_signing_keys: dict[str, msgspec.Raw] = field(default_factory=dict)
    devices_rev: dict[UserId, int] = field(default_factory=dict)


def list_keys(tx: Tx, user_ids: Sequence[UserId], *, by: Actor) -> KeyLists:
    """The keys of these users. Who may be asked about is for the caller to know.

    A name that somebody gave a device, and a user-signing key, are for their owner; of what people
    have signed about each other, one sees one's own.
    """
    shown = KeyLists(devices_rev=devices_rev_of(tx, user_ids))
    said: dict[tuple[UserId, str], list[Row]] = {}
    for row in list_signatures(tx, user_ids, reader=by.user_id):
        said.setdefault((row.target_user_id, row.target_key_id), []).append(row)
    for user_id in user_ids:
        shown.device_keys[user_name(user_id)] = {}
    for row in tx.all(_DEVICES, users=user_ids):
        device = str(row.id)
        value = _with(row.signed_keys, said.get((row.user_id, device), []))
        if row.user_id == by.user_id:
            value["unsigned"] = {"device_display_name": row.name}
        shown.device_keys[user_name(row.user_id)][device] = _raw(value)
    places = {
        "master": shown.master_keys,
        "self_signing": shown.self_signing_keys,
        "user_signing": shown.user_signing_keys,
    }
    for row in list_current(tx, user_ids):
        if row.usage != "user_signing" or row.user_id == by.user_id:
            value = _with(row.key, said.get((row.user_id, row.key_id), []))
            places[row.usage][user_name(row.user_id)] = _raw(value)
    return shown


def live_devices(tx: Tx, user_ids: Sequence[UserId]) -> dict[UserId, list[DeviceId]]:
    """The devices of these users that have keys and are signed in."""
    live: dict[UserId, list[DeviceId]] = {user_id: [] for user_id in user_ids}
    for row in tx.all(_LIVE, users=user_ids):
        live[row.user_id].append(row.id)
    return live


def _with(text: str, signatures: list[Row]) -> JsonObject:
    """A signed object with these signatures beside those that it came with."""
    value = read_object(text)
    if signatures:
        made = value.setdefault("signatures", {})
        for row in signatures:
            made.setdefault(user_name(row.signer_user_id), {})[row.signer_key_id] = row.signature
    return value


def _raw(value: JsonObject) -> msgspec.Raw:
    return msgspec.Raw(write_object(value).encode())
