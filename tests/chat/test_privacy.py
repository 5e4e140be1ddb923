"""What somebody shows of themselves beside what they say."""

from collections.abc import Callable

import pytest
from msgspec import json

from kirana import chat, identity
from kirana.chat import SeenBy
from kirana.platform.problems import NotAllowed
from kirana.values import Actor, ConversationId
from tests.database import RehearsedDatabase

from . import make


def read_mark(
    db: RehearsedDatabase, conversation: ConversationId, of: Actor, reader: Actor
) -> tuple[int, int]:
    marks = db.read(chat.get_conversation, conversation, by=reader).marks
    found = next(mark for mark in marks if mark.user_id == of.user_id)
    return found.delivered_seq, found.read_seq


def told(moved: chat.MarkMoved | None) -> dict[str, tuple[int, int]]:
    assert moved is not None
    frames = [(user_ids, json.decode(frame)) for user_ids, frame in moved.frames()]
    return {str(user): (it["d"], it["r"]) for user_ids, it in frames for user in user_ids}


def test_whoever_never_said_shows_everything(db: RehearsedDatabase) -> None:
    ravi = make.person(db)

    shown = db.read(chat.get_privacy, by=ravi)

    assert shown == chat.Privacy(shares_reads=True, shares_typing=True, seen_by=SeenBy.EVERYBODY)


def test_a_change_leaves_the_rest_and_reaches_the_own_devices(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    db.write(chat.set_privacy, seen_by=SeenBy.CONTACTS, by=ravi)

    changed = db.write(chat.set_privacy, shares_reads=False, by=ravi)

    assert changed == chat.Privacy(shares_reads=False, seen_by=SeenBy.CONTACTS)
    assert db.read(chat.get_privacy, by=ravi) == changed


def test_a_guest_has_nothing_to_set(db: RehearsedDatabase) -> None:
    with pytest.raises(NotAllowed):
        db.write(chat.set_privacy, shares_reads=False, by=make.guest(db))


@pytest.mark.parametrize("who_hides", ["reader", "writer"])
def test_hidden_reading_looks_like_arriving_in_both_directions(
    db: RehearsedDatabase, who_hides: str
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    make.secret(db, place, by=ravi)
    db.write(chat.set_privacy, shares_reads=False, by=meera if who_hides == "reader" else ravi)

    moved = db.write(chat.mark_read, place, 1, by=meera)

    assert told(moved) == {str(meera.user_id): (1, 1), str(ravi.user_id): (1, 0)}
    assert read_mark(db, place, meera, reader=ravi) == (1, 0)
    assert read_mark(db, place, meera, reader=meera) == (1, 1)
    shown = db.read(chat.marks_since, 0, by=ravi)
    assert [(it.delivered_seq, it.read_seq) for it in shown if it.user_id == meera.user_id] == [
        (1, 0)
    ]


def test_reading_what_had_arrived_tells_nobody_else_anything(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    make.secret(db, place, by=ravi)
    db.write(chat.set_privacy, shares_reads=False, by=meera)
    db.write(chat.mark_delivered, place, 1, by=meera)

    moved = db.write(chat.mark_read, place, 1, by=meera)

    assert told(moved) == {str(meera.user_id): (1, 1)}


def test_a_shop_does_not_learn_either_that_its_customer_has_read(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    place = make.conversation(db, ravi, asha)
    make.message(db, place, "It is ready.", by=asha)
    db.write(chat.set_privacy, shares_reads=False, by=ravi)

    db.write(chat.mark_read, place, 1, by=ravi)

    assert read_mark(db, place, ravi, reader=asha) == (1, 0)
    assert db.read(chat.get_conversation, place, by=ravi).unread == 0


@pytest.mark.parametrize("who_hides", [0, 1])
def test_hidden_typing_is_neither_shown_nor_seen(db: RehearsedDatabase, who_hides: int) -> None:
    people = make.person(db), make.person(db, "Meera")
    place = make.private(db, *people)
    assert db.read(chat.typing_audience, place, by=people[0]) == [people[1].user_id]

    db.write(chat.set_privacy, shares_typing=False, by=people[who_hides])

    assert db.read(chat.typing_audience, place, by=people[0]) == []


def sees(db: RehearsedDatabase, who: Actor, other: Actor) -> bool:
    return other.user_id in db.read(chat.visible_presence, [other.user_id], by=who)


def test_presence_is_for_those_who_talk_with_each_other(db: RehearsedDatabase) -> None:
    ravi, meera, lina = (make.person(db, name) for name in ("Ravi", "Meera", "Lina"))
    make.private(db, ravi, meera)

    assert sees(db, ravi, meera)
    assert not sees(db, ravi, lina)
    assert not sees(db, ravi, ravi)


def test_presence_is_not_for_somebody_who_asked_to_talk(db: RehearsedDatabase) -> None:
    stranger, meera = make.person(db), make.person(db, "Meera")
    place = ConversationId(make.nobody())
    db.write(chat.open_conversation, place, chat.Kind.PRIVATE, meera.user_id, by=stranger)
    make.secret(db, place, by=stranger)
    assert not sees(db, stranger, meera)
    assert not sees(db, meera, stranger)

    db.write(chat.accept_request, place, by=meera)

    assert sees(db, stranger, meera)


def test_presence_does_not_cross_a_block(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    make.private(db, ravi, meera)

    db.write(identity.block, ravi.user_id, by=meera)

    assert not sees(db, ravi, meera)
    assert not sees(db, meera, ravi)


def forget_each_other(db: RehearsedDatabase, ravi: Actor, meera: Actor) -> None:
    db.write(identity.remove_contact, ravi.user_id, by=meera)


def keep(db: RehearsedDatabase, ravi: Actor, meera: Actor) -> None:
    """They are contacts already."""


@pytest.mark.parametrize(
    ("seen_by", "before", "is_seen"),
    [
        (SeenBy.NOBODY, keep, False),
        (SeenBy.CONTACTS, keep, True),
        (SeenBy.CONTACTS, forget_each_other, False),
        (SeenBy.EVERYBODY, forget_each_other, True),
    ],
)
def test_presence_is_mutual_and_as_its_owner_set_it(
    db: RehearsedDatabase,
    seen_by: SeenBy,
    before: Callable[[RehearsedDatabase, Actor, Actor], None],
    *,
    is_seen: bool,
) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    make.private(db, ravi, meera)
    before(db, ravi, meera)

    db.write(chat.set_privacy, seen_by=seen_by, by=meera)

    assert sees(db, ravi, meera) is is_seen
    assert sees(db, meera, ravi) is is_seen


def test_the_last_visit_is_told_in_whole_minutes(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    make.private(db, ravi, meera)
    db.clock.advance(61_234)
    assert meera.device_id is not None
    device = identity.SignIn(meera.device_id, b"t" * 32, "Phone")
    db.write(identity.open_session, device, meera.user_id, by=make.SYSTEM)

    seen = db.read(chat.visible_presence, [meera.user_id], by=ravi)

    assert seen == {meera.user_id: db.clock() // 60_000 * 60_000}


def test_who_goes_takes_their_settings_along(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    db.write(chat.set_privacy, shares_reads=False, by=ravi)
    assert not db.read(chat.export_user, ravi.user_id).privacy.shares_reads

    db.write(chat.erase_user, ravi.user_id)

    assert db.read(chat.export_user, ravi.user_id).privacy.shares_reads
