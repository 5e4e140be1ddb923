"""Who may write to whom at once, and who has to ask first."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from kirana import identity
from kirana.platform.db import Q, Tx, any_of
from kirana.values import Actor, ConversationId, UserId

from .model import REQUEST_MESSAGES, Kind, MemberState, RowKind, pair_key
from .problems import RequestPending
from .tables import conversations, members, messages

_JOINED_WITH = Q(
    select(members.c.user_id)
    .join(conversations, conversations.c.id == members.c.conversation_id)
    .where(any_of(conversations.c.pair_key, "pair_keys"))
    .where(members.c.state == MemberState.JOINED)
)
_TALKING = Q(
    select(members.c.user_id)
    .join(conversations, conversations.c.id == members.c.conversation_id)
    .where(any_of(conversations.c.pair_key, "pair_keys"))
    .where(members.c.state == MemberState.JOINED)
    .where(
        conversations.c.id.in_(
            select(members.c.conversation_id)
            .where(members.c.user_id == bindparam("user_id"))
            .where(members.c.state == MemberState.JOINED)
        )
    )
)
_COUNT = Q(
    select(func.count().label("count"))
    .where(messages.c.conversation_id == bindparam("conversation_id"))
    .where(messages.c.sender_id == bindparam("sender_id"))
    .where(messages.c.k == RowKind.MESSAGE)
)


def states_of(
    tx: Tx, kind: Kind, begun_by: UserId | None, user_ids: Sequence[UserId]
) -> dict[UserId, MemberState]:
    """How the members of a new conversation begin: whoever does not know the others is asked.

    In a conversation that nobody began, such as by a payment, either of the two may have to be.
    """
    states = dict.fromkeys(user_ids, MemberState.JOINED)
    if kind == Kind.BUSINESS or len(states) < 2:
        return states
    if begun_by is not None:
        others = [user_id for user_id in states if user_id != begun_by]
        knowing = trusting(tx, others, begun_by)
    else:
        others = list(states)
        first, second = others
        knowing = trusting(tx, [first], second) | trusting(tx, [second], first)
    return states | {other: MemberState.REQUESTED for other in others if other not in knowing}


def trusting(tx: Tx, user_ids: Sequence[UserId], stranger: UserId) -> set[UserId]:
    """Those who keep `stranger` as a contact, or talk with them already."""
    keys = [pair_key(Kind.PRIVATE, user_id, stranger) for user_id in user_ids]
    talking = {row.user_id for row in tx.all(_JOINED_WITH, pair_keys=keys)}
    known = identity.who_knows(tx, user_ids, stranger)
    return known | talking.intersection(user_ids)


def talking(tx: Tx, user_ids: Sequence[UserId], *, by: Actor) -> set[UserId]:
    """Those who talk in private with `by`: both have said yes, and neither blocks the other."""
    keys = [pair_key(Kind.PRIVATE, user_id, by.user_id) for user_id in user_ids]
    found = {row.user_id for row in tx.all(_TALKING, pair_keys=keys, user_id=by.user_id)}
    return {
        other
        for other in found.intersection(user_ids)
        if other != by.user_id and not identity.is_blocked(tx, by.user_id, other)
    }


def check_request(
    tx: Tx, conversation_id: ConversationId, *, has_media: bool, sender_id: UserId
) -> None:
    """Whether somebody who was not accepted yet may send one more. Raises: RequestPending."""
    sent = tx.one(_COUNT, conversation_id=conversation_id, sender_id=sender_id)
    if has_media or (sent is not None and sent.count >= REQUEST_MESSAGES):
        raise RequestPending(max_messages=REQUEST_MESSAGES)
