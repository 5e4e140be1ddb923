"""Exchange between two wallets of one owner: a quote that expires, and two moves in one group.

The operator says for which pairs, at what rate, and how much of each currency it will be short
of. What is paid goes to the operator's exchange account of that currency (600), what is got comes
from the one of the other. What is got is rounded down, what is paid up: the rest stays there.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from sqlalchemy import bindparam, delete, insert, or_, select, update

from kirana.platform.db import Q, Row, Tx, upsert
from kirana.platform.problems import IdReused, NotFound
from kirana.values import (
    MAX_AMOUNT_MINOR,
    Actor,
    Mandate,
    Money,
    QuoteId,
    RateId,
    TransferId,
    UserId,
    currency,
)

from .. import ledger
from ..model import OPERATOR, AccountKey, Code, Group, Move, Reason, Ref, Refused, Transfer
from ..owners import open_owner, require_mandate, require_operator
from ..problems import AmountOutOfRange, NoRate
from ..screening import Screen, objection_to_listed
from ..tables import exchange_limits, quotes, rates
from ..wallets import get_account, wallet_key

QUOTE_S = 60
"""How long an offered rate holds."""
_KEPT_MS = 24 * 3_600_000
"""For so long a quote that nobody took is kept."""

Side = Literal["pay", "get"]

_FIND_RATE = Q(select(rates).where(rates.c.id == bindparam("id")))
_ALL_RATES = Q(select(rates).order_by(rates.c.at.desc(), rates.c.id.desc()))
_RATE_OF = Q(
    select(rates)
    .where(
        rates.c.pay_currency == bindparam("pay"),
        rates.c.get_currency == bindparam("get"),
    )
    .order_by(rates.c.at.desc(), rates.c.id.desc())
    .limit(1)
)
_ADD_RATE = Q(insert(rates))
_LIMITS = Q(select(exchange_limits))
_LIMIT_OF = Q(select(exchange_limits).where(exchange_limits.c.currency == bindparam("currency")))
_SET_LIMIT = Q(upsert(exchange_limits, ["currency"], ["most_minor", "by_id", "at"]))
_FIND_QUOTE = Q(select(quotes).where(quotes.c.id == bindparam("id")))
_ADD_QUOTE = Q(insert(quotes))
_FORGET_QUOTES = Q(
    delete(quotes).where(
        quotes.c.owner_id == bindparam("owner_id"),
        quotes.c.transfer_id.is_(None),
        quotes.c.expires_at < bindparam("before"),
    )
)
_FORGET_ALL_QUOTES = Q(delete(quotes).where(quotes.c.owner_id == bindparam("owner_id")))
_TAKE = Q(
    update(quotes)
    .where(
        quotes.c.id == bindparam("id_"),
        or_(quotes.c.transfer_id.is_(None), quotes.c.transfer_id == bindparam("transfer")),
    )
    .values(transfer_id=bindparam("transfer"))
)


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """For one unit of `pay` one gets `rate` units of `get`, as a decimal number."""

    pay: str
    get: str
    rate: str
    by_id: UserId
    at: int


@dataclass(frozen=True, slots=True)
class Position:
    """How much of a currency the operator has taken in (or is short of, below zero) by exchanging,
    and how much it will be short of at most."""

    held: Money
    most_short: Money


@dataclass(frozen=True, slots=True)
class Desk:
    """For operators: what is exchanged here."""

    rates: list[ExchangeRate]
    positions: list[Position]


@dataclass(frozen=True, slots=True)
class ExchangeQuote:
    """What one pays and gets, if one says so before it expires. `transfer_id` when one has."""

    id: QuoteId
    pay: Money
    get: Money
    rate: str
    expires_at: int
    transfer_id: TransferId | None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Both sides of an exchange: two transfers that happened together."""

    paid: Transfer
    got: Transfer


def set_rate(tx: Tx, id: RateId, pay: str, get: str, rate: Decimal | None, *, by: Actor) -> None:
    """Exchange `pay` for `get` at this rate from now on, or (None) no longer. A quote that was
    given before keeps its rate. Safe to repeat with the same `id`.

    Raises: NotAllowed unless an operator does it; AmountOutOfRange for a rate of nothing, or one
    currency twice; IdReused.
    """
    require_operator(tx, by=by)
    if pay == get or (rate is not None and not 0 < rate < MAX_AMOUNT_MINOR):
        raise AmountOutOfRange()
    text = None if rate is None else f"{rate.normalize():f}"
    if known := tx.one(_FIND_RATE, id=id):
        if (known.pay_currency, known.get_currency, known.rate) != (pay, get, text):
            raise IdReused(id=str(id))
        return
    for code in (pay, get):
        ledger.open_currency(tx, code)
    tx.do(
        _ADD_RATE,
        id=id,
        pay_currency=pay,
        get_currency=get,
        rate=text,
        by_id=by.person_id,
        at=tx.now,
    )


def set_most_short(tx: Tx, most: Money, *, by: Actor) -> None:
    """How much of a currency the operator will be short of by exchanging.

    Raises: NotAllowed unless an operator does it.
    """
    require_operator(tx, by=by)
    ledger.open_currency(tx, most.currency)
    tx.do(
        _SET_LIMIT,
        currency=most.currency,
        most_minor=most.amount_minor,
        by_id=by.person_id,
        at=tx.now,
    )


def list_rates(tx: Tx) -> list[ExchangeRate]:
    """What can be exchanged here, by its currencies."""
    newest: dict[tuple[str, str], Row] = {}
    for row in tx.all(_ALL_RATES):
        newest.setdefault((row.pay_currency, row.get_currency), row)
    return [_rate(row) for _, row in sorted(newest.items()) if row.rate is not None]


def get_desk(tx: Tx, *, by: Actor) -> Desk:
    """For operators: the rates in force, and how each currency stands. Raises: NotAllowed."""
    require_operator(tx, by=by)
    found = list_rates(tx)
    most = {row.currency: row.most_minor for row in tx.all(_LIMITS)}
    codes = sorted({code for rate in found for code in (rate.pay, rate.get)} | set(most))
    positions = [Position(_held(tx, code), Money(most.get(code, 0), code)) for code in codes]
    return Desk(found, positions)


def make_quote(
    tx: Tx, id: QuoteId, amount: Money, side: Side, other: str, *, by: Actor
) -> ExchangeQuote:
    """What `amount` of one currency, which one pays or gets, is in the `other`. It holds for
    `QUOTE_S` seconds, and moves nothing. Safe to repeat with the same `id`.

    Raises: NoRate where nothing is exchanged; AmountOutOfRange for too little or too much;
    IdReused; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    pay_code, get_code = (amount.currency, other) if side == "pay" else (other, amount.currency)
    if known := tx.one(_FIND_QUOTE, id=id):
        quote = _quote(known)
        side_of = quote.pay if side == "pay" else quote.get
        if known.owner_id != by.user_id or (side_of, quote.pay.currency, quote.get.currency) != (
            amount,
            pay_code,
            get_code,
        ):
            raise IdReused(id=str(id))
        return quote
    row = tx.one(_RATE_OF, pay=pay_code, get=get_code)
    if row is None or row.rate is None:
        raise NoRate(pay=pay_code, get=get_code)
    pay, get = convert(amount, side, other, Fraction(row.rate))
    if min(pay.amount_minor, get.amount_minor) < 1:
        raise AmountOutOfRange(currency=amount.currency)
    tx.do(_FORGET_QUOTES, owner_id=by.user_id, before=tx.now - _KEPT_MS)
    open_owner(tx, by.user_id)
    values = {
        "id": id,
        "owner_id": by.user_id,
        "pay_minor": pay.amount_minor,
        "pay_currency": pay_code,
        "get_minor": get.amount_minor,
        "get_currency": get_code,
        "rate": row.rate,
        "expires_at": tx.now + QUOTE_S * 1000,
        "transfer_id": None,
    }
    tx.do(_ADD_QUOTE, **values)
    return ExchangeQuote(id, pay, get, row.rate, tx.now + QUOTE_S * 1000, None)


def take_quote(
    tx: Tx, id: TransferId, quote_id: QuoteId, *, screen: Screen | None = None, by: Actor
) -> Exchanged:
    """Take a quote: once, and before it expires. Safe to repeat with the same `id`.

    Raises: QuoteExpired, also when it was taken before; ExchangeShort when the operator has too
    little of that currency; InsufficientFunds, LimitExceeded, AccountFrozen, AccountClosed,
    CounterFull, IdReused; NeedsReview for whoever is on the operators' list; NotFound for somebody
    else's; NotAllowed for whoever may not spend a shop's money.
    """
    require_mandate(Mandate.SPEND, by=by)
    row = tx.one(_FIND_QUOTE, id=quote_id)
    if row is None or row.owner_id != by.user_id:
        raise NotFound()
    quote = _quote(row)
    moves = (
        Move.posted(wallet_key(by.user_id, quote.pay.currency), _desk(quote.pay), quote.pay),
        Move.posted(_desk(quote.get), wallet_key(by.user_id, quote.get.currency), quote.get),
    )
    is_suspect = bool(screen and screen(tx, {by.user_id}))
    listed = objection_to_listed(quote.pay.currency, is_suspect=is_suspect)
    group = Group(
        id,
        moves,
        "exchange",
        by.person_id,
        Ref("quote", quote_id),
        objection=listed or _objection(tx, quote),
        is_suspect=is_suspect,
    )
    paid, got = ledger.post(tx, group)
    assert tx.do(_TAKE, id_=quote_id, transfer=id) == 1
    return Exchanged(paid, got)


def convert(amount: Money, side: Side, other: str, rate: Fraction) -> tuple[Money, Money]:
    """What is paid and what is got, at so many units of the one for a unit of the other: what is
    got is rounded down, what is paid up.

    Raises: AmountOutOfRange.
    """
    pay_code, get_code = (amount.currency, other) if side == "pay" else (other, amount.currency)
    minor_rate = rate * 10 ** currency(get_code).exponent / 10 ** currency(pay_code).exponent
    if side == "pay":
        pay_minor, get_minor = amount.amount_minor, floor(amount.amount_minor * minor_rate)
    else:
        pay_minor, get_minor = ceil(amount.amount_minor / minor_rate), amount.amount_minor
    if max(pay_minor, get_minor) > MAX_AMOUNT_MINOR:
        raise AmountOutOfRange(currency=amount.currency)
    return Money(pay_minor, pay_code), Money(get_minor, get_code)


def forget_quotes(tx: Tx, owner_id: UserId) -> None:
    """Somebody leaves: what they were offered goes with them."""
    tx.do(_FORGET_ALL_QUOTES, owner_id=owner_id)


def _objection(tx: Tx, quote: ExchangeQuote) -> Refused | None:
    if quote.transfer_id is not None or quote.expires_at <= tx.now:
        return Refused(Reason.QUOTE_EXPIRED)
    code = quote.get.currency
    limit = tx.one(_LIMIT_OF, currency=code)
    left = _held(tx, code).amount_minor + (limit.most_minor if limit else 0)
    if quote.get.amount_minor > left:
        return Refused(Reason.EXCHANGE_SHORT, left_minor=max(0, left), currency=code)
    return None


def _held(tx: Tx, code: str) -> Money:
    return Money(get_account(tx, AccountKey(OPERATOR, Code.EXCHANGE, code)).balance_minor, code)


def _desk(amount: Money) -> AccountKey:
    return AccountKey(OPERATOR, Code.EXCHANGE, amount.currency)


def _rate(row: Row) -> ExchangeRate:
    return ExchangeRate(row.pay_currency, row.get_currency, row.rate, row.by_id, row.at)


def _quote(row: Row) -> ExchangeQuote:
    return ExchangeQuote(
        row.id,
        Money(row.pay_minor, row.pay_currency),
        Money(row.get_minor, row.get_currency),
        row.rate,
        row.expires_at,
        row.transfer_id,
    )
