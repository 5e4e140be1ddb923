"""Routes of private conversations: members, requests, invitations, encrypted files, reports."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post, put
from litestar.params import Parameter
from msgspec import Meta

from kirana.platform.blobs import Blobs
from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    TooLarge,
)
from kirana.values import Actor, ConversationId, MediaId, MessageId, UserId

from . import expiry, hiding, invitations, members, parts, permissions, reports, requests
from .conversations import Conversation
from .invitations import Invitation, InvitationView
from .media import MediaKind
from .model import MAX_PART_BYTES, MAX_PARTS, TIMERS_S, Circle, Role
from .parts import Upload
from .problems import (
    GroupFull,
    LastAdmin,
    NoDevices,
    NotAGroup,
    NotProven,
    NotReachable,
    VideoUnreadable,
    invalid,
)
from .reports import Reason, Report, Shown
from .uploads import video_type, with_id

MEMBERS_PER_PERSON = Rate(300, 10)
INVITATIONS_PER_PERSON = Rate(30, 60)
REPORTS_PER_PERSON = Rate(10, 360)
UPLOADS_PER_PERSON = Rate(60, 3)
PARTS_PER_PERSON = Rate(400, 0.1)
_is_code = re.compile(r"[A-Za-z0-9_-]{22}").fullmatch


@dataclass(frozen=True, slots=True)
class PutMember:
    """Without a role, somebody new is a member and a member stays what they are."""

    role: Role | None = None


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Seconds: one day, one week, 90 days, or 0 for never."""

    timer_s: Annotated[int, Meta(ge=0, le=TIMERS_S[-1])]


@dataclass(frozen=True, slots=True)
class SetPermissions:
    """Who may write, and who may change name, photo and description, and pin. What is left out
    stays."""

    writers: Circle | None = None
    editors: Circle | None = None


@dataclass(frozen=True, slots=True)
class BeginUpload:
    """An encrypted file or a video: how long it is, and in how many parts it comes."""

    id: MediaId
    kind: MediaKind
    size_bytes: Annotated[int, Meta(ge=1, le=2**53)]
    parts: Annotated[int, Meta(ge=1, le=MAX_PARTS)]


@dataclass(frozen=True, slots=True)
class MakeReport:
    """What others wrote, as its reader opened it, and why it is shown to the operator."""

    messages: Annotated[list[Shown], Meta(min_length=1, max_length=reports.MAX_REPORTED)]
    reason: Reason | None = None


@put(
    "/v1/conversations/{conversation_id:uuid}/members/{user_id:uuid}",
    raises=problems(
        NotSignedIn,
        InvalidInput,
        NotFound,
        NotAGroup,
        NotAllowed,
        NoDevices,
        NotReachable,
        GroupFull,
        LastAdmin,
        RateLimited,
    ),
)
async def put_member(
    conversation_id: UUID, user_id: UUID, data: PutMember, db: Db, by: Actor, limits: Limits
) -> Conversation:
    """Bring somebody into a group, or give a member another role. For admins."""
    limits.take("members", by.person_id, MEMBERS_PER_PERSON)
    return await db.write(
        members.put_member, ConversationId(conversation_id), UserId(user_id), data.role, by=by
    )


@delete(
    "/v1/conversations/{conversation_id:uuid}/members/{user_id:uuid}",
    raises=problems(NotSignedIn, NotFound, NotAGroup, NotAllowed),
)
async def remove_member(conversation_id: UUID, user_id: UUID, db: Db, by: Actor) -> None:
    """Take somebody out of a group, or leave it oneself."""
    await db.write(members.remove_member, ConversationId(conversation_id), UserId(user_id), by=by)


@put(
    "/v1/conversations/{conversation_id:uuid}/acceptance",
    raises=problems(NotSignedIn, NotFound),
)
async def accept_request(conversation_id: UUID, db: Db, by: Actor) -> Conversation:
    """Accept what a stranger began, or talk again to somebody whom one had refused."""
    return await db.write(requests.accept_request, ConversationId(conversation_id), by=by)


@delete(
    "/v1/conversations/{conversation_id:uuid}/acceptance",
    raises=problems(NotSignedIn, NotFound),
)
async def refuse_request(conversation_id: UUID, db: Db, by: Actor) -> None:
    """Refuse what a stranger began. A person is not told."""
    await db.write(requests.refuse_request, ConversationId(conversation_id), by=by)


@put(
    "/v1/conversations/{conversation_id:uuid}/timer",
    raises=problems(NotSignedIn, InvalidInput, NotFound, NotAllowed),
)
async def set_timer(conversation_id: UUID, data: SetTimer, db: Db, by: Actor) -> Conversation:
    """Let what is written from now on disappear after a while."""
    if data.timer_s not in TIMERS_S:
        raise invalid("timer_s", "One day, one week, 90 days, or 0.")
    return await db.write(expiry.set_timer, ConversationId(conversation_id), data.timer_s, by=by)


@put(
    "/v1/conversations/{conversation_id:uuid}/permissions",
    raises=problems(NotSignedIn, InvalidInput, NotFound, NotAGroup, NotAllowed),
)
async def set_permissions(
    conversation_id: UUID, data: SetPermissions, db: Db, by: Actor
) -> Conversation:
    """Say what the members of a group may do who are no admins. For admins."""
    return await db.write(
        permissions.set_permissions,
        ConversationId(conversation_id),
        writers=data.writers,
        editors=data.editors,
        by=by,
    )


@post(
    "/v1/conversations/{conversation_id:uuid}/invitations",
    raises=problems(NotSignedIn, NotFound, NotAGroup, NotAllowed, RateLimited),
)
async def invite(conversation_id: UUID, db: Db, by: Actor, limits: Limits) -> Invitation:
    """The link into a group, for admins. There is one at a time: again, it is the same."""
    limits.take("invitations", by.person_id, INVITATIONS_PER_PERSON)
    code = invitations.new_invitation_code()
    return await db.write(invitations.invite, ConversationId(conversation_id), code, by=by)


@get("/v1/invitations/{code:str}", raises=problems(NotSignedIn, NotFound, RateLimited))
async def get_invitation(code: str, db: Db, by: Actor, limits: Limits) -> InvitationView:
    """What a link leads to, and by whom. The group's name is not known here."""
    limits.take("invitations", by.person_id, INVITATIONS_PER_PERSON)
    return await db.read(invitations.get_invitation, _code(code), by=by)


@put(
    "/v1/invitations/{code:str}/acceptance",
    raises=problems(NotSignedIn, NotFound, NoDevices, NotReachable, GroupFull, RateLimited),
)
async def accept_invitation(code: str, db: Db, by: Actor, limits: Limits) -> Conversation:
    """Join the group that a link leads to."""
    limits.take("invitations", by.person_id, INVITATIONS_PER_PERSON)
    return await db.write(invitations.accept_invitation, _code(code), by=by)


@delete("/v1/invitations/{code:str}", raises=problems(NotSignedIn, NotFound, NotAllowed))
async def revoke_invitation(code: str, db: Db, by: Actor) -> None:
    """Let a link lead nowhere any more. For admins."""
    await db.write(invitations.revoke_invitation, _code(code), by=by)


@put(
    "/v1/messages/{message_id:uuid}/hiding", status_code=204, raises=problems(NotSignedIn, NotFound)
)
async def hide_message(message_id: UUID, db: Db, by: Actor) -> None:
    """Delete a message for oneself only, on all own devices."""
    await db.write(hiding.hide_message, MessageId(message_id), by=by)


@post(
    "/v1/reports",
    raises=problems(NotSignedIn, InvalidInput, NotFound, NotProven, RateLimited),
)
async def report_messages(data: MakeReport, db: Db, by: Actor, limits: Limits) -> list[Report]:
    """Show up to five messages of others to the operator: their content `c`, and its key `k`."""
    limits.take("reports", by.person_id, REPORTS_PER_PERSON)
    return await db.write(reports.report_messages, data.messages, data.reason, by=by)


@post(
    "/v1/media-uploads",
    raises=problems(NotSignedIn, InvalidInput, IdReused, NoDevices, TooLarge, RateLimited),
)
async def begin_upload(data: BeginUpload, db: Db, by: Actor, limits: Limits) -> Upload:
    """Announce an encrypted file (100 MB at most) or a video (64 MB), to be sent in parts."""
    limits.take("media", by.person_id, UPLOADS_PER_PERSON)
    return await db.write(
        parts.begin_upload, data.id, data.size_bytes, data.parts, kind=data.kind, by=by
    )


@get("/v1/media-uploads/{media_id:uuid}", raises=problems(NotSignedIn, NotFound))
async def get_upload(media_id: UUID, db: Db, by: Actor) -> Upload:
    """Which parts of an own file have arrived."""
    return await db.read(parts.get_upload, MediaId(media_id), by=by)


@put(
    "/v1/media-uploads/{media_id:uuid}/parts/{n:int}",
    raises=problems(
        NotSignedIn, InvalidInput, NotFound, IdReused, TooLarge, VideoUnreadable, RateLimited
    ),
    opt={"takes": "application/octet-stream"},
)
async def put_part(
    request: Request[Any, Any, Any],
    media_id: UUID,
    n: Annotated[int, Parameter(ge=0, lt=MAX_PARTS)],
    db: Db,
    blobs: Blobs,
    by: Actor,
    limits: Limits,
) -> Upload:
    """A part of a file, counted from 0: the bytes are the whole body, at most 2 MiB."""
    limits.take("parts", by.person_id, PARTS_PER_PERSON)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MAX_PART_BYTES:
        raise TooLarge(max_bytes=MAX_PART_BYTES)
    content = await request.body()
    if len(content) > MAX_PART_BYTES:
        raise TooLarge(max_bytes=MAX_PART_BYTES)
    id_ = MediaId(media_id)
    name, size, mime = parts.part_name(id_, content), len(content), video_type(content)
    if await db.read(parts.check_part, id_, n, name, size, mime=mime, by=by):
        await blobs.put(with_id(id_, content))
    return await db.write(parts.keep_part, id_, n, name, size, mime=mime, by=by)


def _code(text: str) -> str:
    """Raises: NotFound."""
    if not _is_code(text):
        raise NotFound
    return text


private_routes: list[Any] = [
    put_member,
    remove_member,
    accept_request,
    refuse_request,
    set_timer,
    set_permissions,
    invite,
    get_invitation,
    accept_invitation,
    revoke_invitation,
    hide_message,
    report_messages,
    begin_upload,
    get_upload,
    put_part,
]
