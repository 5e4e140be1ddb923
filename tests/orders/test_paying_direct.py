"""Orders that the buyer pays from the bank, in place of cash: paid when the shop says so."""

import pytest

from kirana import money, orders
from kirana.orders import Order, Payment, PaymentState, State
from kirana.values import Actor, Money, PaymentAddressId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

DAY = 24 * 3600 * 1000


class Sale:
    """An order of ₹240, whose buyer says that it was paid by UPI."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db, self.shop, self.guest = db, make.shop(db), make.guest(db)
        tea = make.variant(db, self.shop, price=120, stock=3)
        trusted = Actor(self.shop.id, self.shop.id, "system")
        self.address_id = PaymentAddressId(uuid7())
        details = {"vpa": "asha@bank", "name": "Asha Stores"}
        db.write(money.set_address, self.address_id, "upi", details, by=trusted)
        self.placed = make.place(db, self.shop, {tea: 2}, payment=Payment.CASH, by=self.guest)
        self.claim()

    def claim(self) -> money.Claim:
        return self.db.write(
            money.make_claim, make.new_id(), make.request_of(self.placed), self.address_id,
            by=self.guest,
        )  # fmt: skip

    def confirm(self, received: Money | None = None) -> None:
        request = self.db.read(money.find_request, make.request_of(self.placed))
        [*_, claim] = self.db.read(money.list_claims, request.id, by=self.guest)
        self.db.write(
            money.confirm_claim, make.new_id(), claim.id, received, by=self.shop.owner_as_shop
        )
        self.db.deliver()

    @property
    def order(self) -> Order:
        return self.db.read(orders.get_order, self.placed.id, by=self.guest)


@pytest.fixture
def sale(db: RehearsedDatabase) -> Sale:
    db.before_commit.append(money.seal)
    return Sale(db)


def test_a_claim_does_not_pay_an_order_and_its_confirmation_does(
    sale: Sale, heard: list[orders.OrderEvent]
) -> None:
    sale.db.deliver()
    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.UNPAID, inr(0))

    sale.confirm()

    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.PAID, inr(240))
    assert [event.name for event in heard].count("order.paid") == 1
    for state in (State.ACCEPTED, State.FULFILLED):
        sale.db.write(orders.move_order, sale.placed.id, state, by=sale.shop.owner_as_shop)
    assert sale.order.state is State.FULFILLED


def test_a_smaller_amount_leaves_an_order_unpaid_until_the_rest_comes(sale: Sale) -> None:
    sale.confirm(inr(200))
    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.UNPAID, inr(200))

    sale.claim()
    sale.confirm()

    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.PAID, inr(240))


def test_the_rest_may_be_taken_in_cash(sale: Sale) -> None:
    sale.confirm(inr(200))
    sale.db.write(orders.move_order, sale.placed.id, State.ACCEPTED, by=sale.shop.owner_as_shop)

    for _ in range(2):
        sale.db.write(orders.collect_cash, sale.placed.id, by=sale.shop.owner_as_shop)
        sale.db.deliver()

    assert (sale.order.payment_state, sale.order.captured) == (PaymentState.PAID, inr(240))


def test_cash_is_not_taken_while_a_claim_waits(sale: Sale) -> None:
    sale.db.write(orders.move_order, sale.placed.id, State.ACCEPTED, by=sale.shop.owner_as_shop)

    with pytest.raises(money.ClaimOpen):
        sale.db.write(orders.collect_cash, sale.placed.id, by=sale.shop.owner_as_shop)


def test_what_came_in_parts_is_given_back_whole(sale: Sale) -> None:
    sale.confirm(inr(200))
    sale.claim()
    sale.confirm(inr(50))
    assert sale.order.captured == inr(250)

    refund = make.refund(sale.db, sale.shop, sale.placed, amount=inr(240))
    with pytest.raises(money.OverRefund):
        make.refund(sale.db, sale.shop, sale.placed, amount=inr(11))
    make.refund(sale.db, sale.shop, sale.placed, amount=inr(10))

    assert refund.amount == inr(240)
    assert sale.order.payment_state is PaymentState.REFUNDED
    assert sale.db.read(money.audit) == []


def test_money_for_a_canceled_order_is_confirmed_and_can_be_given_back(sale: Sale) -> None:
    sale.db.write(orders.cancel_order, sale.placed.id, by=sale.guest)

    sale.confirm()

    assert (sale.order.state, sale.order.payment_state) == (State.CANCELED, PaymentState.PAID)
    make.refund(sale.db, sale.shop, sale.placed, amount=inr(240))
    assert sale.order.payment_state is PaymentState.REFUNDED
    assert sale.db.read(money.audit) == []


def test_what_had_come_of_a_canceled_order_goes_back(sale: Sale) -> None:
    sale.confirm(inr(200))

    sale.db.write(orders.cancel_order, sale.placed.id, by=sale.shop.owner_as_shop)

    assert (sale.order.state, sale.order.payment_state) == (State.CANCELED, PaymentState.REFUNDED)
    assert sale.db.read(money.find_request, make.request_of(sale.placed)).state == "canceled"


def test_a_claim_that_nobody_answers_cancels_no_order(sale: Sale) -> None:
    sale.db.write(orders.move_order, sale.placed.id, State.ACCEPTED, by=sale.shop.owner_as_shop)
    sale.db.clock.advance(3 * DAY)

    sale.db.write(money.expire_holds)
    sale.db.deliver()

    assert (sale.order.state, sale.order.payment_state) == (State.ACCEPTED, PaymentState.UNPAID)
