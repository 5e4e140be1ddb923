"""Routes: paying by card, what the provider tells, and what the operator has to look into."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from litestar import Request, get, post

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
from kirana.platform.settings import Settings
from kirana.values import Actor, Money, Page, RailPaymentId, UnknownCurrency

from ..edge import Amount, invalid, slow_down, version_7
from ..owners import NameOf
from ..problems import (
    AccountClosed,
    AccountFrozen,
    AmountOutOfRange,
    BadSignature,
    HoldResolved,
    InsufficientFunds,
    NeedsReview,
    WayOff,
)
from ..rails import stripe
from ..screening import NameList
from ..ways import CASH, WALLET, objection_to
from . import calls as rail_calls
from . import commands as cards
from . import events as rail_events
from . import payments as rail_payments
from .elsewhere import settle_refund as settle
from .settlements import Bearer


@dataclass(frozen=True, slots=True)
class TopUpByCard:
    id: RailPaymentId
    amount: Amount


@dataclass(frozen=True, slots=True)
class Decide:
    """`look` again, `retry` the call, or `end` it, since it did not happen."""

    decision: Literal["look", "retry", "end"]


@dataclass(frozen=True, slots=True)
class SettleRefund:
    """`payee`: whoever was paid gives it; `operator`: it is the operator's loss."""

    bearer: Bearer


@dataclass(frozen=True, slots=True)
class Ways:
    """How one can pay here in a currency."""

    currency: str
    wallet: bool
    cash: bool
    card: bool


@get("/v1/ways/{currency:str}", raises=problems(InvalidInput))
async def list_ways(currency: str, db: Db) -> Ways:
    """How one can pay here in this currency: as the operator has it."""
    try:
        code = Money(0, currency).currency
    except UnknownCurrency as unknown:
        raise invalid("currency", str(unknown)) from unknown
    return await db.read(_ways, code)


@post(
    "/v1/card-top-ups",
    raises=problems(
        WayOff,
        AmountOutOfRange,
        NeedsReview,
        IdReused,
        NotAllowed,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def top_up_by_card(
    data: TopUpByCard, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> rail_payments.RailPayment:
    """Pay into one's wallet by card, on the provider's page: its address comes in a moment, and
    what was paid is in the wallet once the provider says so. Safe to repeat with the same `id`."""
    slow_down(limits, by)
    return await db.write(
        cards.top_up_by_card,
        version_7(data.id),
        data.amount.money(),
        screen=NameList(name_of),
        by=by,
    )


@get("/v1/card-top-ups", raises=problems(NotSignedIn))
async def list_open_top_ups(db: Db, by: Actor) -> Page[rail_payments.RailPayment]:
    """What is on its way into one's wallets by card, the latest first."""
    return Page(await db.read(rail_payments.list_open_top_ups, by=by))


@get("/v1/card-payments/{payment_id:uuid}", raises=problems(NotFound, NotSignedIn))
async def get_card_payment(payment_id: UUID, db: Db, by: Actor) -> rail_payments.RailPayment:
    """How a payment by card stands: a top-up, or an order by the order's id."""
    return await db.read(rail_payments.get_rail_payment, RailPaymentId(payment_id), by=by)


@get("/v1/rail-cases", raises=problems(NotAllowed, NotSignedIn))
async def list_rail_cases(
    db: Db, by: Actor, under_way: bool = False
) -> Page[rail_payments.RailCase]:
    """For operators: what a person has to look into, oldest first; or what is `under_way`."""
    return Page(await db.read(rail_payments.list_rail_cases, under_way=under_way, by=by))


@post(
    "/v1/rail-cases/{payment_id:uuid}/decision",
    raises=problems(NotAllowed, NotFound, NotSignedIn, InvalidInput),
)
async def decide_case(
    payment_id: UUID, data: Decide, db: Db, by: Actor
) -> rail_payments.RailPayment:
    """For operators: say what is to be done with a payment whose outcome is not known."""
    return await db.write(rail_calls.decide_case, RailPaymentId(payment_id), data.decision, by=by)


@post(
    "/v1/rail-cases/{payment_id:uuid}/settlement",
    raises=problems(
        HoldResolved, InsufficientFunds, AccountFrozen, AccountClosed, NotAllowed, NotFound,
        NotSignedIn, InvalidInput,
    ),
    status_code=200,
)  # fmt: skip
async def settle_refund(
    payment_id: UUID, data: SettleRefund, db: Db, by: Actor
) -> rail_payments.RailPayment:
    """For operators: say who bears a refund that was made in the provider's own dashboard. Safe to
    repeat."""
    return await db.write(settle, RailPaymentId(payment_id), data.bearer, by=by)


@post(
    "/v1/rails/stripe/events",
    status_code=200,
    raises=problems(BadSignature, NotFound),
)
async def receive_event(request: Request[Any, Any, Any], db: Db, settings: Settings) -> None:
    """For Stripe: what happened, signed. It is kept before it is answered, and done after."""
    if not settings.stripe_webhook_secrets:
        raise NotFound()
    body = await request.body()
    signature = request.headers.get("stripe-signature", "")
    secrets = settings.stripe_webhook_secrets.split()
    told = await asyncio.to_thread(stripe.verify, body, signature, secrets)
    if told is None:
        raise BadSignature()
    await db.write(rail_events.receive_event, told, body)


def _ways(tx: Tx, currency: str) -> Ways:
    return Ways(
        currency,
        wallet=objection_to(tx, currency, WALLET) is None,
        cash=objection_to(tx, currency, CASH) is None,
        card=rail_payments.takes_cards(tx, currency),
    )


routes: list[Any] = [
    list_ways,
    top_up_by_card,
    list_open_top_ups,
    get_card_payment,
    list_rail_cases,
    decide_case,
    settle_refund,
    receive_event,
]
