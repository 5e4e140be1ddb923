"""One-time keys are handed out once, whatever happens."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from vodozemac import Account

from kirana import chat, identity
from kirana.chat.keys import prekeys
from kirana.platform.database import open_database
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused, InvalidInput, TooLarge
from kirana.values import Actor
from tests.crypto import CryptoDevice, Json, signed
from tests.database import RehearsedDatabase

from . import make

ALGORITHM = prekeys.ALGORITHM
DAY_MS = 24 * 3600 * 1000


def claim(db: RehearsedDatabase, target: make.Person, by: Actor) -> str | None:
    """The id of the key that one gets of the person's device."""
    wanted = {target.id: {target.device.id: ALGORITHM}}
    got = db.write(prekeys.claim_keys, wanted, by=by).one_time_keys
    return next(iter(got[target.name][target.device.id])) if got else None


def test_each_key_is_handed_out_once_in_order_then_the_fallback_key_again_and_again(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    keys, fallback = meera.device.one_time_keys(3), meera.device.fallback_key()
    full = meera.upload(keys, fallback)
    (fallback_id,) = fallback

    got = [claim(db, meera, ravi.by) for _ in range(5)]

    assert full.one_time_key_counts == {ALGORITHM: 3}
    assert full.unused_fallback_key_types == [ALGORITHM]
    assert got[:3] == sorted(keys)
    assert got[3:] == [fallback_id, fallback_id]
    empty = meera.upload(again=True)
    assert (empty.one_time_key_counts, empty.unused_fallback_key_types) == ({ALGORITHM: 0}, [])


def test_a_device_without_keys_has_none_to_hand_out(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")

    assert claim(db, meera, ravi.by) is None
    meera.upload(meera.device.one_time_keys(1))
    assert claim(db, meera, ravi.by) is not None
    assert claim(db, meera, ravi.by) is None


def test_an_upload_that_comes_twice_brings_no_used_key_back(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    keys, fallback = meera.device.one_time_keys(2), meera.device.fallback_key()
    meera.upload(keys, fallback)
    used = [claim(db, meera, ravi.by) for _ in range(3)]

    again = meera.upload(keys, fallback)

    assert (again.one_time_key_counts, again.unused_fallback_key_types) == ({ALGORITHM: 0}, [])
    assert claim(db, meera, ravi.by) == used[2]
    newer = meera.upload(fallback=meera.device.fallback_key())
    assert newer.unused_fallback_key_types == [ALGORITHM]


def test_a_key_id_never_gets_another_key(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    keys, fallback = meera.device.one_time_keys(1), meera.device.fallback_key()
    meera.upload(keys, fallback)
    (key_id,), (fallback_id,) = keys, fallback
    other = meera.device.sign({"key": Account().curve25519_key.to_base64()})

    for _ in range(2):
        with pytest.raises(IdReused):
            meera.upload({key_id: other})
        claim(db, meera, ravi.by)
    with pytest.raises(IdReused):
        meera.upload(fallback={fallback_id: other})


def test_used_keys_are_forgotten_after_thirty_days(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    keys = meera.device.one_time_keys(2)
    meera.upload(keys)
    claim(db, meera, ravi.by)

    db.clock.advance(30 * DAY_MS)
    db.write(chat.forget_used_keys)
    assert meera.upload(keys).one_time_key_counts == {ALGORITHM: 1}
    db.clock.advance(1)
    db.write(chat.forget_used_keys)

    assert meera.upload(keys).one_time_key_counts == {ALGORITHM: 2}


def test_keys_that_the_device_did_not_sign_are_refused(db: RehearsedDatabase) -> None:
    meera, eve = make.person(db, "Meera"), make.person(db, "Eve")
    key = {"key": Account().curve25519_key.to_base64()}
    forged = signed(key, meera.id, meera.device.id, Account())
    changed = meera.device.sign(key) | {"key": Account().curve25519_key.to_base64()}

    for bad in (key, forged, changed, eve.device.sign(key)):
        with pytest.raises(identity.SignatureWrong):
            meera.upload({f"{ALGORITHM}:AAAAAA": bad})
        with pytest.raises(identity.SignatureWrong):
            meera.upload(fallback={f"{ALGORITHM}:AAAAAA": bad})

    assert meera.upload().one_time_key_counts == {ALGORITHM: 0}


@pytest.mark.parametrize("key_id", ["curve25519:AAAAAA", ALGORITHM, f"{ALGORITHM}:\x00", "x" * 99])
def test_a_key_of_another_kind_is_refused(db: RehearsedDatabase, key_id: str) -> None:
    meera = make.person(db, "Meera")
    key = meera.device.sign({"key": Account().curve25519_key.to_base64()})

    with pytest.raises(InvalidInput):
        meera.upload({key_id: key})


def test_one_time_keys_need_a_device_that_has_shown_its_keys(db: RehearsedDatabase) -> None:
    meera = make.person(db, "Meera", has_keys=False)

    with pytest.raises(identity.KeysMissing):
        meera.upload(meera.device.one_time_keys(1), again=True)


def test_keys_that_were_signed_by_other_device_keys_than_those_that_hold_are_refused(
    db: RehearsedDatabase,
) -> None:
    """Two uploads that raced: each was checked before the other was kept."""
    meera = make.person(db, "Meera", has_keys=False)
    other = CryptoDevice(meera.id, meera.device.id)
    late = prekeys.read_upload(
        other.device_keys,
        other.one_time_keys(1),
        {},
        device=other.id,
        known=None,
        self_signing=None,
        by=meera.by,
    )
    meera.upload()

    with pytest.raises(IdReused):
        db.write(prekeys.upload_keys, late, by=meera.by)
    with pytest.raises(IdReused):
        db.write(prekeys.upload_keys, prekeys.KeyUpload(None, late.prekeys), by=meera.by)


def test_a_device_has_two_hundred_one_time_keys_at_most(db: RehearsedDatabase) -> None:
    meera = make.person(db, "Meera")
    db.rehearses = False

    def some(first: int, count: int) -> Json:
        key = {"key": Account().curve25519_key.to_base64()}
        return {f"{ALGORITHM}:K{n:05}": meera.device.sign(key) for n in range(first, first + count)}

    meera.upload(some(0, 150))
    with pytest.raises(TooLarge):
        meera.upload(some(150, 51))
    with pytest.raises(InvalidInput):
        meera.upload(some(150, 201))
    assert meera.upload(some(150, 50)).one_time_key_counts == {ALGORITHM: 200}


def test_a_revoked_device_hands_out_nothing_even_before_its_keys_are_swept(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    keys = meera.device.one_time_keys(2)
    meera.upload(keys)
    laptop = make.device_of(db, meera.id)

    db.write(identity.revoke_device, meera.by.device_id, by=laptop.by)

    assert claim(db, meera, ravi.by) is None
    device_id = meera.by.device_id
    assert device_id
    db.write(chat.forget_device, identity.DeviceRevoked(meera.id, device_id))
    assert db.read(prekeys.count_keys, meera.id, meera.device.id).one_time_key_counts == {
        ALGORITHM: 0
    }


def test_keys_of_somebody_who_blocks_are_not_handed_out(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    meera.upload(meera.device.one_time_keys(1))
    db.write(identity.block, ravi.id, by=meera.by)

    assert claim(db, meera, ravi.by) is None
    db.write(identity.unblock, ravi.id, by=meera.by)
    assert claim(db, meera, ravi.by) is not None


def test_a_hundred_callers_in_two_processes_get_no_key_twice(
    db: RehearsedDatabase, database_url: str
) -> None:
    db.rehearses = False
    meera = make.person(db, "Meera")
    askers = [make.person(db, f"Asker {n}") for n in range(4)]
    keys, fallback = meera.device.one_time_keys(40), meera.device.fallback_key()
    meera.upload(keys, fallback)
    processes = [open_database(database_url, Bus()) for _ in range(2)]
    begin = threading.Barrier(8)
    wanted = {meera.id: {meera.device.id: ALGORITHM}}

    def ask(number: int) -> list[str]:
        begin.wait()
        got = []
        for turn in range(13):
            asker = askers[(number + turn) % len(askers)]
            claimed = processes[number % 2].write(prekeys.claim_keys, wanted, by=asker.by)
            got += claimed.one_time_keys[meera.name][meera.device.id]
        return got

    with ThreadPoolExecutor(8) as pool:
        handed_out = [key_id for some in pool.map(ask, range(8)) for key_id in some]
    for process in processes:
        process.close()

    one_time = [key_id for key_id in handed_out if key_id in keys]
    assert sorted(one_time) == sorted(keys)
    assert len(handed_out) == 104
    assert {*handed_out} - {*keys} == {*fallback}
