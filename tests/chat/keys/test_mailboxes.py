"""Messages for devices: numbered without a hole, delivered once, kept until acknowledged."""

import random

import msgspec
import pytest

from kirana import chat, identity
from kirana.chat.keys import mailboxes
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed
from kirana.values import UserId, uuid7
from tests.chat import make as chats
from tests.crypto import Json
from tests.database import RehearsedDatabase

from . import make

DAY_MS = 24 * 3600 * 1000


def bodies(waiting: mailboxes.DeviceMessages) -> list[str]:
    contents: list[Json] = [msgspec.json.decode(it.content) for it in waiting.items]
    return [it["body"] for it in contents]


def test_a_star_is_every_device_with_keys_and_a_name_is_that_one(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    laptop, till = make.device_of(db, meera.id), make.device_of(db, meera.id, has_keys=False)

    told = ravi.send({meera: "to all"}, "1")
    ravi.send({meera: {laptop.device.id: {"body": "to the laptop"}}}, "2")
    ravi.send({meera: {laptop.device.id: {"body": "this"}, "*": {"body": "the others"}}}, "3")

    assert sorted(told) == sorted([meera.device.id, laptop.device.id])
    assert bodies(meera.waiting()) == ["to all", "the others"]
    assert bodies(laptop.waiting()) == ["to all", "to the laptop", "this"]
    assert till.waiting().items == []
    first = meera.waiting().items[0]
    assert (first.n, first.sender, first.type) == (1, ravi.name, "m.room.encrypted")


def test_the_same_batch_again_is_delivered_once_and_another_under_its_name_is_refused(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    laptop = make.device_of(db, ravi.id)

    assert ravi.send({meera: "Hello"}, "1") == [meera.device.id]
    assert ravi.send({meera: "Hello"}, "1") == []
    with pytest.raises(IdReused):
        ravi.send({meera: "Other"}, "1")
    with pytest.raises(IdReused):
        ravi.send({ravi: "Hello"}, "1")
    laptop.send({meera: "Hello"}, "1")

    assert bodies(meera.waiting()) == ["Hello", "Hello"]
    assert ravi.waiting().items == []


def test_the_number_has_no_hole_whoever_sends_and_whenever_it_is_acknowledged(
    db: RehearsedDatabase,
) -> None:
    dice = random.Random(20261129)
    db.rehearses = False
    people = [make.person(db, f"Person {n}") for n in range(3)]
    meera = make.person(db, "Meera")
    seen: list[int] = []
    for turn in range(60):
        dice.choice(people).send({meera: f"{turn}"}, f"{turn}")
        if dice.random() < 0.3:
            waiting = meera.waiting(seen[-1] if seen else 0)
            seen += [it.n for it in waiting.items]
            if dice.random() < 0.7:
                meera.acknowledge(seen[-1])
    seen += [it.n for it in meera.waiting(seen[-1]).items]

    assert seen == list(range(1, 61))


def test_messages_come_again_until_they_are_acknowledged(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    for number in range(3):
        ravi.send({meera: f"{number}"}, f"{number}")

    assert bodies(meera.waiting()) == bodies(meera.waiting()) == ["0", "1", "2"]
    meera.acknowledge(2)
    meera.acknowledge(1)
    assert bodies(meera.waiting()) == ["2"]
    meera.acknowledge(2**53)
    ravi.send({meera: "3"}, "3")

    assert [(it.n, it.content) for it in meera.waiting().items] == [
        (4, msgspec.Raw(b'{"body":"3"}'))
    ]


def test_one_device_acknowledges_only_for_itself(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    laptop = make.device_of(db, meera.id)
    ravi.send({meera: "Hello"}, "1")

    laptop.acknowledge(1)

    assert bodies(meera.waiting()) == ["Hello"]
    assert laptop.waiting().items == []


def test_much_comes_in_pages(db: RehearsedDatabase) -> None:
    db.rehearses = False
    ravi, meera = make.person(db), make.person(db, "Meera")
    large = "x" * 50_000
    for number in range(12):
        ravi.send({meera: large}, f"{number}")
    for number in range(12, 130):
        ravi.send({meera: "small"}, f"{number}")

    pages, after = [], 0
    while True:
        page = meera.waiting(after)
        pages.append([it.n for it in page.items])
        after = page.n
        if not page.has_more:
            break

    assert [n for page in pages for n in page] == list(range(1, 131))
    assert len(pages[0]) == 5
    assert max(map(len, pages)) == mailboxes.PAGE


def test_nothing_reaches_who_cannot_be_reached_and_nobody_learns_of_it(
    db: RehearsedDatabase,
) -> None:
    ravi, meera, asha = make.person(db), make.person(db, "Meera"), make.person(db, "Asha")
    db.write(identity.block, ravi.id, by=meera.by)
    shop = chats.shop(db)
    stranger = UserId(uuid7())

    told = ravi.send({meera.id: "x", shop.user_id: "x", stranger: "x", asha.id: "Hello"}, "1")

    assert told == [asha.device.id]
    assert meera.waiting().items == []


def test_a_revoked_device_gets_nothing_and_its_messages_go(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    laptop = make.device_of(db, meera.id)
    ravi.send({meera: "Before"}, "1")
    device_id = meera.by.device_id
    assert device_id

    db.write(identity.revoke_device, device_id, by=laptop.by)
    told = ravi.send({meera: "After"}, "2")
    for _ in range(2):
        db.write(chat.forget_device, identity.DeviceRevoked(meera.id, device_id))

    assert told == [laptop.device.id]
    assert meera.waiting().items == []
    assert bodies(laptop.waiting()) == ["Before", "After"]


def test_what_nobody_came_for_goes_after_thirty_days_and_the_number_goes_on(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    ravi.send({meera: "Old"}, "1")
    db.clock.advance(30 * DAY_MS)
    ravi.send({meera: "New"}, "2")
    db.write(chat.expire_device_messages)
    assert bodies(meera.waiting()) == ["Old", "New"]

    db.clock.advance(1)
    db.write(chat.expire_device_messages)
    ravi.send({meera: "Old"}, "1")

    assert [it.n for it in meera.waiting().items] == [2, 3]


def test_a_full_mailbox_takes_no_more_until_its_device_comes(
    db: RehearsedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "MAX_WAITING", 2)
    ravi, meera = make.person(db), make.person(db, "Meera")
    for number in range(3):
        ravi.send({meera: f"{number}"}, f"{number}")

    assert bodies(meera.waiting()) == ["0", "1"]
    meera.acknowledge(1)
    ravi.send({meera: "3"}, "3")
    assert [(it.n, it.content) for it in meera.waiting(2).items] == [
        (3, msgspec.Raw(b'{"body":"3"}'))
    ]


def nested(levels: int) -> Json:
    value: Json = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("txn", "kind", "content"),
    [
        ("a/b", "m.dummy", {}),
        ("", "m.dummy", {}),
        ("1", "m dummy", {}),
        ("1", "m\x00", {}),
        ("1", "x" * 256, {}),
        ("1", "m.dummy", {"body": "x" * 65_536}),
        ("1", "m.dummy", nested(17)),
    ],
)
def test_what_is_no_device_message_is_refused(txn: str, kind: str, content: Json) -> None:
    with pytest.raises(InvalidInput):
        mailboxes.read_batch(txn, kind, {UserId(uuid7()): {"*": content}})


def test_guests_have_no_mailbox(db: RehearsedDatabase) -> None:
    guest = chats.guest(db)

    with pytest.raises(NotAllowed):
        db.read(chat.find_device_messages, 0, by=guest)


def test_a_device_without_keys_is_not_looked_after(db: RehearsedDatabase) -> None:
    till = make.person(db, has_keys=False)

    assert db.read(chat.find_device_messages, 0, by=till.by) is None
    till.upload()
    assert db.read(chat.find_device_messages, 0, by=till.by) is not None
