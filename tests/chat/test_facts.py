import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from vodozemac import Ed25519PublicKey, Ed25519Signature

from kirana import chat, identity
from kirana.platform import signatures
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
    said = body_of(fact)
    assert said.pop("sig")
    assert said == {
        "type": "fact",
        "fact": "order.placed",
        "subject": {"kind": "order", "id": str(subject.id), "version": 1},
        "card": {
            "state": "placed",
            "title": "Order 12",
            "amount": {"amount_minor": 12_000, "currency": "INR"},
        },
    }


def body_of(entry: chat.Entry) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.json.decode(bytes(entry.body))  # type: ignore[call-overload]
    return said


def signed_text(entry: chat.Entry) -> bytes:
    """As any client can work it out from what it was told."""
    said = {k: v for k, v in body_of(entry).items() if k != "sig"}
    whole = {**said, "id": str(entry.id), "ts": entry.ts}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(entry: chat.Entry) -> str:
    return b64encode(sha256(signed_text(entry)).digest()).rstrip(b"=").decode()


def say_fact(db: RehearsedDatabase, conversation: ConversationId, title: str = "Crème ☕") -> None:
    card = chat.FactCard(state="placed", title=title, amount=Money(12_000, "INR"))
    subject = chat.Subject("order", uuid7(), 1)
    event = EventId(uuid7())
    db.write(chat.post_fact, conversation, event, "order.placed", subject, None, card)


def test_each_fact_is_signed_and_names_the_one_before_it(db: RehearsedDatabase) -> None:
    ravi, asha = make.person(db), make.shop(db)
    conversation = make.conversation(db, ravi, asha)
    for _ in range(3):
        say_fact(db, conversation)

    first, second, third = db.read(chat.list_messages, conversation, by=ravi).items

    key = Ed25519PublicKey.from_base64(db.read(signatures.public_key))
    for fact in (first, second, third):
        key.verify_signature(signed_text(fact), Ed25519Signature.from_base64(body_of(fact)["sig"]))
    assert "prev" not in body_of(first)
    assert [body_of(it)["prev"] for it in (second, third)] == [hash_of(first), hash_of(second)]


def test_a_guests_facts_stay_signed_and_chained_when_they_turn_out_to_be_somebody(
    db: RehearsedDatabase,
) -> None:
    guest, ravi, asha = make.guest(db), make.person(db), make.shop(db)
    as_guest = make.conversation(db, guest, asha)
    as_ravi = make.conversation(db, ravi, asha)
    say_fact(db, as_ravi)
    say_fact(db, as_guest)
    db.write(
        chat.join_guest,
        identity.GuestJoined(guest_id=guest.user_id, user_id=ravi.user_id),
    )
    say_fact(db, as_ravi)

    first, guests, last = db.read(chat.list_messages, as_ravi, by=ravi).items

    assert body_of(last)["prev"] == hash_of(guests)
    key = Ed25519PublicKey.from_base64(db.read(signatures.public_key))
    for fact in (first, guests, last):
        key.verify_signature(signed_text(fact), Ed25519Signature.from_base64(body_of(fact)["sig"]))


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
