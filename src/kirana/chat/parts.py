"""Large files, which come in parts and are kept as they come: what is encrypted, and videos.

A file is never whole in anybody's memory: an upload goes on where it stopped, and a player reads
from the middle. A part of an encrypted file is what the sender's device encrypted in one piece; the
server knows how long it is, and nothing else. What a video is, the bytes of its first part say.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import bindparam, insert, select, update

from kirana.platform.blobs import Blobs
from kirana.platform.db import Q, Row, Tx
from kirana.platform.problems import IdReused, NotFound, TooLarge
from kirana.values import Actor, MediaId

from .media import FULL, MediaKind, get_row, is_whole
from .model import MAX_PART_BYTES, MAX_PARTS, MAX_SEALED_BYTES, MAX_VIDEO_BYTES
from .problems import NoDevices, UploadIncomplete, VideoUnreadable, invalid, require_own_id
from .tables import media
from .uploads import open_file, with_id

_FIND = Q(select(media).where(media.c.id == bindparam("id")))
_INSERT = Q(insert(media))
_ARRIVE = Q(
    update(media)
    .where(media.c.id == bindparam("id_"))
    .values(
        blobs=bindparam("blobs"),
        sizes=bindparam("sizes"),
        source_hash=bindparam("hash"),
        mime=bindparam("mime"),
    )
)


_LIMITS = {MediaKind.SEALED: MAX_SEALED_BYTES, MediaKind.VIDEO: MAX_VIDEO_BYTES}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way: which of its parts, counted from 0, have arrived."""

    id: MediaId
    size_bytes: int
    parts: int
    arrived: list[int]
    is_complete: bool


def begin_upload(
    tx: Tx,
    media_id: MediaId,
    size_bytes: int,
    parts: int,
    *,
    kind: MediaKind = MediaKind.SEALED,
    by: Actor,
) -> Upload:
    """Announce an encrypted file or a video. The same again answers how far it is.

    Raises: InvalidInput, TooLarge, NoDevices (guests and shops have nothing to encrypt), IdReused.
    """
    require_own_id(media_id)
    if kind not in _LIMITS:
        raise invalid("kind", "Encrypted files and videos come in parts, others whole.")
    if size_bytes > _LIMITS[kind]:
        raise TooLarge(max_bytes=_LIMITS[kind])
    if not 1 <= parts <= min(size_bytes, MAX_PARTS):
        raise invalid("parts", f"A file comes in 1 to {MAX_PARTS} parts.")
    if size_bytes > parts * MAX_PART_BYTES:
        raise invalid("parts", "A part has at most 2 MiB.")
    if kind == MediaKind.SEALED and (by.kind != "person" or by.is_acting_for_a_shop):
        raise NoDevices
    if known := tx.one(_FIND, id=media_id):
        asked = (by.user_id, kind, size_bytes, parts)
        if (known.owner_id, known.kind, known.size_bytes, known.parts) != asked:
            raise IdReused(id=media_id)
        return _upload(known)
    tx.do(
        _INSERT,
        id=media_id,
        owner_id=by.user_id,
        kind=kind,
        mime="application/octet-stream",
        size_bytes=size_bytes,
        source_hash="",
        blobs={},
        parts=parts,
        sizes={},
        created_at=tx.now,
    )
    return get_upload(tx, media_id, by=by)


def get_upload(tx: Tx, media_id: MediaId, *, by: Actor) -> Upload:
    """How far an own upload is. Raises: NotFound."""
    return _upload(_own(tx, media_id, by))


def part_name(media_id: MediaId, content: bytes) -> str:
    """What a part is called among the blobs."""
    return sha256(with_id(media_id, content)).hexdigest()


def check_part(
    tx: Tx,
    media_id: MediaId,
    n: int,
    name: str,
    size_bytes: int,
    *,
    mime: str | None = None,
    by: Actor,
) -> bool:
    """Whether this part has still to be stored. `mime` is what its bytes say that it begins.

    Raises: NotFound, InvalidInput for what does not belong into the file, IdReused for other bytes
    than came before, VideoUnreadable.
    """
    row = _own(tx, media_id, by)
    if not 0 <= n < row.parts:
        raise invalid("n", f"This file has the parts 0 to {row.parts - 1}.")
    if not 1 <= size_bytes <= MAX_PART_BYTES:
        raise invalid("body", "A part has 1 byte to 2 MiB.")
    if known := row.blobs.get(str(n)):
        if known != name:
            raise IdReused(id=media_id, part=n)
        return False
    if row.kind == MediaKind.VIDEO and n == 0 and mime is None:
        raise VideoUnreadable
    arrived = sum(row.sizes.values()) + size_bytes
    missing = row.parts - len(row.blobs) - 1
    if arrived + missing > row.size_bytes or (not missing and arrived != row.size_bytes):
        raise invalid("body", "The parts are not as long together as was announced.")
    return True


def keep_part(
    tx: Tx,
    media_id: MediaId,
    n: int,
    name: str,
    size_bytes: int,
    *,
    mime: str | None = None,
    by: Actor,
) -> Upload:
    """A part whose bytes are stored has arrived. Again: nothing. Raises: as `check_part`."""
    if check_part(tx, media_id, n, name, size_bytes, mime=mime, by=by):
        row = _own(tx, media_id, by)
        known = mime if row.kind == MediaKind.VIDEO and n == 0 else row.mime
        blobs = {**row.blobs, str(n): name}
        sizes = {**row.sizes, str(n): size_bytes}
        in_order = "".join(blobs.get(str(part), "") for part in range(row.parts))
        whole = sha256(in_order.encode()).hexdigest()
        tx.do(_ARRIVE, id_=media_id, blobs=blobs, sizes=sizes, hash=whole, mime=known)
    return get_upload(tx, media_id, by=by)


def pieces_of(tx: Tx, media_id: MediaId, *, by: Actor) -> tuple[int, list[tuple[str, int]]]:
    """The length of a file that `by` may see, and its parts in order, by name and length.

    Raises: NotFound, UploadIncomplete.
    """
    row = get_row(tx, media_id, by=by)
    if not is_whole(row):
        raise UploadIncomplete(media_id=media_id)
    parts = [(row.blobs[str(n)], row.sizes[str(n)]) for n in range(row.parts)]
    return row.size_bytes, parts


def blobs_in_order(tx: Tx, media_id: MediaId, *, by: Actor) -> list[str]:
    """The names under which the bytes of a whole file lie; none while parts are missing.

    Raises: NotFound.
    """
    row = get_row(tx, media_id, by=by)
    if row.parts is None:
        return [row.blobs[FULL]]
    return [row.blobs[str(n)] for n in range(row.parts)] if is_whole(row) else []


async def read_pieces(
    media_id: MediaId,
    parts: Sequence[tuple[str, int]],
    first: int,
    last: int,
    *,
    blobs: Blobs,
) -> AsyncIterator[bytes]:
    """The bytes from `first` to `last`, both included, one part at a time. Raises: NotFound."""
    begin = 0
    for name, size in parts:
        if begin <= last and first < begin + size:
            content = await open_file(media_id, name, blobs=blobs)
            if content is None:
                raise NotFound(media_id=media_id)
            yield content[max(0, first - begin) : last - begin + 1]
        begin += size


def _own(tx: Tx, media_id: MediaId, by: Actor) -> Row:
    row = tx.one(_FIND, id=media_id)
    if row is None or row.owner_id != by.user_id or row.parts is None:
        raise NotFound(media_id=media_id)
    return row


def _upload(row: Row) -> Upload:
    return Upload(
        row.id, row.size_bytes, row.parts, sorted(int(n) for n in row.blobs), is_whole(row)
    )
