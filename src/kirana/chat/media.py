"""Files that people send: a photo, a video, a voice note, a document.

The bytes lie in the blobs; a row here says whose they are. Who belongs to a conversation where a
file is attached may fetch it, and nobody else but its owner. What the server cannot read is
`sealed`, and never meets the rest in one message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import and_, bindparam, delete, exists, insert, or_, select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.jobs import Outside
from kirana.platform.problems import IdReused, NotFound
from kirana.values import Actor, MediaId, MessageId, UserId

from .model import Form
from .problems import (
    NeedsEncryption,
    NotEncrypted,
    UnknownMedia,
    UploadIncomplete,
    require_own_id,
)
from .tables import attachments, conversations, media, members, messages

FULL = "full"
"""What the whole file is called among a file's blobs; smaller pictures are named by their width."""
UNATTACHED_FOR_MS = 24 * 60 * 60 * 1000


class MediaKind(StrEnum):
    """What a file is sent as."""

    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Media:
    """A file on the server. An image has its size in pixels, and is stored without metadata."""

    id: MediaId
    kind: MediaKind
    name: str | None
    mime: str
    size_bytes: int
    width: int | None
    height: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known about the bytes: `source_hash` of what was sent, `blobs` of what is kept."""

    source_hash: str
    blobs: Mapping[str, str]
    mime: str
    size_bytes: int
    width: int | None = None
    height: int | None = None


_STATE = (media.c.id, media.c.kind, media.c.parts, media.c.blobs)
_FIND = Q(select(media).where(media.c.id == bindparam("id")))
_INSERT = Q(insert(media))
_OWNED = Q(
    select(*_STATE)
    .where(any_of(media.c.id, "ids"))
    .where(
        or_(media.c.owner_id == bindparam("user_id"), media.c.owner_id == bindparam("person_id"))
    )
)
_SEEN = Q(
    select(*_STATE)
    .join(attachments, attachments.c.media_id == media.c.id)
    .join(messages, messages.c.id == attachments.c.message_id)
    .join(members, members.c.conversation_id == messages.c.conversation_id)
    .where(any_of(attachments.c.media_id, "ids"))
    .where(members.c.user_id == bindparam("user_id"))
    .where(messages.c.seq >= members.c.joined_seq)
    .where(or_(members.c.left_seq.is_(None), messages.c.seq <= members.c.left_seq))
    .where(or_(messages.c.expires_at.is_(None), messages.c.expires_at > bindparam("now")))
)
_ATTACH = Q(insert(attachments))
_DETACH = Q(
    delete(attachments)
    .where(any_of(attachments.c.message_id, "message_ids"))
    .returning(attachments.c.media_id)
)
_ATTACHED = select(attachments.c.media_id)
_DROP_LOOSE = Q(
    delete(media)
    .where(any_of(media.c.id, "ids"))
    .where(media.c.id.not_in(_ATTACHED))
    .returning(media.c.blobs)
)
_DROP_STALE = Q(
    delete(media)
    .where(media.c.created_at < bindparam("before"))
    .where(media.c.id.not_in(_ATTACHED))
    .returning(media.c.blobs)
)
HOLDS_FOR_A_GROUP = exists().where(
    and_(
        conversations.c.id == messages.c.conversation_id,
        or_(
            conversations.c.settings_seq == messages.c.seq,
            conversations.c.admin_settings_seq == messages.c.seq,
        ),
        conversations.c.form == Form.GROUP,
    )
)
"""For this room only: of a message, that it is what a group is called and shows."""
_DROP_OWNER = Q(
    delete(media)
    .where(media.c.owner_id == bindparam("user_id"))
    .where(media.c.id.not_in(_ATTACHED))
    .returning(media.c.blobs)
)
_DETACH_OWNER = Q(
    delete(attachments)
    .where(
        attachments.c.media_id.in_(
            select(media.c.id).where(media.c.owner_id == bindparam("user_id"))
        )
    )
    .where(attachments.c.message_id.not_in(select(messages.c.id).where(HOLDS_FOR_A_GROUP)))
)
_OF_OWNER = Q(select(media).where(media.c.owner_id == bindparam("user_id")).order_by(media.c.id))


def add_media(
    tx: Tx, media_id: MediaId, kind: MediaKind, name: str | None, file: StoredFile, *, by: Actor
) -> Media:
    """Take in a file whose bytes are stored already. The same again answers the same.

    Raises: IdReused.
    """
    if same := find_same_media(tx, media_id, kind, file.source_hash, by=by):
        return same
    require_own_id(media_id)
    tx.do(
        _INSERT,
        id=media_id,
        owner_id=by.user_id,
        kind=kind,
        name=name,
        mime=file.mime,
        size_bytes=file.size_bytes,
        source_hash=file.source_hash,
        blobs=dict(file.blobs),
        width=file.width,
        height=file.height,
        created_at=tx.now,
    )
    return get_media(tx, media_id, by=by)


def find_same_media(
    tx: Tx, media_id: MediaId, kind: MediaKind, source_hash: str, *, by: Actor
) -> Media | None:
    """What an earlier upload of the same file with the same id made. Raises: IdReused."""
    known = tx.one(_FIND, id=media_id)
    if known is None:
        return None
    if (known.owner_id, known.kind, known.source_hash) != (by.user_id, kind, source_hash):
        raise IdReused(id=media_id)
    return _media(known)


def get_media(tx: Tx, media_id: MediaId, *, by: Actor) -> Media:
    """What is known of a file. Raises: NotFound."""
    return _media(get_row(tx, media_id, by=by))


def get_blobs(tx: Tx, media_id: MediaId, *, by: Actor) -> tuple[Media, dict[str, str]]:
    """A file and the names of its blobs. Raises: NotFound."""
    row = get_row(tx, media_id, by=by)
    return _media(row), row.blobs


def attach(
    tx: Tx,
    message_id: MessageId,
    files: Sequence[MediaId],
    *,
    is_sealed: bool = False,
    by: Actor,
) -> None:
    """The message shows these files: own ones, or forwarded ones.

    Raises: UnknownMedia, UploadIncomplete, NeedsEncryption or NotEncrypted for a file of the other
    kind of conversation.
    """
    usable = _may_use(tx, files, by)
    if missing := [media_id for media_id in files if media_id not in usable]:
        raise UnknownMedia(media_ids=missing)
    for file in usable.values():
        if is_sealed != (file.kind == MediaKind.SEALED):
            raise NeedsEncryption if is_sealed else NotEncrypted
        if not is_whole(file):
            raise UploadIncomplete(media_id=file.id)
    tx.many(_ATTACH, [{"message_id": message_id, "media_id": media_id} for media_id in files])


def detach(tx: Tx, message_id: MessageId) -> None:
    """The message shows no file any more; files that no other message shows go."""
    detach_all(tx, [message_id])


def detach_all(tx: Tx, message_ids: Sequence[MessageId]) -> None:
    """For this room only: the same, of many messages."""
    if loose := list({row.media_id for row in tx.all(_DETACH, message_ids=message_ids)}):
        _remove_files(tx, tx.all(_DROP_LOOSE, ids=loose))


def drop_stale_media(tx: Tx) -> None:
    """Forget what was uploaded a day ago and never sent. Runs by the clock."""
    _remove_files(tx, tx.all(_DROP_STALE, before=tx.now - UNATTACHED_FOR_MS))


async def remove_files(outside: Outside, names: list[str]) -> None:
    """Take files from the disk. A job: each file of this room has a name of its own."""
    for name in names:
        await outside.blobs.delete(name)


def list_media_of(tx: Tx, user_id: UserId) -> list[Media]:
    """For this room only: the files that somebody uploaded."""
    return [_media(row) for row in tx.all(_OF_OWNER, user_id=user_id)]


def forget_media_of(tx: Tx, user_id: UserId) -> None:
    """For this room only: somebody's files go, wherever they are shown; a group keeps its photo."""
    tx.do(_DETACH_OWNER, user_id=user_id)
    _remove_files(tx, tx.all(_DROP_OWNER, user_id=user_id))


def _remove_files(tx: Tx, dropped: Sequence[Row]) -> None:
    if names := [name for row in dropped for name in row.blobs.values()]:
        tx.enqueue(remove_files, names=names)


def get_row(tx: Tx, media_id: MediaId, *, by: Actor) -> Row:
    """For this room only: the row of a file that `by` may see. Raises: NotFound."""
    row = tx.one(_FIND, id=media_id)
    if row is None or not _may_use(tx, [media_id], by):
        raise NotFound(media_id=media_id)
    return row


def is_whole(row: Row) -> bool:
    """For this room only: whether all parts of a file have arrived."""
    return row.parts is None or len(row.blobs) == row.parts


def _may_use(tx: Tx, files: Sequence[MediaId], by: Actor) -> dict[MediaId, Row]:
    own = {
        row.id: row for row in tx.all(_OWNED, ids=files, user_id=by.user_id, person_id=by.person_id)
    }
    rest = [media_id for media_id in files if media_id not in own]
    if not rest:
        return own
    seen = tx.all(_SEEN, ids=rest, user_id=by.user_id, now=tx.now)
    return own | {row.id: row for row in seen}


def _media(row: Row) -> Media:
    return Media(
        row.id,
        MediaKind(row.kind),
        row.name,
        row.mime,
        row.size_bytes,
        row.width,
        row.height,
        row.created_at,
    )
