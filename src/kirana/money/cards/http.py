"""Routes: paying by card, what the provider tells, and what the operator has to look into."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, delete, get, post
from msgspec import Meta

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
from kirana.platform.vault import open_vault
from kirana.values import Actor, CardAccountId, Money, OwnerId, Page, RailPaymentId, UnknownCurrency

from ..edge import Amount, invalid, slow_down, version_7
from ..owners import NameOf
from ..problems import (
    AccountClosed,
    AccountFrozen,
    AmountOutOfRange,
    BadSignature,
    ConfirmationRequired,
    ConfirmationWrong,
    HoldResolved,
    InsufficientFunds,
    NeedsReview,
    WayOff,
)
from ..rails import stripe
from ..screening import NameList
from ..ways import CASH, WALLET, objection_to
from . import accounts
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
class AddCardAccount:
    id: CardAccountId
    key: Annotated[str, Meta(min_length=1, max_length=300)]


@dataclass(frozen=True, slots=True)
class CardAccounts:
    """`new_key_url` is where Stripe makes a key that may do what is needed, and no more."""

    items: list[accounts.CardAccount]
    new_key_url: str


@dataclass(frozen=True, slots=True)
class Decide:
    """`look` again, `retry` the call, `end` it, since it did not happen, or, of what goes back from
    one's own account, it was `done` there."""

    decision: Literal["look", "retry", "end", "done"]


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
async def list_ways(currency: str, db: Db, payee: UUID | None = None) -> Ways:
    """How one can pay here in this currency: as the operator has it, and by card also into the
    `payee`'s own account."""
    try:
        code = Money(0, currency).currency
    except UnknownCurrency as unknown:
        raise invalid("currency", str(unknown)) from unknown
    return await db.read(_ways, code, payee)


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
    """For operators, and for owners of an account of their own: say what is to be done with a
    payment whose outcome is not known."""
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


@post(
    "/v1/rails/stripe/events/{card_account_id:uuid}",
    status_code=200,
    raises=problems(BadSignature, NotFound),
)
async def receive_own_event(
    card_account_id: UUID, request: Request[Any, Any, Any], db: Db, settings: Settings
) -> None:
    """For Stripe: what happened in a shop's own account, signed."""
    row = await db.read(accounts.find_account, card_account_id)
    secret = await asyncio.to_thread(accounts.secret_of, settings, row)
    if secret is None:
        raise NotFound()
    body = await request.body()
    signature = request.headers.get("stripe-signature", "")
    told = await asyncio.to_thread(stripe.verify, body, signature, [secret])
    if told is None:
        raise BadSignature()
    await db.write(rail_events.receive_event, told, body, card_account_id=card_account_id)


@get("/v1/card-accounts", raises=problems(NotAllowed, NotSignedIn))
async def list_card_accounts(db: Db, by: Actor) -> CardAccounts:
    """One's own accounts at Stripe, the latest first: that which takes payments, and one that is to
    take its place."""
    return CardAccounts(await db.read(accounts.list_card_accounts, by=by), stripe.NEW_KEY_URL)


@post(
    "/v1/card-accounts",
    raises=problems(
        ConfirmationRequired,
        ConfirmationWrong,
        IdReused,
        NotAllowed,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def add_card_account(
    data: AddCardAccount, db: Db, by: Actor, limits: Limits, settings: Settings
) -> accounts.CardAccount:
    """Be paid by card through one's own account at Stripe, once Stripe has accepted the key, which
    takes a moment. The key is never shown again. Safe to repeat with the same `id`."""
    slow_down(limits, by)
    id = version_7(data.id)
    vault = await asyncio.to_thread(open_vault, settings)
    return await db.write(
        accounts.add_card_account, id, accounts.seal_key(vault, id, data.key), by=by
    )


@post(
    "/v1/card-accounts/{card_account_id:uuid}/check",
    raises=problems(NotAllowed, NotFound, NotSignedIn, RateLimited),
)
async def check_card_account(
    card_account_id: UUID, db: Db, by: Actor, limits: Limits
) -> accounts.CardAccount:
    """Ask Stripe anew what the key may do, after it was changed there."""
    slow_down(limits, by)
    return await db.write(accounts.check_again, CardAccountId(card_account_id), by=by)


@delete(
    "/v1/card-accounts/{card_account_id:uuid}", raises=problems(NotAllowed, NotFound, NotSignedIn)
)
async def end_card_account(card_account_id: UUID, db: Db, by: Actor) -> None:
    """Send nobody there any more. What is under way goes on; then the key is forgotten."""
    await db.write(accounts.end_card_account, CardAccountId(card_account_id), by=by)


@get("/v1/own-rail-cases", raises=problems(NotAllowed, NotSignedIn))
async def list_own_rail_cases(db: Db, by: Actor) -> Page[rail_payments.RailCase]:
    """What one has to look into of one's own account at Stripe, oldest first."""
    return Page(await db.read(rail_payments.list_own_rail_cases, by=by))


def _ways(tx: Tx, currency: str, payee_id: OwnerId | None) -> Ways:
    return Ways(
        currency,
        wallet=objection_to(tx, currency, WALLET) is None,
        cash=objection_to(tx, currency, CASH) is None,
        card=rail_payments.takes_cards(tx, currency, payee_id),
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
    receive_own_event,
    list_card_accounts,
    add_card_account,
    check_card_account,
    end_card_account,
    list_own_rail_cases,
]
