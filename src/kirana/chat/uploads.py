"""From the bytes that somebody sends to files that are safe to show.

A photo is decoded in a process of its own and written anew, without place, camera and name. What a
voice note or a document is, its bytes say, whatever its name says.
"""

from dataclasses import dataclass
from hashlib import sha256

from kirana.platform.blobs import Blobs
from kirana.platform.images import MASTER, ImageWorker
from kirana.values import MediaId

from .media import FULL, MediaKind, StoredFile
from .problems import VoiceUnreadable

MAX_BYTES = 16 * 1024 * 1024
PREVIEW = 640
"""The width of the picture in a conversation."""

_SOUNDS = (
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (8, b"WAVE", "audio/wav"),
)
_VIDEOS = (
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftyp", "video/mp4"),
)
_DOCUMENTS = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (8, b"WEBP", "image/webp"),
    (0, b"PK\x03\x04", "application/zip"),
)
INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp"})
"""Documents that a browser may open; all others are only downloaded."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a file, as players ask for it: from `first` to `last`, both included."""

    first: int
    last: int


async def keep_file(
    media_id: MediaId, kind: MediaKind, content: bytes, *, blobs: Blobs, images: ImageWorker
) -> StoredFile:
    """Store what is sent as `kind`. Raises: PictureUnreadable, PictureTooLarge, VoiceUnreadable."""
    source_hash = sha256(content).hexdigest()
    match kind:
        case MediaKind.IMAGE:
            picture = await images.render(content)
            full = picture.files[MASTER]
            names = {
                FULL: await blobs.put(with_id(media_id, full)),
                str(PREVIEW): await blobs.put(with_id(media_id, picture.files[PREVIEW])),
            }
            return StoredFile(
                source_hash, names, "image/webp", len(full), picture.width, picture.height
            )
        case MediaKind.VOICE:
            mime = _sniff(content, _SOUNDS)
            if mime is None:
                raise VoiceUnreadable
        case _:
            mime = _sniff(content, _DOCUMENTS) or "application/octet-stream"
    name = await blobs.put(with_id(media_id, content))
    return StoredFile(source_hash, {FULL: name}, mime, len(content))


def video_type(begin: bytes) -> str | None:
    """What kind of video begins like this; None when browsers would not play it."""
    return _sniff(begin, _VIDEOS)


async def open_file(media_id: MediaId, name: str, *, blobs: Blobs) -> bytes | None:
    """What was kept under this name."""
    content = await blobs.get(name)
    return None if content is None else content[len(media_id.bytes) :]


def file_name(text: str) -> str | None:
    """The last part of a name, in one line; None when nothing is left."""
    visible = "".join(letter for letter in text if letter.isprintable() and letter not in '"<>|:?*')
    return visible.replace("\\", "/").rsplit("/", 1)[-1].strip(" .")[:255] or None


def slice_of(header: str, size: int) -> Slice | None:
    """The one part that a Range header asks for; None for all, and for what is not understood.

    Source: RFC 9110 section 14.2.
    """
    unit, _, asked = header.partition("=")
    first, dash, last = asked.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or "," in asked:
        return None
    if not (first + last).isascii() or not (first + last).isdigit() or len(asked) > 40:
        return None
    if not first:
        return Slice(max(0, size - int(last)), size - 1) if int(last) and size else None
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    return Slice(begin, end) if begin <= end else None


def with_id(media_id: MediaId, content: bytes) -> bytes:
    """With the file's id before it, so that no two files share a name and each can go alone."""
    return media_id.bytes + content


def _sniff(content: bytes, known: tuple[tuple[int, bytes, str], ...]) -> str | None:
    return next((mime for offset, mark, mime in known if content.startswith(mark, offset)), None)
