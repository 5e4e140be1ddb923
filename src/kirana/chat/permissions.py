"""What the members of a group may do: who writes, and who changes what it is called and shows."""

from sqlalchemy import bindparam, update

from kirana.platform.db import Q, Tx
from kirana.values import Actor, ConversationId

from .changes import post_change
from .conversations import Conversation, get_conversation
from .entries import Changed
from .members import find_group, require_admin
from .model import ChangeKind, Circle
from .tables import conversations

_SET = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(writers=bindparam("writers"), editors=bindparam("editors"))
)


def set_permissions(
    tx: Tx,
    conversation_id: ConversationId,
    *,
    writers: Circle | None = None,
    editors: Circle | None = None,
    by: Actor,
) -> Conversation:
    """Say who may write in a group, and who may write its settings. What is None stays.

    Admins only, who may always do both. What is quiet, such as a reaction, is everybody's.

    Raises: NotFound, NotAGroup, NotAllowed.
    """
    audience = find_group(tx, conversation_id, by=by)
    require_admin(audience, by)
    changed = Changed(
        ChangeKind.PERMISSIONS,
        by.user_id,
        writers=None if writers == audience.writers else writers,
        editors=None if editors == audience.editors else editors,
    )
    if changed.writers or changed.editors:
        tx.do(
            _SET,
            id_=conversation_id,
            writers=writers or audience.writers,
            editors=editors or audience.editors,
        )
        post_change(tx, conversation_id, audience.told, changed, sender_id=by.user_id)
    return get_conversation(tx, conversation_id, by=by)
