"""Entries of a conversation as a client sees them: in the stream, in a page of history, in a list.

The shape is the same everywhere, so a client needs one reducer: it folds entries, each once, in
the order of `seq`. An edit or a reaction is an entry that names its target; a deletion leaves the
target without a body. What is encrypted has `ct` instead of a body, and the server knows of it only
who sent it, when, and whether it is quiet.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from msgspec import Raw, Struct, field, json, structs
from sqlalchemy import Select, and_, bindparam, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.stream import Change
from kirana.values import ConversationId, DeviceId, MessageId, Money, UserId, derived_id

from .content import Content, content_hash
from .model import ChangeKind, Circle, Role, RowKind, Sent
from .tables import conversations, hidden, messages


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
    done: int | None = None
    """So many of `of` are done."""
    of: int | None = None
    link: str | None = None


class Fact(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="fact"):
    """Something that happened, in the words of the server. No person can send this.

    `prev` is the hash of the fact before it in the conversation where it was first said, `sig` the
    server's signature (`proofs.py`).
    """

    fact: str
    subject: Subject
    card: FactCard
    prev: str = ""
    sig: str = ""


class Changed(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="change"):
    """Something that became of the conversation itself: ids only, no words.

    `user_id` is whom it is about, `by_id` who did it, if that is somebody else.
    """

    change: ChangeKind
    user_id: UserId | None = None
    by_id: UserId | None = None
    role: Role | None = None
    timer_s: int | None = None
    writers: Circle | None = None
    editors: Circle | None = None


class Entry(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One numbered entry of a conversation.

    `from` is who said or did it. `author`, who of the shop's team wrote, is there for the team
    only. `auto` marks what a rule of the shop sent. A deleted message has no `body`; a `deletion`
    names its `target`. `expires_at` is when the content disappears, `hidden` says that the reader
    deleted it for themselves.

    A message in a private conversation has `dev`, the device that encrypted it, `ct`, the JSON text
    that it made, and `com`, the commitment by which it can be reported; `quiet` if it is not to be
    counted as unread.
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
    dev: DeviceId | None = None
    ct: str | None = None
    com: str | None = None
    quiet: bool = False
    expires_at: int | None = None
    hidden: bool = False
    body: Content | Fact | Changed | None = None


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
    messages.c.device_id,
    messages.c.commitment,
    messages.c.is_quiet,
    messages.c.expires_at,
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


def read_entries() -> Select[Any]:
    """The rows of entries, and whether the user `reader` has hidden them."""
    mine = and_(hidden.c.message_id == messages.c.id, hidden.c.user_id == bindparam("reader"))
    return select(*COLUMNS, hidden.c.message_id.label("hidden_id")).select_from(
        messages.outerjoin(hidden, mine)
    )


_ABOUT = Q(
    read_entries()
    .where(any_of(messages.c.conversation_id, "conversation_ids"))
    .where(any_of(messages.c.target_id, "targets"))
    .order_by(messages.c.conversation_id, messages.c.seq)
)


def append_entry(
    tx: Tx,
    conversation_id: ConversationId,
    to: Sequence[UserId],
    *,
    id: MessageId | None,
    k: RowKind,
    sender_id: UserId | None,
    content: str | None,
    author_id: UserId | None = None,
    device_id: DeviceId | None = None,
    words: str | None = None,
    commitment: bytes | None = None,
    target_id: UUID | None = None,
    is_quiet: bool = False,
    is_automatic: bool = False,
    expires_at: int | None = None,
) -> Sent:
    """Give the entry the next number, keep it, and tell `to`. Without an id it gets one of its
    number; with a commitment `content` is ciphertext.

    One frame serves all of them, except that who wrote for a shop is told to the shop alone.
    """
    if is_quiet:
        numbered = tx.one(_NUMBER_QUIET, id_=conversation_id)
    else:
        number = _NUMBER_FACT if k == RowKind.FACT else _NUMBER_MESSAGE
        numbered = tx.one(number, id_=conversation_id, now=tx.now)
    assert numbered is not None
    if id is None:
        id = MessageId(derived_id(conversation_id, "entry", numbered.seq))
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
        commitment=commitment,
        target_id=target_id,
        is_quiet=is_quiet,
        is_automatic=is_automatic,
        expires_at=expires_at,
        created_at=tx.now,
    )
    is_sealed = commitment is not None
    shown = Entry(
        conv=conversation_id,
        seq=numbered.seq,
        k=k,
        id=id,
        sender=sender_id,
        auto=is_automatic,
        target=MessageId(target_id) if target_id else None,
        ts=tx.now,
        dev=device_id if is_sealed else None,
        ct=content if is_sealed else None,
        com=_base64(commitment),
        quiet=is_quiet and is_sealed,
        expires_at=expires_at,
        body=None if is_sealed else as_stored(content),
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


def entry(row: Row, *, reader: UserId, now: int) -> Entry:
    """This row of `read_entries` as `reader` may see it now."""
    is_sealed = row.commitment is not None
    is_over = row.expires_at is not None and row.expires_at <= now
    content = None if is_over or row.hidden_id is not None else row.content
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
        dev=row.device_id if is_sealed else None,
        ct=content if is_sealed else None,
        com=_base64(row.commitment),
        quiet=is_sealed and row.is_quiet,
        expires_at=row.expires_at,
        hidden=row.hidden_id is not None,
        body=None if is_sealed else as_stored(content),
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
    rows = tx.all(_ABOUT, conversation_ids=conversation_ids, targets=targets, reader=reader)
    return [entry(row, reader=reader, now=tx.now) for row in rows]


def _base64(digest: bytes | None) -> str | None:
    return None if digest is None else b64encode(digest).rstrip(b"=").decode()
