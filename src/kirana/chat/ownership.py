"""What somebody takes along of their conversations, and what goes when they go."""

from dataclasses import dataclass

from sqlalchemy import bindparam, not_, select, update

from kirana.platform.db import Q, Tx
from kirana.platform.stream import Change
from kirana.values import Actor, ConversationId, MessageId, UserId

from .conversations import find_audience
from .entries import Entry
from .hiding import forget_hidden_of, list_hidden_of
from .history import list_messages
from .invitations import forget_invitations_of
from .keys import KeysExport, erase_keys, export_keys
from .media import HOLDS_FOR_A_GROUP, Media, forget_media_of, list_media_of
from .members import leave_groups
from .model import Kind
from .privacy import Privacy, forget_privacy_of, get_privacy
from .reports import Report, forget_reports_of, list_reports_of
from .tables import members, messages

_MINE = Q(
    select(members.c.conversation_id)
    .where(members.c.user_id == bindparam("user_id"))
    .order_by(members.c.conversation_id)
)
_EMPTY = Q(
    update(messages)
    .where(messages.c.conversation_id == bindparam("conversation_id_"))
    .where(messages.c.sender_id == bindparam("user_id_"))
    .where(messages.c.k == "message", messages.c.content.is_not(None))
    .where(not_(HOLDS_FOR_A_GROUP))
    .values(content=None, words=None)
)


@dataclass(frozen=True, slots=True)
class ConversationExport:
    """A conversation with all of its entries, in order."""

    id: ConversationId
    kind: Kind
    members: list[UserId]
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class ChatExport:
    """All that this room knows of a user; the files themselves are fetched by their ids.

    What is encrypted is taken along as it stands here: only the user's own devices can read it.
    """

    conversations: list[ConversationExport]
    media: list[Media]
    hidden: list[MessageId]
    reports: list[Report]
    privacy: Privacy
    keys: KeysExport


def export_user(tx: Tx, user_id: UserId) -> ChatExport:
    """Everything that this user may read here."""
    by = Actor(user_id, user_id)
    exported = []
    for row in tx.all(_MINE, user_id=user_id):
        audience = find_audience(tx, row.conversation_id)
        assert audience is not None
        entries: list[Entry] = []
        while True:
            after = entries[-1].seq if entries else 0
            page = list_messages(tx, row.conversation_id, after=after, limit=1_000, by=by)
            entries += page.items
            if not page.has_after:
                break
        exported.append(
            ConversationExport(
                row.conversation_id,
                audience.kind,
                [member.user_id for member in audience.members],
                entries,
            )
        )
    return ChatExport(
        exported,
        list_media_of(tx, user_id),
        list_hidden_of(tx, user_id),
        list_reports_of(tx, user_id),
        get_privacy(tx, by=by),
        export_keys(tx, user_id),
    )


def erase_user(tx: Tx, user_id: UserId) -> None:
    """Empty what this user said, and leave every group; the numbers stay whole, and so do the facts
    and the settings that a group still has, with its photo. What others have reported stays.
    Again: nothing.
    """
    leave_groups(tx, user_id)
    forget_invitations_of(tx, user_id)
    for row in tx.all(_MINE, user_id=user_id):
        emptied = tx.do(_EMPTY, conversation_id_=row.conversation_id, user_id_=user_id)
        audience = find_audience(tx, row.conversation_id)
        if emptied and audience is not None:
            tx.publish(audience.told, Change("history", row.conversation_id))
    forget_media_of(tx, user_id)
    forget_hidden_of(tx, user_id)
    forget_reports_of(tx, user_id)
    forget_privacy_of(tx, user_id)
    erase_keys(tx, user_id)
