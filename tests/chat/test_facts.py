import msgspec
import pytest

from kirana import chat
from kirana.platform.problems import NotFound
from kirana.values import ConversationId, EventId, Money, uuid7
from tests.database import RehearsedDatabase

from . import make


def test_hearing_of_an_event_twice_posts_one_fact(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    event, subject = EventId(uuid7()), chat.Subject("order", uuid7(), 1)
    card = chat.FactCard(state="placed", title="Order 12", amount=Money(12_000, "INR"))

    posted = {
        db.write(chat.post_fact, conversation, event, "order.placed", subject, ravi.user_id, card)
        for _ in range(3)
    }

    assert len(posted) == 1
    (fact,) = db.read(chat.list_messages, conversation, by=asha).items
    assert (fact.k, fact.sender) == ("fact", ravi.user_id)
    assert msgspec.to_builtins(msgspec.json.decode(bytes(fact.body))) == {  # type: ignore[call-overload]
        "type": "fact",
        "fact": "order.placed",
        "subject": {"kind": "order", "id": str(subject.id), "version": 1},
        "card": {
            "state": "placed",
            "title": "Order 12",
            "amount": {"amount_minor": 12_000, "currency": "INR"},
        },
    }


def test_one_event_can_be_a_fact_in_two_conversations(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    first = make.conversation(db, ravi, asha)
    second = make.conversation(db, ravi, make.shop(db))
    event, subject = EventId(uuid7()), chat.Subject("transfer", uuid7())
    card = chat.FactCard(state="posted")

    for conversation in (first, second):
        db.write(
            chat.post_fact, conversation, event, "transfer.posted", subject, ravi.user_id, card
        )

    assert len(db.read(chat.list_messages, first, by=ravi).items) == 1
    assert len(db.read(chat.list_messages, second, by=ravi).items) == 1


def test_a_private_conversation_keeps_no_free_text_of_a_fact(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db)
    private = db.write(chat.direct_conversation, ravi.user_id, meera.user_id)
    card = chat.FactCard(
        state="posted",
        title="For the secret party",
        amount=Money(500, "INR"),
        payer_id=ravi.user_id,
        payee_id=meera.user_id,
    )

    db.write(
        chat.post_fact,
        private,
        EventId(uuid7()),
        "transfer.posted",
        chat.Subject("transfer", uuid7()),
        ravi.user_id,
        card,
    )

    (fact,) = db.read(chat.list_messages, private, by=meera).items
    assert b"secret" not in bytes(fact.body)  # type: ignore[call-overload]
    assert db.read(chat.list_conversations, by=meera).items[0].unread == 1


def test_a_fact_needs_a_conversation(db: RehearsedDatabase) -> None:
    with pytest.raises(NotFound):
        db.write(
            chat.post_fact,
            ConversationId(uuid7()),
            EventId(uuid7()),
            "order.placed",
            chat.Subject("order", uuid7()),
            None,
            chat.FactCard(state="placed"),
        )


@pytest.mark.parametrize("words", ["paid", '{"fact":"order.paid"}', "✓ Paid ₹ 500"])
def test_no_word_of_a_person_looks_like_a_fact(db: RehearsedDatabase, words: str) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)

    make.message(db, conversation, words, by=ravi)

    (entry,) = db.read(chat.list_messages, conversation, by=asha).items
    assert entry.k == "message"
    assert msgspec.json.decode(bytes(entry.body))["type"] == "text"  # type: ignore[call-overload]
