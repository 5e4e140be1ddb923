"""Who wants nothing to do with whom."""

from sqlalchemy import and_, bindparam, delete, or_, select

from kirana.platform.db import Q, Tx, upsert
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, UserId

from .model import Card
from .problems import CannotMeanYourself
from .tables import blocks
from .users import find_user, get_cards

_INSERT = Q(upsert(blocks, ["user_id", "blocked_id"]))
_DELETE = Q(
    delete(blocks).where(
        blocks.c.user_id == bindparam("user_id"), blocks.c.blocked_id == bindparam("blocked_id")
    )
)
_LIST = Q(
    select(blocks.c.blocked_id)
    .where(blocks.c.user_id == bindparam("user_id"))
    .order_by(blocks.c.created_at.desc(), blocks.c.blocked_id)
)
_LIST_EITHER = Q(
    select(blocks).where(
        (blocks.c.user_id == bindparam("id")) | (blocks.c.blocked_id == bindparam("id"))
    )
)
_FIND = Q(
    select(blocks.c.created_at).where(
        blocks.c.user_id == bindparam("user_id"), blocks.c.blocked_id == bindparam("blocked_id")
    )
)
_FIND_EITHER = Q(
    select(blocks.c.created_at).where(
        or_(
            and_(blocks.c.user_id == bindparam("a"), blocks.c.blocked_id == bindparam("b")),
            and_(blocks.c.user_id == bindparam("b"), blocks.c.blocked_id == bindparam("a")),
        )
    )
)


def block(tx: Tx, user_id: UserId, *, by: Actor) -> None:
    """From now on neither of the two reaches the other. The other is not told. Raises: NotFound."""
    if user_id == by.user_id:
        raise CannotMeanYourself()
    if find_user(tx, user_id) is None:
        raise NotFound(user_id=user_id)
    if tx.do(_INSERT, user_id=by.user_id, blocked_id=user_id, created_at=tx.now):
        tx.publish([by.user_id], Change("block", user_id))


def unblock(tx: Tx, user_id: UserId, *, by: Actor) -> None:
    if tx.do(_DELETE, user_id=by.user_id, blocked_id=user_id):
        tx.publish([by.user_id], Change("block", user_id))


def list_blocks(tx: Tx, *, by: Actor) -> list[Card]:
    """Whom `by` has blocked, the latest first."""
    ids = [row.blocked_id for row in tx.all(_LIST, user_id=by.user_id)]
    cards = get_cards(tx, ids)
    return [cards[user_id] for user_id in ids]


def is_blocked(tx: Tx, a: UserId, b: UserId) -> bool:
    """Whether one of the two has blocked the other, so that nothing passes between them."""
    return tx.one(_FIND_EITHER, a=a, b=b) is not None


def has_blocked(tx: Tx, user_id: UserId, other_id: UserId) -> bool:
    """Whether `user_id` has blocked `other_id`."""
    return tx.one(_FIND, user_id=user_id, blocked_id=other_id) is not None


def adopt(tx: Tx, guest_id: UserId, user_id: UserId) -> None:
    """For this room only: blocks by a guest and of a guest hold for the user that they turned out
    to be; signing in is no way around a block."""
    for row in tx.all(_LIST_EITHER, id=guest_id):
        tx.do(_DELETE, user_id=row.user_id, blocked_id=row.blocked_id)
        owner = user_id if row.user_id == guest_id else row.user_id
        blocked = user_id if row.blocked_id == guest_id else row.blocked_id
        if owner != blocked:
            tx.do(_INSERT, user_id=owner, blocked_id=blocked, created_at=row.created_at)
