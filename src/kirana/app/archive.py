"""An export as one ZIP file, written while it is sent: no more than one file is in memory."""

import asyncio
from collections.abc import AsyncIterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import msgspec

from kirana import chat
from kirana.platform.blobs import Blobs

from .accounts import Along

README = """This is everything that the server kept of you.

kirana.json        profile, devices, contacts, chats, orders, money and what you did in shops.
                   Times are milliseconds since 1970 (UTC), amounts whole minor units.
files/             what you sent to shops, under the ids that kirana.json calls it by.
                   What you sent in private chats the server cannot read: save it in the app
photo.webp         your photo
shops/<handle>/    of each shop that you own: its products (a file that a Kirana imports again)
                   and what it sent in chats; its orders and money are in kirana.json
"""


async def write_archive(along: Along, blobs: Blobs) -> AsyncIterator[bytes]:
    """The archive in pieces. A file that is gone from the disk is left out."""
    pipe = _Pipe()
    archive = ZipFile(pipe, "w", ZIP_DEFLATED)
    await asyncio.to_thread(_write_words, archive, along)
    yield pipe.take()
    if along.photo and (photo := await blobs.get(along.photo)):
        archive.writestr("photo.webp", photo, ZIP_STORED)
        yield pipe.take()
    for name, media, names in along.media:
        parts = [await chat.open_file(media.id, it, blobs=blobs) for it in names]
        content = [part for part in parts if part is not None]
        if len(content) == len(parts):
            archive.writestr(name, b"".join(content), ZIP_STORED)
            yield pipe.take()
    archive.close()
    yield pipe.take()


def _write_words(archive: ZipFile, along: Along) -> None:
    archive.writestr("README.txt", README)
    archive.writestr("kirana.json", msgspec.json.format(msgspec.json.encode(along.export)))
    for name, text in along.tables.items():
        archive.writestr(name, text)


class _Pipe:
    """A file that can only be written on; what was written is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
