"""How far everybody has received and read. Marks only grow, and are no entries of the stream.

Who does not show what they have read is shown as one who has received it, and sees no more of
the others. Their own devices go by the true mark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct, json
from sqlalchemy import bindparam, func, select, update

from kirana.platform import stream
from kirana.platform.db import Q, Tx
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, UserId

from .conversations import Audience, find_audience
from .events import ReceiptChanged
from .model import Kind, Mark, MemberState
from .privacy import hiding_reads, shown_marks, without_read
from .tables import members

_RAISE = Q(
    update(members)
    .where(members.c.conversation_id == bindparam("conversation_id_"))
    .where(members.c.user_id == bindparam("user_id_"))
    .values(
        delivered_seq=bindparam("delivered_seq"),
        read_seq=bindparam("read_seq"),
        marks_at=bindparam("marks_at"),
    )
)
MAX_DELIVERY_AUDIENCE = 32
"""In larger groups only what was read is told."""

_MINE = (
    select(members.c.conversation_id)
    .where(members.c.user_id == bindparam("user_id"))
    .where(members.c.state == MemberState.JOINED)
)
_SINCE = Q(
    select(
        members.c.conversation_id,
        members.c.user_id,
        members.c.delivered_seq,
        members.c.read_seq,
    )
    .where(members.c.conversation_id.in_(_MINE))
    .where(members.c.state == MemberState.JOINED)
    .where(members.c.marks_at >= bindparam("since"))
)
_ARRIVED = Q(
    select(stream.entries.c.ref, func.max(stream.entries.c.seq).label("seq"))
    .where(stream.entries.c.user_id == bindparam("user_id"))
    .where(stream.entries.c.pos > bindparam("after"))
    .where(stream.entries.c.pos <= bindparam("until"))
    .where(stream.entries.c.kind == "message")
    .group_by(stream.entries.c.ref)
)


@dataclass(frozen=True, slots=True)
class MarkMoved:
    """A mark that has grown, and who is to be told: all of it, or only what has arrived."""

    mark: Mark
    user_ids: list[UserId]
    partly: list[UserId]

    def frames(self) -> Iterator[tuple[list[UserId], bytes]]:
        """Which frame goes to whom."""
        yield self.user_ids, receipt_frame(self.mark)
        if self.partly:
            yield self.partly, receipt_frame(without_read(self.mark))


class Receipt(Struct, frozen=True):
    """The frame that tells of a mark: `d` is delivered, `r` is read."""

    t: str
    conv: ConversationId
    user: UserId
    d: int
    r: int


def set_mark(
    tx: Tx,
    conversation_id: ConversationId,
    *,
    delivered_seq: int = 0,
    read_seq: int = 0,
    by: Actor,
) -> tuple[Mark, MarkMoved | None]:
    """Raise one's own mark; how it stands now, and what to tell whom if it moved.

    What was read was received. Raises: NotFound.
    """
    audience = find_audience(tx, conversation_id)
    member = audience.member(by.user_id) if audience else None
    if audience is None or member is None:
        raise NotFound(conversation_id=conversation_id)
    wanted = Mark(conversation_id, by.user_id, delivered_seq, read_seq)
    if moved := _raise(tx, audience, wanted):
        return moved.mark, moved
    return Mark(conversation_id, by.user_id, member.delivered_seq, member.read_seq), None


def mark_read(tx: Tx, conversation_id: ConversationId, seq: int, *, by: Actor) -> MarkMoved | None:
    """Everything up to `seq` was read. None when that was known. Raises: NotFound."""
    return set_mark(tx, conversation_id, read_seq=seq, by=by)[1]


def mark_delivered(
    tx: Tx, conversation_id: ConversationId, seq: int, *, by: Actor
) -> MarkMoved | None:
    """Everything up to `seq` has reached a device. None when that was known. Raises: NotFound."""
    return set_mark(tx, conversation_id, delivered_seq=seq, by=by)[1]


def mark_many(tx: Tx, marks: Sequence[Mark]) -> list[MarkMoved]:
    """Marks that were gathered, in one command. What cannot be any more is passed over."""
    moved = [_raise(tx, find_audience(tx, mark.conversation_id), mark) for mark in marks]
    return [one for one in moved if one is not None]


def mark_arrived(tx: Tx, after: int, until: int, *, by: Actor) -> list[MarkMoved]:
    """A device has handled the stream of `by` so far: what it brought `after` is delivered."""
    arrived = tx.all(_ARRIVED, user_id=by.user_id, after=after, until=until)
    return mark_many(tx, [Mark(row.ref, by.user_id, row.seq, 0) for row in arrived])


def marks_since(tx: Tx, since: int, *, by: Actor) -> list[Mark]:
    """The marks in one's conversations that moved at `since` or later."""
    marks = [Mark(*row) for row in tx.all(_SINCE, user_id=by.user_id, since=since)]
    return shown_marks(tx, marks, by.user_id)


def receipt_frame(mark: Mark) -> bytes:
    return json.encode(
        Receipt("rcpt", mark.conversation_id, mark.user_id, mark.delivered_seq, mark.read_seq)
    )


def _raise(tx: Tx, audience: Audience | None, mark: Mark) -> MarkMoved | None:
    member = audience.member(mark.user_id) if audience else None
    if audience is None or member is None or member.state != MemberState.JOINED:
        return None
    told = audience.user_ids
    arrived = mark.delivered_seq if len(told) <= MAX_DELIVERY_AUDIENCE else 0
    read_seq = max(member.read_seq, min(mark.read_seq, audience.seq))
    delivered_seq = max(member.delivered_seq, min(arrived, audience.seq), read_seq)
    if (delivered_seq, read_seq) == (member.delivered_seq, member.read_seq):
        return None
    tx.do(
        _RAISE,
        conversation_id_=mark.conversation_id,
        user_id_=mark.user_id,
        delivered_seq=delivered_seq,
        read_seq=read_seq,
        marks_at=tx.now,
    )
    hiding = hiding_reads(tx, told)
    if audience.kind == Kind.BUSINESS and audience.business_id is not None:
        tx.emit(
            ReceiptChanged(
                conversation_id=mark.conversation_id,
                business_id=audience.business_id,
                user_id=mark.user_id,
                delivered_seq=delivered_seq,
                read_seq=0 if mark.user_id in hiding else read_seq,
            )
        )
    grown = Mark(mark.conversation_id, mark.user_id, delivered_seq, read_seq)
    reserved = {
        other
        for other in told
        if other != mark.user_id and not hiding.isdisjoint((mark.user_id, other))
    }
    has_arrived = delivered_seq > member.delivered_seq
    return MarkMoved(
        grown,
        [other for other in told if other not in reserved],
        [other for other in told if other in reserved and has_arrived],
    )
