"""The backup of message keys: encrypted by a person's devices for that person's recovery key.

Source: the Matrix specification, client-server API, "Server-side key backups".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana import identity
from kirana.identity import JsonObject
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import NotFound, TooLarge
from kirana.values import Actor, ConversationId, UserId, conversation_name, read_conversation_name

from ..problems import BackupReplaced, invalid
from .tables import backed_up_keys as keys
from .tables import key_backups as backups

MAX_KEYS = 250_000
"""In one backup."""
MAX_AT_ONCE = 1_000
MAX_DATA_BYTES = 8 * 1024
MAX_AUTH_BYTES = 16 * 1024
KEPT_VERSIONS = 2
"""The latest, and the one before: its key may turn up again."""

_KEY_ID = re.compile(r"[A-Za-z0-9+/=_-]{1,128}")
_ALGORITHM = re.compile(r"[A-Za-z0-9._-]{1,128}")

_LAST = Q(
    select(func.max(backups.c.version).label("version")).where(
        backups.c.user_id == bindparam("user_id")
    )
)
_KEPT = Q(
    select(backups)
    .where(backups.c.user_id == bindparam("user_id"), backups.c.deleted_at.is_(None))
    .order_by(backups.c.version.desc())
)
_ADD_BACKUP = Q(insert(backups))
_END = Q(
    update(backups)
    .where(backups.c.user_id == bindparam("user_id_"), backups.c.version == bindparam("version_"))
    .values(deleted_at=bindparam("now"), auth_data="{}")
)
_RAISE_ETAG = Q(
    update(backups)
    .where(backups.c.user_id == bindparam("user_id_"), backups.c.version == bindparam("version_"))
    .values(etag=backups.c.etag + 1)
    .returning(backups.c.etag)
)
_of_version = (
    keys.c.user_id == bindparam("user_id"),
    keys.c.version == bindparam("version"),
)
_COUNT = Q(select(func.count().label("many")).select_from(keys).where(*_of_version))
_KNOWN = Q(
    select(
        keys.c.conversation_id,
        keys.c.key_id,
        keys.c.first_index,
        keys.c.forwarded_count,
        keys.c.is_verified,
    )
    .where(*_of_version)
    .where(any_of(keys.c.key_id, "key_ids"))
)
_LIST = Q(select(keys).where(*_of_version).order_by(keys.c.conversation_id, keys.c.key_id))
_SAVE = Q(
    upsert(
        keys,
        ["user_id", "version", "conversation_id", "key_id"],
        ["first_index", "forwarded_count", "is_verified", "data"],
    )
)
_DROP = Q(delete(keys).where(*_of_version))

Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


@dataclass(frozen=True, slots=True)
class BackedUpKey:
    """One message key, as the crypto library writes and reads it."""

    first_message_index: Count
    forwarded_count: Count
    is_verified: bool
    session_data: JsonObject


@dataclass(frozen=True, slots=True)
class BackedUpRoom:
    """The keys of one conversation, by their ids."""

    sessions: dict[str, BackedUpKey]


@dataclass(frozen=True, slots=True)
class KeptKey:
    """The same as it is kept."""

    first_message_index: int
    forwarded_count: int
    is_verified: bool
    session_data: msgspec.Raw


@dataclass(frozen=True, slots=True)
class KeptRoom:
    sessions: dict[str, KeptKey]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup and how much is in it; `etag` changes with every change."""

    version: str
    algorithm: str
    auth_data: msgspec.Raw
    count: int
    etag: str


@dataclass(frozen=True, slots=True)
class BackupState:
    count: int
    etag: str


@dataclass(frozen=True, slots=True)
class BackupKeys:
    """The keys of a backup, by the library's names of conversations."""

    rooms: dict[str, KeptRoom]


@dataclass(frozen=True, slots=True)
class _Key:
    first_index: int
    forwarded_count: int
    is_verified: bool
    data: str


Uploaded = Mapping[tuple[ConversationId, str], _Key]
"""Keys by conversation and id."""


def read_backup(algorithm: str, auth_data: JsonObject) -> str:
    """What is kept of a new backup's data. Raises: InvalidInput."""
    if not _ALGORITHM.fullmatch(algorithm):
        raise invalid("algorithm", "Up to 128 letters, digits, dots, dashes and underscores.")
    return identity.require_small(auth_data, "auth_data", max_bytes=MAX_AUTH_BYTES)


def read_keys(rooms: Mapping[str, BackedUpRoom]) -> Uploaded:
    """Read keys that are to be kept. Raises: InvalidInput."""
    if sum(len(room.sessions) for room in rooms.values()) > MAX_AT_ONCE:
        raise invalid("rooms", f"At most {MAX_AT_ONCE} keys at once.")
    read: dict[tuple[ConversationId, str], _Key] = {}
    for name, room in rooms.items():
        conversation_id = read_conversation_name(name)
        if conversation_id is None:
            raise invalid("rooms", "A conversation is named !<its id>:kirana.")
        for key_id, key in room.sessions.items():
            if not _KEY_ID.fullmatch(key_id):
                raise invalid("sessions", "A key's id is up to 128 letters of base64.")
            data = identity.require_small(
                key.session_data, "session_data", max_bytes=MAX_DATA_BYTES
            )
            read[conversation_id, key_id] = _Key(
                key.first_message_index, key.forwarded_count, key.is_verified, data
            )
    return read


def create_backup(tx: Tx, algorithm: str, auth_data: str, *, by: Actor) -> str:
    """Begin a new backup; the one before stays for a while, and takes no more keys. Its version.

    Raises: NotAllowed.
    """
    identity.require_device(by)
    kept = tx.all(_KEPT, user_id=by.user_id)
    if kept and (kept[0].algorithm, kept[0].auth_data) == (algorithm, auth_data):
        # The same once more: the answer was lost.
        return str(kept[0].version)
    last = tx.one(_LAST, user_id=by.user_id)
    version = (last.version or 0) + 1 if last else 1
    for old in kept[KEPT_VERSIONS - 1 :]:
        _end(tx, by.user_id, old.version)
    tx.do(
        _ADD_BACKUP,
        user_id=by.user_id,
        version=version,
        algorithm=algorithm,
        auth_data=auth_data,
        etag=0,
        created_at=tx.now,
        deleted_at=None,
    )
    return str(version)


def get_latest_backup(tx: Tx, *, by: Actor) -> Backup:
    """Raises: NotAllowed, NotFound when there is none."""
    row = _latest(tx, by)
    return Backup(
        version=str(row.version),
        algorithm=row.algorithm,
        auth_data=msgspec.Raw(row.auth_data.encode()),
        count=_count(tx, by.user_id, row.version),
        etag=str(row.etag),
    )


def delete_backup(tx: Tx, version: str, *, by: Actor) -> None:
    """Delete a backup with its keys. Raises: NotAllowed, NotFound, BackupReplaced."""
    _end(tx, by.user_id, _find(tx, version, by).version)


def save_keys(tx: Tx, version: str, uploaded: Uploaded, *, by: Actor) -> BackupState:
    """Keep keys in the latest backup. One that is there already is replaced only by a better one:
    a verified one, else one that reads from further back, else one that came by fewer hands.

    Raises: NotAllowed, NotFound, BackupReplaced, TooLarge.
    """
    row = _latest(tx, by)
    if version != str(row.version):
        raise BackupReplaced(version=str(row.version))
    place = {"user_id": by.user_id, "version": row.version}
    known = {
        (there.conversation_id, there.key_id): there
        for there in tx.all(_KNOWN, **place, key_ids=[key_id for _, key_id in uploaded])
    }
    better = {
        name: key
        for name, key in uploaded.items()
        if name not in known or _rank(key) > _rank(known[name])
    }
    count = _count(tx, by.user_id, row.version)
    if count + sum(name not in known for name in better) > MAX_KEYS:
        raise TooLarge(most=MAX_KEYS)
    if not better:
        return BackupState(count, str(row.etag))
    tx.many(
        _SAVE,
        [
            {
                **place,
                "conversation_id": conversation_id,
                "key_id": key_id,
                "first_index": key.first_index,
                "forwarded_count": key.forwarded_count,
                "is_verified": key.is_verified,
                "data": key.data,
            }
            for (conversation_id, key_id), key in better.items()
        ],
    )
    raised = tx.one(_RAISE_ETAG, user_id_=by.user_id, version_=row.version)
    assert raised is not None
    return BackupState(_count(tx, by.user_id, row.version), str(raised.etag))


def list_backed_up_keys(tx: Tx, version: str, *, by: Actor) -> BackupKeys:
    """All keys of a backup that is kept. Raises: NotAllowed, NotFound, BackupReplaced."""
    return _list(tx, by.user_id, _find(tx, version, by).version)


def keys_of_latest(tx: Tx, user_id: UserId) -> BackupKeys:
    """For this folder only: the keys of a person's latest backup; none without one."""
    row = tx.one(_KEPT, user_id=user_id)
    return BackupKeys({}) if row is None else _list(tx, user_id, row.version)


def _rank(key: Row | _Key) -> tuple[bool, int, int]:
    return key.is_verified, -key.first_index, -key.forwarded_count


def _latest(tx: Tx, by: Actor) -> Row:
    identity.require_device(by)
    row = tx.one(_KEPT, user_id=by.user_id)
    if row is None:
        raise NotFound
    return row


def _find(tx: Tx, version: str, by: Actor) -> Row:
    latest = _latest(tx, by)
    for row in tx.all(_KEPT, user_id=by.user_id):
        if str(row.version) == version:
            return row
    raise BackupReplaced(version=str(latest.version))


def _list(tx: Tx, user_id: UserId, version: int) -> BackupKeys:
    rooms: dict[str, KeptRoom] = {}
    for key in tx.all(_LIST, user_id=user_id, version=version):
        room = rooms.setdefault(conversation_name(key.conversation_id), KeptRoom({}))
        room.sessions[key.key_id] = KeptKey(
            key.first_index, key.forwarded_count, key.is_verified, msgspec.Raw(key.data.encode())
        )
    return BackupKeys(rooms)


def _count(tx: Tx, user_id: UserId, version: int) -> int:
    row = tx.one(_COUNT, user_id=user_id, version=version)
    return 0 if row is None else int(row.many)


def _end(tx: Tx, user_id: UserId, version: int) -> None:
    tx.do(_DROP, user_id=user_id, version=version)
    tx.do(_END, user_id_=user_id, version_=version, now=tx.now)
