"""Changes of a conversation itself: who came, who went, who may do what. Entries like others."""

from collections.abc import Sequence

from msgspec import json
from sqlalchemy import bindparam, or_, select, update

from kirana.platform.db import Q, Tx
from kirana.values import ConversationId, MessageId, UserId, derived_id

from .conversations import find_audience
from .entries import Changed, append_entry, find_sent
from .model import ChangeKind, Kind, MemberState, RowKind, Sent
from .tables import conversations, members

_RAISE = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(members_rev=conversations.c.members_rev + 1)
)
_PRIVATE_OF = Q(
    select(members.c.conversation_id)
    .join(conversations, conversations.c.id == members.c.conversation_id)
    .where(members.c.user_id == bindparam("user_id"))
    .where(or_(members.c.state == MemberState.JOINED, members.c.state == MemberState.REQUESTED))
    .where(conversations.c.kind == Kind.PRIVATE)
    .order_by(members.c.conversation_id)
)


def post_change(
    tx: Tx,
    conversation_id: ConversationId,
    to: Sequence[UserId],
    changed: Changed,
    *,
    sender_id: UserId,
    id: MessageId | None = None,
) -> Sent:
    """Number a change and tell `to`. It is quiet: nobody has to read it."""
    return append_entry(
        tx,
        conversation_id,
        to,
        id=id,
        k=RowKind.CHANGE,
        sender_id=sender_id,
        content=json.encode(changed).decode(),
        is_quiet=True,
    )


def raise_members_rev(tx: Tx, conversation_id: ConversationId) -> None:
    """Whoever encrypted for those who were here before is refused from now on."""
    tx.do(_RAISE, id_=conversation_id)


def post_new_keys(tx: Tx, user_id: UserId, devices_rev: int) -> None:
    """Write into each private conversation of this user that their keys are other ones now.

    Once for each `devices_rev`.
    """
    for row in tx.all(_PRIVATE_OF, user_id=user_id):
        change_id = MessageId(derived_id(row.conversation_id, f"keys:{user_id}", devices_rev))
        if find_sent(tx, change_id):
            continue
        audience = find_audience(tx, row.conversation_id)
        assert audience is not None
        changed = Changed(ChangeKind.KEYS, user_id)
        post_change(
            tx, row.conversation_id, audience.told, changed, sender_id=user_id, id=change_id
        )
