"""What was said in a conversation, page by page, without an end."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, MessageId

from .conversations import find_audience
from .entries import Entry, entries_about, entry, read_entries
from .tables import messages


@dataclass(frozen=True, slots=True)
class History:
    """A part of a conversation, in the order of `seq`.

    `about` holds what was said later, outside of this part, about messages in it (edits,
    reactions, deletions): folding `items` and `about` shows them as they are now.
    """

    items: list[Entry]
    about: list[Entry]
    has_before: bool
    has_after: bool


_RANGE = (
    read_entries()
    .where(messages.c.conversation_id == bindparam("conversation_id"))
    .where(messages.c.seq >= bindparam("first"))
    .where(messages.c.seq <= bindparam("last"))
    .limit(bindparam("limit"))
)
_BACKWARDS = Q(_RANGE.order_by(messages.c.seq.desc()))
_FORWARDS = Q(_RANGE.order_by(messages.c.seq))
_PLACE = Q(
    select(messages.c.seq)
    .where(messages.c.id == bindparam("id"))
    .where(messages.c.conversation_id == bindparam("conversation_id"))
)


def list_messages(
    tx: Tx,
    conversation_id: ConversationId,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    around_id: MessageId | None = None,
    limit: int = 50,
    by: Actor,
) -> History:
    """The entries after a number, before one, around one or around a message, or the latest.

    Raises: NotFound.
    """
    audience = find_audience(tx, conversation_id)
    member = audience.member(by.user_id) if audience else None
    if audience is None or member is None:
        raise NotFound(conversation_id=conversation_id)
    first = member.joined_seq
    last = audience.seq if member.left_seq is None else member.left_seq
    if around_id is not None:
        place = tx.one(_PLACE, id=around_id, conversation_id=conversation_id)
        if place is None or not first <= place.seq <= last:
            raise NotFound(message_id=around_id)
        around = int(place.seq)

    def older(than: int, count: int) -> list[Row]:
        return tx.all(
            _BACKWARDS,
            conversation_id=conversation_id,
            first=first,
            last=min(than - 1, last),
            limit=count,
            reader=by.user_id,
        )[::-1]

    def newer(than: int, count: int) -> list[Row]:
        return tx.all(
            _FORWARDS,
            conversation_id=conversation_id,
            first=max(than + 1, first),
            last=last,
            limit=count,
            reader=by.user_id,
        )

    if around is not None:
        rows = older(around, limit // 2) + newer(around - 1, limit - limit // 2)
    elif after is not None:
        rows = newer(after, limit)
    else:
        rows = older(last + 1 if before is None else before, limit)

    items = [entry(row, reader=by.user_id, now=tx.now) for row in rows]
    shown = [item.id for item in items]
    about = entries_about(tx, [conversation_id], shown, reader=by.user_id)
    return History(
        items=items,
        about=[later for later in about if items[-1].seq < later.seq <= last],
        has_before=bool(items) and items[0].seq > first,
        has_after=bool(items) and items[-1].seq < last,
    )
