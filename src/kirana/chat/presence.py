"""What is fleeting: who is typing. It rides the bell and is never stored."""

from msgspec import Struct, json

from kirana import identity
from kirana.platform.db import Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, UserId

from .conversations import find_audience

MAX_TYPING_AUDIENCE = 32


class Typing(Struct, frozen=True):
    """The frame that says that `user` is typing. It holds for six seconds."""

    t: str
    k: str
    conv: ConversationId
    user: UserId


def typing_audience(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> list[UserId]:
    """Who may see that `by` is typing: nobody in a large group or across a block.

    Raises: NotFound.
    """
    audience = find_audience(tx, conversation_id)
    if audience is None or audience.member(by.user_id) is None:
        raise NotFound(conversation_id=conversation_id)
    user_ids = audience.user_ids
    if by.user_id not in user_ids or len(user_ids) > MAX_TYPING_AUDIENCE:
        return []
    others = [user_id for user_id in user_ids if user_id != by.user_id]
    return [other for other in others if not identity.is_blocked(tx, by.user_id, other)]


def typing_frame(conversation_id: ConversationId, user_id: UserId) -> bytes:
    return json.encode(Typing("eph", "typing", conversation_id, user_id))
