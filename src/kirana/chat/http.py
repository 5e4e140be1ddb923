"""Routes: conversations, messages, receipts, files."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, patch, post, put
from litestar.di import Provide
from litestar.params import Parameter
from msgspec import Meta

from kirana.platform.bell import Bell
from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate, provide_limits
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import Actor, ConversationId, MessageId, Page, UserId

from . import conversations, history, messages, presence, receipts, search
from .content import Content
from .conversations import Conversation, Conversations
from .history import History
from .model import Kind, Mark, Sent
from .problems import (
    ConversationExists,
    NeedsBusiness,
    NeedsEncryption,
    NoDevices,
    NotEditable,
    NotReachable,
    TooLateToEdit,
    UnknownMedia,
)

MESSAGES_PER_DEVICE = Rate(40, 0.1)
TYPING_PER_DEVICE = Rate(5, 1)
SEARCHES_PER_DEVICE = Rate(20, 0.5)

Seq = Annotated[int, Parameter(ge=0, le=2**53)]
Limit = Annotated[int, Parameter(ge=1, le=200)]
Cursor = Annotated[str, Parameter(max_length=80)]


@dataclass(frozen=True, slots=True)
class OpenConversation:
    id: ConversationId
    kind: Kind
    with_id: UserId


@dataclass(frozen=True, slots=True)
class EditConversation:
    """For oneself only. What is left out stays; `muted_until` 0 ends the muting."""

    is_archived: bool | None = None
    muted_until: Annotated[int, Meta(ge=0, le=2**53)] | None = None


@dataclass(frozen=True, slots=True)
class SendMessage:
    id: MessageId
    body: Content


@dataclass(frozen=True, slots=True)
class SetReceipt:
    """Up to which number one has received, and up to which one has read."""

    delivered_seq: Annotated[int, Meta(ge=0, le=2**53)] = 0
    read_seq: Annotated[int, Meta(ge=0, le=2**53)] = 0


@post(
    "/v1/conversations",
    raises=problems(
        NotSignedIn,
        InvalidInput,
        IdReused,
        NotFound,
        NeedsBusiness,
        NoDevices,
        NotReachable,
        ConversationExists,
        RateLimited,
    ),
)
async def open_conversation(
    data: OpenConversation, db: Db, by: Actor, limits: Limits
) -> Conversation:
    """Begin a conversation with somebody. There is one for each pair of users and kind."""
    limits.take("send", by.device_id or by.person_id, MESSAGES_PER_DEVICE)
    return await db.write(conversations.open_conversation, data.id, data.kind, data.with_id, by=by)


@get("/v1/conversations", raises=problems(NotSignedIn, InvalidInput))
async def list_conversations(
    db: Db, by: Actor, after: Cursor | None = None, limit: Limit = 50
) -> Conversations:
    """One's conversations, the latest first, and where the stream goes on."""
    return await db.read(conversations.list_conversations, after=after, limit=limit, by=by)


@get("/v1/conversations/{conversation_id:uuid}", raises=problems(NotSignedIn, NotFound))
async def get_conversation(conversation_id: UUID, db: Db, by: Actor) -> Conversation:
    """One conversation. One that was joined to another answers with that one."""
    return await db.read(conversations.get_conversation, ConversationId(conversation_id), by=by)


@patch(
    "/v1/conversations/{conversation_id:uuid}",
    raises=problems(NotSignedIn, InvalidInput, NotFound),
)
async def edit_conversation(
    conversation_id: UUID, data: EditConversation, db: Db, by: Actor
) -> Conversation:
    """Archive or mute a conversation for oneself."""
    return await db.write(
        conversations.set_sides,
        ConversationId(conversation_id),
        is_archived=data.is_archived,
        muted_until=data.muted_until,
        by=by,
    )


@get(
    "/v1/conversations/{conversation_id:uuid}/messages",
    raises=problems(NotSignedIn, InvalidInput, NotFound),
)
async def list_messages(
    conversation_id: UUID,
    db: Db,
    by: Actor,
    before: Seq | None = None,
    after: Seq | None = None,
    around: Seq | None = None,
    limit: Limit = 50,
) -> History:
    """The entries before or after a number, around one, or the latest."""
    return await db.read(
        history.list_messages,
        ConversationId(conversation_id),
        before=before,
        after=after,
        around=around,
        limit=limit,
        by=by,
    )


@post(
    "/v1/conversations/{conversation_id:uuid}/messages",
    raises=problems(
        NotSignedIn,
        InvalidInput,
        IdReused,
        NotFound,
        NeedsEncryption,
        NotReachable,
        ConversationExists,
        NotEditable,
        TooLateToEdit,
        UnknownMedia,
        RateLimited,
    ),
)
async def send_message(
    conversation_id: UUID, data: SendMessage, db: Db, by: Actor, limits: Limits
) -> Sent:
    """Say something to a shop or a customer. Safe to repeat with the same `id`."""
    limits.take("send", by.device_id or by.person_id, MESSAGES_PER_DEVICE)
    return await db.write(
        messages.send_message, data.id, ConversationId(conversation_id), data.body, by=by
    )


@post("/v1/messages/{message_id:uuid}/deletion", raises=problems(NotSignedIn, NotFound))
async def delete_message(message_id: UUID, db: Db, by: Actor) -> Sent:
    """Delete an own message for all. Its number stays."""
    return await db.write(messages.delete_message, MessageId(message_id), by=by)


@put(
    "/v1/conversations/{conversation_id:uuid}/receipts",
    raises=problems(NotSignedIn, InvalidInput, NotFound),
)
async def set_receipt(
    conversation_id: UUID, data: SetReceipt, db: Db, bell: Bell, by: Actor
) -> Mark:
    """Say how far one has received and read. The numbers only grow."""
    mark, moved = await db.write(
        receipts.set_mark,
        ConversationId(conversation_id),
        delivered_seq=data.delivered_seq,
        read_seq=data.read_seq,
        by=by,
    )
    if moved is not None:
        bell.flash(moved.user_ids, receipts.receipt_frame(mark))
    return mark


@post(
    "/v1/conversations/{conversation_id:uuid}/typing",
    status_code=204,
    raises=problems(NotSignedIn, NotFound, RateLimited),
)
async def tell_typing(conversation_id: UUID, db: Db, bell: Bell, by: Actor, limits: Limits) -> None:
    """Let the others see for six seconds that one is typing."""
    limits.take("typing", by.device_id or by.person_id, TYPING_PER_DEVICE)
    place = ConversationId(conversation_id)
    audience = await db.read(presence.typing_audience, place, by=by)
    bell.flash(audience, presence.typing_frame(place, by.user_id))


@get("/v1/messages", raises=problems(NotSignedIn, InvalidInput, RateLimited))
async def search_messages(
    db: Db,
    by: Actor,
    limits: Limits,
    q: Annotated[str, Parameter(min_length=1, max_length=200)],
    conversation_id: UUID | None = None,
    after: Cursor | None = None,
    limit: Limit = 30,
) -> Page[search.Found]:
    """Find messages by their words, the latest first, in one conversation or in all."""
    limits.take("search", by.device_id or by.person_id, SEARCHES_PER_DEVICE)
    return await db.read(
        search.search_messages,
        q,
        conversation_id=ConversationId(conversation_id) if conversation_id else None,
        after=after,
        limit=limit,
        by=by,
    )


routes: list[Any] = [
    Router(
        "/",
        route_handlers=[
            open_conversation,
            list_conversations,
            get_conversation,
            edit_conversation,
            list_messages,
            send_message,
            delete_message,
            set_receipt,
            tell_typing,
            search_messages,
        ],
        dependencies={"limits": Provide(provide_limits, sync_to_thread=False)},
    )
]
