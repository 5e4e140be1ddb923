"""Messages: what people say, and how they take it back."""

from sqlalchemy import bindparam, select, update

from kirana import identity
from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, NotFound
from kirana.values import Actor, BusinessId, ConversationId, MessageId, UserId, derived_id

from .content import (
    Content,
    Edit,
    Quiet,
    Reaction,
    content_hash,
    may_become,
    media_of,
    read_content,
    target_of,
    words_of,
    write_content,
)
from .conversations import Audience, find_audience, find_merged
from .entries import append_entry, find_sent
from .events import ConversationWoke, MessageSent
from .media import attach, detach
from .model import EDIT_WITHIN_MS, Kind, MemberState, RowKind, Sent
from .problems import (
    ConversationExists,
    NeedsEncryption,
    NotEditable,
    NotReachable,
    TooLateToEdit,
    invalid,
    require_own_id,
)
from .search import words_for_search
from .tables import messages

_WOKEN_AFTER_MS = 24 * 60 * 60 * 1000

_FIND = Q(
    select(
        messages.c.conversation_id,
        messages.c.seq,
        messages.c.k,
        messages.c.sender_id,
        messages.c.content,
        messages.c.is_quiet,
        messages.c.created_at,
    ).where(messages.c.id == bindparam("id"))
)
_EMPTY = Q(
    update(messages)
    .where(messages.c.conversation_id == bindparam("conversation_id_"))
    .where((messages.c.id == bindparam("id_")) | (messages.c.target_id == bindparam("id_")))
    .values(content=None, words=None)
)
_REWORD = Q(
    update(messages).where(messages.c.id == bindparam("id_")).values(words=bindparam("words"))
)


def send_message(
    tx: Tx,
    message_id: MessageId,
    conversation_id: ConversationId,
    content: Content,
    *,
    is_automatic: bool = False,
    by: Actor,
) -> Sent:
    """Number a message and tell everybody in the conversation.

    `message_id` is chosen by the client; the same message again is answered as the first time.
    For a shop, `by` is whoever acts for it: customers see the shop, the team sees the author.
    `is_automatic` marks what a rule of the shop sends.

    Raises: IdReused, NotFound, NeedsEncryption, NotReachable, ConversationExists, InvalidInput,
    NotEditable, TooLateToEdit, UnknownMedia.
    """
    if not is_automatic:
        require_own_id(message_id)
    stored = write_content(content)
    if known := find_sent(tx, message_id):
        return same_again(tx, known, message_id, conversation_id, content_hash(stored), by)

    audience = _may_speak(tx, conversation_id, by)
    _check_target(tx, conversation_id, content, by)
    sent = append_entry(
        tx,
        conversation_id,
        audience.told,
        id=message_id,
        k=RowKind.MESSAGE,
        sender_id=by.user_id,
        author_id=None if is_automatic else _author(by),
        device_id=by.device_id,
        content=stored,
        words=words_for_search(words_of(content)),
        target_id=target_of(content),
        is_quiet=isinstance(content, Quiet),
        is_automatic=is_automatic,
        expires_at=tx.now + audience.timer_s * 1000 if audience.timer_s else None,
    )
    if files := media_of(content):
        attach(tx, message_id, files, by=by)
    if isinstance(content, Edit):
        words = words_for_search(words_of(content.content))
        tx.do(_REWORD, id_=content.target_id, words=words)
    _announce(tx, audience, sent, content, is_automatic=is_automatic, by=by)
    return sent


def find_said(tx: Tx, message_id: MessageId, *, by: Actor) -> Content | None:
    """What `by` has said under this id; nothing once it is deleted."""
    row = tx.one(_FIND, id=message_id)
    if row is None or row.sender_id != by.user_id or row.content is None:
        return None
    return read_content(row.content)


def delete_message(tx: Tx, message_id: MessageId, *, by: Actor) -> Sent:
    """Delete an own message for all: words and files go, the number stays.

    The server does not know which encrypted edits belong to a message, so in a private
    conversation quiet ones can be deleted too; the settings that hold now cannot.

    Raises: NotFound for whatever is not an own message.
    """
    row = tx.one(_FIND, id=message_id)
    if row is None or row.k != RowKind.MESSAGE or row.sender_id != by.user_id:
        raise NotFound(message_id=message_id)
    deletion_id = MessageId(derived_id(message_id, "deletion"))
    if known := find_sent(tx, deletion_id):
        return Sent(deletion_id, known.conversation_id, known.seq, known.created_at)
    audience = find_audience(tx, row.conversation_id)
    assert audience is not None
    in_force = (audience.settings_seq, audience.admin_settings_seq)
    if row.is_quiet and (audience.kind == Kind.BUSINESS or row.seq in in_force):
        raise NotFound(message_id=message_id)

    tx.do(_EMPTY, conversation_id_=row.conversation_id, id_=message_id)
    detach(tx, message_id)
    return append_entry(
        tx,
        row.conversation_id,
        audience.told,
        id=deletion_id,
        k=RowKind.DELETION,
        sender_id=by.user_id,
        author_id=_author(by),
        device_id=by.device_id,
        content=None,
        target_id=message_id,
        is_quiet=True,
    )


def same_again(
    tx: Tx,
    known: Row,
    message_id: MessageId,
    conversation_id: ConversationId,
    digest: bytes,
    by: Actor,
) -> Sent:
    """For this room only: what the first call with this id answered. Raises: IdReused."""
    is_same = (known.sender_id, known.content_hash) == (by.user_id, digest)
    is_there = known.conversation_id in (conversation_id, find_merged(tx, conversation_id))
    if not (is_same and is_there):
        raise IdReused(id=message_id)
    return Sent(message_id, known.conversation_id, known.seq, known.created_at)


def _may_speak(tx: Tx, conversation_id: ConversationId, by: Actor) -> Audience:
    """Raises: NotFound, ConversationExists, NeedsEncryption, NotReachable."""
    audience = find_audience(tx, conversation_id)
    member = audience.member(by.user_id) if audience else None
    if audience is None or member is None:
        if merged_into := find_merged(tx, conversation_id):
            raise ConversationExists(conversation_id=merged_into)
        raise NotFound(conversation_id=conversation_id)
    if audience.kind == Kind.PRIVATE:
        raise NeedsEncryption
    if member.state != MemberState.JOINED:
        raise NotReachable
    for other in audience.user_ids:
        if other != by.user_id and identity.is_blocked(tx, by.user_id, other):
            raise NotReachable
    return audience


def _check_target(tx: Tx, conversation_id: ConversationId, content: Content, by: Actor) -> None:
    """What a message answers or changes must stand in the same conversation.

    Raises: InvalidInput, NotEditable, TooLateToEdit.
    """
    match content:
        case Reaction(target_id=target_id):
            _find_target(tx, conversation_id, target_id, "target_id")
        case Edit(target_id=target_id, content=after):
            row = _find_target(tx, conversation_id, target_id, "target_id")
            if row.k != RowKind.MESSAGE or row.sender_id != by.user_id or row.content is None:
                raise NotEditable(target_id=target_id)
            if not may_become(read_content(row.content), after):
                raise NotEditable(target_id=target_id)
            if tx.now - row.created_at > EDIT_WITHIN_MS:
                raise TooLateToEdit(target_id=target_id)
        case _ if content.reply_to is not None:
            _find_target(tx, conversation_id, content.reply_to.id, "reply_to")


def _find_target(tx: Tx, conversation_id: ConversationId, target_id: MessageId, field: str) -> Row:
    row = tx.one(_FIND, id=target_id)
    if row is None or row.conversation_id != conversation_id or row.is_quiet:
        raise invalid(field, "There is no such message in this conversation.")
    return row


def _announce(
    tx: Tx, audience: Audience, sent: Sent, content: Content, *, is_automatic: bool, by: Actor
) -> None:
    business_id = BusinessId(audience.business_id)  # type: ignore[arg-type]
    tx.emit(
        MessageSent(
            conversation_id=sent.conversation_id,
            business_id=business_id,
            message_id=sent.id,
            seq=sent.seq,
            sender_id=by.user_id,
            is_automatic=is_automatic,
        )
    )
    if by.user_id == business_id or is_automatic or isinstance(content, Quiet):
        return
    silence_ms = None if audience.spoken_at is None else tx.now - audience.spoken_at
    if silence_ms is None or silence_ms >= _WOKEN_AFTER_MS:
        tx.emit(
            ConversationWoke(
                conversation_id=sent.conversation_id,
                business_id=business_id,
                customer_id=by.user_id,
                message_id=sent.id,
                silence_ms=silence_ms,
            )
        )


def _author(by: Actor) -> UserId | None:
    return by.person_id if by.is_acting_for_a_shop else None
