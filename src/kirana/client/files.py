"""Sealed files: a key of its own for each, in chunks, so that no whole file is ever in memory.

Chunks of 1 MiB are AES-256-GCM each; the nonce is seven zero bytes, the chunk's number in four
(big-endian) and 1 for the last, else 0: none can be left out, swapped or cut off. Parts of an
upload are chunks. What opens the file travels in the message.
"""

import asyncio
import hashlib
import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kirana.values import uuid7

from .api import HttpApi
from .problems import ClientProblem, Malformed, Unreachable
from .wire import Json, decode64, encode64

CHUNK = 1024 * 1024
TAG = 16
ATTEMPTS = 4


class DamagedFile(ClientProblem):
    """The file is not what its sender sealed."""


def chunks_of(size: int) -> int:
    return max(1, -(-size // CHUNK))


def nonce_of(number: int, *, is_last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([is_last])


def seal_chunks(path: Path, size: int, key: bytes) -> Iterator[bytes]:
    """The sealed chunks of a file of that size. Raises: DamagedFile when it changes meanwhile."""
    cipher, count = AESGCM(key), chunks_of(size)
    with path.open("rb") as file:
        for number in range(count):
            plain = file.read(CHUNK)
            is_last = number == count - 1
            if len(plain) != (size - number * CHUNK if is_last else CHUNK):
                raise DamagedFile("The file changed while it was read.")
            yield cipher.encrypt(nonce_of(number, is_last=is_last), plain, None)


def open_sealed(sealed: bytes, told: Json) -> bytes:
    """The file in this ciphertext, by what its message told. Raises: DamagedFile."""
    size, key = told.get("size_bytes"), decode64(told.get("key"))
    if not isinstance(size, int) or hashlib.sha256(sealed).hexdigest() != told.get("sha256"):
        raise DamagedFile("The file is not the one that was sent.")
    cipher, count, opened = AESGCM(key), chunks_of(size), []
    try:
        for number in range(count):
            chunk = sealed[number * (CHUNK + TAG) : (number + 1) * (CHUNK + TAG)]
            nonce = nonce_of(number, is_last=number == count - 1)
            opened.append(cipher.decrypt(nonce, chunk, None))
    except (InvalidTag, ValueError):
        raise DamagedFile("The file was changed.") from None
    whole = b"".join(opened)
    if len(whole) != size or len(sealed) != size + count * TAG:
        raise DamagedFile("The file was cut.")
    return whole


async def upload(api: HttpApi, path: Path) -> Json:
    """Seal a file and upload it; what its message carries. Raises: Refused, Unreachable."""
    media_id, key, size = str(uuid7()), os.urandom(32), path.stat().st_size
    count = chunks_of(size)
    body = {"id": media_id, "kind": "sealed", "size_bytes": size + count * TAG, "parts": count}
    await api.call("POST", "/v1/media-uploads", body)
    whole = hashlib.sha256()
    for number, sealed in enumerate(seal_chunks(path, size, key)):
        whole.update(sealed)
        await _put(api, f"/v1/media-uploads/{media_id}/parts/{number}", sealed)
    return {
        "media_id": media_id,
        "key": encode64(key),
        "size_bytes": size,
        "sha256": whole.hexdigest(),
        "mime": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
    }


async def _put(api: HttpApi, path: str, sealed: bytes) -> None:
    for attempt in range(ATTEMPTS):
        try:
            await api.put_bytes(path, sealed)
            return
        except Unreachable:
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(2.0**attempt)


def told_in(content: Json, media_id: str | None = None) -> Json:
    """How to open a file of this message; without an id, the one that it is about.

    Raises: Malformed.
    """
    known = content.get("files")
    told = known.get(media_id or content.get("media")) if isinstance(known, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("media_id"), str):
        raise Malformed("There is no file in this message.")
    return told


async def download(api: HttpApi, told: Json) -> bytes:
    """Fetch and open a file. Raises: DamagedFile, Refused, Unreachable."""
    return open_sealed(await api.fetch(f"/v1/media/{told['media_id']}/content"), told)
