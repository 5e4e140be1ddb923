"""Routes for operators: whom they keep out of this server."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, put
from msgspec import Meta

from kirana import business, identity, money
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.hub import Hub
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.values import Actor, BusinessId, UserId


@dataclass(frozen=True, slots=True)
class Suspend:
    """Why: whoever is suspended reads it."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


def suspend(tx: Tx, user_id: UserId, reason: str, *, by: Actor) -> None:
    """Keep somebody out, but no other operator. A shop goes from the public's eyes as well.

    Raises: NotAllowed, NotFound.
    """
    money.require_operator(tx, by=by)
    if money.is_operator(tx, user_id):
        raise NotAllowed
    identity.suspend(tx, user_id, reason.strip(), by=by)
    _show_shop(tx, user_id, is_suspended=True, by=by)


def reinstate(tx: Tx, user_id: UserId, *, by: Actor) -> None:
    """Raises: NotAllowed."""
    money.require_operator(tx, by=by)
    identity.reinstate(tx, user_id, by=by)
    _show_shop(tx, user_id, is_suspended=False, by=by)


def list_suspensions(tx: Tx, *, by: Actor) -> list[identity.Suspension]:
    """Raises: NotAllowed."""
    money.require_operator(tx, by=by)
    return identity.list_suspensions(tx)


def _show_shop(tx: Tx, user_id: UserId, *, is_suspended: bool, by: Actor) -> None:
    if business.find_business(tx, BusinessId(user_id)):
        business.set_suspended(tx, BusinessId(user_id), is_suspended, by=by)


@get("/v1/suspensions", raises=problems(NotSignedIn, NotAllowed))
async def read_suspensions(db: Db, by: Actor) -> list[identity.Suspension]:
    """For operators: who is kept out now, the latest first."""
    return await db.read(list_suspensions, by=by)


@put(
    "/v1/suspensions/{user_id:uuid}",
    status_code=204,
    raises=problems(NotSignedIn, NotAllowed, NotFound, InvalidInput),
)
async def put_suspension(user_id: UUID, data: Suspend, db: Db, hub: Hub, by: Actor) -> None:
    """For operators: keep a person or a shop out. They read the reason; nothing is deleted."""
    await db.write(suspend, UserId(user_id), data.reason, by=by)
    hub.let_go(UserId(user_id))


@delete("/v1/suspensions/{user_id:uuid}", raises=problems(NotSignedIn, NotAllowed))
async def lift_suspension(user_id: UUID, db: Db, by: Actor) -> None:
    """For operators: let them in again. Again: nothing."""
    await db.write(reinstate, UserId(user_id), by=by)


routes: list[Any] = [read_suspensions, put_suspension, lift_suspension]
