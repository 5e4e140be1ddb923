"""Orders by card: the shop hands over what the bank has set aside money for, and no sooner."""

from collections.abc import Iterator

import pytest

from kirana import money, orders
from kirana.orders import Order, Payment, PaymentState, State
from kirana.platform.events import Bus
from kirana.values import SYSTEM, FeeId, TransferId, uuid7
from tests.database import RehearsedDatabase
from tests.money import cards
from tests.money.stripe_simulator import Simulator

from . import make
from .conftest import wired
from .make import inr

DAY = 24 * 3600 * 1000


@pytest.fixture
def bus() -> Bus:
    bus = wired()
    cards.wire(bus)
    bus.on(money.CardPaymentHeld, orders.show_held, ref_kind="order")
    bus.on(money.CardPaymentEnded, orders.cancel_unpaid, ref_kind="order")
    return bus


class Sale:
    """Two for ₹1.20 each, to be paid by card."""

    def __init__(self, db: RehearsedDatabase, simulator: Simulator) -> None:
        self.db, self.world = db, cards.World(db, simulator)
        self.shop, self.buyer = make.shop(db), make.buyer(db)
        self.tea = make.variant(db, self.shop, price=120, stock=3)
        self.placed = make.place(db, self.shop, {self.tea: 2}, payment=Payment.CARD, by=self.buyer)
        self.world.run()

    def pay(self) -> None:
        assert self.world.pay(self.placed.id) is None
        self.world.hear_all()

    def move(self, *states: State) -> None:
        for state in states:
            self.db.write(orders.move_order, self.placed.id, state, by=self.shop.owner_as_shop)
            self.world.run()

    def refund(self, amount: int) -> None:
        self.db.write(
            orders.refund_order, self.placed.id, TransferId(uuid7()), amount=inr(amount),
            by=self.shop.owner_as_shop,
        )  # fmt: skip
        self.world.run()

    @property
    def order(self) -> Order:
        return self.db.read(orders.get_order, self.placed.id, by=self.shop.owner)


@pytest.fixture
def sale(db: RehearsedDatabase) -> Iterator[Sale]:
    db.before_commit.append(money.seal)
    with Simulator(now=lambda: db.clock.now // 1000) as simulator:
        yield Sale(db, simulator)


def test_an_order_by_card_is_held_taken_when_fulfilled_and_refunded_to_the_card(
    sale: Sale, heard: list[orders.OrderEvent]
) -> None:
    assert sale.order.payment_state is PaymentState.UNPAID
    sale.pay()
    assert sale.order.payment_state is PaymentState.HELD

    sale.move(State.ACCEPTED, State.FULFILLED)
    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.PAID, inr(240))
    assert sale.order.receipt_number is not None
    assert [event.name for event in heard].count("order.paid") == 1

    sale.refund(100)
    assert sale.order.payment_state is PaymentState.PART_REFUNDED
    sale.refund(140)
    assert sale.order.payment_state is PaymentState.REFUNDED
    sale.world.hear_all()
    assert len(sale.world.simulator.stripe.refunds) == 2
    assert make.available(sale.db, sale.buyer) == inr(0)
    sale.world.check()


def test_what_was_given_back_at_stripe_itself_shows_until_it_comes_back(
    sale: Sale, heard: list[orders.OrderEvent]
) -> None:
    sale.pay()
    sale.move(State.ACCEPTED, State.FULFILLED)
    intent = sale.world.intent(sale.placed.id)["id"]
    refund = sale.world.simulator.stripe.refund_in_dashboard(intent, 100)
    sale.world.hear_all()
    assert sale.order.payment_state is PaymentState.PAID

    [case] = sale.world.cases()
    sale.db.write(money.settle_refund, case.payment.id, "operator", by=SYSTEM)
    assert (sale.order.payment_state, sale.order.refunded) == (
        PaymentState.PART_REFUNDED, inr(100),
    )  # fmt: skip
    with pytest.raises(money.OverRefund):
        sale.refund(141)

    sale.world.simulator.stripe.fail_refund(refund)
    sale.world.hear_all()
    assert (sale.order.payment_state, sale.order.captured, sale.order.refunded) == (
        PaymentState.PAID, inr(240), inr(0),
    )  # fmt: skip
    sale.refund(240)
    sale.world.hear_all()
    assert (sale.order.payment_state, sale.order.refunded) == (PaymentState.REFUNDED, inr(240))
    assert [event.name for event in heard].count("order.paid") == 1
    sale.world.check()


def test_the_shop_cannot_promise_what_is_not_paid_yet(sale: Sale) -> None:
    assert sale.order.moves == (State.CANCELED,)
    [shown] = sale.db.read(orders.list_orders, business_id=sale.shop.id, by=sale.shop.owner).items
    assert shown.moves == (State.CANCELED,)

    with pytest.raises(orders.NotPaid):
        sale.move(State.ACCEPTED)
    sale.pay()

    assert State.ACCEPTED in sale.order.moves


@pytest.mark.parametrize("is_paid", [True, False])
def test_calling_it_off_lets_the_money_go(sale: Sale, is_paid: bool) -> None:
    if is_paid:
        sale.pay()

    sale.db.write(orders.cancel_order, sale.placed.id, by=sale.buyer)
    sale.world.run()
    sale.world.hear_all()

    assert (sale.order.state, sale.order.payment_state) == (State.CANCELED, PaymentState.UNPAID)
    assert sale.world.find(sale.placed.id).state == "ended"
    assert make.available(sale.db, sale.buyer) == inr(0)
    sale.world.check()


def test_an_order_that_nobody_pays_is_called_off_and_the_goods_are_free_again(sale: Sale) -> None:
    sale.world.pass_time(2 * 3600 * 1000)

    assert sale.order.state is State.CANCELED
    again = make.place(sale.db, sale.shop, {sale.tea: 3}, payment=Payment.CASH, by=sale.buyer)
    assert again.state is State.PLACED


def test_an_order_that_the_shop_leaves_lying_is_called_off_when_the_bank_lets_go(
    sale: Sale,
) -> None:
    sale.pay()
    sale.move(State.ACCEPTED)

    sale.world.pass_time(8 * DAY)

    assert sale.order.state is State.CANCELED
    assert make.available(sale.db, sale.buyer) == inr(0)
    sale.world.check()


def test_paid_in_the_moment_in_which_it_was_called_off_goes_back_to_the_card(sale: Sale) -> None:
    assert sale.world.pay(sale.placed.id) is None
    sale.db.write(orders.cancel_order, sale.placed.id, by=sale.buyer)
    sale.world.run()
    sale.world.hear_all()

    assert sale.order.state is State.CANCELED
    assert sale.world.intent(sale.placed.id)["status"] == "canceled"
    assert make.available(sale.db, sale.buyer) == inr(0)
    sale.world.check()


def test_where_no_cards_are_taken_an_order_by_card_is_refused(sale: Sale) -> None:
    sale.db.write(money.switch_rail, "stripe", is_on=False)

    with pytest.raises(money.WayOff):
        make.place(sale.db, sale.shop, {sale.tea: 1}, payment=Payment.CARD, by=sale.buyer)


def test_the_operators_fee_for_cards_is_taken_with_the_money(sale: Sale) -> None:
    omar = make.buyer(sale.db)
    sale.db.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    fee = money.Fee(fixed_minor=3, ppm=100_000)
    sale.db.write(money.set_fee, FeeId(uuid7()), "INR", "card", fee, by=omar)
    sale.pay()

    sale.move(State.ACCEPTED, State.FULFILLED)

    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.PAID, inr(240))
    assert make.available(sale.db, sale.shop.owner_as_shop) == inr(213)
    assert sale.db.read(money.audit) == []
