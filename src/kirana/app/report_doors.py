"""Routes for operators: what people have reported, and what became of it."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import get, post
from msgspec import Meta

from kirana import chat, identity, money
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.problems import InvalidInput, NotAllowed, NotSignedIn
from kirana.values import Actor, MessageId, UserId

MAX_NOTE = 1_000


@dataclass(frozen=True, slots=True)
class Reports:
    """Proven messages, and the cards of who wrote and who reported them."""

    items: list[chat.Report]
    cards: list[identity.Card]


@dataclass(frozen=True, slots=True)
class CloseReports:
    """Some messages that one person has reported, and what became of it."""

    reporter_id: UserId
    message_ids: Annotated[list[MessageId], Meta(min_length=1, max_length=100)]
    note: Annotated[str, Meta(max_length=MAX_NOTE)] = ""


def list_reports(tx: Tx, *, is_closed: bool, by: Actor) -> Reports:
    """Raises: NotAllowed unless an operator asks."""
    money.require_operator(tx, by=by)
    items = chat.list_reports(tx, is_closed=is_closed)
    people = {user for one in items for user in (one.reporter_id, one.sender_id)}
    return Reports(items, list(identity.get_cards(tx, people).values()))


def close_reports(tx: Tx, data: CloseReports, *, by: Actor) -> None:
    """Raises: NotAllowed unless an operator does it."""
    money.require_operator(tx, by=by)
    chat.close_reports(tx, data.reporter_id, data.message_ids, data.note)


@get("/v1/reports", raises=problems(NotSignedIn, NotAllowed, InvalidInput))
async def read_reports(db: Db, by: Actor, closed: bool = False) -> Reports:
    """For operators: what people have shown to them and proven, the oldest first."""
    return await db.read(list_reports, is_closed=closed, by=by)


@post(
    "/v1/report-closings",
    status_code=204,
    raises=problems(NotSignedIn, NotAllowed, InvalidInput),
)
async def close(data: CloseReports, db: Db, by: Actor) -> None:
    """For operators: these were dealt with. What is closed already keeps its first note."""
    await db.write(close_reports, data, by=by)


routes: list[Any] = [read_reports, close]
