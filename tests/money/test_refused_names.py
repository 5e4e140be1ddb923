"""What was refused for a name on the operators' list leaves a trace, and nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kirana import money
from kirana.platform.db import Tx
from kirana.platform.problems import NotAllowed
from kirana.values import (
    SYSTEM,
    Money,
    OwnerId,
    QuoteId,
    RailPaymentId,
    RateId,
    RequestId,
    StandingOrderId,
    uuid7,
)
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_offers import EPC, paid_at


class Town:
    """Asha and Ravi, who is on the list of the operator."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db, self.omar = db, make.owner(db)
        db.write(money.appoint_operator, self.omar.user_id, by=SYSTEM)
        self.asha, self.ravi = (make.owner(db, purse=inr(1000)) for _ in "12")
        self.name_id = uuid7()
        db.write(money.watch_name, self.name_id, "Ravi Menon", by=self.omar)
        self.screen = money.NameList(self.name_of)

    def name_of(self, tx: Tx, ids: Iterable[OwnerId]) -> dict[OwnerId, str]:
        names = {self.asha.user_id: "Asha Kulkarni", self.ravi.user_id: "MENON, Ravi"}
        return {id: names[id] for id in ids if id in names}

    @property
    def trace(self) -> list[money.Attempt]:
        return [it.attempt for it in self.db.read(money.list_refused, by=self.omar)]

    def today(self) -> date:
        return datetime.fromtimestamp(self.db.clock.now / 1000, UTC).date()

    @property
    def left(self) -> Money:
        return self.db.read(money.get_wallet, self.ravi.user_id, "INR").available


@pytest.fixture
def town(db: RehearsedDatabase) -> Town:
    return Town(db)


def test_a_coming_payment_leaves_one_however_often_it_is_tried(town: Town) -> None:
    id, terms = StandingOrderId(uuid7()), money.Terms(inr(500), "month", town.today())
    by = replace(town.ravi, kind="system")
    for _ in range(2):
        with pytest.raises(money.NeedsReview):
            town.db.write(
                money.make_standing_order, id, town.asha.user_id, terms, screen=town.screen, by=by
            )
    [attempt] = town.trace
    assert attempt == money.Attempt(
        id, "coming", town.ravi.user_id, town.asha.user_id, inr(500), ("Ravi Menon",)
    )


def test_a_request_and_a_link_leave_one_but_not_for_their_amount(town: Town) -> None:
    request = RequestId(uuid7())
    town.db.write(
        money.ask, request, asker=town.asha.user_id, payer=town.ravi.user_id, amount=inr(300),
        ref=None, by=town.asha,
    )  # fmt: skip
    tried, linked = make.transfer_id(), make.transfer_id()
    with pytest.raises(money.NeedsReview):
        town.db.write(money.pay_request, tried, request, screen=town.screen, by=town.ravi)
    with pytest.raises(money.NeedsReview):
        town.db.write(money.make_link, linked, inr(200), "s" * 22, screen=town.screen, by=town.ravi)
    town.db.write(money.set_review_rule, uuid7(), "INR", 100, 1, by=town.omar)
    with pytest.raises(money.NeedsReview):
        town.db.write(
            money.make_link, make.transfer_id(), inr(200), "t" * 22, screen=town.screen,
            by=town.asha,
        )  # fmt: skip

    assert {(it.id, it.what, it.payee_id) for it in town.trace} == {
        (tried, "request", town.asha.user_id), (linked, "link", None),
    }  # fmt: skip
    assert town.left == inr(1000)
    assert town.db.read(money.audit) == []


def test_a_top_up_by_card_is_refused_and_leaves_one(town: Town) -> None:
    town.db.write(money.switch_rail, "stripe", is_on=True)
    id = RailPaymentId(uuid7())
    with pytest.raises(money.NeedsReview):
        town.db.write(money.top_up_by_card, id, inr(500), screen=town.screen, by=town.ravi)
    town.db.write(
        money.top_up_by_card, RailPaymentId(uuid7()), inr(500), screen=town.screen, by=town.asha
    )

    assert [(it.id, it.what, it.payer_id) for it in town.trace] == [
        (id, "top_up", town.ravi.user_id)
    ]


def test_an_exchange_is_refused_and_leaves_one(town: Town) -> None:
    town.db.write(money.set_rate, RateId(uuid7()), "INR", "EUR", Decimal("0.01"), by=town.omar)
    quote = QuoteId(uuid7())
    town.db.write(money.make_quote, quote, inr(900), "pay", "EUR", by=town.ravi)
    id = make.transfer_id()
    with pytest.raises(money.NeedsReview):
        town.db.write(money.take_quote, id, quote, screen=town.screen, by=town.ravi)

    assert [(it.id, it.what, it.amount) for it in town.trace] == [(id, "exchange", inr(900))]
    assert town.left == inr(1000)


def test_a_payout_of_whoever_is_listed_is_refused_and_one_into_such_a_name(town: Town) -> None:
    """Asha's bank account is in a name of the list, Ravi asks for cash."""
    paid_at(town.db, town.asha, "epc", EPC | {"name": "Ravi Kumar Menon"})
    [account] = town.db.read(money.list_addresses, by=town.asha)
    by_hand, to_bank = make.transfer_id(), make.transfer_id()
    for id, who, amount, address in (
        (by_hand, town.ravi, inr(400), None),
        (to_bank, town.asha, Money(400, "EUR"), account.id),
    ):
        by = replace(who, kind="system")
        with pytest.raises(money.NeedsReview):
            town.db.write(money.ask_payout, id, amount, address, screen=town.screen, by=by)

    assert {(it.id, it.what, it.payer_id) for it in town.trace} == {
        (by_hand, "payout", town.ravi.user_id), (to_bank, "payout", town.asha.user_id),
    }  # fmt: skip
    assert town.left == inr(1000)


def test_a_run_of_a_coming_payment_leaves_one(town: Town) -> None:
    id, terms = StandingOrderId(uuid7()), money.Terms(inr(500), "once", town.today())
    by = replace(town.asha, kind="system")
    town.db.write(money.make_standing_order, id, town.ravi.user_id, terms, by=by)
    town.db.clock.advance(24 * 3600_000)
    town.db.write(money.run_standing_orders, town.screen)

    assert [(it.what, it.payer_id, it.payee_id) for it in town.trace] == [
        ("coming", town.asha.user_id, town.ravi.user_id)
    ]


def test_only_operators_see_it_and_all_of_them_at_once(town: Town) -> None:
    with pytest.raises(money.NeedsReview):
        town.db.write(
            money.make_link, make.transfer_id(), inr(2), "s" * 22, screen=town.screen, by=town.ravi
        )
    for who in (town.asha, town.ravi):
        with pytest.raises(NotAllowed):
            town.db.read(money.list_refused, by=who)
    [seen] = town.db.read(money.list_refused, by=town.omar)
    assert seen.at == town.db.clock.now
