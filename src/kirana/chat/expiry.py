"""Disappearing messages: what they said goes when its time has come, their numbers stay."""

from sqlalchemy import bindparam, select, update

from kirana.platform.db import Q, Tx, any_of
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import Actor, ConversationId

from .changes import post_change
from .conversations import Conversation, find_audience, get_conversation
from .entries import Changed
from .media import detach_all
from .model import ChangeKind, Form, MemberState, Role
from .tables import conversations, messages

_PAGE = 1_000

_SET = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(timer_s=bindparam("timer_s"))
)
_DUE = Q(
    select(messages.c.id, messages.c.conversation_id)
    .where(messages.c.expires_at <= bindparam("now"))
    .where(messages.c.content.is_not(None))
    .order_by(messages.c.expires_at)
    .limit(_PAGE)
)
_EMPTY = Q(update(messages).where(any_of(messages.c.id, "ids")).values(content=None, words=None))
_EMPTY_ABOUT = Q(
    update(messages)
    .where(any_of(messages.c.conversation_id, "conversation_ids"))
    .where(any_of(messages.c.target_id, "ids"))
    .values(content=None, words=None)
)


def set_timer(tx: Tx, conversation_id: ConversationId, timer_s: int, *, by: Actor) -> Conversation:
    """Let what is written from now on disappear after so many seconds; 0 lets it stay.

    In a private conversation the devices do it, by the `ttl_s` of each message; here it is only
    remembered for all to see. In a group it is the admins'.

    Raises: NotFound, NotAllowed.
    """
    audience = find_audience(tx, conversation_id)
    member = audience.member(by.user_id) if audience else None
    if audience is None or member is None or member.state != MemberState.JOINED:
        raise NotFound(conversation_id=conversation_id)
    if audience.form == Form.GROUP and member.role != Role.ADMIN:
        raise NotAllowed
    if (audience.timer_s or 0) != timer_s:
        tx.do(_SET, id_=conversation_id, timer_s=timer_s or None)
        changed = Changed(ChangeKind.TIMER, by.user_id, timer_s=timer_s)
        post_change(tx, conversation_id, audience.told, changed, sender_id=by.user_id)
    return get_conversation(tx, conversation_id, by=by)


def expire_messages(tx: Tx) -> int:
    """Empty what is due, and take its files. Runs by the clock; clients look at their own."""
    due = tx.all(_DUE, now=tx.now)
    if not due:
        return 0
    ids = [row.id for row in due]
    tx.do(_EMPTY, ids=ids)
    tx.do(_EMPTY_ABOUT, conversation_ids=list({row.conversation_id for row in due}), ids=ids)
    detach_all(tx, ids)
    return len(due)
