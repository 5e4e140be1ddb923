"""A seller after years: many conversations and messages, put into the database at once."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from kirana import business, identity
from kirana.chat import tables
from kirana.chat.content import (
    Content,
    Quote,
    Reaction,
    Text,
    content_hash,
    write_content,
)
from kirana.identity.tables import users
from kirana.platform.db import Database, Q, Tx
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

_INSERT = {
    "users": Q(insert(users)),
    "conversations": Q(insert(tables.conversations)),
    "members": Q(insert(tables.members)),
    "messages": Q(insert(tables.messages)),
}
MINUTE_MS = 60_000
WORDS = (
    "Is the black tea from the hills there again, and how much would three bags be?",
    "Yes.",
    "Then please keep them for me. I come by on Thursday after work, or my brother does.",
    "Good, they are put aside under your name.",
    "Thank you!",
)


@dataclass(frozen=True, slots=True)
class Years:
    """Whose they are. The conversations stand as in the list, the latest first."""

    user_id: UserId
    shop_id: BusinessId
    token: str
    conversations: list[ConversationId]
    first_ids: list[MessageId]
    """The first message of each."""


def spend_years(database: Database, sizes: Sequence[int], *, unread: int = 0) -> Years:
    """As many conversations as `sizes`, each with that many messages; the customer's name is
    `Customer 7` for the seventh. The second last message of each quotes its first. Of the first
    conversation the last `unread` are not read yet."""
    user_id, shop_id = UserId(uuid7()), BusinessId(UserId(uuid7()))
    token = identity.new_token()
    database.write(identity.create_person, user_id, "Gita", by=SYSTEM)
    device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "b", "browser")
    database.write(identity.open_session, device, user_id, by=SYSTEM)
    draft = business.NewBusiness(
        "Gita's Threads", "tailor", "IN", "INR", "Asia/Kolkata", "gitas-threads"
    )
    by = Actor(user_id=user_id, person_id=user_id)
    database.write(business.open_business, shop_id, draft, by=by)
    years = Years(
        user_id,
        shop_id,
        token,
        [ConversationId(uuid7()) for _ in sizes],
        [MessageId(uuid7()) for _ in sizes],
    )
    database.write(_fill, years, list(sizes), unread)
    return years


def _fill(tx: Tx, years: Years, sizes: list[int], unread: int) -> None:
    now = int(time.time() * 1000)
    people, places, sides, said = [], [], [], []
    for n, size in enumerate(sizes):
        place, customer = years.conversations[n], UserId(uuid7())
        ended = now - (n + 1) * MINUTE_MS
        began = ended - size * MINUTE_MS
        read = max(0, size - unread) if n == 0 else size
        people.append(
            {"id": customer, "kind": "guest", "name": f"Customer {n + 1}"}
            | {"devices_rev": 0, "created_at": began}
        )
        places.append(
            {"id": place, "kind": "business", "form": "direct", "business_id": years.shop_id}
            | {"pair_key": f"years {place}", "seq": size, "shown_seq": size, "members_rev": 1}
            | {"created_by": customer, "created_at": began, "active_at": ended}
        )
        for who, seen in ((customer, size), (years.shop_id, read)):
            sides.append(
                {"conversation_id": place, "user_id": who, "role": "member", "state": "joined"}
                | {"joined_seq": 1, "delivered_seq": size, "read_seq": seen, "marks_at": ended}
            )
        said += _talk(place, years.first_ids[n], customer, years.shop_id, size, began)
    tx.many(_INSERT["users"], people)
    tx.many(_INSERT["conversations"], places)
    tx.many(_INSERT["members"], sides)
    tx.many(_INSERT["messages"], said)


def _talk(
    place: ConversationId,
    first_id: MessageId,
    customer: UserId,
    shop_id: BusinessId,
    size: int,
    began: int,
) -> Iterator[dict[str, Any]]:
    before = first_id
    for seq in range(1, size + 1):
        message_id = first_id if seq == 1 else MessageId(uuid7())
        text = f"Number {seq}. {WORDS[seq % len(WORDS)]}"
        content: Content = Text(text=text)
        if seq == size - 1:
            content = Text(text=text, reply_to=Quote(id=first_id, quote="Number 1."))
        target_id = None
        if seq % 50 == 49 and seq < size - 1:
            content, target_id = Reaction(target_id=before, emoji="👍"), before
        stored = write_content(content)
        yield {
            "conversation_id": place,
            "seq": seq,
            "id": message_id,
            "k": "message",
            "sender_id": customer if seq // 3 % 2 == 0 else shop_id,
            "content": stored,
            "content_hash": content_hash(stored),
            "target_id": target_id,
            "is_quiet": target_id is not None,
            "is_automatic": False,
            "created_at": began + seq * MINUTE_MS,
        }
        before = message_id
