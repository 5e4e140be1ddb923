"""Routes: conversations, messages, receipts, files."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, Router, get, patch, post, put
from litestar.di import Provide
from litestar.params import Parameter, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from kirana.platform.bell import Bell
from kirana.platform.blobs import Blobs
from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.images import ImageWorker, PictureTooLarge, PictureUnreadable
from kirana.platform.limits import Limits, Rate, provide_limits
from kirana.platform.pictures import provide_images
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    TooLarge,
)
from kirana.values import Actor, ConversationId, MediaId, MessageId, Page, UserId

from . import (
    conversations,
    groups,
    history,
    media,
    messages,
    parts,
    presence,
    privacy,
    private_http,
    receipts,
    sealed,
    search,
    uploads,
)
from .content import MAX_BODY_BYTES, Content
from .conversations import Conversation, Conversations
from .history import History
from .media import Media, MediaKind
from .model import MAX_MEMBERS, Form, Kind, Mark, Sent
from .privacy import Privacy, SeenBy
from .problems import (
    ConversationExists,
    GroupFull,
    NeedsBusiness,
    NeedsEncryption,
    NoDevices,
    NotEditable,
    NotEncrypted,
    NotReachable,
    OnlyAdminsWrite,
    RequestPending,
    StaleAudience,
    StaleSettings,
    TooLateToEdit,
    TooManyPinned,
    UnknownMedia,
    UploadIncomplete,
    VoiceUnreadable,
    invalid,
    require_own_id,
)

MESSAGES_PER_DEVICE = Rate(40, 0.1)
RECIPIENTS_PER_PERSON = Rate(60, 600)
TYPING_PER_DEVICE = Rate(5, 1)
SEARCHES_PER_DEVICE = Rate(20, 0.5)
UPLOADS_PER_PERSON = Rate(60, 3)

Seq = Annotated[int, Parameter(ge=0, le=2**53)]
Limit = Annotated[int, Parameter(ge=1, le=200)]
Cursor = Annotated[str, Parameter(max_length=80)]


@dataclass(frozen=True, slots=True)
class OpenConversation:
    """With one other, `with_id`; or a private group of `member_ids`, of `form` group."""

    id: ConversationId
    kind: Kind
    with_id: UserId | None = None
    form: Form = Form.DIRECT
    member_ids: Annotated[list[UserId], Meta(max_length=MAX_MEMBERS)] | None = None


@dataclass(frozen=True, slots=True)
class EditConversation:
    """For oneself only. What is left out stays; `muted_until` 0 ends the muting."""

    is_archived: bool | None = None
    is_pinned: bool | None = None
    muted_until: Annotated[int, Meta(ge=0, le=2**53)] | None = None


@dataclass(frozen=True, slots=True)
class SendMessage:
    """To a shop or a customer, what is said is the `body`. In a private conversation it is `ct`,
    the exact text of an `m.room.encrypted` content, with the `rev` of the conversation that it was
    encrypted for and the commitment `com` to its words (32 bytes in base64, unpadded).
    """

    id: MessageId
    body: Content | None = None
    ct: Annotated[str, Meta(min_length=2, max_length=MAX_BODY_BYTES)] | None = None
    rev: Annotated[str, Meta(max_length=40)] = ""
    com: Annotated[str, Meta(max_length=43)] = ""
    ttl_s: Annotated[int, Meta(ge=1, le=sealed.MAX_TTL_S)] | None = None
    media: Annotated[list[MediaId], Meta(max_length=sealed.MAX_MEDIA)] = field(default_factory=list)
    is_quiet: bool = False
    slot: sealed.Slot | None = None
    over: Annotated[int, Meta(ge=0, le=2**53)] | None = None


@dataclass(frozen=True, slots=True)
class SetReceipt:
    """Up to which number one has received, and up to which one has read."""

    delivered_seq: Annotated[int, Meta(ge=0, le=2**53)] = 0
    read_seq: Annotated[int, Meta(ge=0, le=2**53)] = 0


@dataclass(frozen=True, slots=True)
class EditPrivacy:
    """What is left out stays."""

    shares_reads: bool | None = None
    shares_typing: bool | None = None
    seen_by: SeenBy | None = None


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
        GroupFull,
        RateLimited,
    ),
)
async def open_conversation(
    data: OpenConversation, db: Db, by: Actor, limits: Limits
) -> Conversation:
    """Begin a conversation with somebody, or a group. With somebody there is one of each kind."""
    limits.take("send", by.device_id or by.person_id, MESSAGES_PER_DEVICE)
    if data.kind == Kind.PRIVATE:
        limits.take("recipients", by.person_id, RECIPIENTS_PER_PERSON)
    if data.form == Form.GROUP and data.kind == Kind.PRIVATE and data.with_id is None:
        wanted = data.member_ids or []
        return await db.write(groups.open_group, data.id, wanted, by=by)
    if data.form != Form.DIRECT or data.member_ids is not None:
        raise invalid("form", "A group is private, and begins with its members.")
    if data.with_id is None:
        raise invalid("with_id", "With whom?")
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
    raises=problems(NotSignedIn, InvalidInput, NotFound, TooManyPinned),
)
async def edit_conversation(
    conversation_id: UUID, data: EditConversation, db: Db, by: Actor
) -> Conversation:
    """Archive, pin or mute a conversation for oneself. Up to five are pinned."""
    return await db.write(
        conversations.set_sides,
        ConversationId(conversation_id),
        is_archived=data.is_archived,
        is_pinned=data.is_pinned,
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
    around_id: UUID | None = None,
    limit: Limit = 50,
) -> History:
    """The entries before or after a number, around one or around a message, or the latest."""
    return await db.read(
        history.list_messages,
        ConversationId(conversation_id),
        before=before,
        after=after,
        around=around,
        around_id=None if around_id is None else MessageId(around_id),
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
        NotEncrypted,
        NotReachable,
        NotAllowed,
        OnlyAdminsWrite,
        RequestPending,
        StaleAudience,
        StaleSettings,
        ConversationExists,
        NotEditable,
        TooLateToEdit,
        UnknownMedia,
        UploadIncomplete,
        RateLimited,
    ),
)
async def send_message(
    conversation_id: UUID, data: SendMessage, db: Db, by: Actor, limits: Limits
) -> Sent:
    """Say something. Safe to repeat with the same `id`.

    `stale-audience` says that somebody's devices, or the members, are other ones than `rev` names:
    encrypt again for all of them, and send again with the same `id`. `stale-settings` says that
    others took the slot `settings` after `over`: make yours from those.
    """
    limits.take("send", by.device_id or by.person_id, MESSAGES_PER_DEVICE)
    place = ConversationId(conversation_id)
    if (data.body is None) == (data.ct is None):
        raise invalid("body", "A message has either a body or a ct.")
    if data.body is not None:
        return await db.write_in(place, messages.send_message, data.id, place, data.body, by=by)
    taken = sealed.take_sealed(
        data.ct or "",
        data.rev,
        data.com,
        ttl_s=data.ttl_s,
        media=data.media,
        is_quiet=data.is_quiet,
        slot=data.slot,
        over=data.over,
    )
    if taken.slot:
        # New settings let go of a photo that may stand in other conversations too.
        return await db.write(sealed.send_sealed, data.id, place, taken, by=by)
    return await db.write_in(place, sealed.send_sealed, data.id, place, taken, by=by)


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
        for told, frame in moved.frames():
            bell.flash(told, frame)
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


@get("/v1/privacy", raises=problems(NotSignedIn))
async def get_privacy(db: Db, by: Actor) -> Privacy:
    """What one lets others see: what one has read, that one types, when one was here."""
    return await db.read(privacy.get_privacy, by=by)


@patch("/v1/privacy", raises=problems(NotSignedIn, InvalidInput, NotAllowed))
async def edit_privacy(data: EditPrivacy, db: Db, by: Actor) -> Privacy:
    """Change it; what is left out stays. Who does not show something does not see it either."""
    return await db.write(
        privacy.set_privacy,
        shares_reads=data.shares_reads,
        shares_typing=data.shares_typing,
        seen_by=data.seen_by,
        by=by,
    )


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


@post(
    "/v1/media",
    raises=problems(
        NotSignedIn,
        InvalidInput,
        IdReused,
        PictureUnreadable,
        PictureTooLarge,
        VoiceUnreadable,
        TooLarge,
        RateLimited,
    ),
    opt={"takes": "application/octet-stream"},
)
async def upload_media(
    request: Request[Any, Any, Any],
    db: Db,
    blobs: Blobs,
    images: ImageWorker,
    limits: Limits,
    by: Actor,
    media_id: Annotated[UUID, QueryParameter(name="id")],
    kind: MediaKind,
    name: Annotated[str, Parameter(max_length=1_000)] = "",
) -> Media:
    """Upload a file for a message: the bytes are the whole body, 16 MB at most.

    A photo is kept without what the camera wrote into it. Safe to repeat with the same `id`. A
    `video`, and what is `sealed`, come in parts instead (`/v1/media-uploads`).
    """
    if kind in (MediaKind.SEALED, MediaKind.VIDEO):
        raise invalid("kind", "Encrypted files and videos come in parts.")
    limits.take("media", by.person_id, UPLOADS_PER_PERSON)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > uploads.MAX_BYTES:
        raise TooLarge(max_bytes=uploads.MAX_BYTES)
    content = await request.body()
    if len(content) > uploads.MAX_BYTES:
        raise TooLarge(max_bytes=uploads.MAX_BYTES)
    if not content:
        raise invalid("body", "There is no file in the body.")
    require_own_id(media_id)
    id_, source_hash = MediaId(media_id), sha256(content).hexdigest()
    if same := await db.read(media.find_same_media, id_, kind, source_hash, by=by):
        return same
    stored = await uploads.keep_file(id_, kind, content, blobs=blobs, images=images)
    return await db.write(media.add_media, id_, kind, uploads.file_name(name), stored, by=by)


@get("/v1/media/{media_id:uuid}", raises=problems(NotSignedIn, NotFound))
async def get_media(media_id: UUID, db: Db, by: Actor) -> Media:
    """What is known of a file that one may see."""
    return await db.read(media.get_media, MediaId(media_id), by=by)


@get(
    "/v1/media/{media_id:uuid}/content",
    raises=problems(NotSignedIn, InvalidInput, NotFound, UploadIncomplete),
    media_type="application/octet-stream",
)
async def get_media_content(
    request: Request[Any, Any, Any],
    media_id: UUID,
    db: Db,
    blobs: Blobs,
    by: Actor,
    size: Annotated[int, Parameter(ge=1, le=100_000)] | None = None,
) -> Response[Any]:
    """The bytes of a file; of a photo, with `size`, a smaller one of at least that width."""
    file, names = await db.read(media.get_blobs, MediaId(media_id), by=by)
    if file.kind in (MediaKind.SEALED, MediaKind.VIDEO):
        return await _content_in_parts(request, file, db, blobs, by)
    is_small = size is not None and size <= uploads.PREVIEW
    name = names.get(str(uploads.PREVIEW) if is_small else media.FULL, names[media.FULL])
    content = await uploads.open_file(file.id, name, blobs=blobs)
    if content is None:
        raise NotFound(media_id=media_id)
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Content-Encoding": "identity",
        "Content-Disposition": _disposition(file),
    }
    if part := uploads.slice_of(request.headers.get("range", ""), len(content)):
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{len(content)}"
        content = content[part.first : part.last + 1]
    status = 206 if part else 200
    return Response(content, status_code=status, media_type=file.mime, headers=headers)


async def _content_in_parts(
    request: Request[Any, Any, Any], file: Media, db: Db, blobs: Blobs, by: Actor
) -> Response[Any]:
    size, pieces = await db.read(parts.pieces_of, file.id, by=by)
    part = uploads.slice_of(request.headers.get("range", ""), size)
    first, last = (part.first, part.last) if part else (0, size - 1)
    is_sealed = file.kind == MediaKind.SEALED
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Content-Encoding": "identity",
        "Content-Disposition": "attachment" if is_sealed else _disposition(file),
        "Content-Length": str(last - first + 1),
    }
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    content = parts.read_pieces(file.id, pieces, first, last, blobs=blobs)
    status = 206 if part else 200
    return Stream(content, status_code=status, media_type=file.mime, headers=headers)


def _disposition(file: Media) -> str:
    """Documents are downloaded, unless a browser can open them safely. Source: RFC 6266."""
    is_inline = file.kind != MediaKind.DOCUMENT or file.mime in uploads.INLINE
    shown = "inline" if is_inline else "attachment"
    return f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}" if file.name else shown


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
            get_privacy,
            edit_privacy,
            search_messages,
            upload_media,
            get_media,
            get_media_content,
            *private_http.private_routes,
        ],
        dependencies={
            "limits": Provide(provide_limits, sync_to_thread=False),
            "images": Provide(provide_images, sync_to_thread=False),
        },
    )
]
