"""Money of one currency becomes money of another, at a rate that was offered."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana import money
from kirana.money.flows.exchange import QUOTE_S, Side, convert
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, Money, QuoteId, RateId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def omar(db: RehearsedDatabase) -> Actor:
    """An operator who gives a euro for a hundred rupees, and has no more than 500 euros to give."""
    omar = make.owner(db)
    db.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    set_rate(db, omar, "0.01")
    db.write(money.set_most_short, eur(500_00), by=omar)
    return omar


def set_rate(db: RehearsedDatabase, omar: Actor, rate: str | None) -> None:
    to = None if rate is None else Decimal(rate)
    db.write(money.set_rate, RateId(uuid7()), "INR", "EUR", to, by=omar)


def quote(
    db: RehearsedDatabase, by: Actor, amount: Money, *, id: QuoteId | None = None
) -> money.ExchangeQuote:
    side, other = ("pay", "EUR") if amount.currency == "INR" else ("get", "INR")
    return db.write(money.make_quote, id or QuoteId(uuid7()), amount, side, other, by=by)


def wallets(db: RehearsedDatabase, by: Actor) -> dict[str, int]:
    found = db.read(money.list_wallets, by=by)
    return {wallet.currency: wallet.balance.amount_minor for wallet in found}


def test_both_amounts_are_told_before_and_move_together(db: RehearsedDatabase, omar: Actor) -> None:
    asha = make.owner(db, purse=inr(10_000_00))

    offered = quote(db, asha, inr(2_500_50))
    assert (offered.pay, offered.get) == (inr(2_500_50), eur(25_00))
    done = db.write(money.take_quote, make.transfer_id(), offered.id, by=asha)

    assert (done.paid.amount, done.got.amount) == (offered.pay, offered.get)
    assert wallets(db, asha) == {"INR": 7_499_50, "EUR": 25_00}
    [euros, rupees] = db.read(money.get_desk, by=omar).positions
    assert (euros.held, euros.most_short) == (eur(-25_00), eur(500_00))
    assert rupees.held == inr(2_500_50)
    assert db.read(money.audit) == []


def test_who_says_what_to_get_is_told_what_to_pay(db: RehearsedDatabase, omar: Actor) -> None:
    set_rate(db, omar, "0.0111")
    offered = quote(db, make.owner(db), eur(10_00))
    assert (offered.pay, offered.get, offered.rate) == (inr(900_91), eur(10_00), "0.0111")


def test_a_quote_holds_while_the_rate_changes_and_no_longer_than_a_minute(
    db: RehearsedDatabase, omar: Actor
) -> None:
    asha = make.owner(db, purse=inr(10_000_00))
    first, second = quote(db, asha, inr(100_00)), quote(db, asha, inr(100_00))
    set_rate(db, omar, "0.02")
    id = make.transfer_id()
    done = db.write(money.take_quote, id, first.id, by=asha)
    assert done.got.amount == eur(1_00)
    assert quote(db, asha, inr(100_00)).get == eur(2_00)

    db.clock.advance(QUOTE_S * 1000)
    with pytest.raises(money.QuoteExpired):
        db.write(money.take_quote, make.transfer_id(), second.id, by=asha)
    assert db.write(money.take_quote, id, first.id, by=asha) == done


def test_a_quote_is_taken_once(db: RehearsedDatabase, omar: Actor) -> None:
    asha = make.owner(db, purse=inr(10_000_00))
    id = QuoteId(uuid7())
    offered = quote(db, asha, inr(100_00), id=id)
    assert quote(db, asha, inr(100_00), id=id) == offered
    db.write(money.take_quote, make.transfer_id(), offered.id, by=asha)
    with pytest.raises(money.QuoteExpired):
        db.write(money.take_quote, make.transfer_id(), offered.id, by=asha)
    assert wallets(db, asha)["EUR"] == 1_00


def test_a_refused_exchange_leaves_the_quote_for_another_try(
    db: RehearsedDatabase, omar: Actor
) -> None:
    asha = make.owner(db, purse=inr(50_00))
    offered = quote(db, asha, inr(100_00))
    refused = make.transfer_id()
    with pytest.raises(money.InsufficientFunds):
        db.write(money.take_quote, refused, offered.id, by=asha)
    make.top_up(db, asha, inr(50_00))
    with pytest.raises(money.InsufficientFunds):
        db.write(money.take_quote, refused, offered.id, by=asha)
    db.write(money.take_quote, make.transfer_id(), offered.id, by=asha)
    assert wallets(db, asha) == {"INR": 0, "EUR": 1_00}


def test_the_operator_is_short_of_no_more_than_was_said(db: RehearsedDatabase, omar: Actor) -> None:
    asha = make.owner(db, purse=inr(100_000_00))
    most = quote(db, asha, eur(500_00))
    db.write(money.take_quote, make.transfer_id(), most.id, by=asha)
    more = quote(db, asha, eur(1))
    with pytest.raises(money.ExchangeShort) as refused:
        db.write(money.take_quote, make.transfer_id(), more.id, by=asha)
    assert refused.value.facts == {"left_minor": 0, "currency": "EUR"}
    assert db.read(money.audit) == []


def test_nobody_else_takes_a_quote(db: RehearsedDatabase, omar: Actor) -> None:
    asha, ravi = make.owner(db, purse=inr(100_00)), make.owner(db, purse=inr(100_00))
    offered = quote(db, asha, inr(100_00))
    with pytest.raises(NotFound):
        db.write(money.take_quote, make.transfer_id(), offered.id, by=ravi)
    with pytest.raises(IdReused):
        quote(db, ravi, inr(100_00), id=offered.id)
    with pytest.raises(IdReused):
        quote(db, asha, inr(99_00), id=offered.id)


def test_what_is_not_exchanged_is_refused(db: RehearsedDatabase, omar: Actor) -> None:
    asha = make.owner(db, purse=inr(100_00))
    with pytest.raises(money.NoRate):
        db.write(money.make_quote, QuoteId(uuid7()), inr(100), "pay", "USD", by=asha)
    with pytest.raises(money.AmountOutOfRange):
        quote(db, asha, inr(99))  # a cent costs a rupee
    set_rate(db, omar, None)
    assert db.read(money.list_rates) == []
    with pytest.raises(money.NoRate):
        quote(db, asha, inr(100_00))
    with pytest.raises(NotAllowed):
        set_rate(db, asha, "1")


def test_a_full_wallet_takes_no_more_of_what_is_exchanged(
    db: RehearsedDatabase, omar: Actor
) -> None:
    asha = make.owner(db, purse=inr(10_000_00))
    most = money.Limit(
        tier="unverified",
        action=money.Action.RECEIVE,
        window=money.Window.BALANCE,
        max_minor=30_00,
    )
    db.write(money.set_limits, uuid7(), "EUR", [most], by=omar)
    first = quote(db, asha, eur(20_00))
    db.write(money.take_quote, make.transfer_id(), first.id, by=asha)
    second = quote(db, asha, eur(20_00))
    with pytest.raises(money.LimitExceeded) as refused:
        db.write(money.take_quote, make.transfer_id(), second.id, by=asha)
    assert refused.value.facts["left_minor"] == 10_00
    assert db.read(money.audit) == []


def test_frozen_wallets_exchange_nothing(db: RehearsedDatabase, omar: Actor) -> None:
    asha = make.owner(db, purse=inr(100_00))
    offered = quote(db, asha, inr(100_00))
    db.write(money.freeze_wallet, asha.user_id, "INR", out=True, into=False, by=omar)
    with pytest.raises(money.AccountFrozen):
        db.write(money.take_quote, make.transfer_id(), offered.id, by=asha)


@given(
    minor=st.integers(1, 10**9),
    rate=st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**9),
    codes=st.sampled_from([("INR", "EUR"), ("JPY", "KWD"), ("KWD", "JPY"), ("CLF", "VND")]),
    side=st.sampled_from(["pay", "get"]),
)
def test_rounding_is_never_against_the_operator_and_less_than_one_unit(
    minor: int, rate: Fraction, codes: tuple[str, str], side: Side
) -> None:
    pay_code, get_code = codes
    known, other = (pay_code, get_code) if side == "pay" else (get_code, pay_code)
    try:
        pay, get = convert(Money(minor, known), side, other, rate)
    except money.AmountOutOfRange:
        return
    exponents = {"INR": 2, "EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4, "VND": 0}
    exact = rate * Fraction(10) ** (exponents[get_code] - exponents[pay_code])
    if side == "pay":
        assert 0 <= pay.amount_minor * exact - get.amount_minor < 1
    else:
        assert 0 <= pay.amount_minor - get.amount_minor / exact < 1
