from hashlib import sha256
from pathlib import Path

import pytest

from kirana.platform.blobs import Blobs, LocalBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "files")


async def test_a_blob_is_named_by_its_content_and_comes_back_whole(blobs: Blobs) -> None:
    content = b"tea" * 100_000

    name = await blobs.put(content)

    assert name == sha256(content).hexdigest()
    assert await blobs.get(name) == content
    assert await blobs.exists(name)


async def test_the_same_bytes_twice_are_one_file(blobs: LocalBlobs, tmp_path: Path) -> None:
    first = await blobs.put(b"rice")

    second = await blobs.put(b"rice")

    assert first == second
    assert [file.name for file in (tmp_path / "files").rglob("*") if file.is_file()] == [first]


async def test_what_was_never_put_is_not_there(blobs: Blobs) -> None:
    name = sha256(b"never").hexdigest()

    assert await blobs.get(name) is None
    assert not await blobs.exists(name)


async def test_deleting_twice_is_harmless(blobs: Blobs) -> None:
    name = await blobs.put(b"bread")

    await blobs.delete(name)
    await blobs.delete(name)

    assert await blobs.get(name) is None


async def test_a_failed_write_leaves_nothing_behind(
    blobs: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", no_space)

    with pytest.raises(OSError, match="No space"):
        await blobs.put(b"salt")

    assert [file for file in (tmp_path / "files").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("name", ["", "../etc/passwd", "A" * 64, "0" * 63, "0" * 65])
async def test_what_is_no_name_of_a_blob_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="named by its SHA-256"):
        await blobs.get(name)
