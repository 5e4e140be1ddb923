"""Telling devices that sleep, by Web Push, that something has come. Sending a message does nothing
for it: once a second a sweep looks at whose stream has grown.

A note says which conversation, or which notice, as a hash, and where in the stream; the device
fetches the rest.
"""

import asyncio
import hmac
import http.client
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import bindparam, func, or_, select

from kirana import identity, notices
from kirana.identity import Reached
from kirana.platform import stream, web_push
from kirana.platform.db import Q, Row, Tx
from kirana.platform.jobs import Outside
from kirana.platform.outgoing import NotPublic
from kirana.platform.settings import Settings
from kirana.values import DeviceId, UserId

from .model import MemberState, RowKind
from .tables import members, messages

PATIENCE_MS = 6_000
"""How long a connected device may take to say that it has something. A telephone that went to
sleep is connected for a while, but silent."""
OVERLAP_MS = 2_000
"""Another process may commit a little later than its clock said."""
KEPT_S = 28 * 24 * 3600
MAX_NOTES = 10
"""Of one device and sweep; the latest."""
GIVE_UP_MS = 3600 * 1000
_ENTRIES = 500

log = structlog.get_logger()

_NEWS = Q(
    select(
        stream.entries.c.pos,
        messages.c.conversation_id,
        messages.c.sender_id,
        members.c.state,
    )
    .join(
        messages,
        (messages.c.conversation_id == stream.entries.c.ref)
        & (messages.c.seq == stream.entries.c.seq),
    )
    .join(
        members,
        (members.c.conversation_id == messages.c.conversation_id)
        & (members.c.user_id == stream.entries.c.user_id),
    )
    .where(stream.entries.c.user_id == bindparam("user_id"))
    .where(stream.entries.c.pos > bindparam("after"))
    .where(stream.entries.c.kind == "message")
    .where(messages.c.k.in_([RowKind.MESSAGE, RowKind.FACT]))
    .where(~messages.c.is_quiet, messages.c.content.is_not(None))
    .where(or_(messages.c.sender_id.is_(None), messages.c.sender_id != bindparam("user_id")))
    .where(members.c.state.in_([MemberState.JOINED, MemberState.REQUESTED]))
    .where(members.c.read_seq < messages.c.seq)
    .where(func.coalesce(members.c.muted_until, 0) <= bindparam("now"))
    .order_by(stream.entries.c.pos.desc())
    .limit(_ENTRIES)
)


@dataclass(frozen=True, slots=True)
class Expected:
    """A connected device should say by `until` that it has handled the stream up to `pos`."""

    after: int
    pos: int
    until: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where the next sweep goes on."""

    since: int
    expected: Mapping[Reached, Expected] = field(default_factory=dict)


class Told(msgspec.Struct, frozen=True):
    """The latest of a conversation, or a notice, that a device is told of."""

    about: UUID = msgspec.field(name="conversation_id")
    pos: int
    is_request: bool


def has_grown(tx: Tx, sweep: Sweep) -> bool:
    """Whether there may be something to tell."""
    return bool(sweep.expected) or bool(stream.list_changed(tx, sweep.since, None))


def tell_sleeping(tx: Tx, sweep: Sweep, is_connected: Callable[[DeviceId], bool]) -> Sweep:
    """Let every device that sleeps be told of what has come, once.

    Left out are those that have handled it, and connected ones that are quick to; muted
    conversations, what is quiet or read, and what one said oneself or somebody blocked said.
    """
    heads = _changed(tx, sweep.since)
    reached = identity.list_reached(tx, list(heads))
    devices = {it.device_id for it in (*reached, *sweep.expected)}
    handled = stream.list_handled(tx, sorted(devices))
    due: dict[Reached, int] = {}
    expected: dict[Reached, Expected] = {}
    for it, waited in sweep.expected.items():
        if handled.get((it.device_id, it.user_id), 0) >= waited.pos:
            continue
        if is_connected(it.device_id) and tx.now < waited.until:
            expected[it] = waited
        else:
            due[it] = waited.after
    for it in reached:
        head = heads[it.user_id]
        if handled.get((it.device_id, it.user_id), 0) >= head.pos or it in due or it in expected:
            continue
        if is_connected(it.device_id):
            expected[it] = Expected(head.pushed_pos, head.pos, tx.now + PATIENCE_MS)
        else:
            due[it] = head.pushed_pos
    for user_id in sorted({it.user_id for it in reached}):
        stream.set_pushed(tx, user_id, heads[user_id].pos)
    _tell(
        tx,
        {it: max(after, handled.get((it.device_id, it.user_id), 0)) for it, after in due.items()},
    )
    return Sweep(tx.now - OVERLAP_MS, expected)


async def push_notes(outside: Outside, device_id: DeviceId, told: list[Told], told_at: int) -> None:
    """Hand what a device is told to its push service. A job; the service's failures are tried
    again for an hour, and an address that it knows no more is forgotten.
    """
    target = await outside.db.read(identity.find_target, device_id)
    if target is None:
        return
    private_key = await outside.db.read(web_push.find_key)
    now = await outside.db.read(lambda tx: tx.now)
    for one in told:
        try:
            status = await asyncio.to_thread(
                web_push.send,
                target,
                note_for(target, one),
                private_key=private_key,
                contact=_contact(outside.settings),
                now=now,
                post=outside.post,
            )
            failure = str(status)
        except NotPublic:
            status, failure = 404, "not public"
        except (OSError, http.client.HTTPException) as error:
            status, failure = 503, type(error).__name__
        if status in (404, 410):
            log.info("push_address_gone", device_id=str(device_id), status=status)
            await outside.db.write(identity.drop_dead, device_id, target.endpoint)
            return
        if status == 429 or status >= 500:
            if now - told_at < GIVE_UP_MS:
                raise PushFailed(failure)
            log.warning("push_gave_up", device_id=str(device_id), failure=failure)
            return
        if status >= 300:
            log.warning("push_refused", device_id=str(device_id), status=status)


class PushFailed(Exception):
    """The push service cannot take it now."""


def note_for(target: web_push.Target, told: Told) -> web_push.Note:
    """Neither the service nor whoever compares two devices learns what it is about."""
    place = told.about.bytes
    payload = {"c": web_push.encode(sha256(place).digest()[:16]), "p": told.pos}
    return web_push.Note(
        payload=msgspec.json.encode(payload),
        topic=web_push.encode(hmac.digest(target.auth, place, "sha256")[:24]),
        ttl_s=KEPT_S,
        urgency="low" if told.is_request else "high",
    )


def _changed(tx: Tx, since: int) -> dict[UserId, Row]:
    heads: dict[UserId, Row] = {}
    last: Row | None = None
    while page := stream.list_changed(tx, since, last):
        heads.update((row.user_id, row) for row in page)
        last = page[-1]
    return heads


def _tell(tx: Tx, due: Mapping[Reached, int]) -> None:
    from_where: dict[UserId, int] = {}
    for it, after in due.items():
        from_where[it.user_id] = min(after, from_where.get(it.user_id, after))
    news = {user_id: _news(tx, user_id, after) for user_id, after in from_where.items()}
    by_device: dict[DeviceId, dict[UUID, Told]] = defaultdict(dict)
    for it, after in due.items():
        for one in news[it.user_id]:
            if one.pos > after:
                by_device[it.device_id].setdefault(one.about, one)
    for device_id, told in sorted(by_device.items()):
        latest = list(told.values())[:MAX_NOTES]
        tx.enqueue(push_notes, device_id=device_id, told=latest, told_at=tx.now)


def _news(tx: Tx, user_id: UserId, after: int) -> Sequence[Told]:
    """The latest first."""
    rows = tx.all(_NEWS, user_id=user_id, after=after, now=tx.now)
    senders = {row.sender_id for row in rows} - {None}
    blocked = {it for it in senders if identity.has_blocked(tx, user_id, it)}
    said = [
        Told(row.conversation_id, row.pos, row.state == MemberState.REQUESTED)
        for row in rows
        if row.sender_id not in blocked
    ]
    noticed = [Told(id, pos, False) for id, pos in notices.list_new(tx, user_id, after)]
    return sorted([*said, *noticed], key=lambda it: -it.pos)


def _contact(settings: Settings) -> str:
    """Where the push service's operator reaches this server's. Source: RFC 8292 section 2.1."""
    if settings.mail_from:
        return f"mailto:{settings.mail_from.rpartition('<')[2].rstrip('>')}"
    return settings.public_url
