"""The file of a device: one process, one key, nothing readable, all or nothing."""

import stat
from contextlib import suppress
from pathlib import Path

import pytest

from kirana.client import ClientProblem, StoreInUse
from kirana.client.store import Store

from .test_private_talk import friends
from .world import World


def test_only_one_process_has_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")

    with pytest.raises(StoreInUse):
        Store(tmp_path / "a.db")

    store.close()
    Store(tmp_path / "a.db").close()


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    Store(tmp_path / "a.db").close()

    for name in ("a.db", "a.db.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    (tmp_path / "a.db.key").chmod(0o644)
    with pytest.raises(ClientProblem, match="chmod 600"):
        Store(tmp_path / "a.db")


def test_it_does_not_open_without_its_key(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    with store.change():
        store.put_secret("seed", b"secret")
    store.close()
    key = tmp_path / "a.db.key"
    kept = key.read_bytes()

    key.unlink()
    with pytest.raises(ClientProblem, match="missing"):
        Store(tmp_path / "a.db")
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    other = Store(tmp_path / "a.db")
    with pytest.raises(ClientProblem, match="does not fit"):
        other.get_secret("seed")
    other.close()
    key.write_bytes(kept)
    store = Store(tmp_path / "a.db")
    assert store.get_secret("seed") == b"secret"
    store.close()


def test_a_change_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")

    with suppress(ZeroDivisionError), store.change():
        store.put("one", 1)
        with store.change():
            store.put("two", 2)
        raise ZeroDivisionError
    with store.change():
        store.put("three", 3)
        with suppress(ZeroDivisionError), store.savepoint():
            store.put("four", 4)
            raise ZeroDivisionError

    assert [store.get(name) for name in ("one", "two", "three", "four")] == [None, None, 3, None]
    store.close()


async def test_what_was_said_stands_in_no_file_in_clear(world: World) -> None:
    asha, ravi, talk = await friends(world)
    await asha.say(talk, "Marigold at the riverside")
    await ravi.pull()
    world.office.revoke(ravi.device_id)
    await asha.say(talk, "Marigold again")
    key = str(asha.identity.recovery_key())

    for file in world.folder.iterdir():
        content = file.read_bytes()
        assert b"Marigold" not in content, file
        assert key.encode() not in content, file
