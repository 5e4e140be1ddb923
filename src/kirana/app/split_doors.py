"""Routes: splitting a bill. Who is in a conversation is known to chat, what is owed to money."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from msgspec import Meta

from kirana import chat, money
from kirana.money.edge import Amount, AmountMinor, slow_down, version_7
from kirana.money.http import Timeout
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.limits import Limits
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import Actor, ConversationId, Money, OwnerId, SplitId


@dataclass(frozen=True, slots=True)
class ShareOfBill:
    owner_id: OwnerId
    amount_minor: AmountMinor


@dataclass(frozen=True, slots=True)
class SplitBill:
    """What one has paid, and who bears how much of it: all of `shares` is `amount`, and one's own
    may be among them. With a `conversation_id` it is told of there, and all must be in it."""

    id: SplitId
    amount: Amount
    shares: Annotated[list[ShareOfBill], Meta(min_length=1, max_length=money.MAX_SHARES)]
    conversation_id: ConversationId | None = None
    timeout_s: Timeout | None = None

    def drafts(self, bill: Money) -> list[money.ShareDraft]:
        return [
            money.ShareDraft(share.owner_id, Money(share.amount_minor, bill.currency))
            for share in self.shares
        ]


def split_bill(tx: Tx, data: SplitBill, bill: Money, *, by: Actor) -> money.Split:
    """Raises: NotFound for somebody who is not in the conversation; and what money refuses."""
    ref = None
    if data.conversation_id:
        ref = money.Ref("conversation", data.conversation_id)
        present = chat.list_present(tx, data.conversation_id)
        if {by.user_id, *(share.owner_id for share in data.shares)} - present:
            raise NotFound(conversation_id=data.conversation_id)
    return money.split_bill(
        tx, data.id, bill, data.drafts(bill), ref=ref, timeout_s=data.timeout_s, by=by
    )


@post(
    "/v1/splits",
    raises=problems(
        money.WayOff, IdReused, NotAllowed, NotFound, NotSignedIn, RateLimited, InvalidInput
    ),
)
async def post_split(data: SplitBill, db: Db, by: Actor, limits: Limits) -> money.Split:
    """Split a bill that one has paid: the others are asked for their shares."""
    slow_down(limits, by)
    version_7(data.id)
    return await db.write(split_bill, data, data.amount.money(), by=by)


@get("/v1/splits/{split_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_split(split_id: UUID, db: Db, by: Actor) -> money.Split:
    """How a bill stands that one split, or bears a share of."""
    return await db.read(money.get_split, SplitId(split_id), by=by)


@post(
    "/v1/splits/{split_id:uuid}/reminders",
    raises=problems(money.RequestEnded, money.RemindedAlready, NotAllowed, NotFound, NotSignedIn),
)
async def remind(split_id: UUID, db: Db, by: Actor) -> money.Split:
    """Remind everybody who has not answered, at most once a day."""
    return await db.write(money.remind_of_split, SplitId(split_id), by=by)


@post("/v1/splits/{split_id:uuid}/cancellation", raises=problems(NotAllowed, NotFound, NotSignedIn))
async def cancel(split_id: UUID, db: Db, by: Actor) -> money.Split:
    """Take back what has not been paid yet."""
    return await db.write(money.cancel_split, SplitId(split_id), by=by)


routes: list[Any] = [post_split, get_split, remind, cancel]
