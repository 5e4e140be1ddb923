"""What somebody lets others see of them beside what they say: reading, typing, being here.

Each of the three is mutual: who does not show it does not see it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import bindparam, delete, false, or_, select

from kirana import identity
from kirana.platform.db import Q, Row, Tx, any_of, upsert
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .model import Mark
from .tables import privacy


class SeenBy(StrEnum):
    """Who may see when somebody was here, among those who talk with them in private."""

    EVERYBODY = "everybody"
    CONTACTS = "contacts"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Privacy:
    """What others see of one."""

    shares_reads: bool = True
    shares_typing: bool = True
    seen_by: SeenBy = SeenBy.EVERYBODY


_FIND = Q(select(privacy).where(privacy.c.user_id == bindparam("user_id")))
_SAVE = Q(upsert(privacy, ["user_id"], ["shares_reads", "shares_typing", "seen_by"]))
_FORGET = Q(delete(privacy).where(privacy.c.user_id == bindparam("user_id")))
_RESERVED = Q(
    select(privacy).where(
        any_of(privacy.c.user_id, "user_ids"),
        or_(
            privacy.c.shares_reads == false(),
            privacy.c.shares_typing == false(),
            privacy.c.seen_by != SeenBy.EVERYBODY,
        ),
    )
)


def get_privacy(tx: Tx, *, by: Actor) -> Privacy:
    """What `by` shows; whoever never said, shows everything."""
    row = tx.one(_FIND, user_id=by.user_id)
    if row is None:
        return Privacy()
    return Privacy(row.shares_reads, row.shares_typing, SeenBy(row.seen_by))


def set_privacy(
    tx: Tx,
    *,
    shares_reads: bool | None = None,
    shares_typing: bool | None = None,
    seen_by: SeenBy | None = None,
    by: Actor,
) -> Privacy:
    """Change what others see of a person; what is None stays. Raises: NotAllowed."""
    identity.require_person(by)
    known = get_privacy(tx, by=by)
    wanted = Privacy(
        known.shares_reads if shares_reads is None else shares_reads,
        known.shares_typing if shares_typing is None else shares_typing,
        seen_by or known.seen_by,
    )
    if wanted != known:
        tx.do(
            _SAVE,
            user_id=by.user_id,
            shares_reads=wanted.shares_reads,
            shares_typing=wanted.shares_typing,
            seen_by=wanted.seen_by,
        )
        tx.publish([by.user_id], Change("privacy", by.user_id))
    return wanted


def hiding_reads(tx: Tx, user_ids: Iterable[UserId]) -> set[UserId]:
    """For this room only: who neither shows nor sees what was read."""
    return {row.user_id for row in _reserved(tx, user_ids) if not row.shares_reads}


def shown_marks(tx: Tx, marks: Sequence[Mark], reader: UserId) -> list[Mark]:
    """For this room only: the marks as `reader` may see them."""
    hiding = hiding_reads(tx, {reader, *(mark.user_id for mark in marks)})
    return [
        without_read(mark)
        if mark.user_id != reader and not hiding.isdisjoint((reader, mark.user_id))
        else mark
        for mark in marks
    ]


def without_read(mark: Mark) -> Mark:
    """For this room only: what others see of a mark whose reading is not shown."""
    return replace(mark, read_seq=0)


def hiding_typing(tx: Tx, user_ids: Iterable[UserId]) -> set[UserId]:
    """For this room only: who neither shows nor sees who types."""
    return {row.user_id for row in _reserved(tx, user_ids) if not row.shares_typing}


def mutually_seen(tx: Tx, user_ids: Sequence[UserId], *, by: Actor) -> list[UserId]:
    """For this room only: those of `user_ids` who may see `by`, and whom `by` may see."""
    seen_by = {row.user_id: SeenBy(row.seen_by) for row in _reserved(tx, [*user_ids, by.user_id])}
    mine = seen_by.get(by.user_id, SeenBy.EVERYBODY)
    knowing_me = identity.who_knows(tx, user_ids, by.user_id)
    known_to_me = identity.whom_knows(tx, by.user_id, user_ids)

    def allows(setting: SeenBy, *, is_contact: bool) -> bool:
        return setting == SeenBy.EVERYBODY or (setting == SeenBy.CONTACTS and is_contact)

    return [
        other
        for other in user_ids
        if allows(mine, is_contact=other in known_to_me)
        and allows(seen_by.get(other, SeenBy.EVERYBODY), is_contact=other in knowing_me)
    ]


def forget_privacy_of(tx: Tx, user_id: UserId) -> None:
    """For this room only: nothing is set any more."""
    tx.do(_FORGET, user_id=user_id)


def _reserved(tx: Tx, user_ids: Iterable[UserId]) -> list[Row]:
    return tx.all(_RESERVED, user_ids=list(user_ids))
