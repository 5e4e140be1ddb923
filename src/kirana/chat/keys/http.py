"""Routes: keys of devices, what devices send each other, backups and secrets.

Bodies and answers are the JSON that the clients' crypto library makes and reads, and a little more.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import HeaderParameter, Parameter, QueryParameter
from msgspec import Meta

from kirana import identity
from kirana.identity import JsonObject, KeysMissing, SignatureWrong, TooManyDevices
from kirana.platform.bell import Bell, Knocked
from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate, provide_limits
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    TooLarge,
)
from kirana.values import Actor, UserId, read_user_name

from ..problems import BackupReplaced, SecretChanged, invalid
from . import backups, dehydrated, lists, mailboxes, people, prekeys, secrets
from .backups import BackedUpRoom, Backup, BackupKeys, BackupState
from .dehydrated import DehydratedDevice
from .mailboxes import DeviceMessages
from .prekeys import KeyCounts
from .secrets import KeptSecret, Secret, SecretState

UPLOADS_PER_DEVICE = Rate(60, 2)
QUERIES_PER_DEVICE = Rate(120, 0.5)
STRANGERS_PER_PERSON = Rate(100, 30)
CLAIMS_PER_PAIR = Rate(60, 60)
MESSAGES_PER_DEVICE = Rate(240, 0.25)
BACKUPS_PER_DEVICE = Rate(240, 0.5)

Number = Annotated[int, Parameter(ge=0, le=2**53)]
Name = Annotated[str, Parameter(max_length=64)]
Raws = dict[str, msgspec.Raw]
Objects = dict[str, JsonObject]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UploadKeys:
    """What a device shows of itself; the signed JSON of the crypto library, as it is."""

    device_keys: JsonObject | None = None
    one_time_keys: Objects = field(default_factory=dict)
    fallback_keys: Objects = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueryKeys:
    """Users by name (`@<id>:kirana`), each with devices that are meant; an empty list is all."""

    device_keys: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class QueriedKeys:
    """Keys by user name and device. `devices_rev` is by user id: how often their keys changed."""

    device_keys: dict[str, Raws]
    master_keys: Raws
    self_signing_keys: Raws
    user_signing_keys: Raws
    devices_rev: dict[UserId, int]
    failures: Raws = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimKeys:
    """An algorithm by user name and device."""

    one_time_keys: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class ClaimedKeys:
    """A key by user name, device and key id."""

    one_time_keys: dict[str, dict[str, Raws]]
    failures: Raws = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendDeviceMessages:
    """Contents by user name and device; `*` is every device of that user."""

    messages: dict[str, Objects]


@dataclass(frozen=True, slots=True)
class AcknowledgeDeviceMessages:
    n: Annotated[int, Meta(ge=0, le=2**53)]


@dataclass(frozen=True, slots=True)
class CreateBackup:
    algorithm: Annotated[str, Meta(max_length=128)]
    auth_data: JsonObject


@dataclass(frozen=True, slots=True)
class SaveKeys:
    """Keys by the library's names of conversations."""

    rooms: dict[str, BackedUpRoom]


@dataclass(frozen=True, slots=True)
class BackupCreated:
    version: str


@dataclass(frozen=True, slots=True)
class PutDehydratedDevice:
    """A device that is to sleep on the server, as the crypto library writes it."""

    device_data: JsonObject
    device_keys: JsonObject
    one_time_keys: Objects = field(default_factory=dict)
    fallback_keys: Objects = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DehydratedDevicePut:
    device_id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is done; there is nothing to say."""


@post(
    "/v1/device-keys",
    status_code=200,
    raises=problems(
        SignatureWrong,
        KeysMissing,
        TooManyDevices,
        IdReused,
        TooLarge,
        InvalidInput,
        NotAllowed,
        NotSignedIn,
        RateLimited,
    ),
)
async def upload_device_keys(data: UploadKeys, db: Db, by: Actor, limits: Limits) -> KeyCounts:
    """Show the keys of the device that asks, and bring one-time keys. Safe to repeat.

    With an empty body it answers how many one-time keys are left.
    """
    device_id = identity.require_device(by)
    limits.take("device-keys", device_id, UPLOADS_PER_DEVICE)
    known = await db.read(identity.find_own_keys, by=by)
    upload = await _read_upload(data, str(device_id), known, db, by)
    return await db.write(prekeys.upload_keys, upload, by=by)


@post(
    "/v1/key-queries",
    status_code=200,
    raises=problems(InvalidInput, NotAllowed, NotSignedIn, RateLimited),
)
async def query_keys(data: QueryKeys, db: Db, by: Actor, limits: Limits) -> QueriedKeys:
    """The keys of oneself, of people one talks with, and of people one could write to."""
    limits.take("key-queries", by.device_id or by.person_id, QUERIES_PER_DEVICE)
    wanted = _by_user(data.device_keys)
    await _count_strangers(wanted, db, by, limits)
    found = await db.read(lists.query_keys, list(wanted), by=by)
    shown = {
        name: {
            device: keys
            for device, keys in devices.items()
            if not data.device_keys.get(name) or device in data.device_keys[name]
        }
        for name, devices in found.device_keys.items()
    }
    return QueriedKeys(
        shown,
        found.master_keys,
        found.self_signing_keys,
        found.user_signing_keys,
        found.devices_rev,
    )


@post(
    "/v1/key-claims",
    status_code=200,
    raises=problems(InvalidInput, NotAllowed, NotSignedIn, RateLimited),
)
async def claim_keys(data: ClaimKeys, db: Db, bell: Bell, by: Actor, limits: Limits) -> ClaimedKeys:
    """Take a one-time key of each of these devices, to begin to encrypt for it.

    A key is handed out once; the fallback key serves when none is left.
    """
    identity.require_device(by)
    wanted = _by_user(data.one_time_keys)
    prekeys.require_few(wanted.values())
    for user_id in wanted:
        limits.take("key-claims", (by.person_id, user_id), CLAIMS_PER_PAIR)
    claimed = await db.write(prekeys.claim_keys, wanted, by=by)
    bell.tell(Knocked(claimed.devices))
    return ClaimedKeys(claimed.one_time_keys)


@put(
    "/v1/device-messages/{txn_id:str}",
    raises=problems(InvalidInput, IdReused, TooLarge, NotAllowed, NotSignedIn, RateLimited),
)
async def send_device_messages(
    request: Request[Any, Any, Any],
    txn_id: str,
    data: SendDeviceMessages,
    db: Db,
    bell: Bell,
    by: Actor,
    limits: Limits,
    kind: Annotated[str, QueryParameter(name="type", max_length=255)],
) -> Accepted:
    """Send something to devices. The same `txn_id` of the same device is delivered once.

    Devices that are not there, or cannot be reached, are left out. A full mailbox takes no more.
    """
    limits.take("device-messages", identity.require_device(by), MESSAGES_PER_DEVICE)
    if len(await request.body()) > mailboxes.MAX_BYTES:
        raise TooLarge(max_bytes=mailboxes.MAX_BYTES)
    wanted = _by_user(data.messages)
    await _count_strangers(wanted, db, by, limits)
    batch = await asyncio.to_thread(mailboxes.read_batch, txn_id, kind, wanted)
    bell.tell(Knocked(await db.write(mailboxes.send_device_messages, batch, by=by)))
    return Accepted()


@get("/v1/device-messages", raises=problems(NotAllowed, NotSignedIn))
async def list_device_messages(db: Db, by: Actor, after: Number = 0) -> DeviceMessages:
    """What waits for the device that asks, in order. It comes again until it is acknowledged."""
    return await db.read(mailboxes.list_device_messages, after, by=by)


@post(
    "/v1/device-messages/acknowledgement",
    status_code=200,
    raises=problems(InvalidInput, NotAllowed, NotSignedIn),
)
async def acknowledge_device_messages(
    data: AcknowledgeDeviceMessages, db: Db, by: Actor
) -> Accepted:
    """The device has kept all messages up to `n`; the server forgets them."""
    await db.write(mailboxes.acknowledge_device_messages, data.n, by=by)
    return Accepted()


@post(
    "/v1/key-backups",
    raises=problems(InvalidInput, NotAllowed, NotSignedIn, RateLimited),
)
async def create_backup(data: CreateBackup, db: Db, by: Actor, limits: Limits) -> BackupCreated:
    """Begin a new backup of message keys. The one before takes no more."""
    limits.take("device-keys", identity.require_device(by), UPLOADS_PER_DEVICE)
    auth_data = backups.read_backup(data.algorithm, data.auth_data)
    version = await db.write(backups.create_backup, data.algorithm, auth_data, by=by)
    return BackupCreated(version)


@get("/v1/key-backups/latest", raises=problems(NotFound, NotAllowed, NotSignedIn))
async def get_backup(db: Db, by: Actor) -> Backup:
    """The backup that holds now."""
    return await db.read(backups.get_latest_backup, by=by)


@delete(
    "/v1/key-backups/{version:str}",
    raises=problems(NotFound, BackupReplaced, NotAllowed, NotSignedIn),
)
async def delete_backup(version: Name, db: Db, by: Actor) -> None:
    """Delete a backup with all of its keys."""
    await db.write(backups.delete_backup, version, by=by)


@put(
    "/v1/key-backups/{version:str}/keys",
    raises=problems(
        InvalidInput, NotFound, BackupReplaced, TooLarge, NotAllowed, NotSignedIn, RateLimited
    ),
)
async def save_backed_up_keys(
    version: Name, data: SaveKeys, db: Db, by: Actor, limits: Limits
) -> BackupState:
    """Keep message keys. One that is there already is replaced only by a better one."""
    limits.take("key-backups", identity.require_device(by), BACKUPS_PER_DEVICE)
    uploaded = await asyncio.to_thread(backups.read_keys, data.rooms)
    return await db.write(backups.save_keys, version, uploaded, by=by)


@get(
    "/v1/key-backups/{version:str}/keys",
    raises=problems(NotFound, BackupReplaced, NotAllowed, NotSignedIn),
)
async def list_backed_up_keys(version: Name, db: Db, by: Actor) -> BackupKeys:
    """All keys of a backup. The one before the latest can still be read."""
    return await db.read(backups.list_backed_up_keys, version, by=by)


@get("/v1/secrets/{name:str}", raises=problems(NotFound, NotAllowed, NotSignedIn))
async def get_secret(name: Name, db: Db, by: Actor, previous: bool = False) -> KeptSecret:
    """A secret of one's own; with `previous`, the value before the last."""
    return await db.read(secrets.get_secret, name, is_previous=previous, by=by)


@put(
    "/v1/secrets/{name:str}",
    raises=problems(InvalidInput, TooLarge, SecretChanged, NotAllowed, NotSignedIn, RateLimited),
)
async def save_secret(
    name: Name,
    data: Secret,
    db: Db,
    by: Actor,
    limits: Limits,
    if_match: Annotated[str | None, HeaderParameter(name="If-Match")] = None,
    if_none_match: Annotated[str | None, HeaderParameter(name="If-None-Match")] = None,
) -> SecretState:
    """Keep a secret under a name. The value before is kept too.

    `If-Match: "<etag>"` saves only what replaces that value, `If-None-Match: *` only the first.
    """
    limits.take("device-keys", identity.require_device(by), UPLOADS_PER_DEVICE)
    replaces = secrets.NOTHING if if_none_match == "*" else None
    if if_match is not None:
        replaces = if_match.strip('"')
    return await db.write(secrets.save_secret, name, data.ciphertext, replaces=replaces, by=by)


@get("/v1/dehydrated-devices", raises=problems(NotFound, NotAllowed, NotSignedIn))
async def get_only_dehydrated_device(db: Db, by: Actor) -> DehydratedDevice:
    """One's sleeping device: there is one at most."""
    return await db.read(dehydrated.get_dehydrated_device, by=by)


@get(
    "/v1/dehydrated-devices/{device_id:str}",
    raises=problems(InvalidInput, NotFound, NotAllowed, NotSignedIn),
)
async def get_dehydrated_device(device_id: Name, db: Db, by: Actor) -> DehydratedDevice:
    """The same by its id, which has `-` and `_` for `+` and `/` in a path."""
    name = dehydrated.read_name(device_id)
    return await db.read(dehydrated.get_dehydrated_device, name, by=by)


@put(
    "/v1/dehydrated-devices/{device_id:str}",
    raises=problems(
        SignatureWrong,
        KeysMissing,
        IdReused,
        TooLarge,
        InvalidInput,
        NotAllowed,
        NotSignedIn,
        RateLimited,
    ),
)
async def put_dehydrated_device(
    device_id: Name, data: PutDehydratedDevice, db: Db, by: Actor, limits: Limits
) -> DehydratedDevicePut:
    """Let a device sleep on the server, in the place of the one before."""
    limits.take("device-keys", identity.require_device(by), UPLOADS_PER_DEVICE)
    name = dehydrated.read_name(device_id)
    keys = UploadKeys(data.device_keys, data.one_time_keys, data.fallback_keys)
    upload = await _read_upload(keys, name, None, db, by)
    sleeper = dehydrated.read_dehydration(upload, data.device_data)
    await db.write(dehydrated.put_dehydrated_device, sleeper, by=by)
    return DehydratedDevicePut(name)


@delete(
    "/v1/dehydrated-devices/{device_id:str}",
    raises=problems(InvalidInput, NotFound, NotAllowed, NotSignedIn),
)
async def delete_dehydrated_device(device_id: Name, db: Db, by: Actor) -> None:
    """Delete the sleeping device, with all that waits for it."""
    name = dehydrated.read_name(device_id)
    await db.write(dehydrated.delete_dehydrated_device, name, by=by)


@get(
    "/v1/dehydrated-devices/{device_id:str}/device-messages",
    raises=problems(InvalidInput, NotFound, NotAllowed, NotSignedIn),
)
async def list_messages_of_dehydrated_device(
    device_id: Name, db: Db, by: Actor, after: Number = 0
) -> DeviceMessages:
    """What was sent to the sleeping device meanwhile."""
    name = dehydrated.read_name(device_id)
    return await db.read(dehydrated.list_messages_of_sleeper, name, after, by=by)


routes: list[Any] = [
    Router(
        "/",
        route_handlers=[
            upload_device_keys,
            query_keys,
            claim_keys,
            send_device_messages,
            list_device_messages,
            acknowledge_device_messages,
            create_backup,
            get_backup,
            delete_backup,
            save_backed_up_keys,
            list_backed_up_keys,
            get_secret,
            save_secret,
            get_only_dehydrated_device,
            get_dehydrated_device,
            put_dehydrated_device,
            delete_dehydrated_device,
            list_messages_of_dehydrated_device,
        ],
        dependencies={"limits": Provide(provide_limits, sync_to_thread=False)},
    )
]


async def _read_upload(
    data: UploadKeys, device: str, known: str | None, db: Db, by: Actor
) -> prekeys.KeyUpload:
    self_signing = await db.read(identity.current_key, by.user_id, "self_signing")
    return await asyncio.to_thread(
        prekeys.read_upload,
        data.device_keys,
        data.one_time_keys,
        data.fallback_keys,
        device=device,
        known=known,
        self_signing=self_signing,
        by=by,
    )


async def _count_strangers(wanted: dict[UserId, Any], db: Db, by: Actor, limits: Limits) -> None:
    """Raises: RateLimited when somebody asks about too many people whom they do not know."""
    found = await db.read(people.reach, wanted, by=by)
    for _ in found.strangers:
        limits.take("strangers", by.person_id, STRANGERS_PER_PERSON)


def _by_user(named: dict[str, T]) -> dict[UserId, T]:
    """By id. Names that are nobody's are left out. Raises: InvalidInput when they are too many."""
    if len(named) > people.MAX_PEOPLE:
        raise invalid("", f"At most {people.MAX_PEOPLE} people.")
    return {
        user_id: it for name, it in named.items() if (user_id := read_user_name(name)) is not None
    }
