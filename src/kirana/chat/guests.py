"""What becomes of a guest's conversations when the guest turns out to be somebody known.

The entries that a client has loaded change then, which they never do otherwise: a change of kind
`history` tells it to load the conversation again.
"""

from collections.abc import Callable

from sqlalchemy import bindparam, delete, select, update

from kirana import identity
from kirana.platform.db import Q, Row, Tx
from kirana.platform.stream import Change
from kirana.values import ConversationId, UserId

from .conversations import Audience, Member, find_audience
from .model import Kind, pair_key
from .tables import conversations, media, members, messages

_OF_GUEST = Q(
    select(conversations.c.id, conversations.c.kind)
    .join(members, members.c.conversation_id == conversations.c.id)
    .where(members.c.user_id == bindparam("guest_id"))
    .order_by(conversations.c.id)
)
_FIND_PAIR = Q(select(conversations).where(conversations.c.pair_key == bindparam("pair_key")))
_GET = Q(select(conversations).where(conversations.c.id == bindparam("id")))
_RENAME = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(pair_key=bindparam("pair_key"), created_by=bindparam("created_by"))
)
_REPLACE_MEMBER = Q(
    update(members)
    .where(members.c.conversation_id == bindparam("id_"))
    .where(members.c.user_id == bindparam("guest_id_"))
    .values(user_id=bindparam("user_id"))
)
_REPLACE_SENDER = Q(
    update(messages)
    .where(messages.c.conversation_id == bindparam("id_"))
    .where(messages.c.sender_id == bindparam("guest_id_"))
    .values(sender_id=bindparam("user_id"))
)
_REPLACE_OWNER = Q(
    update(media)
    .where(media.c.owner_id == bindparam("guest_id_"))
    .values(owner_id=bindparam("user_id"))
)
_MOVE_ENTRIES = Q(
    update(messages)
    .where(messages.c.conversation_id == bindparam("id_"))
    .values(conversation_id=bindparam("into"), seq=messages.c.seq + bindparam("offset_"))
)
_LENGTHEN = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(
        seq=bindparam("seq"),
        shown_seq=bindparam("shown_seq"),
        active_at=bindparam("active_at"),
        spoken_at=bindparam("spoken_at"),
        fact_hash=bindparam("fact_hash"),
    )
)
_SET_MARKS = Q(
    update(members)
    .where(members.c.conversation_id == bindparam("id_"))
    .where(members.c.user_id == bindparam("user_id_"))
    .values(
        delivered_seq=bindparam("delivered_seq"),
        read_seq=bindparam("read_seq"),
        marks_at=bindparam("marks_at"),
    )
)
_EMPTY_MEMBERS = Q(delete(members).where(members.c.conversation_id == bindparam("id")))
_CLOSE = Q(
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .values(merged_into=bindparam("merged_into"), pair_key=None, seq=0, shown_seq=0, spoken_at=None)
)


def join_guest(tx: Tx, event: identity.GuestJoined) -> None:
    """The guest's conversations become the person's; where both had one, they become one."""
    for row in tx.all(_OF_GUEST, guest_id=event.guest_id):
        audience = find_audience(tx, row.id)
        assert audience is not None
        others = [user_id for user_id in audience.user_ids if user_id != event.guest_id]
        other = others[0] if others else event.user_id
        key = pair_key(Kind(row.kind), event.user_id, other)
        tx.do(_REPLACE_SENDER, id_=row.id, guest_id_=event.guest_id, user_id=event.user_id)
        if there := tx.one(_FIND_PAIR, pair_key=key):
            _append(tx, row.id, there, audience, event, other)
        else:
            tx.do(_REPLACE_MEMBER, id_=row.id, guest_id_=event.guest_id, user_id=event.user_id)
            tx.do(_RENAME, id_=row.id, pair_key=key, created_by=event.user_id)
            tx.publish([event.user_id, other], Change("history", row.id))
    tx.do(_REPLACE_OWNER, guest_id_=event.guest_id, user_id=event.user_id)


def _append(
    tx: Tx,
    conversation_id: ConversationId,
    into: Row,
    guests: Audience,
    event: identity.GuestJoined,
    other: UserId,
) -> None:
    """Put the guest's entries after those of `into`, and close what they were in."""
    moved = tx.one(_GET, id=conversation_id)
    assert moved is not None
    persons = find_audience(tx, into.id)
    assert persons is not None
    tx.do(_MOVE_ENTRIES, id_=conversation_id, into=into.id, offset_=into.seq)
    spoken = [at for at in (into.spoken_at, moved.spoken_at) if at is not None]
    tx.do(
        _LENGTHEN,
        id_=into.id,
        seq=into.seq + moved.seq,
        shown_seq=into.seq + moved.shown_seq if moved.shown_seq else into.shown_seq,
        active_at=max(into.active_at, moved.active_at),
        spoken_at=max(spoken, default=None),
        fact_hash=moved.fact_hash or into.fact_hash,
    )
    for before, after in ((event.guest_id, event.user_id), (other, other)):
        guest, person = guests.member(before), persons.member(after)
        assert guest is not None
        assert person is not None
        _join_marks(tx, into, guest, person)
    tx.do(_EMPTY_MEMBERS, id=conversation_id)
    tx.do(_CLOSE, id_=conversation_id, merged_into=into.id)

    to = [event.user_id, other]
    tx.publish(to, Change("conversation", conversation_id))
    tx.publish(to, Change("history", into.id))


def _join_marks(tx: Tx, into: Row, guest: Member, person: Member) -> None:
    """Who had all of the first part has as much of the second as they had of the guest's."""

    def mark(of: Callable[[Member], int]) -> int:
        return into.seq + of(guest) if of(person) == into.seq else of(person)

    tx.do(
        _SET_MARKS,
        id_=into.id,
        user_id_=person.user_id,
        delivered_seq=mark(lambda member: member.delivered_seq),
        read_seq=mark(lambda member: member.read_seq),
        marks_at=tx.now,
    )
