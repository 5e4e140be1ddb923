import pytest

from kirana import chat, identity
from kirana.chat.content import Reaction
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, EventId, uuid7
from tests.database import RehearsedDatabase

from . import make


def unread(db: RehearsedDatabase, conversation: ConversationId, who: Actor) -> int:
    return db.read(chat.get_conversation, conversation, by=who).unread


def mark(db: RehearsedDatabase, conversation: ConversationId, who: Actor) -> tuple[int, int]:
    marks = db.read(chat.get_conversation, conversation, by=who).marks
    own = next(mark for mark in marks if mark.user_id == who.user_id)
    return own.delivered_seq, own.read_seq


def test_unread_counts_what_others_said_since_one_looked(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    for words in ("One", "Two", "Three"):
        make.message(db, conversation, words, by=ravi)
    make.message(db, conversation, "Answer", by=asha)

    assert (unread(db, conversation, asha), unread(db, conversation, ravi)) == (3, 1)

    db.write(chat.mark_read, conversation, 2, by=asha)
    assert unread(db, conversation, asha) == 1


def test_quiet_and_deleted_messages_are_not_unread(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    first = make.message(db, conversation, "One", by=ravi)
    make.message(db, conversation, make.edit(first, "Won"), by=ravi)
    make.message(db, conversation, Reaction(target_id=first, emoji="👍"), by=asha)
    gone = make.message(db, conversation, "Two", by=ravi)

    db.write(chat.delete_message, gone, by=ravi)

    assert (unread(db, conversation, asha), unread(db, conversation, ravi)) == (1, 0)


def test_facts_of_others_are_unread_unless_they_are_quiet(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)

    for is_quiet in (False, True):
        db.write(
            chat.post_fact,
            conversation,
            EventId(uuid7()),
            "order.placed",
            chat.Subject("order", uuid7()),
            ravi.user_id,
            chat.FactCard(state="placed", title="Order 1"),
            is_quiet=is_quiet,
        )

    assert (unread(db, conversation, asha), unread(db, conversation, ravi)) == (1, 0)


def test_marks_only_grow_and_reading_is_receiving(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    for _ in range(5):
        make.message(db, conversation, by=ravi)

    db.write(chat.mark_delivered, conversation, 2, by=asha)
    assert mark(db, conversation, asha) == (2, 0)
    moved = db.write(chat.mark_read, conversation, 4, by=asha)
    assert mark(db, conversation, asha) == (4, 4)
    assert moved is not None
    assert set(moved.user_ids) == {ravi.user_id, asha.user_id}

    assert db.write(chat.mark_read, conversation, 3, by=asha) is None
    assert db.write(chat.mark_delivered, conversation, 4, by=asha) is None
    assert mark(db, conversation, asha) == (4, 4)


def test_nobody_has_read_what_was_not_said(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, by=ravi)

    db.write(chat.mark_read, conversation, 10**9, by=asha)
    make.message(db, conversation, by=ravi)

    assert mark(db, conversation, asha) == (1, 1)
    assert unread(db, conversation, asha) == 1


def test_a_stranger_marks_nothing(db: RehearsedDatabase) -> None:
    ravi, asha, stranger = make.person(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, by=ravi)

    with pytest.raises(NotFound):
        db.write(chat.mark_read, conversation, 1, by=stranger)
    gathered = [
        chat.Mark(conversation, stranger.user_id, 1, 1),
        chat.Mark(ConversationId(uuid7()), asha.user_id, 1, 1),
        chat.Mark(conversation, asha.user_id, 1, 0),
    ]
    moved = db.write(chat.mark_many, gathered)

    assert [one.mark for one in moved] == [gathered[2]]


def test_marks_that_moved_can_be_asked_for_again(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    make.message(db, conversation, by=ravi)
    db.clock.advance(60_000)
    since = db.clock.now
    db.clock.advance(1_000)

    db.write(chat.mark_read, conversation, 1, by=asha)

    moved = db.read(chat.marks_since, since, by=ravi)
    assert moved == [chat.Mark(conversation, asha.user_id, 1, 1)]
    assert chat.receipt_frame(moved[0]) == (
        b'{"t":"rcpt","conv":"%s","user":"%s","d":1,"r":1}'
        % (str(conversation).encode(), str(asha.user_id).encode())
    )


def test_typing_reaches_the_others_but_not_across_a_block(db: RehearsedDatabase) -> None:
    ravi, asha, stranger = make.person(db), make.shop(db), make.person(db)
    conversation = make.conversation(db, ravi, asha)

    assert db.read(chat.typing_audience, conversation, by=ravi) == [asha.user_id]
    with pytest.raises(NotFound):
        db.read(chat.typing_audience, conversation, by=stranger)
    db.write(identity.block, ravi.user_id, by=asha)
    assert db.read(chat.typing_audience, conversation, by=ravi) == []


def test_what_a_device_has_handled_is_delivered(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    first = make.conversation(db, ravi, asha)
    bela = make.person(db, "Bela")
    second = make.conversation(db, bela, asha)
    for _ in range(3):
        make.message(db, first, by=ravi)
    make.message(db, second, by=bela)

    moved = db.write(chat.mark_arrived, 0, 2, by=asha)
    assert [one.mark for one in moved] == [chat.Mark(first, asha.user_id, 2, 0)]

    moved = db.write(chat.mark_arrived, 2, 4, by=asha)
    assert {one.mark for one in moved} == {
        chat.Mark(first, asha.user_id, 3, 0),
        chat.Mark(second, asha.user_id, 1, 0),
    }
    assert db.write(chat.mark_arrived, 0, 4, by=asha) == []
