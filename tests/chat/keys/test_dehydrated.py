"""A device that sleeps on the server receives keys meanwhile."""

import msgspec
import pytest
from vodozemac import Account

from kirana import identity
from kirana.chat.keys import dehydrated, lists, prekeys
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from tests.crypto import CryptoDevice, Json
from tests.database import RehearsedDatabase

from . import make


def sleeper(who: make.Person) -> CryptoDevice:
    """A device that is named by its own key, as the library does."""
    account = Account()
    return CryptoDevice(who.id, account.curve25519_key.to_base64(), account)


def put(who: make.Person, device: CryptoDevice, one_time: Json, data: str = "sealed") -> None:
    upload = prekeys.read_upload(
        device.device_keys,
        one_time,
        {},
        device=device.id,
        known=None,
        self_signing=None,
        by=who.by,
    )
    asleep = dehydrated.read_dehydration(upload, {"device": data})
    who.db.write(dehydrated.put_dehydrated_device, asleep, by=who.by)


def rev(who: make.Person) -> int:
    return who.db.read(identity.devices_rev_of, [who.id])[who.id]


def devices(asker: make.Person, who: make.Person) -> set[str]:
    return set(asker.db.read(lists.query_keys, [who.id], by=asker.by).device_keys[who.name])


def test_a_sleeping_device_is_encrypted_for_like_any_other_and_wakes_with_what_it_was_sent(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    asleep = sleeper(meera)
    before = rev(meera)
    put(meera, asleep, asleep.one_time_keys(1))

    keys = db.read(lists.query_keys, [meera.id], by=ravi.by).device_keys[meera.name]
    claimed = db.write(
        prekeys.claim_keys, {meera.id: {asleep.id: prekeys.ALGORITHM}}, by=ravi.by
    ).one_time_keys[meera.name][asleep.id]
    shown = msgspec.json.decode(keys[asleep.id])
    one_time_key = msgspec.json.decode(msgspec.json.encode(claimed))
    session = ravi.device.begin(shown, one_time_key)
    content = ravi.device.seal(session, shown, "while you slept")
    ravi.send({meera: {asleep.id: content}}, "1")
    ravi.send({meera: "for all"}, "2")

    laptop = make.device_of(db, meera.id)
    woken = db.read(dehydrated.get_dehydrated_device, by=laptop.by)
    got = db.read(dehydrated.list_messages_of_sleeper, woken.device_id, by=laptop.by)
    assert (woken.device_id, msgspec.json.decode(woken.device_data)) == (
        asleep.id,
        {"device": "sealed"},
    )
    assert asleep.open(msgspec.json.decode(got.items[0].content)) == "while you slept"
    assert [it.n for it in got.items] == [1, 2]
    later = db.read(dehydrated.list_messages_of_sleeper, woken.device_id, 1, by=laptop.by)
    assert [it.n for it in later.items] == [2]
    assert rev(meera) == before + 2


def test_there_is_one_at_most_and_the_one_before_goes_with_all_of_its_own(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    first, second = sleeper(meera), sleeper(meera)
    put(meera, first, first.one_time_keys(1))
    ravi.send({meera: "to the first"}, "1")
    before = rev(meera)

    for _ in range(2):
        put(meera, second, {})

    assert devices(ravi, meera) == {meera.device.id, second.id}
    assert rev(meera) == before + 1
    claimed = db.write(prekeys.claim_keys, {meera.id: {first.id: prekeys.ALGORITHM}}, by=ravi.by)
    assert claimed.one_time_keys == {}
    with pytest.raises(NotFound):
        db.read(dehydrated.list_messages_of_sleeper, first.id, by=meera.by)
    assert db.read(dehydrated.list_messages_of_sleeper, second.id, by=meera.by).items == []


def test_a_deleted_one_is_gone_from_the_list(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    asleep = sleeper(meera)
    put(meera, asleep, {})
    before = rev(meera)

    with pytest.raises(NotFound):
        db.write(dehydrated.delete_dehydrated_device, asleep.id, by=ravi.by)
    db.write(dehydrated.delete_dehydrated_device, asleep.id, by=meera.by)

    assert devices(ravi, meera) == {meera.device.id}
    assert rev(meera) == before + 1
    with pytest.raises(NotFound):
        db.read(dehydrated.get_dehydrated_device, by=meera.by)


def test_the_same_name_never_gets_other_keys(db: RehearsedDatabase) -> None:
    meera = make.person(db, "Meera")
    asleep = sleeper(meera)
    put(meera, asleep, {})

    put(meera, asleep, {}, "sealed anew")
    with pytest.raises(IdReused):
        put(meera, CryptoDevice(meera.id, asleep.id), {})

    woken = db.read(dehydrated.get_dehydrated_device, asleep.id, by=meera.by)
    assert msgspec.json.decode(woken.device_data) == {"device": "sealed anew"}


def test_a_name_in_a_path_has_no_slash() -> None:
    assert dehydrated.read_name("a-b_" + "c" * 39) == "a+b/" + "c" * 39
    for bad in ("", "a", "c" * 44, "c" * 42 + "\x00", "019a0000-0000-7000-8000-000000000000"):
        with pytest.raises(InvalidInput):
            dehydrated.read_name(bad)
