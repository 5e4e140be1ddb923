"""Groups: private conversations of up to 256 people, who are numbered among all that is said.

The server says who belongs to a group, and the admins' devices sign the same list: whoever stands
in only one of the two is sent no key.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from kirana import identity
from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, ConversationId, UserId

from .conversations import (
    Conversation,
    create_conversation,
    find_audience,
    get_conversation,
)
from .model import MAX_MEMBERS, Form, Kind
from .problems import GroupFull, NoDevices, NotReachable, require_own_id
from .strangers import states_of
from .tables import conversations

_FIND = Q(
    select(conversations.c.form, conversations.c.created_by).where(
        conversations.c.id == bindparam("id")
    )
)


def open_group(
    tx: Tx, conversation_id: ConversationId, member_ids: Sequence[UserId], *, by: Actor
) -> Conversation:
    """Begin a group with these people; `by` is its first admin.

    Whoever does not know `by` has to accept first. The same again answers as it stands now.

    Raises: InvalidInput, IdReused, NotFound, NoDevices, NotReachable, GroupFull.
    """
    require_own_id(conversation_id)
    wanted = list(dict.fromkeys([by.user_id, *member_ids]))
    if known := tx.one(_FIND, id=conversation_id):
        audience = find_audience(tx, conversation_id)
        there = {member.user_id for member in audience.members} if audience else set()
        is_mine = (known.form, known.created_by) == (Form.GROUP, by.user_id)
        if not is_mine or not there.issuperset(wanted):
            raise IdReused(id=conversation_id)
        return get_conversation(tx, conversation_id, by=by)

    if len(wanted) > MAX_MEMBERS:
        raise GroupFull(max_members=MAX_MEMBERS)
    check_people(tx, wanted, by=by)
    create_conversation(
        tx,
        conversation_id,
        Kind.PRIVATE,
        states_of(tx, Kind.PRIVATE, by.user_id, wanted),
        form=Form.GROUP,
        admin_id=by.user_id,
        created_by=by.user_id,
    )
    tx.publish(wanted, Change("conversation", conversation_id))
    return get_conversation(tx, conversation_id, by=by)


def check_people(tx: Tx, user_ids: Sequence[UserId], *, by: Actor) -> None:
    """Whether `by` may bring these into a group. Raises: NotFound, NoDevices, NotReachable."""
    cards = identity.get_cards(tx, user_ids)
    for user_id in user_ids:
        if user_id not in cards:
            raise NotFound(user_id=user_id)
        if cards[user_id].kind != "person":
            raise NoDevices
        if user_id != by.user_id and identity.is_blocked(tx, by.user_id, user_id):
            raise NotReachable
