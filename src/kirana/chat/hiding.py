"""Deleting for oneself: the message stays for the others, and is shown to one no more."""

from sqlalchemy import bindparam, delete, select

from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, MessageId, UserId

from .conversations import find_audience
from .model import RowKind
from .tables import hidden, messages

_HIDE = Q(upsert(hidden, ["user_id", "message_id"]))
_LIST = Q(
    select(hidden.c.message_id)
    .where(hidden.c.user_id == bindparam("user_id"))
    .order_by(hidden.c.message_id)
)
_FORGET = Q(delete(hidden).where(hidden.c.user_id == bindparam("user_id")))
_FIND = Q(
    select(
        messages.c.conversation_id,
        messages.c.seq,
        messages.c.k,
        messages.c.sender_id,
        messages.c.commitment,
        messages.c.created_at,
    ).where(messages.c.id == bindparam("id"))
)


def hide_message(tx: Tx, message_id: MessageId, *, by: Actor) -> None:
    """Hide a message or a fact from oneself, on all own devices. Raises: NotFound."""
    row = find_seen(tx, message_id, by.user_id)
    if row is None or row.k not in (RowKind.MESSAGE, RowKind.FACT):
        raise NotFound(message_id=message_id)
    if tx.do(_HIDE, user_id=by.user_id, message_id=message_id, created_at=tx.now):
        tx.publish([by.user_id], Change("hidden", message_id))


def find_seen(tx: Tx, message_id: MessageId, user_id: UserId) -> Row | None:
    """For this room only: an entry that was served to this user."""
    row = tx.one(_FIND, id=message_id)
    audience = find_audience(tx, row.conversation_id) if row else None
    member = audience.member(user_id) if audience else None
    return row if row is not None and member is not None and member.may_see(row.seq) else None


def list_hidden_of(tx: Tx, user_id: UserId) -> list[MessageId]:
    """For this room only: what somebody has hidden."""
    return [row.message_id for row in tx.all(_LIST, user_id=user_id)]


def forget_hidden_of(tx: Tx, user_id: UserId) -> None:
    """For this room only: nothing is hidden from them any more."""
    tx.do(_FORGET, user_id=user_id)
