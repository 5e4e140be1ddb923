"""Conversations that somebody keeps at the top of their list."""

import pytest

from kirana import chat
from kirana.values import Actor, ConversationId
from tests.database import RehearsedDatabase

from . import make


def talks(db: RehearsedDatabase, ravi: Actor, many: int) -> list[ConversationId]:
    begun = []
    for number in range(many):
        place = make.conversation(db, ravi, make.shop(db, f"Shop {number}"))
        make.message(db, place, by=ravi)
        db.clock.advance(1)
        begun.append(place)
    return begun


def pinned(db: RehearsedDatabase, who: Actor) -> list[ConversationId]:
    items = db.read(chat.list_conversations, by=who).items
    kept = [(it.pinned_at, it.id) for it in items if it.pinned_at is not None]
    return [conversation_id for _, conversation_id in sorted(kept)]


def test_pinned_conversations_stand_in_the_order_of_pinning(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    first, second, third = talks(db, ravi, 3)

    for place in (third, first, second, third):
        db.write(chat.set_sides, place, is_pinned=True, by=ravi)

    assert pinned(db, ravi) == [third, first, second]


def test_only_five_are_pinned(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    places = talks(db, ravi, 6)
    for place in places[:5]:
        db.write(chat.set_sides, place, is_pinned=True, by=ravi)

    with pytest.raises(chat.TooManyPinned):
        db.write(chat.set_sides, places[5], is_pinned=True, by=ravi)

    db.write(chat.set_sides, places[0], is_pinned=False, by=ravi)
    db.write(chat.set_sides, places[5], is_pinned=True, by=ravi)
    assert pinned(db, ravi) == places[1:]


def test_the_first_page_has_what_is_pinned_and_the_pages_miss_nothing(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    places = talks(db, ravi, 5)
    db.write(chat.set_sides, places[0], is_pinned=True, by=ravi)

    page = db.read(chat.list_conversations, limit=2, by=ravi)
    seen = [it.id for it in page.items]
    while page.next:
        page = db.read(chat.list_conversations, after=page.next, limit=2, by=ravi)
        seen += [it.id for it in page.items]

    assert seen[0] == places[0]
    assert set(seen) == set(places)


def test_what_is_archived_is_not_pinned(db: RehearsedDatabase) -> None:
    ravi = make.person(db)
    (place,) = talks(db, ravi, 1)
    db.write(chat.set_sides, place, is_pinned=True, by=ravi)

    archived = db.write(chat.set_sides, place, is_archived=True, by=ravi)
    again = db.write(chat.set_sides, place, is_pinned=True, by=ravi)

    assert (archived.is_archived, archived.pinned_at) == (True, None)
    assert not again.is_archived
    assert again.pinned_at is not None


def test_nobody_else_sees_what_one_has_pinned(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    place = make.conversation(db, ravi, asha)
    make.message(db, place, by=ravi)

    db.write(chat.set_sides, place, is_pinned=True, by=ravi)

    assert db.read(chat.get_conversation, place, by=asha).pinned_at is None
