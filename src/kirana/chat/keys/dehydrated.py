"""Putting a device to sleep on the server, and waking it: see `sleepers.py` for what that is."""

import re
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, delete, select, update

from kirana import identity
from kirana.identity import JsonObject
from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import IdReused, NotFound
from kirana.values import Actor, user_name

from ..problems import invalid
from .mailboxes import DeviceMessages, forget_mailbox, waiting_for
from .prekeys import KeyUpload, Prekeys, forget_prekeys, save_prekeys
from .tables import dehydrated_devices as rows

MAX_DATA_BYTES = 64 * 1024

_NAME = re.compile(r"[A-Za-z0-9+/]{43}")

_FIND = Q(select(rows).where(rows.c.user_id == bindparam("user_id")))
_SAVE = Q(upsert(rows, ["user_id"], ["device_id", "data", "signed_keys", "created_at"]))
_SET_DATA = Q(
    update(rows).where(rows.c.user_id == bindparam("user_id_")).values(data=bindparam("data_"))
)
_DELETE = Q(delete(rows).where(rows.c.user_id == bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class DehydratedDevice:
    """A sleeping device; only the recovery key opens `device_data`."""

    device_id: str
    device_data: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Dehydration:
    """A device that is to sleep, read and checked."""

    device_keys: identity.DeviceKeys
    prekeys: Prekeys
    data: str


def read_name(text: str) -> str:
    """The name of a dehydrated device from a path, where base64 has `-` and `_` for `+` and `/`.

    Raises: InvalidInput.
    """
    name = text.replace("-", "+").replace("_", "/")
    if not _NAME.fullmatch(name):
        raise invalid("device_id", "A dehydrated device is named by 43 letters of base64.")
    return name


def read_dehydration(upload: KeyUpload, data: JsonObject) -> Dehydration:
    """Raises: InvalidInput, KeysMissing."""
    if upload.device_keys is None:
        raise identity.KeysMissing
    prekeys = upload.prekeys or Prekeys(upload.device_keys.ed25519)
    text = identity.require_small(data, "device_data", max_bytes=MAX_DATA_BYTES)
    return Dehydration(upload.device_keys, prekeys, text)


def put_dehydrated_device(tx: Tx, sleeper: Dehydration, *, by: Actor) -> None:
    """Let this device sleep here, in the place of the one before. The same again changes nothing.

    Raises: NotAllowed, IdReused for other keys of the same device.
    """
    identity.require_device(by)
    name, keys = sleeper.device_keys.device, _with_signatures(sleeper.device_keys)
    known = tx.one(_FIND, user_id=by.user_id)
    if known is not None and known.device_id == name:
        if known.signed_keys != keys:
            raise IdReused(id=name)
        tx.do(_SET_DATA, user_id_=by.user_id, data_=sleeper.data)
        save_prekeys(tx, by.user_id, name, sleeper.prekeys)
        return
    if known is not None:
        _forget(tx, known)
    tx.do(
        _SAVE,
        user_id=by.user_id,
        device_id=name,
        data=sleeper.data,
        signed_keys=keys,
        created_at=tx.now,
    )
    save_prekeys(tx, by.user_id, name, sleeper.prekeys)
    identity.raise_devices_rev(tx, by.user_id)


def get_dehydrated_device(tx: Tx, name: str | None = None, *, by: Actor) -> DehydratedDevice:
    """One's own. Raises: NotAllowed, NotFound."""
    row = _get(tx, name, by)
    return DehydratedDevice(row.device_id, msgspec.Raw(row.data.encode()))


def list_messages_of_sleeper(tx: Tx, name: str, after: int = 0, *, by: Actor) -> DeviceMessages:
    """What was sent to the sleeping device. It stays until the device goes.

    Raises: NotAllowed, NotFound.
    """
    return waiting_for(tx, by.user_id, _get(tx, name, by).device_id, after)


def delete_dehydrated_device(tx: Tx, name: str, *, by: Actor) -> None:
    """Raises: NotAllowed, NotFound."""
    _forget(tx, _get(tx, name, by))
    tx.do(_DELETE, user_id=by.user_id)
    identity.raise_devices_rev(tx, by.user_id)


def _get(tx: Tx, name: str | None, by: Actor) -> Row:
    identity.require_device(by)
    row = tx.one(_FIND, user_id=by.user_id)
    if row is None or name not in (None, row.device_id):
        raise NotFound
    return row


def _forget(tx: Tx, row: Row) -> None:
    forget_prekeys(tx, row.user_id, row.device_id)
    forget_mailbox(tx, row.user_id, row.device_id)


def _with_signatures(keys: identity.DeviceKeys) -> str:
    """As others are shown it: nobody can vouch for it later, so it brings that along."""
    value = msgspec.json.decode(keys.text, type=dict[str, msgspec.Raw])
    signatures = msgspec.json.decode(value["signatures"], type=dict[str, dict[str, str]])
    for one in keys.signatures:
        signatures[user_name(one.signer_user_id)][one.signer_key_id] = one.signature
    value["signatures"] = msgspec.Raw(msgspec.json.encode(signatures))
    return msgspec.json.encode(value).decode()
