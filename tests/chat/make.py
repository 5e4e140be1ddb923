"""The smallest people, shops and conversations that these tests need."""

import hmac
from base64 import b64encode
from typing import Any, cast

from msgspec import json

from kirana import chat, identity
from kirana.chat.content import Content, Edit, Quote, Text
from kirana.values import (
    SYSTEM,
    Actor,
    BusinessId,
    ConversationId,
    DeviceId,
    MessageId,
    UserId,
    uuid7,
)
from tests.database import RehearsedDatabase


def person(db: RehearsedDatabase, name: str = "Ravi") -> Actor:
    user_id = UserId(uuid7())
    db.write(identity.create_person, user_id, name, by=SYSTEM)
    return Actor(user_id, user_id, device_id=DeviceId(uuid7()))


def guest(db: RehearsedDatabase) -> Actor:
    user_id, device_id = UserId(uuid7()), DeviceId(uuid7())
    db.write(identity.create_guest, user_id, device_id, token_hash=user_id.bytes * 2)
    return Actor(user_id, user_id, "guest", device_id=device_id)


def shop(db: RehearsedDatabase, name: str = "Asha's Tea") -> Actor:
    """Asha, acting for a new shop of hers."""
    asha = person(db, "Asha")
    business_id = BusinessId(UserId(uuid7()))
    db.write(identity.create_business_user, business_id, name, None, by=asha)
    return acting_for(db, business_id, asha)


def acting_for(db: RehearsedDatabase, business_id: UserId, who: Actor) -> Actor:
    db.write(identity.delegate, business_id, who.person_id)
    return Actor(business_id, who.person_id, device_id=who.device_id)


def conversation(db: RehearsedDatabase, customer: Actor, shop: Actor) -> ConversationId:
    conversation_id = ConversationId(uuid7())
    db.write(chat.open_conversation, conversation_id, chat.Kind.BUSINESS, shop.user_id, by=customer)
    return conversation_id


def text(words: str = "Do you have saffron?", *, answers: MessageId | None = None) -> Content:
    return Text(text=words, reply_to=Quote(answers) if answers else None)


def edit(message_id: MessageId, words: str) -> Content:
    return Edit(target_id=message_id, content=Text(text=words))


def message(
    db: RehearsedDatabase,
    conversation_id: ConversationId,
    content: Content | str = "Do you have saffron?",
    *,
    by: Actor,
) -> MessageId:
    message_id = MessageId(uuid7())
    said = text(content) if isinstance(content, str) else content
    db.write(chat.send_message, message_id, conversation_id, said, by=by)
    return message_id


def words(history: chat.History) -> list[str]:
    """What the texts of a page say; nothing for an entry without words."""
    bodies = [said(item) for item in history.items]
    return [body.text if isinstance(body, Text) else "" for body in bodies]


def said(item: chat.Entry) -> Content | None:
    """What the entry says; its body is JSON that is passed through unread."""
    if item.k != "message" or item.body is None:
        return None
    return chat.read_content(bytes(cast(Any, item.body)))


def nobody() -> UserId:
    return UserId(uuid7())


def friends(db: RehearsedDatabase, *people: Actor) -> None:
    """All of them keep each other as contacts."""
    for who in people:
        for other in people:
            if other != who:
                db.write(identity.save_contact, other.user_id, by=who)


def private(db: RehearsedDatabase, a: Actor, b: Actor) -> ConversationId:
    """A private conversation between two people who know each other."""
    friends(db, a, b)
    conversation_id = ConversationId(uuid7())
    db.write(chat.open_conversation, conversation_id, chat.Kind.PRIVATE, b.user_id, by=a)
    return conversation_id


def group(db: RehearsedDatabase, admin: Actor, *others: Actor) -> ConversationId:
    """A group of people who know each other."""
    friends(db, admin, *others)
    conversation_id = ConversationId(uuid7())
    db.write(chat.open_group, conversation_id, [other.user_id for other in others], by=admin)
    return conversation_id


def ciphertext(words: str = "Secret") -> str:
    """What a crypto library would make of it; here everybody could read it."""
    return json.encode(
        {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": b64encode(words.encode()).rstrip(b"=").decode(),
            "session_id": b64encode(b"s" * 32).rstrip(b"=").decode(),
        }
    ).decode()


def commitment(words: str = "Secret", key: bytes = b"k" * 32) -> str:
    digest = hmac.digest(key, words.encode(), "sha256")
    return b64encode(digest).rstrip(b"=").decode()


def rev_of(db: RehearsedDatabase, conversation_id: ConversationId, who: Actor) -> str:
    shown = db.read(chat.get_conversation, conversation_id, by=who)
    assert shown.rev is not None
    return shown.rev


def seal(words: str = "Secret", rev: str = "1.0", **more: Any) -> chat.Sealed:
    return chat.take_sealed(ciphertext(words), rev, commitment(words), **more)


def secret(
    db: RehearsedDatabase,
    conversation_id: ConversationId,
    words: str = "Secret",
    *,
    by: Actor,
    **more: Any,
) -> MessageId:
    """Send an encrypted message."""
    message_id = MessageId(uuid7())
    sealed = seal(words, rev_of(db, conversation_id, by), **more)
    db.write(chat.send_sealed, message_id, conversation_id, sealed, by=by)
    return message_id


def changes(db: RehearsedDatabase, conversation_id: ConversationId, who: Actor) -> list[Any]:
    """The changes that this member is shown, as JSON."""
    page = db.read(chat.list_messages, conversation_id, limit=1_000, by=who)
    return [json.decode(bytes(cast(Any, item.body))) for item in page.items if item.k == "change"]
