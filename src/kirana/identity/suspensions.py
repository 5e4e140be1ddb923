"""People and shops whom an operator keeps out. Whoever calls has asked whether one may.

Nothing of theirs is deleted, and no device is signed out: when a suspension is lifted, they go on
where they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import NotAllowed, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .model import Card
from .problems import AccountSuspended
from .tables import suspensions, users

_CURRENT = (
    select(suspensions, users.c.kind, users.c.name, users.c.handle, users.c.photo_id)
    .join(users, users.c.id == suspensions.c.user_id)
    .where(suspensions.c.lifted_at.is_(None))
)
_FIND = Q(_CURRENT.where(suspensions.c.user_id == bindparam("user_id")))
_LIST = Q(_CURRENT.order_by(suspensions.c.suspended_at.desc(), suspensions.c.user_id))
_AMONG = Q(
    select(suspensions.c.user_id).where(
        suspensions.c.lifted_at.is_(None), any_of(suspensions.c.user_id, "ids")
    )
)
_KIND = Q(select(users.c.kind).where(users.c.id == bindparam("id")))
_INSERT = Q(insert(suspensions))
_REWORD = Q(
    update(suspensions)
    .where(suspensions.c.user_id == bindparam("user_id_"), suspensions.c.lifted_at.is_(None))
    .values(reason=bindparam("reason_"))
)
_LIFT = Q(
    update(suspensions)
    .where(suspensions.c.user_id == bindparam("user_id_"), suspensions.c.lifted_at.is_(None))
    .values(lifted_at=bindparam("now"), lifted_by=bindparam("by_"))
)


@dataclass(frozen=True, slots=True)
class Suspension:
    """Who is kept out. They read the reason themselves."""

    user: Card
    reason: str
    suspended_at: int


def suspend(tx: Tx, user_id: UserId, reason: str, *, by: Actor) -> None:
    """Keep a person, a guest or a shop out from now on. Again: the reason is put anew.

    Raises: NotFound; NotAllowed for oneself and for Kirana.
    """
    row = tx.one(_KIND, id=user_id)
    if row is None:
        raise NotFound(user_id=user_id)
    if row.kind == "system" or user_id in (by.user_id, by.person_id):
        raise NotAllowed()
    if not tx.do(_REWORD, user_id_=user_id, reason_=reason):
        tx.do(_INSERT, user_id=user_id, suspended_at=tx.now, reason=reason, by_id=by.person_id)
    tx.publish([user_id], Change("user", user_id))


def reinstate(tx: Tx, user_id: UserId, *, by: Actor) -> None:
    """Let them in again. Again: nothing."""
    if tx.do(_LIFT, user_id_=user_id, now=tx.now, by_=by.person_id):
        tx.publish([user_id], Change("user", user_id))


def list_suspensions(tx: Tx) -> list[Suspension]:
    """Who is kept out now, the latest first."""
    return [_suspension(row) for row in tx.all(_LIST)]


def find_suspended(tx: Tx, user_ids: Sequence[UserId]) -> set[UserId]:
    """Which of these are kept out."""
    return {row.user_id for row in tx.all(_AMONG, ids=user_ids)}


def require_admitted(tx: Tx, user_id: UserId) -> None:
    """Raises: AccountSuspended."""
    if row := tx.one(_FIND, user_id=user_id):
        raise AccountSuspended(user_id=user_id, reason=row.reason, suspended_at=row.suspended_at)


def _suspension(row: Row) -> Suspension:
    card = Card(row.user_id, row.kind, row.name, row.handle, row.photo_id)
    return Suspension(card, row.reason, row.suspended_at)
