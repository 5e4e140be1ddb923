"""What devices send each other, mostly keys: numbered for each device without a hole, kept until
the device says that it has them, thirty days at most.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec
import structlog
from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana import identity
from kirana.identity import JsonObject
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.problems import IdReused
from kirana.values import Actor, DeviceId, UserId, user_name

from ..problems import invalid
from .people import reach
from .prekeys import KeyCounts, count_keys
from .sleepers import names_of_sleepers
from .tables import device_batches, device_messages, mailboxes

EVERY_DEVICE = "*"
MAX_BYTES = 1024 * 1024
"""Of one batch."""
MAX_CONTENT_BYTES = 64 * 1024
MAX_TARGETS = 3_000
MAX_WAITING = 10_000
"""For one device. What comes then is lost to it, and it has to ask for keys again."""
PAGE = 100
PAGE_BYTES = 256 * 1024
KEPT_MS = 30 * 24 * 3600 * 1000

_TYPE = re.compile(r"[A-Za-z0-9._-]{1,255}")
_TXN_ID = re.compile(r"[A-Za-z0-9._~-]{1,255}")

log = structlog.get_logger()

_BATCH = Q(
    select(device_batches.c.content_hash)
    .where(device_batches.c.sender_device_id == bindparam("device_id"))
    .where(device_batches.c.txn_id == bindparam("txn_id"))
)
_ADD_BATCH = Q(insert(device_batches))
_BOXES = Q(
    select(mailboxes)
    .where(any_of(mailboxes.c.user_id, "users"))
    .where(any_of(mailboxes.c.device_id, "devices"))
)
_FULL = Q(
    select(mailboxes.c.device_id)
    .where(any_of(mailboxes.c.user_id, "users"))
    .where(any_of(mailboxes.c.device_id, "devices"))
    .where(mailboxes.c.last_n > mailboxes.c.acked_n)
)
_BOX = Q(
    select(mailboxes)
    .where(mailboxes.c.user_id == bindparam("user_id"))
    .where(mailboxes.c.device_id == bindparam("device_id"))
)
_SET_BOX = Q(upsert(mailboxes, ["user_id", "device_id"], ["last_n"]))
_SET_ACKED = Q(
    update(mailboxes)
    .where(mailboxes.c.user_id == bindparam("user_id_"))
    .where(mailboxes.c.device_id == bindparam("device_id_"))
    .values(acked_n=bindparam("n"))
)
_ADD = Q(insert(device_messages))
_WAITING = Q(
    select(
        device_messages.c.n,
        device_messages.c.sender_id,
        device_messages.c.type,
        device_messages.c.content,
    )
    .where(device_messages.c.user_id == bindparam("user_id"))
    .where(device_messages.c.device_id == bindparam("device_id"))
    .where(device_messages.c.n > bindparam("after"))
    .order_by(device_messages.c.n)
    .limit(PAGE + 1)
)
_DROP = Q(
    delete(device_messages)
    .where(device_messages.c.user_id == bindparam("user_id_"))
    .where(device_messages.c.device_id == bindparam("device_id_"))
    .where(device_messages.c.n <= bindparam("n"))
)
_OLD = Q(
    select(
        device_messages.c.user_id,
        device_messages.c.device_id,
        func.max(device_messages.c.n).label("n"),
    )
    .where(device_messages.c.created_at < bindparam("before"))
    .group_by(device_messages.c.user_id, device_messages.c.device_id)
)
_FORGET_BATCHES = Q(delete(device_batches).where(device_batches.c.created_at < bindparam("before")))
_FORGET_BATCHES_OF = Q(
    delete(device_batches).where(device_batches.c.sender_device_id == bindparam("device_id"))
)
_FORGET = [
    Q(delete(table).where(table.c.user_id == bindparam("u"), table.c.device_id == bindparam("d")))
    for table in (device_messages, mailboxes)
]


@dataclass(frozen=True, slots=True)
class DeviceBatch:
    """Messages for devices, by user and device (or `*`), as JSON texts. Read without complaint."""

    txn_id: str
    type: str
    messages: Mapping[UserId, Mapping[str, str]]
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class DeviceMessage:
    """Something that one device has sent to another; the server does not look inside."""

    n: int
    sender: str
    type: str
    content: msgspec.Raw


@dataclass(frozen=True, slots=True)
class DeviceMessages:
    """What waits for a device, in order; the last number of these, and whether there is more."""

    items: list[DeviceMessage]
    n: int
    has_more: bool
    one_time_key_counts: dict[str, int]
    unused_fallback_key_types: list[str]


def read_batch(
    txn_id: str, type_: str, messages: Mapping[UserId, Mapping[str, JsonObject]]
) -> DeviceBatch:
    """Read what a device sends. Raises: InvalidInput."""
    if not _TXN_ID.fullmatch(txn_id):
        raise invalid("txn_id", "Up to 255 letters, digits, dots, dashes, underscores, tildes.")
    if not _TYPE.fullmatch(type_):
        raise invalid("type", "Up to 255 letters, digits, dots, dashes and underscores.")
    if sum(map(len, messages.values())) > MAX_TARGETS:
        raise invalid("messages", f"At most {MAX_TARGETS} devices.")
    texts = {
        user_id: {device: _text(value, device) for device, value in some.items()}
        for user_id, some in messages.items()
    }
    whole = [type_, [[u, sorted(some.items())] for u, some in sorted(texts.items())]]
    return DeviceBatch(txn_id, type_, texts, sha256(msgspec.json.encode(whole)).digest())


def send_device_messages(tx: Tx, batch: DeviceBatch, *, by: Actor) -> list[str]:
    """Put messages into the mailboxes of devices; the names of those that got some.

    The same `txn_id` of the same device again delivers nothing. Who cannot be reached, and devices
    that are not there, are left out without a word.

    Raises: NotAllowed, IdReused.
    """
    device_id = identity.require_device(by)
    known = tx.one(_BATCH, device_id=device_id, txn_id=batch.txn_id)
    if known is not None:
        if known.content_hash != batch.content_hash:
            raise IdReused(id=batch.txn_id)
        return []
    tx.do(
        _ADD_BATCH,
        sender_device_id=device_id,
        txn_id=batch.txn_id,
        content_hash=batch.content_hash,
        created_at=tx.now,
    )
    letters = _address(tx, batch, by)
    boxes = {
        (row.user_id, row.device_id): row
        for row in tx.all(
            _BOXES,
            users=[user_id for user_id, _, _ in letters],
            devices=[device for _, device, _ in letters],
        )
    }
    rows, heads = [], []
    for user_id, device, content in letters:
        box = boxes.get((user_id, device))
        last_n, acked_n = (box.last_n, box.acked_n) if box else (0, 0)
        if last_n - acked_n >= MAX_WAITING:
            log.warning("mailbox_full", user_id=str(user_id), device_id=device)
            continue
        heads.append(
            {"user_id": user_id, "device_id": device, "last_n": last_n + 1, "acked_n": acked_n}
        )
        rows.append(
            {
                "user_id": user_id,
                "device_id": device,
                "n": last_n + 1,
                "sender_id": by.user_id,
                "type": batch.type,
                "content": content,
                "created_at": tx.now,
            }
        )
    tx.many(_SET_BOX, heads)
    tx.many(_ADD, rows)
    return [str(head["device_id"]) for head in heads]


def list_device_messages(tx: Tx, after: int = 0, *, by: Actor) -> DeviceMessages:
    """What waits for the device of `by` after that number. Raises: NotAllowed."""
    return waiting_for(tx, by.user_id, str(identity.require_device(by)), after)


def find_device_messages(tx: Tx, after: int, *, by: Actor) -> DeviceMessages | None:
    """The same for a device that has shown its keys; another one gets no messages.

    Raises: NotAllowed.
    """
    if identity.find_own_keys(tx, by=by) is None:
        return None
    return list_device_messages(tx, after, by=by)


def find_with_mail(tx: Tx, users: Sequence[UserId], devices: Sequence[str]) -> list[str]:
    """Which of these devices, of these users, have not acknowledged all that was sent to them."""
    return [row.device_id for row in tx.all(_FULL, users=users, devices=devices)]


def acknowledge_device_messages(tx: Tx, n: int, *, by: Actor) -> None:
    """The device has all messages up to `n`: they are gone. Raises: NotAllowed."""
    _drop(tx, by.user_id, str(identity.require_device(by)), n)


def waiting_for(tx: Tx, user_id: UserId, device: str, after: int) -> DeviceMessages:
    """For this folder only."""
    rows = tx.all(_WAITING, user_id=user_id, device_id=device, after=after)
    page = _fitting(rows[:PAGE])
    counts: KeyCounts = count_keys(tx, user_id, device)
    return DeviceMessages(
        items=[
            DeviceMessage(
                row.n, user_name(row.sender_id), row.type, msgspec.Raw(row.content.encode())
            )
            for row in page
        ],
        n=page[-1].n if page else after,
        has_more=len(page) < len(rows),
        one_time_key_counts=counts.one_time_key_counts,
        unused_fallback_key_types=counts.unused_fallback_key_types,
    )


def expire_device_messages(tx: Tx) -> None:
    """Forget what no device came for in thirty days."""
    for row in tx.all(_OLD, before=tx.now - KEPT_MS):
        _drop(tx, row.user_id, row.device_id, row.n)
    tx.do(_FORGET_BATCHES, before=tx.now - KEPT_MS)


def forget_mailbox(tx: Tx, user_id: UserId, device: str) -> None:
    """For this folder only."""
    for statement in _FORGET:
        tx.do(statement, u=user_id, d=device)


def forget_batches(tx: Tx, device_id: DeviceId) -> None:
    """For this folder only."""
    tx.do(_FORGET_BATCHES_OF, device_id=device_id)


def _text(value: JsonObject, device: str) -> str:
    return identity.require_small(value, f"messages.{device[:100]}", max_bytes=MAX_CONTENT_BYTES)


def _address(tx: Tx, batch: DeviceBatch, by: Actor) -> list[tuple[UserId, str, str]]:
    reachable = reach(tx, batch.messages, by=by)
    people = [user_id for user_id in sorted(batch.messages) if user_id in reachable]
    live = identity.live_devices(tx, people)
    sleeping = names_of_sleepers(tx, people)
    letters = []
    for user_id in people:
        there = [str(device_id) for device_id in live[user_id]]
        there += [sleeping[user_id]] if user_id in sleeping else []
        some = batch.messages[user_id]
        for device in there:
            content = some.get(device, some.get(EVERY_DEVICE))
            if content is not None:
                letters.append((user_id, device, content))
    return letters


def _drop(tx: Tx, user_id: UserId, device: str, n: int) -> None:
    box = tx.one(_BOX, user_id=user_id, device_id=device)
    if box is None or min(n, box.last_n) <= box.acked_n:
        return
    names = {"user_id_": user_id, "device_id_": device, "n": min(n, box.last_n)}
    tx.do(_DROP, **names)
    tx.do(_SET_ACKED, **names)


def _fitting(rows: Sequence[Row]) -> list[Row]:
    """As many from the front as fit into one page, one at least."""
    page: list[Row] = []
    size = 0
    for row in rows:
        size += len(row.content)
        if page and size > PAGE_BYTES:
            break
        page.append(row)
    return page
