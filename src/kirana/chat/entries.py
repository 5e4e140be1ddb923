"""Entries of a conversation as a client sees them: in the stream, in a page of history, in a list.

The shape is the same everywhere, so a client needs one reducer: it folds entries, each once, in
the order of `seq`. An edit or a reaction is an entry that names its target; a deletion leaves the
target without a body.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from msgspec import Raw, Struct, field, json, structs
from sqlalchemy import bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.stream import Change
from kirana.values import ConversationId, DeviceId, MessageId, Money, UserId

from .content import Content, content_hash
from .model import RowKind, Sent
from .tables import conversations, messages


class Subject(Struct, frozen=True, omit_defaults=True):
    """What a fact is about: an order, a transfer, a request."""

    kind: str
    id: UUID
    version: int | None = None


class FactCard(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a fact shows. Chat never looks inside; an unknown subject is drawn as title and link."""

    state: str
    title: str | None = None
    image: str | None = None
    amount: Money | None = None
    payer_id: UUID | None = None
    payee_id: UUID | None = None
    link: str | None = None


class Fact(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="fact"):
    """Something that happened, in the words of the server. No person can send this."""

    fact: str
    subject: Subject
    card: FactCard


class Entry(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One numbered entry of a conversation.

    `from` is who said or did it. `author`, who of the shop's team wrote, is there for the team
    only. `auto` marks what a rule of the shop sent. A deleted message has no `body`; a `deletion`
    names its `target`.
    """

    conv: ConversationId
    seq: int
    k: RowKind
    id: MessageId
    sender: UserId | None = field(default=None, name="from")
    author: UserId | None = None
    auto: bool = False
    target: MessageId | None = None
    ts: int
    body: Content | Fact | None = None


COLUMNS = (
    messages.c.conversation_id,
    messages.c.seq,
    messages.c.k,
    messages.c.id,
    messages.c.sender_id,
    messages.c.author_id,
    messages.c.is_automatic,
    messages.c.target_id,
    messages.c.created_at,
    messages.c.content,
)

_SENT = Q(
    select(
        messages.c.conversation_id,
        messages.c.seq,
        messages.c.sender_id,
        messages.c.content_hash,
        messages.c.created_at,
    ).where(messages.c.id == bindparam("id"))
)
_RAISE = (
    update(conversations)
    .where(conversations.c.id == bindparam("id_"))
    .returning(conversations.c.seq)
)
_NUMBER_QUIET = Q(_RAISE.values(seq=conversations.c.seq + 1))
_NUMBER_FACT = Q(
    _RAISE.values(
        seq=conversations.c.seq + 1,
        shown_seq=conversations.c.seq + 1,
        active_at=bindparam("now"),
    )
)
_NUMBER_MESSAGE = Q(
    _RAISE.values(
        seq=conversations.c.seq + 1,
        shown_seq=conversations.c.seq + 1,
        active_at=bindparam("now"),
        spoken_at=bindparam("now"),
    )
)
_INSERT = Q(insert(messages))
_ABOUT = Q(
    select(*COLUMNS)
    .where(any_of(messages.c.conversation_id, "conversation_ids"))
    .where(any_of(messages.c.target_id, "targets"))
    .order_by(messages.c.conversation_id, messages.c.seq)
)


def append_entry(
    tx: Tx,
    conversation_id: ConversationId,
    to: Sequence[UserId],
    *,
    id: MessageId,
    k: RowKind,
    sender_id: UserId | None,
    content: str | None,
    author_id: UserId | None = None,
    device_id: DeviceId | None = None,
    words: str | None = None,
    target_id: UUID | None = None,
    is_quiet: bool = False,
    is_automatic: bool = False,
) -> Sent:
    """Give the entry the next number, keep it, and tell `to`.

    One frame serves all of them, except that who wrote for a shop is told to the shop alone.
    """
    if is_quiet:
        numbered = tx.one(_NUMBER_QUIET, id_=conversation_id)
    else:
        number = _NUMBER_FACT if k == RowKind.FACT else _NUMBER_MESSAGE
        numbered = tx.one(number, id_=conversation_id, now=tx.now)
    assert numbered is not None
    tx.do(
        _INSERT,
        conversation_id=conversation_id,
        seq=numbered.seq,
        id=id,
        k=k,
        sender_id=sender_id,
        author_id=author_id,
        device_id=device_id,
        content=content,
        content_hash=None if content is None else content_hash(content),
        words=words,
        target_id=target_id,
        is_quiet=is_quiet,
        is_automatic=is_automatic,
        created_at=tx.now,
    )
    shown = Entry(
        conv=conversation_id,
        seq=numbered.seq,
        k=k,
        id=id,
        sender=sender_id,
        auto=is_automatic,
        target=MessageId(target_id) if target_id else None,
        ts=tx.now,
        body=as_stored(content),
    )
    change = Change("message", conversation_id, numbered.seq)
    if author_id is None or sender_id is None:
        tx.publish(to, change, hint=encode(shown))
    else:
        tx.publish([user for user in to if user != sender_id], change, hint=encode(shown))
        tx.publish([sender_id], change, hint=encode(structs.replace(shown, author=author_id)))
    return Sent(id, conversation_id, numbered.seq, tx.now)


def find_sent(tx: Tx, message_id: MessageId) -> Row | None:
    """Where, by whom and with which content an id was used."""
    return tx.one(_SENT, id=message_id)


def entry(row: Row, *, reader: UserId) -> Entry:
    """This row as `reader` may see it."""
    return Entry(
        conv=row.conversation_id,
        seq=row.seq,
        k=row.k,
        id=row.id,
        sender=row.sender_id,
        author=row.author_id if row.sender_id == reader else None,
        auto=row.is_automatic,
        target=row.target_id,
        ts=row.created_at,
        body=as_stored(row.content),
    )


def as_stored(content: str | None) -> Any:
    """The body that this text is, passed through unread."""
    return None if content is None else cast(Any, Raw(content.encode()))


def encode(shown: Entry) -> bytes:
    """The entry as JSON, ready to be sent."""
    return json.encode(shown)


def entries_about(
    tx: Tx,
    conversation_ids: Sequence[ConversationId],
    targets: Sequence[UUID],
    *,
    reader: UserId,
) -> list[Entry]:
    """What was said about these messages: their edits, reactions and deletions, in order."""
    if not targets:
        return []
    rows = tx.all(_ABOUT, conversation_ids=conversation_ids, targets=targets)
    return [entry(row, reader=reader) for row in rows]
