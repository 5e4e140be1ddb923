"""Who changed what in a shop, and when. Append-only."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, insert, or_, select

from kirana.platform.db import Q, Tx
from kirana.platform.problems import InvalidInput
from kirana.values import Actor, BusinessId, Page, UserId, uuid7

from .model import Role
from .roles import require
from .tables import records

_PAGE = 50
_INSERT = Q(insert(records))
_LIST = Q(
    select(records)
    .where(
        records.c.business_id == bindparam("business_id"),
        or_(
            records.c.at < bindparam("before_at"),
            and_(records.c.at == bindparam("before_at"), records.c.id < bindparam("before_id")),
        ),
    )
    .order_by(records.c.at.desc(), records.c.id.desc())
    .limit(_PAGE + 1)
)


@dataclass(frozen=True, slots=True)
class Record:
    """One change: by whom (`person_id`, acting as `user_id`), and what it was before and after."""

    id: UUID
    at: int
    person_id: UserId
    user_id: UserId
    action: str
    subject_id: UUID | None
    before: Any
    after: Any


def record(
    tx: Tx,
    business_id: BusinessId,
    action: str,
    *,
    subject_id: UUID | None = None,
    before: object = None,
    after: object = None,
    by: Actor,
) -> None:
    """Note a change, in the transaction that makes it. `action` is named like an event."""
    tx.do(
        _INSERT,
        id=uuid7(),
        business_id=business_id,
        at=tx.now,
        person_id=by.person_id,
        user_id=by.user_id,
        action=action,
        subject_id=subject_id,
        before=before,
        after=after,
    )


def list_records(
    tx: Tx, business_id: BusinessId, *, after: str | None = None, by: Actor
) -> Page[Record]:
    """The newest first. Raises: NotFound, NotAllowed, InvalidInput."""
    require(tx, business_id, Role.MANAGER, by=by)
    before_at, before_id = 2**62, UUID(int=2**128 - 1)
    if after:
        try:
            at, _, text = after.partition("_")
            before_at, before_id = max(0, min(int(at), 2**62)), UUID(text)
        except ValueError:
            raise InvalidInput(errors=[{"field": "after", "message": "No cursor."}]) from None
    rows = tx.all(_LIST, business_id=business_id, before_at=before_at, before_id=before_id)
    found = [
        Record(
            row.id,
            row.at,
            row.person_id,
            row.user_id,
            row.action,
            row.subject_id,
            row.before,
            row.after,
        )
        for row in rows[:_PAGE]
    ]
    more = f"{found[-1].at}_{found[-1].id}" if len(rows) > _PAGE else None
    return Page(found, more)
