"""Of whom one may ask, and who is told when keys change."""

import msgspec
import pytest

from kirana import chat, identity
from kirana.chat.keys import lists, reach
from kirana.platform.db import Tx
from kirana.platform.problems import NotAllowed
from kirana.platform.stream import Frames, read_stream
from kirana.values import UserId, user_name, uuid7
from tests.chat import make as chats
from tests.database import RehearsedDatabase

from . import make


def test_people_may_be_asked_about_and_shops_and_guests_may_not(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    shop, guest = chats.shop(db), chats.guest(db)
    nobody = UserId(uuid7())

    found = db.read(
        reach,
        [ravi.id, meera.id, shop.user_id, guest.user_id, nobody],
        by=ravi.by,
    )

    assert found.near == {ravi.id}
    assert found.strangers == {meera.id}
    for by in (shop, guest):
        with pytest.raises(NotAllowed):
            db.read(reach, [ravi.id], by=by)


def test_who_shares_a_private_conversation_is_near_until_they_leave(
    db: RehearsedDatabase,
) -> None:
    ravi, meera, asha = (make.person(db, name) for name in ("Ravi", "Meera", "Asha"))
    left, removed, asked = (make.person(db, name) for name in ("Left", "Removed", "Asked"))
    make.talk(db, ravi, meera)
    make.group(
        db,
        (ravi, "joined"),
        (asha, "joined"),
        (asked, "requested"),
        (left, "left"),
        (removed, "removed"),
    )

    found = db.read(reach, [it.id for it in (meera, asha, left, removed, asked)], by=ravi.by)

    assert found.near == {meera.id, asha.id, asked.id}
    assert found.strangers == {left.id, removed.id}


def test_between_two_who_are_blocked_only_a_group_remains(db: RehearsedDatabase) -> None:
    ravi, meera, asha, eve = (make.person(db, name) for name in ("Ravi", "Meera", "Asha", "Eve"))
    make.talk(db, ravi, meera)
    make.talk(db, ravi, asha)
    make.group(db, (ravi, "joined"), (asha, "joined"))
    for who in (meera, asha, eve):
        db.write(identity.block, ravi.id, by=who.by)

    ids = [meera.id, asha.id, eve.id]
    found = db.read(reach, ids, by=ravi.by)
    keys = db.read(lists.query_keys, ids, by=ravi.by)

    assert (found.near, found.strangers) == ({asha.id}, frozenset())
    shown = {name: bool(devices) for name, devices in keys.device_keys.items()}
    assert shown == {user_name(meera.id): False, asha.name: True, eve.name: False}
    assert list(keys.devices_rev) == [asha.id]


def test_a_change_of_keys_reaches_who_talks_with_them_in_private_and_nobody_else(
    db: RehearsedDatabase,
) -> None:
    ravi, meera, asha, eve = (make.person(db, name) for name in ("Ravi", "Meera", "Asha", "Eve"))
    make.talk(db, ravi, meera)
    make.group(db, (ravi, "joined"), (asha, "requested"), (eve, "left"))
    event = identity.DeviceKeysChanged(ravi.id, 7)

    db.write(chat.tell_devices, event)

    def told(tx: Tx, user_id: UserId) -> list[bytes]:
        return [bytes(it) for it in read_stream(tx, user_id, 0, Frames()).frames]

    entry = f'"k":"devices","ref":"{ravi.id}","seq":7}}'.encode()
    for who in (ravi, meera, asha):
        assert any(it.endswith(entry) for it in db.read(told, who.id)), who
    assert not any(b'"devices"' in it for it in db.read(told, eve.id))


def test_a_new_identity_stands_once_in_each_private_conversation(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.talk(db, ravi, meera)

    db.write(chat.tell_devices, identity.DeviceKeysChanged(ravi.id, 7))
    for _ in range(2):
        db.write(chat.tell_devices, identity.DeviceKeysChanged(ravi.id, 8, is_new_identity=True))

    entries = db.read(chat.list_messages, place, by=meera.by).items
    assert [(it.k, it.sender) for it in entries if it.k == "change"][-1:] == [("change", ravi.id)]
    assert sum(b'"keys"' in msgspec.json.encode(it) for it in entries) == 1
