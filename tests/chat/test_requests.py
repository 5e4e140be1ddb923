"""What a stranger writes first waits until it is accepted."""

import pytest

from kirana import chat, identity
from kirana.platform.problems import NotFound
from kirana.values import Actor, ConversationId, EventId, MediaId, MessageId, uuid7
from tests.database import RehearsedDatabase

from . import make


def asked(db: RehearsedDatabase, stranger: Actor, meera: Actor) -> ConversationId:
    place = ConversationId(uuid7())
    db.write(chat.open_conversation, place, chat.Kind.PRIVATE, meera.user_id, by=stranger)
    return place


def state(db: RehearsedDatabase, place: ConversationId, who: Actor) -> str:
    return db.read(chat.get_conversation, place, by=who).state


def test_a_stranger_may_write_three_messages_and_send_no_file(db: RehearsedDatabase) -> None:
    stranger, meera = make.person(db, "Stranger"), make.person(db, "Meera")
    place = asked(db, stranger, meera)
    media = MediaId(uuid7())
    db.write(chat.begin_upload, media, 4, 1, by=stranger)
    db.write(chat.keep_part, media, 0, "a" * 64, 4, by=stranger)

    with pytest.raises(chat.RequestPending):
        make.secret(db, place, media=[media], by=stranger)
    sent = [make.secret(db, place, f"Number {n}", by=stranger) for n in range(3)]
    with pytest.raises(chat.RequestPending) as refused:
        make.secret(db, place, by=stranger)

    assert refused.value.facts == {"max_messages": 3}
    (shown,) = db.read(chat.list_conversations, by=meera).items
    assert (shown.state, shown.unread) == ("requested", 3)
    # Deleting one makes no room for another, and a retry is no fourth.
    again = make.seal("Number 2", make.rev_of(db, place, stranger))
    assert db.write(chat.send_sealed, sent[2], place, again, by=stranger).seq == 3
    db.write(chat.delete_message, sent[0], by=stranger)
    with pytest.raises(chat.RequestPending):
        make.secret(db, place, by=stranger)


def test_whoever_knows_the_sender_is_not_asked(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db, "Ravi"), make.person(db, "Meera")
    db.write(identity.save_contact, ravi.user_id, by=meera)

    place = asked(db, ravi, meera)

    assert state(db, place, meera) == "joined"
    for _ in range(5):
        make.secret(db, place, by=ravi)


def test_before_being_accepted_one_sees_no_receipts_and_no_typing(db: RehearsedDatabase) -> None:
    stranger, meera = make.person(db, "Stranger"), make.person(db, "Meera")
    place = asked(db, stranger, meera)
    make.secret(db, place, by=stranger)

    assert db.write(chat.mark_read, place, 1, by=meera) is None
    assert db.read(chat.typing_audience, place, by=stranger) == []
    assert db.read(chat.typing_audience, place, by=meera) == []
    marks = db.read(chat.get_conversation, place, by=stranger).marks
    assert [mark.user_id for mark in marks] == [stranger.user_id]


def test_accepting_lets_both_write_as_they_like(db: RehearsedDatabase) -> None:
    stranger, meera = make.person(db, "Stranger"), make.person(db, "Meera")
    place = asked(db, stranger, meera)
    rev = make.rev_of(db, place, stranger)
    make.secret(db, place, by=stranger)

    accepted = db.write(chat.accept_request, place, by=meera)
    again = db.write(chat.accept_request, place, by=meera)

    assert accepted == again
    assert accepted.state == "joined"
    assert make.changes(db, place, stranger) == [
        {"type": "change", "change": "accepted", "user_id": str(meera.user_id)}
    ]
    with pytest.raises(chat.StaleAudience):
        db.write(chat.send_sealed, MessageId(uuid7()), place, make.seal(rev=rev), by=stranger)
    for who in (stranger, meera) * 3:
        make.secret(db, place, by=who)


def test_answering_is_accepting(db: RehearsedDatabase) -> None:
    stranger, meera = make.person(db, "Stranger"), make.person(db, "Meera")
    place = asked(db, stranger, meera)
    make.secret(db, place, by=stranger)

    make.secret(db, place, "Who are you?", by=meera)

    assert state(db, place, meera) == "joined"
    kinds = [item.k for item in db.read(chat.list_messages, place, by=stranger).items]
    assert kinds == ["message", "change", "message"]


def test_a_refusal_is_not_told_and_can_be_taken_back(db: RehearsedDatabase) -> None:
    stranger, meera = make.person(db, "Stranger"), make.person(db, "Meera")
    place = asked(db, stranger, meera)
    make.secret(db, place, by=stranger)

    for _ in range(2):
        db.write(chat.refuse_request, place, by=meera)

    assert db.read(chat.list_conversations, by=meera).items == []
    with pytest.raises(NotFound):
        db.read(chat.get_conversation, place, by=meera)
    with pytest.raises(chat.NotReachable) as refused:
        make.secret(db, place, by=stranger)
    assert refused.value.facts == {}
    seen = db.read(chat.get_conversation, place, by=stranger)
    assert {one.user_id: one.state for one in seen.members}[meera.user_id] == "requested"
    assert make.changes(db, place, stranger) == []

    # Meera thinks of it again: there is one conversation, and she comes back into it.
    with pytest.raises(chat.ConversationExists) as there:
        asked(db, meera, stranger)
    db.write(chat.accept_request, there.value.facts["conversation_id"], by=meera)
    make.secret(db, place, by=meera)
    make.secret(db, place, by=stranger)
    assert [item.seq for item in db.read(chat.list_messages, place, by=meera).items] == [1, 2, 3, 4]


def test_there_is_nothing_to_accept_or_refuse_for_others(db: RehearsedDatabase) -> None:
    ravi, meera, other = make.person(db), make.person(db, "Meera"), make.person(db)
    place = make.private(db, ravi, meera)

    for command in (chat.accept_request, chat.refuse_request):
        with pytest.raises(NotFound):
            db.write(command, place, by=other)
    with pytest.raises(NotFound):
        db.write(chat.refuse_request, place, by=meera)


def test_a_payment_opens_no_door_for_words(db: RehearsedDatabase) -> None:
    payer, meera = make.person(db, "Payer"), make.person(db, "Meera")
    place = db.write(chat.direct_conversation, payer.user_id, meera.user_id, begun_by=payer.user_id)
    db.write(
        chat.post_fact,
        place,
        EventId(uuid7()),
        "transfer.posted",
        chat.Subject("transfer", uuid7()),
        payer.user_id,
        chat.FactCard(state="paid"),
    )

    (shown,) = db.read(chat.list_conversations, by=meera).items
    assert (shown.state, shown.unread) == ("requested", 1)
    for _ in range(3):
        make.secret(db, place, by=payer)
    with pytest.raises(chat.RequestPending):
        make.secret(db, place, by=payer)


def test_strangers_are_asked_into_a_group_and_may_refuse(db: RehearsedDatabase) -> None:
    ravi, meera, stranger = make.person(db), make.person(db, "Meera"), make.person(db, "Lina")
    place = make.group(db, ravi, meera)

    db.write(chat.put_member, place, stranger.user_id, by=ravi)
    make.secret(db, place, "Hello Lina", by=ravi)

    assert state(db, place, stranger) == "requested"
    assert [one["change"] for one in make.changes(db, place, ravi)] == ["requested"]
    assert len(db.read(chat.list_messages, place, by=stranger).items) == 2
    for _ in range(2):
        db.write(chat.refuse_request, place, by=stranger)
    assert [one["change"] for one in make.changes(db, place, ravi)] == ["requested", "left"]
    with pytest.raises(NotFound):
        db.write(chat.accept_request, place, by=stranger)

    # Who left on their own is asked again, whoever they know.
    make.friends(db, ravi, stranger)
    db.write(chat.put_member, place, stranger.user_id, by=ravi)
    assert state(db, place, stranger) == "requested"
    db.write(chat.accept_request, place, by=stranger)
    make.secret(db, place, by=stranger)


def test_who_accepts_a_group_without_an_admin_becomes_one(db: RehearsedDatabase) -> None:
    ravi, stranger = make.person(db), make.person(db, "Lina")
    place = ConversationId(uuid7())
    db.write(chat.open_group, place, [stranger.user_id], by=ravi)
    db.write(chat.remove_member, place, ravi.user_id, by=ravi)

    shown = db.write(chat.accept_request, place, by=stranger)

    assert (shown.state, shown.role) == ("joined", "admin")
