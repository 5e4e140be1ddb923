"""The way of an order: accepted, ready, on its way, handed over; or called off, or too late."""

import pytest

from kirana import business, catalog, money, orders
from kirana.orders import Method, Payment, PaymentState, State
from kirana.platform.problems import NotFound
from kirana.values import SYSTEM, Actor
from tests.database import RehearsedDatabase

from . import make
from .make import inr

DAY = 24 * 3600 * 1000
Offers = dict[business.Role, tuple[list[State], bool, bool]]


def test_handing_over_takes_the_money_and_the_goods(
    db: RehearsedDatabase, heard: list[orders.OrderEvent]
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 2}, total=240, by=ravi)

    for to in (State.ACCEPTED, State.READY, State.FULFILLED):
        order = db.write(orders.move_order, order.id, to, by=shop.owner_as_shop)
        db.deliver()

    order = db.read(orders.get_order, order.id, by=ravi)
    assert (order.state, order.payment_state) == (State.FULFILLED, PaymentState.PAID)
    assert make.available(db, ravi) == inr(260)
    assert make.available(db, shop.owner_as_shop) == inr(240)
    assert make.stock(db, tea) == (1, 0)
    assert [event.name for event in heard] == [
        "order.placed",
        "order.accepted",
        "order.ready",
        "order.fulfilled",
        "order.paid",
    ]
    assert [step.name for step in order.steps] == [
        "placed",
        "accepted",
        "ready",
        "fulfilled",
        "paid",
    ]


def test_an_order_of_stopped_payments_is_handed_over_when_they_go_on(
    db: RehearsedDatabase,
) -> None:
    shop, ravi = make.shop(db), make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {make.variant(db, shop, price=120): 1}, total=120, by=ravi)

    def stop(out: bool) -> None:
        db.write(money.freeze_wallet, ravi.user_id, "INR", out=out, into=False, by=SYSTEM)

    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)
    stop(True)
    for _ in range(2):
        with pytest.raises(money.AccountFrozen):
            db.write(orders.move_order, order.id, State.FULFILLED, by=shop.owner_as_shop)
    stop(False)
    make.hand_over(db, shop, order)

    assert make.available(db, shop.owner_as_shop) == inr(120)


def test_an_order_of_stopped_payments_is_called_off_when_they_go_on(db: RehearsedDatabase) -> None:
    shop, ravi = make.shop(db), make.buyer(db)
    tea = make.variant(db, shop, price=120)
    order = make.place(db, shop, {tea: 1}, total=120, payment=Payment.CASH, by=ravi)
    make.top_up(db, ravi, inr(500))
    db.write(money.pay_request, make.new_id(), make.request_of(order), by=ravi)
    db.deliver()

    def stop(out: bool) -> None:
        db.write(money.freeze_wallet, shop.id, "INR", out=out, into=False, by=SYSTEM)

    stop(True)
    with pytest.raises(money.AccountFrozen):
        db.write(orders.cancel_order, order.id, by=shop.owner_as_shop)
    stop(False)
    db.write(orders.cancel_order, order.id, by=shop.owner_as_shop)

    assert make.available(db, ravi) == inr(500)


def test_a_delivery_is_sent_and_arrives(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    make.delivers(db, shop, fee=30)
    tea = make.variant(db, shop, price=120)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, total=150, method=Method.DELIVERY, by=ravi)

    for to in (State.ACCEPTED, State.ON_ITS_WAY, State.FULFILLED):
        order = db.write(orders.move_order, order.id, to, note="Meera", by=shop.owner_as_shop)

    assert order.state is State.FULFILLED
    assert make.available(db, shop.owner_as_shop) == inr(150)
    assert [(step.name, step.note) for step in order.steps[1:]] == [
        ("accepted", "Meera"),
        ("on_its_way", "Meera"),
        ("fulfilled", "Meera"),
    ]


def test_moving_where_it_is_already_changes_nothing(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    order = make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))

    once = db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)
    twice = db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)

    assert once == twice
    assert len(twice.steps) == 2


def test_an_order_does_not_go_back_or_round(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    order = make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))
    illegal = {
        State.PLACED: (State.READY, State.FULFILLED, State.CANCELED, State.EXPIRED),
        State.ACCEPTED: (State.PLACED, State.ON_ITS_WAY, State.CANCELED),
        State.FULFILLED: (State.ACCEPTED, State.READY, State.CANCELED),
    }

    for state, moves in illegal.items():
        db.write(orders.move_order, order.id, state, by=shop.owner_as_shop)
        for to in moves:
            with pytest.raises(orders.IllegalMove):
                db.write(orders.move_order, order.id, to, by=shop.owner_as_shop)


def test_only_the_shop_moves_an_order(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    tea = make.variant(db, shop)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)

    with pytest.raises(make.Refused):
        db.write(orders.move_order, order.id, State.ACCEPTED, by=ravi)
    with pytest.raises(NotFound):
        db.write(orders.move_order, order.id, State.ACCEPTED, by=other.owner_as_shop)


def test_a_buyer_cancels_until_the_shop_accepts(
    db: RehearsedDatabase, heard: list[orders.OrderEvent]
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    first, second = (make.place(db, shop, {tea: 1}, by=ravi) for _ in range(2))
    db.write(orders.move_order, second.id, State.ACCEPTED, by=shop.owner_as_shop)

    canceled = db.write(orders.cancel_order, first.id, note="Found some", by=ravi)
    again = db.write(orders.cancel_order, first.id, note="Found some", by=ravi)
    with pytest.raises(orders.IllegalMove):
        db.write(orders.cancel_order, second.id, by=ravi)
    db.deliver()

    assert canceled == again
    assert (canceled.state, canceled.payment_state) == (State.CANCELED, PaymentState.UNPAID)
    assert make.available(db, ravi) == inr(380)
    assert make.stock(db, tea) == (3, 1)
    assert [event.name for event in heard].count("order.canceled") == 1


def test_the_shop_cancels_until_the_goods_are_handed_over(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    for to in (State.ACCEPTED, State.READY):
        db.write(orders.move_order, order.id, to, by=shop.owner_as_shop)

    db.write(orders.cancel_order, order.id, note="Broken", by=shop.owner_as_shop)

    assert make.available(db, ravi) == inr(500)
    assert make.stock(db, tea) == (3, 0)


def test_what_nobody_accepts_expires_and_frees_all(
    db: RehearsedDatabase, heard: list[orders.OrderEvent]
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)

    db.clock.advance(order.held_until - order.placed_at)
    db.write(orders.expire_orders)
    db.deliver()

    order = db.read(orders.get_order, order.id, by=ravi)
    assert (order.state, order.payment_state) == (State.EXPIRED, PaymentState.UNPAID)
    assert make.available(db, ravi) == inr(500)
    assert make.stock(db, tea) == (1, 0)
    assert [event.name for event in heard] == ["order.placed", "order.expired"]


def test_an_expired_hold_is_free_even_if_the_sweep_is_late(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    late = make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))
    db.clock.advance(late.held_until - late.placed_at)

    with pytest.raises(orders.IllegalMove):
        db.write(orders.move_order, late.id, State.ACCEPTED, by=shop.owner_as_shop)
    make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))
    with pytest.raises(catalog.OutOfStock):
        make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))
    db.write(orders.expire_orders)

    assert make.stock(db, tea) == (1, 1)
    counts = db.read(orders.count_orders, shop.id, by=shop.owner_as_shop)
    assert (counts[State.EXPIRED], counts[State.PLACED]) == (1, 1)


def test_what_was_accepted_does_not_expire(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)

    db.clock.advance(10 * DAY)
    db.write(orders.expire_orders)

    assert db.read(orders.get_order, order.id, by=ravi).state is State.ACCEPTED
    assert make.stock(db, tea) == (1, 1)


def test_money_that_waited_too_long_goes_back_and_the_order_with_it(
    db: RehearsedDatabase,
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)

    db.clock.advance(31 * DAY)
    with pytest.raises(money.HoldExpired):
        db.write(orders.move_order, order.id, State.FULFILLED, by=shop.owner_as_shop)
    db.write(money.expire_holds)
    db.deliver()

    assert db.read(orders.get_order, order.id, by=ravi).state is State.CANCELED
    assert make.available(db, ravi) == inr(500)
    assert make.stock(db, tea) == (1, 0)


def test_cash_is_collected_once(db: RehearsedDatabase, heard: list[orders.OrderEvent]) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    guest = make.guest(db)
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=guest)
    with pytest.raises(orders.IllegalMove):
        db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)

    for _ in range(2):
        order = db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
        db.deliver()
    order = db.write(orders.move_order, order.id, State.FULFILLED, by=shop.owner_as_shop)

    assert (order.payment_state, order.captured) == (PaymentState.PAID, inr(120))
    assert make.available(db, shop.owner_as_shop) == inr(0)
    assert [event.name for event in heard].count("order.paid") == 1
    with pytest.raises(make.Refused):
        db.write(orders.collect_cash, order.id, by=guest)


def test_cash_is_no_answer_to_a_wallet_order(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    order = make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)

    with pytest.raises(orders.IllegalMove):
        db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)


def test_canceling_a_cash_order_stops_asking(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, stock=3)
    guest = make.guest(db)
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=guest)

    db.write(orders.cancel_order, order.id, by=guest)

    assert db.read(money.find_request, make.request_of(order)).state == "canceled"
    assert make.stock(db, tea) == (3, 0)


def test_canceling_an_order_that_is_paid_in_cash_hands_it_back(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=make.guest(db))
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)
    db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
    db.deliver()

    order = db.write(orders.cancel_order, order.id, by=shop.owner_as_shop)

    assert (order.state, order.payment_state) == (State.CANCELED, PaymentState.REFUNDED)
    assert [refund.amount for refund in order.refunds] == [inr(120)]
    assert make.stock(db, tea) == (3, 0)


def test_calling_off_what_is_paid_is_a_refund_and_takes_a_manager(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    meera = make.buyer(db)
    db.write(business.set_role, shop.id, meera.user_id, business.Role.AGENT, by=shop.owner)
    unpaid, paid = (
        make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=make.guest(db)) for _ in range(2)
    )
    db.write(orders.move_order, paid.id, State.ACCEPTED, by=meera)
    db.write(orders.collect_cash, paid.id, by=meera)
    db.deliver()

    assert db.write(orders.cancel_order, unpaid.id, by=meera).state is State.CANCELED
    with pytest.raises(make.Refused):
        db.write(orders.cancel_order, paid.id, by=meera)
    with pytest.raises(make.Refused):
        make.refund(db, shop, paid, amount=inr(1), by=meera)
    db.write(business.set_role, shop.id, meera.user_id, business.Role.MANAGER, by=shop.owner)
    assert db.write(orders.cancel_order, paid.id, by=meera).state is State.CANCELED


def test_everybody_is_offered_what_they_may_do_and_no_more(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    clerk, ravi = make.buyer(db), make.guest(db)
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=ravi)
    db.write(orders.move_order, order.id, State.ACCEPTED, by=shop.owner_as_shop)

    def offered(by: Actor) -> tuple[list[State], bool, bool]:
        seen = db.read(orders.get_order, order.id, by=by)
        return list(seen.moves), seen.may_collect, seen.may_refund

    forward = [State.READY, State.FULFILLED]
    roles = list(business.Role)
    unpaid: Offers = {}
    paid: Offers = {}
    for said in (unpaid, paid):
        for role in roles:
            db.write(business.set_role, shop.id, clerk.user_id, role, by=shop.owner)
            said[role] = offered(clerk)
            (listed,) = db.read(orders.list_orders, business_id=shop.id, by=clerk).items
            assert list(listed.moves) == said[role][0]
        assert offered(ravi) == ([], False, False)
        db.write(orders.collect_cash, order.id, by=shop.owner_as_shop)
        db.deliver()

    assert unpaid == {
        business.Role.OWNER: ([*forward, State.CANCELED], True, False),
        business.Role.MANAGER: ([*forward, State.CANCELED], True, False),
        business.Role.AGENT: ([*forward, State.CANCELED], True, False),
        business.Role.VIEWER: ([], False, False),
    }
    assert paid == {
        business.Role.OWNER: ([*forward, State.CANCELED], False, True),
        business.Role.MANAGER: ([*forward, State.CANCELED], False, True),
        business.Role.AGENT: (forward, False, False),
        business.Role.VIEWER: ([], False, False),
    }


def test_a_cash_order_may_be_paid_from_the_wallet_and_then_does_not_expire(
    db: RehearsedDatabase,
) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=ravi)

    db.write(money.pay_request, make.new_id(), make.request_of(order), by=ravi)
    db.deliver()
    db.clock.advance(10 * DAY)
    db.write(orders.expire_orders)
    db.write(catalog.release_expired)

    order = db.read(orders.get_order, order.id, by=ravi)
    assert (order.state, order.payment_state) == (State.PLACED, PaymentState.PAID)
    assert make.stock(db, tea) == (1, 1)


def test_money_that_comes_when_the_goods_are_gone_goes_back(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, by=ravi)
    db.clock.advance(order.held_until - order.placed_at)
    make.place(db, shop, {tea: 1}, by=make.buyer(db, purse=inr(500)))

    db.write(money.pay_request, make.new_id(), make.request_of(order), by=ravi)
    db.deliver()

    order = db.read(orders.get_order, order.id, by=ravi)
    assert (order.state, order.payment_state) == (State.CANCELED, PaymentState.REFUNDED)
    assert make.available(db, ravi) == inr(500)
    assert make.stock(db, tea) == (1, 1)


def test_receipts_are_numbered_without_gaps(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=None)
    ravi = make.buyer(db, purse=inr(5000))
    paid = []
    for number in range(4):
        order = make.place(db, shop, {tea: 1}, by=ravi)
        with pytest.raises(orders.NotPaid):
            db.read(orders.get_receipt, order.id, by=ravi)
        if number == 1:
            db.write(orders.cancel_order, order.id, by=ravi)
            continue
        make.hand_over(db, shop, order)
        paid.append(db.read(orders.get_receipt, order.id, by=ravi))

    assert [receipt.number for receipt in paid] == ["R2027-0001", "R2027-0002", "R2027-0003"]
    assert paid[0].seller.name == shop.name
    assert paid[0].order.total == paid[0].kept == inr(120)


def test_each_year_has_receipts_of_its_own_in_the_shops_zone(db: RehearsedDatabase) -> None:
    shop = make.shop(db, zone="Asia/Kolkata")
    tea = make.variant(db, shop, price=120, stock=None)
    ravi = make.buyer(db, purse=inr(5000))
    new_year_in_india = 1_830_277_800_000  # 2028-01-01 00:00 at +05:30

    numbers = []
    for at in (new_year_in_india - 1000, new_year_in_india):
        db.clock.advance(at - db.clock.now)
        order = make.place(db, shop, {tea: 1}, by=ravi)
        make.hand_over(db, shop, order)
        numbers.append(db.read(orders.get_receipt, order.id, by=ravi).number)

    assert numbers == ["R2027-0001", "R2028-0001"]
