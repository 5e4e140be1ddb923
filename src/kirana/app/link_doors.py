"""Routes: money for whoever has a link. Money knows what is parked, identity who sent it."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, get, post
from litestar.params import Parameter
from msgspec import Meta

from kirana import identity, money
from kirana.money.edge import Amount, slow_down, version_7
from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import (
    IdReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
)
from kirana.values import Actor, Money, Page, TransferId, UserId

from . import reactions

LOOKS_PER_SOURCE = Rate(60, 2)
Secret = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
"""At least 128 random bits, in base64 without padding. The link carries it behind its `#`, which no
browser sends."""


@dataclass(frozen=True, slots=True)
class MakeLink:
    id: TransferId
    amount: Amount
    secret: Secret


@dataclass(frozen=True, slots=True)
class LookAtLink:
    secret: Secret


@dataclass(frozen=True, slots=True)
class TakeLink:
    """`id` is the one of the transfer that it makes."""

    id: TransferId
    secret: Secret


@dataclass(frozen=True, slots=True)
class TakeBackLink:
    id: TransferId


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """What a link says to whoever has it, signed in or not."""

    from_name: str
    amount: Money
    state: Literal["open", "taken", "taken_back", "expired"]
    expires_at: int
    is_mine: bool
    """One made it oneself."""
    is_taken_by_me: bool


@post(
    "/v1/money-links",
    raises=problems(
        money.InsufficientFunds,
        money.NeedsReview,
        money.LimitExceeded,
        money.AccountFrozen,
        money.AccountClosed,
        money.CounterFull,
        money.WayOff,
        money.ConfirmationRequired,
        money.ConfirmationWrong,
        money.ProofTooNew,
        IdReused,
        NotAllowed,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def make_link(data: MakeLink, db: Db, by: Actor, limits: Limits) -> money.MoneyLink:
    """Park money of one's wallet for whoever has the secret, for seven days."""
    slow_down(limits, by)
    return await db.write(
        money.make_link,
        version_7(data.id),
        data.amount.money(),
        data.secret,
        screen=money.NameList(reactions.names_of),
        by=by,
    )


@get("/v1/money-links", raises=problems(NotFound, NotSignedIn))
async def list_links(
    db: Db,
    by: Actor,
    before: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Page[money.MoneyLink]:
    """The links that one made, the newest first. Their secrets are not among what is known."""
    cursor = TransferId(before) if before else None
    return await db.read(money.list_links, before=cursor, limit=limit, by=by)


@get("/v1/money-links/{link_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_link(link_id: UUID, db: Db, by: Actor) -> money.MoneyLink:
    """A link that one made, and what has become of it."""
    return await db.read(money.get_link, TransferId(link_id), by=by)


@post(
    "/v1/money-links/{link_id:uuid}/lookups",
    status_code=200,
    raises=problems(NotFound, RateLimited, InvalidInput),
)
async def look_at_link(
    link_id: UUID,
    data: LookAtLink,
    db: Db,
    viewer: Actor | None,
    limits: Limits,
    request: Request[Any, Any, Any],
) -> LinkSeen:
    """Who sends how much by a link, for whoever has it. Nobody needs to be signed in."""
    host = request.client.host if request.client else ""
    limits.take("money-links", identity.source_key(host), LOOKS_PER_SOURCE)
    return await db.read(_look, TransferId(link_id), data.secret, viewer)


@post(
    "/v1/money-links/{link_id:uuid}/taking",
    raises=problems(
        money.HoldResolved,
        money.HoldExpired,
        money.PayeeCannotReceive,
        money.AccountFrozen,
        money.AccountClosed,
        money.CounterFull,
        money.SameAccount,
        IdReused,
        NotAllowed,
        NotFound,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def take_link(link_id: UUID, data: TakeLink, db: Db, by: Actor, limits: Limits) -> LinkSeen:
    """Put what somebody parked into one's wallet. Whoever is first has it."""
    slow_down(limits, by)
    return await db.write(_take, version_7(data.id), TransferId(link_id), data.secret, by=by)


@post(
    "/v1/money-links/{link_id:uuid}/withdrawal",
    raises=problems(
        money.HoldResolved,
        money.HoldExpired,
        IdReused,
        NotAllowed,
        NotFound,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def take_back_link(
    link_id: UUID, data: TakeBackLink, db: Db, by: Actor, limits: Limits
) -> money.MoneyLink:
    """Take back what nobody has taken yet."""
    slow_down(limits, by)
    return await db.write(money.take_back_link, version_7(data.id), TransferId(link_id), by=by)


def _take(tx: Tx, id: TransferId, link_id: TransferId, secret: str, *, by: Actor) -> LinkSeen:
    return _seen(tx, money.take_link(tx, id, link_id, secret, by=by), by)


def _look(tx: Tx, link_id: TransferId, secret: str, viewer: Actor | None) -> LinkSeen:
    return _seen(tx, money.look_at_link(tx, link_id, secret), viewer)


def _seen(tx: Tx, link: money.MoneyLink, viewer: Actor | None) -> LinkSeen:
    payer_id = UserId(link.payer_id)
    card = identity.get_cards(tx, [payer_id]).get(payer_id)
    viewer_id = viewer.user_id if viewer else None
    return LinkSeen(
        from_name=card.name if card else "",
        amount=link.amount,
        state=link.state,
        expires_at=link.expires_at,
        is_mine=viewer_id == link.payer_id,
        is_taken_by_me=viewer_id is not None and viewer_id == link.taker_id,
    )


routes: list[Any] = [make_link, list_links, get_link, look_at_link, take_link, take_back_link]
