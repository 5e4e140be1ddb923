"""One ordered stream per user: what their clients should look at again.

Entries are pointers, never content. `pos` has no holes, so a client that knows its last one can
resume without loss, and can tell that something is missing. The socket only rings.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    PrimaryKeyConstraint,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from kirana.values import DeviceId, UserId

from .db import Id, Int, Q, Row, Text, Tx, any_of, table, upsert
from .db.transaction import Change, Ring

__all__ = [
    "Change",
    "Entry",
    "Frames",
    "Ring",
    "StreamPage",
    "frame",
    "read_stream",
    "write_published",
]

PAGE = 500
KEEP_MS = 30 * 24 * 3600 * 1000

heads = table(
    "stream_heads",
    Column("user_id", Id, primary_key=True),
    Column("pos", Int, nullable=False),
    Column("pushed_pos", Int, nullable=False, server_default="0"),
    Column("changed_at", Int, nullable=False, index=True),
)
entries = table(
    "stream_entries",
    Column("user_id", Id, nullable=False),
    Column("pos", Int, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", Id, nullable=False),
    Column("seq", Int),
    Column("created_at", Int, nullable=False),
    PrimaryKeyConstraint("user_id", "pos"),
    sqlite_with_rowid=False,
)
cursors = table(
    "stream_cursors",
    Column("device_id", Id, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("acked_pos", Int, nullable=False),
    PrimaryKeyConstraint("device_id", "user_id"),
)

_HEADS = Q(select(heads.c.user_id, heads.c.pos).where(any_of(heads.c.user_id, "users")))
_RAISE = Q(
    upsert(
        heads,
        ["user_id"],
        {
            "pos": heads.c.pos + literal_column("excluded.pos"),
            "changed_at": literal_column("excluded.changed_at"),
        },
    ).returning(heads.c.user_id, heads.c.pos)
)
_ADD = Q(insert(entries))
_AFTER = Q(
    select(entries.c.pos, entries.c.kind, entries.c.ref, entries.c.seq)
    .where(entries.c.user_id == bindparam("user_id"), entries.c.pos > bindparam("after"))
    .order_by(entries.c.pos)
    .limit(PAGE)
)
_OLDEST = Q(select(func.min(entries.c.pos)).where(entries.c.user_id == bindparam("user_id")))
_EXPIRE = Q(delete(entries).where(entries.c.created_at < bindparam("before")))
_ACKED = Q(
    select(cursors.c.acked_pos).where(
        cursors.c.device_id == bindparam("device_id"), cursors.c.user_id == bindparam("user_id")
    )
)
_ACK = Q(upsert(cursors, ["device_id", "user_id"], ["acked_pos"]))
_CHANGED = Q(
    select(heads.c.user_id, heads.c.pos, heads.c.pushed_pos, heads.c.changed_at)
    .where(heads.c.changed_at >= bindparam("since"), heads.c.pos > heads.c.pushed_pos)
    .where(
        (heads.c.changed_at > bindparam("changed_at"))
        | ((heads.c.changed_at == bindparam("changed_at")) & (heads.c.user_id > bindparam("last")))
    )
    .order_by(heads.c.changed_at, heads.c.user_id)
    .limit(PAGE)
)
_SET_PUSHED = Q(
    update(heads)
    .where(heads.c.user_id == bindparam("id_"))
    .values(pushed_pos=bindparam("pushed_pos"))
)
_HANDLED = Q(
    select(cursors.c.device_id, cursors.c.user_id, cursors.c.acked_pos).where(
        any_of(cursors.c.device_id, "devices")
    )
)

Entry = Row
"""A pointer: pos, kind, ref, seq."""
FrameQuery = Callable[[Tx, UserId, Sequence[Entry]], Sequence[bytes | None]]
"""Frames for one reader, without `pos`; None where the plain pointer serves."""


@dataclass(frozen=True, slots=True)
class StreamPage:
    """Frames after a cursor. `resync` says that older entries are gone: start afresh."""

    pos: int
    frames: list[msgspec.Raw]
    has_more: bool
    resync: bool


@dataclass(slots=True)
class Frames:
    """Which query turns pointers of a kind into frames. Registered in `app/wiring.py`."""

    queries: dict[str, FrameQuery] = field(default_factory=dict)

    def render(self, tx: Tx, reader: UserId, found: Sequence[Entry]) -> list[bytes]:
        by_kind: dict[str, list[Entry]] = defaultdict(list)
        for entry in found:
            by_kind[entry.kind].append(entry)
        drawn: dict[int, bytes] = {}
        for kind, some in by_kind.items():
            query = self.queries.get(kind)
            bodies = query(tx, reader, some) if query else [None] * len(some)
            for entry, body in zip(some, bodies, strict=True):
                drawn[entry.pos] = frame(entry.pos, Change(kind, entry.ref, entry.seq), body)
        return [drawn[entry.pos] for entry in found]


class _NewEntry(NamedTuple):
    user_id: UserId
    pos: int
    kind: str
    ref: UUID
    seq: int | None
    created_at: int


def write_published(tx: Tx) -> None:
    """Number and keep what this commit's commands published. Runs last before each commit: a number
    taken late is one that nobody waits for. Heads are locked in the order of their users."""
    if not tx.published:
        return
    changes: dict[UserId, list[tuple[Change, bytes | None]]] = defaultdict(list)
    for said in tx.published:
        for user_id in said.users:
            changes[user_id].append((said.change, said.hint))
    users = sorted(changes, key=attrgetter("int"))
    raised = tx.each(
        _RAISE,
        [
            {"user_id": u, "pos": len(changes[u]), "pushed_pos": 0, "changed_at": tx.now}
            for u in users
        ],
    )
    rows: list[_NewEntry] = []
    for user_id, pos in raised:
        some = changes[user_id]
        for number, (change, hint) in enumerate(some, pos - len(some) + 1):
            tx.rings.append(Ring(user_id, number, change, hint))
            rows.append(_NewEntry(user_id, number, change.kind, change.ref, change.seq, tx.now))
    tx.many(_ADD, rows)


def read_stream(tx: Tx, user_id: UserId, after: int, frames: Frames) -> StreamPage:
    """Up to `PAGE` frames after the cursor `after`."""
    head = head_of(tx, user_id)
    found = tx.all(_AFTER, user_id=user_id, after=after)
    oldest = found[0].pos if found else head + 1
    if after > head or oldest > after + 1:
        return StreamPage(head, [], False, resync=True)
    drawn = [msgspec.Raw(body) for body in frames.render(tx, user_id, found)]
    pos = found[-1].pos if found else after
    return StreamPage(pos, drawn, has_more=pos < head, resync=False)


def head_of(tx: Tx, user_id: UserId) -> int:
    return heads_of(tx, [user_id]).get(user_id, 0)


def heads_of(tx: Tx, users: Sequence[UserId]) -> dict[UserId, int]:
    return {row.user_id: row.pos for row in tx.all(_HEADS, users=list(users))}


def list_changed(tx: Tx, since: int, after: Row | None) -> list[Row]:
    """Up to `PAGE` heads that have moved at `since` or later, beyond what devices were told of.

    Rows of user_id, pos, pushed_pos and changed_at, the earliest first; the next page is `after`
    the last of them.
    """
    changed_at, last = (after.changed_at, after.user_id) if after else (-1, UUID(int=0))
    return tx.all(_CHANGED, since=since, changed_at=changed_at, last=last)


def set_pushed(tx: Tx, user_id: UserId, pos: int) -> None:
    """What came up to `pos` was told to sleeping devices, or need not be."""
    tx.do(_SET_PUSHED, id_=user_id, pushed_pos=pos)


def mark_pushed(tx: Tx, users: Sequence[UserId]) -> None:
    """What has come until now need not be told to sleeping devices."""
    for user_id, pos in heads_of(tx, users).items():
        set_pushed(tx, user_id, pos)


def list_handled(tx: Tx, devices: Sequence[DeviceId]) -> dict[tuple[DeviceId, UserId], int]:
    """How far each of the devices has handled the streams that it follows."""
    rows = tx.all(_HANDLED, devices=list(devices))
    return {(row.device_id, row.user_id): row.acked_pos for row in rows}


def acknowledge(tx: Tx, device_id: DeviceId, user_id: UserId, pos: int) -> int | None:
    """The device has handled its user's stream up to `pos`; what it had handled before.

    None when that was further already.
    """
    pos = min(pos, head_of(tx, user_id))
    known = tx.one(_ACKED, device_id=device_id, user_id=user_id)
    before = known.acked_pos if known else max(0, pos - PAGE)
    if pos <= before:
        return None
    tx.do(_ACK, device_id=device_id, user_id=user_id, acked_pos=pos)
    return int(before)


def expire_entries(tx: Tx) -> int:
    """Forget pointers that are older than 30 days; a client that needs them starts afresh."""
    return tx.do(_EXPIRE, before=tx.now - KEEP_MS)


def frame(pos: int, change: Change, body: bytes | None = None) -> bytes:
    """The frame of one entry. `body` is a JSON object that tells all but its place."""
    if body is not None:
        return b'{"t":"ev","pos":%d,' % pos + body[1:]
    plain: dict[str, Any] = {"t": "ev", "pos": pos, "k": change.kind, "ref": _text(change.ref)}
    if change.seq is not None:
        plain["seq"] = change.seq
    return msgspec.json.encode(plain)


def _text(ref: UUID) -> str:
    return str(ref)
