"""Sealed files: what comes out is what went in, or nothing."""

import hashlib
import os
from pathlib import Path

import pytest

from kirana.client import DamagedFile
from kirana.client.files import CHUNK, TAG, open_sealed, seal_chunks
from kirana.client.wire import encode64

KEY = bytes(range(32))


def sealed(path: Path, content: bytes) -> tuple[bytes, dict[str, object]]:
    path.write_bytes(content)
    whole = b"".join(seal_chunks(path, len(content), KEY))
    return whole, told(whole, len(content))


def told(whole: bytes, size: int) -> dict[str, object]:
    digest = hashlib.sha256(whole).hexdigest()
    return {"key": encode64(KEY), "size_bytes": size, "sha256": digest}


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_a_file_comes_out_as_it_went_in(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)

    whole, facts = sealed(tmp_path / "a", content)

    assert open_sealed(whole, facts) == content
    assert len(whole) == size + TAG * max(1, -(-size // CHUNK))


def test_chunks_cannot_be_swapped_cut_off_or_changed(tmp_path: Path) -> None:
    whole, facts = sealed(tmp_path / "a", os.urandom(2 * CHUNK + 5))
    one, two, rest = whole[: CHUNK + TAG], whole[CHUNK + TAG : 2 * (CHUNK + TAG)], whole[-5 - TAG :]
    size = 2 * CHUNK + 5

    lies = [
        (two + one + rest, size),
        (one + two, 2 * CHUNK),
        (one, CHUNK),
        (one + rest, CHUNK + 5),
        (whole[:-1] + bytes([whole[-1] ^ 1]), size),
        (whole + b"x", size),
    ]

    for lie, told_size in lies:
        with pytest.raises(DamagedFile):
            open_sealed(lie, told(lie, told_size))
    with pytest.raises(DamagedFile):
        open_sealed(whole, {**facts, "sha256": "0" * 64})


def test_a_file_that_changes_while_it_is_read_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"longer than it was")

    with pytest.raises(DamagedFile):
        list(seal_chunks(path, 30, KEY))
