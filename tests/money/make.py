"""The smallest valid things of money."""

from uuid import UUID

from kirana import money
from kirana.platform.db import Database
from kirana.values import SYSTEM, Actor, Money, TransferId, UserId, uuid7


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def transfer_id() -> TransferId:
    return TransferId(uuid7())


def actor(id: UUID | None = None) -> Actor:
    user_id = UserId(id or uuid7())
    return Actor(user_id, user_id)


def owner(db: Database, *, purse: Money | None = None) -> Actor:
    """Somebody who is known here, with `purse` in the wallet."""
    by = actor()
    db.write(money.set_owner, by.user_id, by=SYSTEM)
    if purse:
        top_up(db, by, purse)
    return by


def top_up(db: Database, by: Actor, amount: Money) -> None:
    db.write(money.top_up, transfer_id(), by.user_id, amount, source=money.Source.CREDIT, by=SYSTEM)
