"""Files, named by their content: the same bytes are one file, and a name never changes its bytes.

Kept in a local folder; object storage can follow behind the same `Protocol`.
"""

import asyncio
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Blobs(Protocol):
    """Where files are kept. Names are lower-case hex SHA-256."""

    async def put(self, content: bytes) -> str:
        """Keep `content` durably; its name."""
        ...

    async def get(self, name: str) -> bytes | None: ...

    async def exists(self, name: str) -> bool: ...

    async def delete(self, name: str) -> None: ...


class LocalBlobs:
    """Files in two levels of folders. A file appears whole, after it is on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes) -> str:
        return await asyncio.to_thread(self.put_now, content)

    async def get(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self.get_now, name)

    async def exists(self, name: str) -> bool:
        return await asyncio.to_thread(self.path(name).exists)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    def put_now(self, content: bytes) -> str:
        name = sha256(content).hexdigest()
        path = self.path(name)
        if path.exists():
            return name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).rename(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return name

    def get_now(self, name: str) -> bytes | None:
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def path(self, name: str) -> Path:
        """Where the file of that name stands. Raises: ValueError for what is no such name."""
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise ValueError("A blob is named by its SHA-256 in lower-case hex.")
        return self._folder / name[:2] / name[2:4] / name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
