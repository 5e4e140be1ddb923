"""Routes: payments that come by themselves."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from msgspec import Meta

from kirana.platform.db import Db
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
from kirana.values import Actor, OwnerId, Page, StandingOrderId

from ..edge import Amount, slow_down, version_7
from ..owners import NameOf
from ..problems import (
    ConfirmationRequired,
    ConfirmationWrong,
    NeedsReview,
    ProofTooNew,
    SameAccount,
    WayOff,
)
from ..screening import NameList
from . import standing
from .calendars import Rhythm

_ACTS = (NotAllowed, NotFound, NotSignedIn, RateLimited)
_CONFIRMED = (ConfirmationRequired, ConfirmationWrong, ProofTooNew)


@dataclass(frozen=True, slots=True)
class MakeStandingOrder:
    """Days are those of where the payer lives. Without an end it goes on until it is ended."""

    id: StandingOrderId
    payee_id: OwnerId
    amount: Amount
    rhythm: Rhythm
    first_on: date
    ends_after: Annotated[int, Meta(ge=1, le=1000)] | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class ChangeStandingOrder:
    amount: Amount


@post(
    "/v1/standing-orders",
    raises=problems(*_ACTS, *_CONFIRMED, SameAccount, WayOff, NeedsReview, IdReused, InvalidInput),
)
async def make_standing_order(
    data: MakeStandingOrder, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> standing.StandingOrder:
    """Pay somebody on a day, or every week or month on it. Confirmed once, always."""
    slow_down(limits, by)
    terms = standing.Terms(
        data.amount.money(), data.rhythm, data.first_on, data.ends_after, data.ends_on
    )
    return await db.write(
        standing.make_standing_order,
        version_7(data.id),
        data.payee_id,
        terms,
        screen=NameList(name_of),
        by=by,
    )


@get("/v1/standing-orders", raises=problems(NotSignedIn))
async def list_standing_orders(db: Db, by: Actor) -> Page[standing.StandingOrder]:
    """Payments of one's own that come by themselves, or did, the newest first."""
    return Page(await db.read(standing.list_standing_orders, by=by))


@get("/v1/standing-orders/{order_id:uuid}/runs", raises=problems(NotFound, NotSignedIn))
async def list_standing_runs(order_id: UUID, db: Db, by: Actor) -> Page[standing.StandingRun]:
    """What came of each run."""
    return Page(await db.read(standing.list_standing_runs, StandingOrderId(order_id), by=by))


@put(
    "/v1/standing-orders/{order_id:uuid}/amount",
    raises=problems(*_ACTS, *_CONFIRMED, InvalidInput),
)
async def change_standing_order(
    order_id: UUID, data: ChangeStandingOrder, db: Db, by: Actor, limits: Limits
) -> standing.StandingOrder:
    """Another amount from the next run on. Always confirmed."""
    slow_down(limits, by)
    return await db.write(
        standing.change_standing_order, StandingOrderId(order_id), data.amount.money(), by=by
    )


@post("/v1/standing-orders/{order_id:uuid}/pause", raises=problems(*_ACTS))
async def pause_standing_order(order_id: UUID, db: Db, by: Actor) -> standing.StandingOrder:
    """Pay nothing until it is resumed."""
    return await db.write(standing.pause_standing_order, StandingOrderId(order_id), by=by)


@post("/v1/standing-orders/{order_id:uuid}/resumption", raises=problems(*_ACTS))
async def resume_standing_order(order_id: UUID, db: Db, by: Actor) -> standing.StandingOrder:
    """Go on with the first day that is not over."""
    return await db.write(standing.resume_standing_order, StandingOrderId(order_id), by=by)


@post("/v1/standing-orders/{order_id:uuid}/end", raises=problems(*_ACTS))
async def end_standing_order(order_id: UUID, db: Db, by: Actor) -> standing.StandingOrder:
    """Pay nothing any more."""
    return await db.write(standing.end_standing_order, StandingOrderId(order_id), by=by)


routes: list[Any] = [
    make_standing_order,
    list_standing_orders,
    list_standing_runs,
    change_standing_order,
    pause_standing_order,
    resume_standing_order,
    end_standing_order,
]
