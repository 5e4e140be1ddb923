"""Giving money back: exact to the cent, never above what was paid, the way it came."""

import pytest

from kirana import money, orders
from kirana.orders import Method, Payment, PaymentState
from kirana.platform.problems import IdReused, InvalidInput
from kirana.values import SYSTEM, Actor, FeeId, UserId, total, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def test_ten_single_returns_refund_exactly_what_was_paid(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    make.delivers(db, shop, fee=7)
    tea = make.variant(db, shop, price=2_390, stock=20)
    ravi = make.buyer(db, purse=inr(100_000))
    order = make.place(db, shop, {tea: 10}, total=23_907, method=Method.DELIVERY, by=ravi)
    make.hand_over(db, shop, order)

    refunds = [make.refund(db, shop, order, {tea: 1}) for _ in range(10)]
    way = make.refund(db, shop, order, has_delivery=True)

    assert total((refund.amount for refund in refunds), "INR") == inr(23_900)
    assert way.amount == inr(7)
    assert make.available(db, ravi) == inr(100_000)
    assert make.available(db, shop.owner_as_shop) == inr(0)
    order = db.read(orders.get_order, order.id, by=ravi)
    assert order.payment_state is PaymentState.REFUNDED
    assert [refund.credit_note for refund in order.refunds][-1] == "C2027-0011"
    with pytest.raises(orders.TooManyReturned):
        make.refund(db, shop, order, {tea: 1})
    with pytest.raises(orders.TooManyReturned):
        make.refund(db, shop, order, has_delivery=True)


def test_the_same_refund_twice_is_one(
    db: RehearsedDatabase, heard: list[orders.OrderEvent]
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 2}, total=240, by=ravi)
    make.hand_over(db, shop, order)
    refund_id = make.new_id()

    first = make.refund(db, shop, order, {tea: 1}, id=refund_id)
    second = make.refund(db, shop, order, {tea: 1}, id=refund_id)
    with pytest.raises(IdReused):
        make.refund(db, shop, order, {tea: 2}, id=refund_id)
    db.deliver()

    assert first == second
    assert make.available(db, ravi) == inr(380)
    [event] = [event for event in heard if isinstance(event, orders.OrderRefunded)]
    assert event.refund == inr(120)


def test_a_free_amount_goes_up_to_what_is_left(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 2}, total=240, by=ravi)
    make.hand_over(db, shop, order)

    make.refund(db, shop, order, amount=inr(200))
    with pytest.raises(money.OverRefund):
        make.refund(db, shop, order, {tea: 1})
    with pytest.raises(money.OverRefund):
        make.refund(db, shop, order, amount=inr(41))
    make.refund(db, shop, order, amount=inr(40))

    assert make.available(db, ravi) == inr(500)
    order = db.read(orders.get_order, order.id, by=ravi)
    assert (order.refunded, order.lines[0].returned) == (inr(240), 0)


def test_what_came_back_is_on_the_shelf_if_the_shop_says_so(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    order = make.place(db, shop, {tea: 3}, total=360, by=make.buyer(db, purse=inr(500)))
    make.hand_over(db, shop, order)

    make.refund(db, shop, order, {tea: 1})
    assert make.stock(db, tea) == (0, 0)
    make.refund(db, shop, order, {tea: 2}, is_restocked=True)
    assert make.stock(db, tea) == (2, 0)


def test_nothing_is_given_back_before_it_was_paid_or_handed_over(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=make.guest(db))

    with pytest.raises(orders.NotPaid):
        make.refund(db, shop, order, amount=inr(10))
    db.write(orders.move_order, order.id, orders.State.ACCEPTED, by=shop.owner_as_shop)
    db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
    with pytest.raises(orders.NotFulfilled):
        make.refund(db, shop, order, {tea: 1})

    assert make.refund(db, shop, order, amount=inr(10)).amount == inr(10)


def test_cash_handed_back_moves_no_wallet(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    guest = make.guest(db)
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=guest)
    make.hand_over(db, shop, order)

    make.refund(db, shop, order, {tea: 1})

    order = db.read(orders.get_order, order.id, by=guest)
    assert order.payment_state is PaymentState.REFUNDED
    assert make.available(db, guest) == make.available(db, shop.owner_as_shop) == inr(0)


def test_a_shop_without_money_is_told_and_may_try_the_same_refund_again(
    db: RehearsedDatabase,
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    make.hand_over(db, shop, order)
    db.write(money.send_money, make.new_id(), ravi.user_id, inr(120), by=shop.owner_as_shop)
    refund_id = make.new_id()

    with pytest.raises(orders.RefundNotCovered):
        make.refund(db, shop, order, {tea: 1}, id=refund_id)
    make.top_up(db, shop.owner_as_shop, inr(120))

    assert make.refund(db, shop, order, {tea: 1}, id=refund_id).amount == inr(120)


def test_a_refund_says_what_it_is_for(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    make.hand_over(db, shop, order)

    with pytest.raises(InvalidInput):
        make.refund(db, shop, order)
    with pytest.raises(InvalidInput):
        make.refund(db, shop, order, {tea: 1}, amount=inr(5))
    with pytest.raises(InvalidInput):
        make.refund(db, shop, order, amount=inr(0))
    with pytest.raises(orders.TooManyReturned):
        make.refund(db, shop, order, {tea: 2})
    with pytest.raises(make.Refused):
        make.refund(db, shop, order, {tea: 1}, by=ravi)


def test_a_fee_of_the_operator_is_no_part_of_what_an_order_was_paid(db: RehearsedDatabase) -> None:
    db.before_commit.append(money.seal)
    operator = UserId(uuid7())
    omar = Actor(operator, operator)
    db.write(money.set_owner, omar.user_id, by=SYSTEM)
    db.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    db.write(money.set_fee, FeeId(uuid7()), "INR", "wallet", money.Fee(ppm=20_000), by=omar)
    shop, buyer = make.shop(db), make.buyer(db, purse=inr(1_000))
    tea = make.variant(db, shop, price=500, stock=3)
    order = make.place(db, shop, {tea: 1}, total=500, by=buyer)
    make.hand_over(db, shop, order)

    paid = db.read(orders.get_order, order.id, by=buyer)
    assert (paid.payment_state, paid.captured) == (orders.PaymentState.PAID, inr(500))
    assert make.available(db, shop.owner_as_shop) == inr(490)
    make.top_up(db, shop.owner_as_shop, inr(10))
    make.refund(db, shop, order, {tea: 1})
    given_back = db.read(orders.get_order, order.id, by=buyer)
    assert given_back.payment_state is orders.PaymentState.REFUNDED
    assert db.read(money.audit) == []
