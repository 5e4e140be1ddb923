"""Orders, stock and money together: whatever happens, nothing is sold twice and nothing is lost."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from kirana import catalog, money, orders
from kirana.catalog.tables import stock_moves, variants
from kirana.orders import Method, Order, Payment, PaymentState, State
from kirana.platform.database import open_database
from kirana.platform.db import Db, Q, Tx
from kirana.platform.events import Bus
from kirana.values import Actor, OrderId, VariantId
from tests.database import RehearsedDatabase
from tests.orders import make
from tests.orders.conftest import wired
from tests.orders.make import inr

HOUR = 3600 * 1000
HOLDING = {State.PLACED, State.ACCEPTED, State.READY}
SHOPPERS, ROUNDS = 50, 20


@pytest.fixture
def bus() -> Bus:
    return wired()


@pytest.fixture
def db(db: RehearsedDatabase) -> RehearsedDatabase:
    db.before_commit.append(money.seal)
    return db


@dataclass(slots=True)
class Promise:
    """What an order should be, kept by hand."""

    id: OrderId
    buyer: Actor
    payment: Payment
    quantities: dict[VariantId, int]
    held_until: int
    state: State = State.PLACED
    aside: int = 0
    captured: int = 0
    refunded: int = 0
    returned: dict[VariantId, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(PRICE * quantity for quantity in self.quantities.values())

    def state_at(self, now: int) -> State:
        is_late = self.state is State.PLACED and self.held_until <= now
        return State.EXPIRED if is_late else self.state


PRICE = 120


class Market(RuleBasedStateMachine):
    """A shop with three things, three buyers, and an oracle in plain dictionaries.

    The database outlives the machine: each run opens a shop of its own.
    """

    db: RehearsedDatabase
    promises = Bundle("promises")

    @initialize(stocks=st.lists(st.integers(0, 6), min_size=3, max_size=3))
    def open_shop(self, stocks: list[int]) -> None:
        self.shop = make.shop(self.db)
        self.things = [make.variant(self.db, self.shop, price=PRICE, stock=n) for n in stocks]
        self.on_hand = dict(zip(self.things, stocks, strict=True))
        self.buyers = [make.buyer(self.db, purse=inr(1_000)) for _ in range(3)]
        self.purses = {buyer.user_id: 1_000 for buyer in self.buyers}
        self.till = 0
        self.known: list[Promise] = []
        self.waited = 0

    @rule(
        target=promises,
        who=st.integers(0, 2),
        wanted=st.dictionaries(st.integers(0, 2), st.integers(1, 3), min_size=1),
        payment=st.sampled_from([Payment.WALLET, Payment.CASH]),
    )
    def place(self, who: int, wanted: dict[int, int], payment: Payment) -> Any:
        buyer = self.buyers[who]
        quantities = {self.things[i]: n for i, n in wanted.items()}
        promise = Promise(OrderId(make.new_id()), buyer, payment, quantities, 0)
        is_short = any(n > self.free(thing) for thing, n in quantities.items())
        is_poor = payment is Payment.WALLET and promise.total > self.purses[buyer.user_id]
        if is_short or is_poor:
            with pytest.raises(catalog.OutOfStock if is_short else money.InsufficientFunds):
                self.ask_for(promise)
            return multiple()

        order = self.ask_for(promise)
        promise.held_until = order.held_until
        if payment is Payment.WALLET:
            promise.aside = promise.total
            self.purses[buyer.user_id] -= promise.total
        self.known.append(promise)
        return promise

    @rule(promise=promises)
    def place_again(self, promise: Promise) -> None:
        order = self.ask_for(promise)
        assert order.id == promise.id

    @rule(promise=promises, to=st.sampled_from([State.ACCEPTED, State.READY, State.FULFILLED]))
    def move(self, promise: Promise, to: State) -> None:
        state = promise.state_at(self.now)
        legal = {
            State.PLACED: {State.ACCEPTED},
            State.ACCEPTED: {State.READY, State.FULFILLED},
            State.READY: {State.FULFILLED},
        }.get(state, set())
        if to is not state and to not in legal:
            with pytest.raises(orders.IllegalMove):
                self.move_to(promise, to)
            return
        self.move_to(promise, to)
        if to is State.FULFILLED and state is not State.FULFILLED:
            for thing, quantity in promise.quantities.items():
                self.on_hand[thing] -= quantity
            self.till += promise.aside
            promise.captured += promise.aside
            promise.aside = 0
        promise.state = to

    @rule(promise=promises, by_shop=st.booleans())
    def cancel(self, promise: Promise, by_shop: bool) -> None:
        state = promise.state_at(self.now)
        by = self.shop.owner_as_shop if by_shop else promise.buyer
        legal = HOLDING if by_shop else {State.PLACED}
        if state is not State.CANCELED and state not in legal:
            with pytest.raises(orders.IllegalMove):
                self.db.write(orders.cancel_order, promise.id, by=by)
            return
        self.db.write(orders.cancel_order, promise.id, by=by)
        self.end(promise, State.CANCELED)

    @rule(promise=promises)
    def collect(self, promise: Promise) -> None:
        by = self.shop.owner_as_shop
        state = promise.state_at(self.now)
        is_due = promise.payment is Payment.CASH and state in {
            State.ACCEPTED,
            State.READY,
            State.FULFILLED,
        }
        if not promise.captured and not is_due:
            with pytest.raises(orders.IllegalMove):
                self.db.write(orders.collect_cash, promise.id, by=by)
            return
        self.db.write(orders.collect_cash, promise.id, by=by)
        promise.captured = promise.total

    @rule(promise=promises, which=st.integers(0, 2), restock=st.booleans())
    def give_back_one(self, promise: Promise, which: int, restock: bool) -> None:
        thing = self.things[which]
        left = promise.quantities.get(thing, 0) - promise.returned.get(thing, 0)
        can = promise.captured and promise.state is State.FULFILLED and left
        if (
            not can
            or promise.captured - promise.refunded < PRICE
            or not self.covers(promise, PRICE)
        ):
            with pytest.raises(make.REFUSALS):
                make.refund(self.db, self.shop, promise, {thing: 1}, is_restocked=restock)
            return
        make.refund(self.db, self.shop, promise, {thing: 1}, is_restocked=restock)
        promise.returned[thing] = promise.returned.get(thing, 0) + 1
        self.on_hand[thing] += restock
        self.give_back(promise, PRICE)

    @rule(promise=promises, amount=st.integers(1, 3 * PRICE))
    def give_back_some(self, promise: Promise, amount: int) -> None:
        left = promise.captured - promise.refunded
        if amount > left or not self.covers(promise, amount):
            with pytest.raises(make.REFUSALS):
                make.refund(self.db, self.shop, promise, amount=inr(amount))
            return
        make.refund(self.db, self.shop, promise, amount=inr(amount))
        self.give_back(promise, amount)

    @rule(which=st.integers(0, 2), count=st.integers(0, 6))
    def count_stock(self, which: int, count: int) -> None:
        thing = self.things[which]
        if count < self.held(thing):
            with pytest.raises(catalog.StockIsPromised):
                make.set_stock(self.db, self.shop, thing, count)
            return
        make.set_stock(self.db, self.shop, thing, count)
        self.on_hand[thing] = count

    @rule(who=st.integers(0, 2))
    def fill_purse(self, who: int) -> None:
        make.top_up(self.db, self.buyers[who], inr(500))
        self.purses[self.buyers[who].user_id] += 500

    @precondition(lambda self: self.waited < 20 * 24)
    @rule(hours=st.integers(1, 40), sweeps=st.booleans())
    def wait(self, hours: int, sweeps: bool) -> None:
        self.waited += hours
        self.db.clock.advance(hours * HOUR)
        if not sweeps:
            return
        self.db.write(catalog.release_expired)
        self.db.write(orders.expire_orders)
        for promise in self.known:
            if promise.state is not State.EXPIRED and promise.state_at(self.now) is State.EXPIRED:
                self.end(promise, State.EXPIRED)

    @invariant()
    def all_agree(self) -> None:
        self.db.deliver()
        self.check_stock()
        self.check_money()
        self.check_orders()

    def check_stock(self) -> None:
        for thing in self.things:
            stock = self.db.read(catalog.stock_of, thing)
            assert (stock.on_hand, stock.held) == (self.on_hand[thing], self.held(thing))
            assert 0 <= stock.held <= stock.on_hand

    def check_money(self) -> None:
        for buyer in self.buyers:
            assert make.available(self.db, buyer) == inr(self.purses[buyer.user_id])
        assert make.available(self.db, self.shop.owner_as_shop) == inr(self.till)

    def check_orders(self) -> None:
        for promise in self.known:
            order = self.db.read(orders.get_order, promise.id, by=promise.buyer)
            assert order.state is promise.state_at(self.now)
            assert (order.captured, order.refunded) == (
                inr(promise.captured),
                inr(promise.refunded),
            )
            assert (order.receipt_number is not None) == bool(promise.captured)
            assert order.total == inr(promise.total)

    def teardown(self) -> None:
        assert self.db.read(money.audit) == []
        assert self.db.read(stock_that_does_not_add_up) == []

    # The oracle

    @property
    def now(self) -> int:
        return self.db.clock.now

    def held(self, thing: VariantId) -> int:
        return sum(
            promise.quantities.get(thing, 0)
            for promise in self.known
            if promise.state_at(self.now) in HOLDING
        )

    def free(self, thing: VariantId) -> int:
        return self.on_hand[thing] - self.held(thing)

    def covers(self, promise: Promise, amount: int) -> bool:
        return promise.payment is Payment.CASH or amount <= self.till

    def give_back(self, promise: Promise, amount: int) -> None:
        promise.refunded += amount
        if promise.payment is Payment.WALLET:
            self.till -= amount
            self.purses[promise.buyer.user_id] += amount

    def end(self, promise: Promise, to: State) -> None:
        self.purses[promise.buyer.user_id] += promise.aside
        promise.aside = 0
        if left := promise.captured - promise.refunded:
            self.give_back(promise, left)
        promise.state = to

    # The shop

    def ask_for(self, promise: Promise) -> Order:
        return make.place(
            self.db,
            self.shop,
            promise.quantities,
            id=promise.id,
            payment=promise.payment,
            total=promise.total,
            by=promise.buyer,
        )

    def move_to(self, promise: Promise, to: State) -> Order:
        return self.db.write(orders.move_order, promise.id, to, by=self.shop.owner_as_shop)


_SUMS = Q(
    select(
        variants.c.id,
        variants.c.on_hand,
        variants.c.held,
        func.coalesce(func.sum(stock_moves.c.on_hand_delta), 0).label("moved"),
        func.coalesce(func.sum(stock_moves.c.held_delta), 0).label("promised"),
    )
    .outerjoin_from(variants, stock_moves, stock_moves.c.variant_id == variants.c.id)
    .group_by(variants.c.id, variants.c.on_hand, variants.c.held)
)


def stock_that_does_not_add_up(tx: Tx) -> list[Any]:
    """Variants whose counters are not the sums of their moves."""
    rows = tx.all(_SUMS)
    return [row for row in rows if (row.on_hand, row.held) != (row.moved, row.promised)]


def run(db: RehearsedDatabase, *, examples: int, steps: int) -> None:
    class Here(Market):
        pass

    Here.db = db
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_orders_stock_and_money_agree_with_plain_dictionaries(db: RehearsedDatabase) -> None:
    run(db, examples=6, steps=25)


@pytest.mark.slow
def test_orders_stock_and_money_agree_for_long(db: RehearsedDatabase) -> None:
    db.rehearses = False
    run(db, examples=60, steps=50)


@pytest.fixture
def crowd(db: RehearsedDatabase) -> list[Actor]:
    return [make.buyer(db, purse=inr(100_000)) for _ in range(SHOPPERS)]


@pytest.fixture
def shop(db: RehearsedDatabase) -> make.Shop:
    return make.shop(db)


async def test_of_fifty_who_want_the_last_unit_one_gets_it(
    db: RehearsedDatabase, database_url: str, bus: Bus, shop: make.Shop, crowd: list[Actor]
) -> None:
    things = [make.variant(db, shop, price=PRICE, stock=1) for _ in range(ROUNDS)]
    market = await open_market(database_url, bus, db)

    for thing in things:
        answers = await asyncio.gather(
            *(place_at(market, shop, thing, OrderId(make.new_id()), who) for who in crowd),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, Order) for answer in answers) == 1
        assert sum(isinstance(answer, catalog.OutOfStock) for answer in answers) == SHOPPERS - 1
    await market.close()

    assert db.read(money.audit) == []
    assert [make.stock(db, thing) for thing in things] == [(1, 1)] * ROUNDS


async def test_an_order_sent_ten_times_at_once_is_one_order_with_one_payment(
    db: RehearsedDatabase, database_url: str, bus: Bus, shop: make.Shop, crowd: list[Actor]
) -> None:
    thing = make.variant(db, shop, price=PRICE, stock=20)
    ravi, order_id = crowd[0], OrderId(make.new_id())
    market = await open_market(database_url, bus, db)

    answers = await asyncio.gather(
        *(place_at(market, shop, thing, order_id, ravi) for _ in range(10))
    )
    await market.close()

    assert all(answer == answers[0] for answer in answers)
    assert answers[0].payment_state is PaymentState.HELD
    assert make.available(db, ravi) == inr(100_000 - PRICE)
    assert make.stock(db, thing) == (20, 1)
    assert len(db.read(money.list_transfers, money.Ref("order", order_id))) == 1


async def open_market(url: str, bus: Bus, db: RehearsedDatabase) -> Db:
    """The same database as a server has it: many callers, one writer, group commits."""
    database = open_database(url, bus, db.clock)
    database.before_commit.append(money.seal)
    return Db(database)


async def place_at(
    market: Db, shop: make.Shop, thing: VariantId, order_id: OrderId, who: Actor
) -> Order:
    return await market.write(
        orders.place_order,
        order_id,
        shop.id,
        {thing: 1},
        method=Method.PICKUP,
        payment=Payment.WALLET,
        contact=make.CONTACT,
        shown_total=inr(PRICE),
        by=who,
    )
