"""The smallest people, shops and conversations that these tests need."""

from typing import Any, cast

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
