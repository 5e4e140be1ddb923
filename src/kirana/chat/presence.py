"""What is fleeting: who is typing, and who is here. It rides the bell and is never stored, but for
the minutes of a device's last visit, which its owner sees too.
"""

from collections.abc import Sequence

from msgspec import Struct, json

from kirana import identity
from kirana.platform.db import Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, UserId

from .conversations import find_audience
from .privacy import hiding_typing, mutually_seen
from .strangers import talking

MAX_TYPING_AUDIENCE = 32
MAX_WATCHED = 50
_MINUTE_MS = 60_000


class Typing(Struct, frozen=True):
    """The frame that says that `user` is typing. It holds for six seconds."""

    t: str
    k: str
    conv: ConversationId
    user: UserId


class Presence(Struct, frozen=True, omit_defaults=True):
    """The frame that says whether `user` is here, or since when not, in whole minutes. Without
    either it is not for the reader to know.
    """

    t: str
    k: str
    user: UserId
    online: bool = False
    seen_at: int | None = None


def visible_presence(tx: Tx, user_ids: Sequence[UserId], *, by: Actor) -> dict[UserId, int | None]:
    """Those of `user_ids` whose presence `by` may know, and when they were here last.

    They talk with each other in private, have accepted it, and let each other see it.
    """
    known = talking(tx, user_ids, by=by)
    visible = mutually_seen(tx, [user_id for user_id in user_ids if user_id in known], by=by)
    seen_at = identity.last_seen_of(tx, visible)
    return {
        user_id: seen_at[user_id] // _MINUTE_MS * _MINUTE_MS if user_id in seen_at else None
        for user_id in visible
    }


def presence_frame(
    user_id: UserId, *, is_online: bool = False, seen_at: int | None = None
) -> bytes:
    return json.encode(
        Presence("eph", "presence", user_id, is_online, None if is_online else seen_at)
    )


def typing_audience(tx: Tx, conversation_id: ConversationId, *, by: Actor) -> list[UserId]:
    """Who may see that `by` is typing: nobody in a large group or across a block, and nobody who
    does not show it themselves.

    Raises: NotFound.
    """
    audience = find_audience(tx, conversation_id)
    if audience is None or audience.member(by.user_id) is None:
        raise NotFound(conversation_id=conversation_id)
    user_ids = audience.user_ids
    if by.user_id not in user_ids or len(user_ids) > MAX_TYPING_AUDIENCE:
        return []
    hiding = hiding_typing(tx, user_ids)
    if by.user_id in hiding:
        return []
    others = [user_id for user_id in user_ids if user_id not in (by.user_id, *hiding)]
    return [other for other in others if not identity.is_blocked(tx, by.user_id, other)]


def typing_frame(conversation_id: ConversationId, user_id: UserId) -> bytes:
    return json.encode(Typing("eph", "typing", conversation_id, user_id))
