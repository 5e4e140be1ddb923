"""Routes of the operators' desk: what waits, which payments have to, and corrections."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, post, put
from msgspec import Meta

from kirana.platform.db import Db
from kirana.platform.http import problems
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.values import MAX_AMOUNT_MINOR, Actor, Money, OwnerId, Page, TransferId

from .. import screening
from ..edge import CurrencyText, currency_code, invalid, version_7
from ..owners import NameOf
from ..problems import (
    AccountClosed,
    AccountFrozen,
    CounterFull,
    HoldExpired,
    HoldResolved,
    InsufficientFunds,
)
from ..refusals import RefusedPayment
from . import context, reviews

Reason = Annotated[str, Meta(min_length=1, max_length=500)]
_DENIED = (NotAllowed, NotSignedIn)
_DECIDED = (HoldResolved, AccountFrozen, AccountClosed, CounterFull, IdReused, NotFound)


@dataclass(frozen=True, slots=True)
class GiveVerdict:
    id: TransferId
    verdict: reviews.Verdict


@dataclass(frozen=True, slots=True)
class SetReviewRule:
    """No amount: payments are looked at for nothing but names."""

    id: UUID
    above_minor: screening.AboveMinor | None
    approvals: screening.Approvals = 1


@dataclass(frozen=True, slots=True)
class WatchName:
    id: UUID
    name: Annotated[str, Meta(min_length=2, max_length=200)]


@dataclass(frozen=True, slots=True)
class ProposeCorrection:
    """Above zero it is given to the wallet, below it is taken."""

    id: UUID
    owner_id: OwnerId
    amount_minor: Annotated[int, Meta(ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR)]
    currency: CurrencyText
    reason: Reason


@get("/v1/reviews", raises=problems(*_DENIED))
async def list_reviews(db: Db, by: Actor) -> Page[reviews.Review]:
    """For operators: payments that wait until somebody has looked at them, the oldest first."""
    return Page(await db.read(reviews.list_reviews, by=by))


@post(
    "/v1/reviews/{transfer_id:uuid}/decision",
    status_code=200,
    raises=problems(*_DENIED, *_DECIDED, HoldExpired, InvalidInput),
)
async def decide_review(transfer_id: UUID, data: GiveVerdict, db: Db, by: Actor) -> reviews.Review:
    """For operators: let a payment through, or send it back."""
    return await db.write(
        reviews.decide_review, version_7(data.id), TransferId(transfer_id), data.verdict, by=by
    )


@get("/v1/reviews/{transfer_id:uuid}/context", raises=problems(*_DENIED, NotFound))
async def get_review_context(
    transfer_id: UUID, db: Db, by: Actor, name_of: NameOf
) -> context.ReviewContext:
    """For operators: what a payment that waits is about, as far as the books know it."""
    return await db.read(context.get_review_context, TransferId(transfer_id), name_of, by=by)


@get("/v1/review-rules", raises=problems(NotSignedIn))
async def list_review_rules(db: Db, by: Actor) -> Page[screening.ReviewRule]:
    """Which payments people look at before they go through."""
    return Page(await db.read(screening.list_review_rules))


@put(
    "/v1/review-rules/{currency:str}",
    status_code=200,
    raises=problems(*_DENIED, IdReused, InvalidInput),
)
async def set_review_rule(
    currency: str, data: SetReviewRule, db: Db, by: Actor
) -> Page[screening.ReviewRule]:
    """For operators: look at payments above this from now on."""
    code = currency_code(currency)
    await db.write(
        screening.set_review_rule, version_7(data.id), code, data.above_minor, data.approvals, by=by
    )
    return Page(await db.read(screening.list_review_rules))


@get("/v1/watched-names", raises=problems(*_DENIED))
async def list_watched_names(db: Db, by: Actor) -> Page[screening.WatchedName]:
    """For operators: whose payments are looked at, by name."""
    return Page(await db.read(screening.list_watched_names, by=by))


@post("/v1/watched-names", raises=problems(*_DENIED, IdReused, InvalidInput))
async def watch_name(data: WatchName, db: Db, by: Actor) -> screening.WatchedName:
    """For operators: look at payments of whoever is called so."""
    name = " ".join(data.name.split())
    if len(name) < 2:
        raise invalid("name", "A name has two letters or more.")
    return await db.write(screening.watch_name, version_7(data.id), name, by=by)


@delete("/v1/watched-names/{name_id:uuid}", raises=problems(*_DENIED, NotFound))
async def unwatch_name(name_id: UUID, db: Db, by: Actor) -> None:
    """For operators: take a name off the list."""
    await db.write(screening.unwatch_name, name_id, by=by)


@get("/v1/refused-payments", raises=problems(*_DENIED))
async def list_refused(db: Db, by: Actor) -> Page[RefusedPayment]:
    """For operators: what was refused since a name is on their list, the newest first."""
    return Page(await db.read(screening.list_refused, by=by))


@get("/v1/corrections", raises=problems(*_DENIED))
async def list_corrections(db: Db, by: Actor) -> Page[reviews.Correction]:
    """For operators: what was proposed, and what became of it, the newest first."""
    return Page(await db.read(reviews.list_corrections, by=by))


@post("/v1/corrections", raises=problems(*_DENIED, NotFound, IdReused, InvalidInput))
async def propose_correction(data: ProposeCorrection, db: Db, by: Actor) -> reviews.Correction:
    """For operators: say what would put a wallet right. Another operator decides."""
    if data.amount_minor == 0:
        raise invalid("amount_minor", "A correction is of something.")
    amount = Money(data.amount_minor, currency_code(data.currency))
    return await db.write(
        reviews.propose_correction,
        version_7(data.id),
        data.owner_id,
        amount,
        data.reason.strip(),
        by=by,
    )


@post(
    "/v1/corrections/{correction_id:uuid}/decision",
    status_code=200,
    raises=problems(*_DENIED, *_DECIDED, InsufficientFunds, InvalidInput),
)
async def decide_correction(
    correction_id: UUID, data: GiveVerdict, db: Db, by: Actor
) -> reviews.Correction:
    """For operators: make what another operator proposed, or drop it."""
    return await db.write(
        reviews.decide_correction, version_7(data.id), correction_id, data.verdict, by=by
    )


routes: list[Any] = [
    list_reviews,
    decide_review,
    get_review_context,
    list_review_rules,
    set_review_rule,
    list_watched_names,
    watch_name,
    unwatch_name,
    list_refused,
    list_corrections,
    propose_correction,
    decide_correction,
]
