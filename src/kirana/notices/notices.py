"""Telling somebody once, and knowing whether they have seen it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from kirana.platform import stream
from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, Money, NoticeId, UserId, derived_id

from .tables import notices

KEPT_MS = 90 * 24 * 3600 * 1000
"""Seen or not, it is old then. What it is about is kept elsewhere."""
_MOST = 100

_ADD = Q(upsert(notices, ["id"]))
_FIND = Q(select(notices).where(notices.c.id == bindparam("id")))
_UNSEEN = Q(
    select(notices)
    .where(notices.c.user_id == bindparam("user_id"), notices.c.seen_at.is_(None))
    .order_by(notices.c.created_at.desc(), notices.c.id.desc())
    .limit(_MOST)
)
_OF_USER = Q(
    select(notices)
    .where(notices.c.user_id == bindparam("user_id"))
    .order_by(notices.c.created_at, notices.c.id)
)
_OPEN = Q(
    select(notices.c.id, notices.c.user_id)
    .where(
        notices.c.kind == bindparam("kind"),
        notices.c.subject_id == bindparam("subject_id"),
        notices.c.seen_at.is_(None),
    )
    .order_by(notices.c.user_id)
)
_SEE = Q(
    update(notices)
    .where(notices.c.id == bindparam("id_"), notices.c.seen_at.is_(None))
    .values(seen_at=bindparam("now"))
)
_NEW = Q(
    select(stream.entries.c.pos, notices.c.id)
    .join(notices, notices.c.id == stream.entries.c.ref)
    .where(
        stream.entries.c.user_id == bindparam("user_id"),
        stream.entries.c.pos > bindparam("after"),
        stream.entries.c.kind == "notice",
        notices.c.user_id == bindparam("user_id"),
        notices.c.seen_at.is_(None),
    )
    .order_by(stream.entries.c.pos.desc())
    .limit(_MOST)
)
_FORGET = Q(delete(notices).where(notices.c.created_at < bindparam("before")))
_FORGET_OF = Q(delete(notices).where(notices.c.user_id == bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told. `subject_id` is the thing that it is about, `other_id` who else takes
    part in it, `why` a slug where the kind alone does not say enough."""

    id: NoticeId
    kind: str
    subject_id: UUID
    other_id: UUID | None
    amount: Money | None
    why: str
    created_at: int
    seen_at: int | None


def tell(
    tx: Tx,
    parent: UUID,
    user_id: UserId,
    kind: str,
    subject_id: UUID,
    *,
    other_id: UUID | None = None,
    amount: Money | None = None,
    why: str = "",
) -> None:
    """Let somebody know. `parent` is what made it known: of each kind it tells a user once."""
    id = NoticeId(derived_id(parent, f"{kind}:{user_id}"))
    is_new = tx.do(
        _ADD,
        id=id,
        user_id=user_id,
        kind=kind,
        subject_id=subject_id,
        other_id=other_id,
        currency=amount.currency if amount else None,
        amount_minor=amount.amount_minor if amount else None,
        why=why,
        created_at=tx.now,
        seen_at=None,
    )
    if is_new:
        tx.publish([user_id], Change("notice", id))


def settle(tx: Tx, kind: str, subject_id: UUID) -> None:
    """What was to be done is done: nobody needs to be told of it any more."""
    for row in tx.all(_OPEN, kind=kind, subject_id=subject_id):
        _see(tx, row)


def mark_seen(tx: Tx, id: NoticeId, *, by: Actor) -> Notice:
    """`by` knows. Safe to repeat. Raises: NotFound."""
    row = _own(tx, id, by)
    if row.seen_at is None:
        _see(tx, row)
    return _notice(_own(tx, id, by))


def list_notices(tx: Tx, *, by: Actor) -> list[Notice]:
    """What `by` has not seen yet, the latest first; a hundred at most."""
    return [_notice(row) for row in tx.all(_UNSEEN, user_id=by.user_id)]


def list_new(tx: Tx, user_id: UserId, after: int) -> list[tuple[NoticeId, int]]:
    """What came in a user's stream after that position and was not seen since, with its position;
    the latest first."""
    return [(row.id, row.pos) for row in tx.all(_NEW, user_id=user_id, after=after)]


def forget_notices(tx: Tx) -> int:
    """Drop what is old. Runs by the clock."""
    return tx.do(_FORGET, before=tx.now - KEPT_MS)


def all_of(tx: Tx, user_id: UserId) -> list[Notice]:
    """For this room only."""
    return [_notice(row) for row in tx.all(_OF_USER, user_id=user_id)]


def forget_all_of(tx: Tx, user_id: UserId) -> None:
    """For this room only."""
    tx.do(_FORGET_OF, user_id=user_id)


def _see(tx: Tx, row: Row) -> None:
    tx.do(_SEE, id_=row.id, now=tx.now)
    tx.publish([row.user_id], Change("notice", row.id))


def _own(tx: Tx, id: NoticeId, by: Actor) -> Row:
    row = tx.one(_FIND, id=id)
    if row is None or row.user_id != by.user_id:
        raise NotFound()
    return row


def _notice(row: Row) -> Notice:
    return Notice(
        id=row.id,
        kind=row.kind,
        subject_id=row.subject_id,
        other_id=row.other_id,
        amount=Money(row.amount_minor, row.currency) if row.currency is not None else None,
        why=row.why,
        created_at=row.created_at,
        seen_at=row.seen_at,
    )
