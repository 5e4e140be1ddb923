"""Routes: exchange between one's wallets, and what the operator takes for sales."""

from dataclasses import dataclass
from decimal import Decimal
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
from kirana.values import MAX_AMOUNT_MINOR, Actor, FeeId, Money, Page, QuoteId, RateId, TransferId

from ..edge import Amount, CurrencyText, currency_code, slow_down, version_7
from ..owners import NameOf
from ..problems import (
    AccountClosed,
    AccountFrozen,
    AmountOutOfRange,
    CounterFull,
    ExchangeShort,
    InsufficientFunds,
    LimitExceeded,
    NeedsReview,
    NoRate,
    QuoteExpired,
)
from ..screening import NameList
from . import exchange, fees

Rate = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")]


@dataclass(frozen=True, slots=True)
class SetRate:
    """Units of the one currency for a unit of the other, as a decimal number. None: no longer."""

    id: RateId
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class SetMostShort:
    most_short_minor: Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]


@dataclass(frozen=True, slots=True)
class MakeQuote:
    """`amount` is what one wants to pay, or to get; the rest is in the currency `other`."""

    id: QuoteId
    amount: Amount
    side: exchange.Side
    other: CurrencyText


@dataclass(frozen=True, slots=True)
class TakeQuote:
    id: TransferId


@dataclass(frozen=True, slots=True)
class SetFee:
    id: FeeId
    fee: fees.Fee


@get("/v1/exchange-rates", raises=problems(NotSignedIn))
async def list_rates(db: Db, by: Actor) -> Page[exchange.ExchangeRate]:
    """What can be exchanged here, and at what rate."""
    return Page(await db.read(exchange.list_rates))


@put(
    "/v1/exchange-rates/{pay:str}/{into:str}",
    status_code=200,
    raises=problems(NotAllowed, NotSignedIn, AmountOutOfRange, IdReused, InvalidInput),
)
async def set_rate(pay: str, into: str, data: SetRate, db: Db, by: Actor) -> exchange.Desk:
    """For operators: exchange at this rate from now on, or no longer."""
    rate = None if data.rate is None else Decimal(data.rate)
    pair = currency_code(pay), currency_code(into)
    await db.write(exchange.set_rate, version_7(data.id), *pair, rate, by=by)
    return await db.read(exchange.get_desk, by=by)


@get("/v1/exchange-desk", raises=problems(NotAllowed, NotSignedIn))
async def get_desk(db: Db, by: Actor) -> exchange.Desk:
    """For operators: the rates, and how each currency stands."""
    return await db.read(exchange.get_desk, by=by)


@put(
    "/v1/exchange-desk/{currency:str}",
    status_code=200,
    raises=problems(NotAllowed, NotSignedIn, InvalidInput),
)
async def set_most_short(currency: str, data: SetMostShort, db: Db, by: Actor) -> exchange.Desk:
    """For operators: how much of a currency one will be short of by exchanging, at most."""
    most = Money(data.most_short_minor, currency_code(currency))
    await db.write(exchange.set_most_short, most, by=by)
    return await db.read(exchange.get_desk, by=by)


@post(
    "/v1/quotes",
    raises=problems(
        NoRate, AmountOutOfRange, IdReused, NotAllowed, NotSignedIn, RateLimited, InvalidInput
    ),
)
async def make_quote(data: MakeQuote, db: Db, by: Actor, limits: Limits) -> exchange.ExchangeQuote:
    """What one would pay and get, for a minute. Moves nothing. Safe to repeat."""
    slow_down(limits, by)
    return await db.write(
        exchange.make_quote,
        version_7(data.id),
        data.amount.money(),
        data.side,
        currency_code(data.other),
        by=by,
    )


@post(
    "/v1/quotes/{quote_id:uuid}/exchange",
    raises=problems(
        QuoteExpired,
        ExchangeShort,
        NeedsReview,
        InsufficientFunds,
        LimitExceeded,
        AccountFrozen,
        AccountClosed,
        CounterFull,
        IdReused,
        NotAllowed,
        NotFound,
        NotSignedIn,
        RateLimited,
        InvalidInput,
    ),
)
async def take_quote(
    quote_id: UUID, data: TakeQuote, db: Db, by: Actor, limits: Limits, name_of: NameOf
) -> exchange.Exchanged:
    """Exchange as it was offered. Safe to repeat with the same `id`."""
    slow_down(limits, by)
    return await db.write(
        exchange.take_quote,
        version_7(data.id),
        QuoteId(quote_id),
        screen=NameList(name_of),
        by=by,
    )


@get("/v1/fees", raises=problems(NotSignedIn))
async def list_fees(db: Db, by: Actor) -> Page[fees.SaleFee]:
    """What the operator takes for sales, of what the shop is paid."""
    return Page(await db.read(fees.list_fees))


@put(
    "/v1/fees/{currency:str}/{sale:str}",
    status_code=200,
    raises=problems(NotAllowed, NotFound, NotSignedIn, IdReused, InvalidInput),
)
async def set_fee(currency: str, sale: str, data: SetFee, db: Db, by: Actor) -> Page[fees.SaleFee]:
    """For operators: take this for sales (`wallet` or `card`) from now on."""
    if sale not in ("wallet", "card"):
        raise NotFound()
    paid_by: fees.Sale = "wallet" if sale == "wallet" else "card"
    code = currency_code(currency)
    await db.write(fees.set_fee, version_7(data.id), code, paid_by, data.fee, by=by)
    return Page(await db.read(fees.list_fees))


routes: list[Any] = [
    list_rates,
    set_rate,
    get_desk,
    set_most_short,
    make_quote,
    take_quote,
    list_fees,
    set_fee,
]
