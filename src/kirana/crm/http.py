"""Routes: the greeting."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import get, put
from msgspec import Meta

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.values import Actor, BusinessId, UserId

from . import greetings
from .greetings import Greeting


@dataclass(frozen=True, slots=True)
class SaveGreeting:
    text: Annotated[str, Meta(min_length=1, max_length=1_000)]
    is_on: bool = True


@get(
    "/v1/businesses/{business_id:uuid}/greeting",
    raises=problems(NotSignedIn, NotAllowed, NotFound),
)
async def get_greeting(business_id: UUID, db: Db, by: Actor) -> Greeting:
    """What the shop says by itself to a customer who writes for the first time."""
    return await db.read(greetings.get_greeting, BusinessId(UserId(business_id)), by=by)


@put(
    "/v1/businesses/{business_id:uuid}/greeting",
    raises=problems(NotSignedIn, InvalidInput, NotAllowed, NotFound),
)
async def save_greeting(business_id: UUID, data: SaveGreeting, db: Db, by: Actor) -> Greeting:
    """Choose the words, or switch the greeting off."""
    return await db.write(
        greetings.save_greeting,
        BusinessId(UserId(business_id)),
        is_on=data.is_on,
        text=data.text,
        by=by,
    )


routes: list[Any] = [get_greeting, save_greeting]
