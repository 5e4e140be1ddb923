"""Placing an order: all or nothing, once, at the price that was shown."""

from dataclasses import replace

import pytest

from kirana import catalog, money, orders
from kirana.orders import Method, OrderPlaced, Payment, PaymentState, State
from kirana.platform.problems import IdReused, NotFound
from kirana.values import SYSTEM, OrderId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def test_an_order_sets_goods_and_money_aside(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, "Assam tea", price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))

    order = make.place(db, shop, {tea: 2}, total=240, by=ravi)

    assert (order.state, order.payment_state) == (State.PLACED, PaymentState.HELD)
    assert (order.number, order.total) == (1001, inr(240))
    assert db.read(catalog.available, tea) == 1
    assert make.available(db, ravi) == inr(260)
    assert make.available(db, shop.owner_as_shop) == inr(0)


def test_placing_the_same_order_twice_holds_once(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order_id = OrderId(make.new_id())

    answers = [make.place(db, shop, {tea: 2}, total=240, id=order_id, by=ravi) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert db.read(catalog.available, tea) == 1
    assert make.available(db, ravi) == inr(260)


def test_one_id_is_one_order(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=9)
    order_id = OrderId(make.new_id())
    make.place(db, shop, {tea: 1}, total=120, id=order_id, by=make.buyer(db, purse=inr(500)))

    with pytest.raises(IdReused):
        make.place(db, shop, {tea: 2}, total=240, id=order_id, by=make.buyer(db, purse=inr(500)))


def test_a_refused_order_leaves_stock_alone(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    asha = make.buyer(db, purse=inr(100))
    order_id = OrderId(make.new_id())

    with pytest.raises(money.InsufficientFunds):
        make.place(db, shop, {tea: 3}, total=360, id=order_id, by=asha)

    assert db.read(catalog.available, tea) == 3
    with pytest.raises(NotFound):
        db.read(orders.get_order, order_id, by=asha)


def test_a_refusal_is_answered_the_same_after_a_top_up(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(100))
    order_id = OrderId(make.new_id())
    with pytest.raises(money.InsufficientFunds):
        make.place(db, shop, {tea: 1}, total=120, id=order_id, by=ravi)

    make.top_up(db, ravi, inr(1000))

    with pytest.raises(money.InsufficientFunds):
        make.place(db, shop, {tea: 1}, total=120, id=order_id, by=ravi)
    assert make.place(db, shop, {tea: 1}, total=120, by=ravi).state is State.PLACED


def test_a_price_that_was_not_shown_is_not_paid(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    ravi = make.buyer(db, purse=inr(500))
    make.set_price(db, shop, tea, 130)

    with pytest.raises(orders.PriceChanged) as refusal:
        make.place(db, shop, {tea: 1}, total=120, by=ravi)

    assert refusal.value.facts["total"] == inr(130)
    assert make.available(db, ravi) == inr(500)
    assert make.place(db, shop, {tea: 1}, total=130, by=ravi).total == inr(130)


def test_the_last_unit_is_sold_once(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=1)
    make.place(db, shop, {tea: 1}, total=120, by=make.buyer(db, purse=inr(500)))

    with pytest.raises(catalog.OutOfStock):
        make.place(db, shop, {tea: 1}, total=120, by=make.buyer(db, purse=inr(500)))


def test_an_order_is_all_or_nothing(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, jam = make.variant(db, shop, stock=5), make.variant(db, shop, stock=1)

    with pytest.raises(catalog.OutOfStock):
        make.place(db, shop, {tea: 1, jam: 2}, total=360, by=make.buyer(db, purse=inr(500)))

    assert db.read(catalog.available, tea) == 5


def test_later_edits_of_the_product_change_nothing(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, "Assam tea", price=120, sku="T-1", stock=3)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 2}, total=240, by=ravi)

    make.set_price(db, shop, tea, 999)
    make.hide(db, shop, tea)

    after = db.read(orders.get_order, order.id, by=ravi)
    assert after == order
    assert [(line.name, line.sku, line.unit_price) for line in after.lines] == [
        ("Assam tea", "T-1", inr(120))
    ]


def test_what_was_bought_leaves_the_cart(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, jam = make.variant(db, shop), make.variant(db, shop)
    ravi = make.buyer(db, purse=inr(500))
    for variant in (tea, jam):
        db.write(orders.set_line, shop.id, variant, 1, by=ravi)

    make.place(db, shop, {tea: 1}, total=120, by=ravi)

    cart = db.read(orders.get_cart, shop.id, by=ravi)
    assert [line.variant_id for line in cart.lines] == [jam]


def test_orders_are_numbered_per_shop(db: RehearsedDatabase) -> None:
    first, second = make.shop(db), make.shop(db)
    ravi = make.buyer(db, purse=inr(5000))
    tea, jam = make.variant(db, first), make.variant(db, second)

    placed = [
        make.place(db, shop, {variant: 1}, total=120, by=ravi)
        for shop, variant in ((first, tea), (first, tea), (second, jam))
    ]

    assert [order.number for order in placed] == [1001, 1002, 1001]
    assert len({order.token for order in placed}) == 3


def test_cash_is_asked_for_and_waits(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, price=120, stock=3)
    guest = make.guest(db)

    order = make.place(db, shop, {tea: 1}, total=120, payment=Payment.CASH, by=guest)

    assert (order.state, order.payment_state) == (State.PLACED, PaymentState.UNPAID)
    assert db.read(money.find_request, make.request_of(order)).amount == inr(120)


def test_a_guest_leaves_a_way_to_be_reached(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    guest = make.guest(db)

    for contact in (
        orders.Contact("Ravi"),
        orders.Contact("  ", phone="+919876543210"),
        orders.Contact("Ravi", phone="not a number"),
    ):
        with pytest.raises(orders.ContactNeeded):
            make.place(db, shop, {tea: 1}, payment=Payment.CASH, contact=contact, by=guest)

    local = orders.Contact("Ravi", phone="098765 43210")
    order = make.place(db, shop, {tea: 1}, payment=Payment.CASH, contact=local, by=guest)
    assert order.contact.phone == "+919876543210"


def test_a_delivery_goes_somewhere_and_is_worth_the_way(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    make.delivers(db, shop, fee=30, minimum=200)
    tea = make.variant(db, shop, price=120)
    ravi = make.buyer(db, purse=inr(500))

    with pytest.raises(orders.AddressNeeded):
        make.place(db, shop, {tea: 2}, total=270, method=Method.DELIVERY, address=None, by=ravi)
    with pytest.raises(orders.BelowMinimum):
        make.place(db, shop, {tea: 1}, total=150, method=Method.DELIVERY, by=ravi)

    order = make.place(db, shop, {tea: 2}, total=270, method=Method.DELIVERY, by=ravi)
    assert (order.delivery.paid, order.address) == (inr(30), make.ADDRESS)


def test_a_shop_does_not_buy_from_itself(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)

    with pytest.raises(orders.OwnShop):
        make.place(db, shop, {tea: 1}, by=shop.owner_as_shop)


def test_an_empty_order_is_none(db: RehearsedDatabase) -> None:
    with pytest.raises(orders.CartEmpty):
        make.place(db, make.shop(db), {}, total=0, by=make.buyer(db))


def test_what_costs_nothing_is_paid_at_once(
    db: RehearsedDatabase, heard: list[orders.OrderEvent]
) -> None:
    shop = make.shop(db)
    sample = make.variant(db, shop, price=0)

    order = make.place(db, shop, {sample: 1}, total=0, by=make.buyer(db))
    db.deliver()

    assert order.payment_state is PaymentState.PAID
    assert {event.name for event in heard} == {"order.placed", "order.paid"}


def test_an_order_is_announced_with_what_its_card_shows(
    db: RehearsedDatabase, heard: list[orders.OrderEvent]
) -> None:
    shop = make.shop(db)
    tea, jam = make.variant(db, shop, "Assam tea"), make.variant(db, shop, "Mango jam")
    ravi = make.buyer(db, purse=inr(500))

    order = make.place(db, shop, {tea: 2, jam: 1}, total=360, by=ravi)
    db.deliver()

    [event] = heard
    assert isinstance(event, OrderPlaced)
    assert (event.order_id, event.business_id, event.buyer_id) == (order.id, shop.id, ravi.user_id)
    assert (event.number, event.total, event.state) == (1001, inr(360), State.PLACED)
    assert (event.item_count, event.first_item) == (3, "Assam tea")


def test_both_sides_and_the_link_see_the_order_and_nobody_else(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)

    as_shop = db.read(orders.get_order, order.id, by=shop.owner_as_shop)
    by_link = db.read(orders.find_by_token, order.token)

    assert as_shop.moves == (State.ACCEPTED, State.CANCELED)
    assert order.moves == (State.CANCELED,)
    assert by_link is not None
    assert (by_link.id, by_link.moves) == (order.id, ())
    assert db.read(orders.find_by_token, "guessed") is None
    with pytest.raises(NotFound):
        db.read(orders.get_order, order.id, by=make.buyer(db))


def test_lists_show_the_latest_first_and_go_on_where_they_stopped(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, stock=None)
    ravi = make.buyer(db, purse=inr(5000))
    for _ in range(5):
        make.place(db, shop, {tea: 1}, by=ravi)

    first = db.read(orders.list_orders, business_id=shop.id, limit=3, by=shop.owner_as_shop)
    rest = db.read(
        orders.list_orders, business_id=shop.id, limit=3, after=first.next, by=shop.owner_as_shop
    )
    mine = db.read(orders.list_orders, by=ravi)

    numbers = [order.number for order in (*first.items, *rest.items)]
    assert numbers == [1005, 1004, 1003, 1002, 1001]
    assert rest.next is None
    assert [order.number for order in mine.items] == numbers
    assert db.read(orders.list_orders, by=make.buyer(db)).items == []
    assert db.read(orders.count_orders, shop.id, by=shop.owner_as_shop)[State.PLACED] == 5
    with pytest.raises(make.Refused):
        db.read(orders.list_orders, business_id=shop.id, by=ravi)


@pytest.mark.parametrize("listed", ["Ravi", "Stores", "Menon"])
def test_money_of_or_to_whoever_is_on_the_operators_list_is_not_set_aside(
    db: RehearsedDatabase, listed: str
) -> None:
    shop, operator = make.shop(db), make.buyer(db)
    tea = make.variant(db, shop, "Assam tea", price=100, stock=10)
    ravi = make.buyer(db, purse=inr(1_000))
    db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
    name = uuid7()
    db.write(money.watch_name, name, listed, by=operator)
    contact = replace(make.CONTACT, name="R. Menon")

    with pytest.raises(money.NeedsReview):
        make.place(db, shop, {tea: 1}, total=100, by=ravi, contact=contact)
    assert make.available(db, ravi) == inr(1_000)
    [refused] = db.read(money.list_refused, by=operator)
    attempt = refused.attempt
    assert (attempt.what, attempt.payer_id, attempt.payee_id) == ("order", ravi.user_id, shop.id)
    assert (attempt.amount, attempt.names) == (inr(100), (listed,))
    cash = make.place(db, shop, {tea: 1}, total=100, by=ravi, contact=contact, payment=Payment.CASH)
    assert cash.state == State.PLACED

    db.write(money.unwatch_name, name, by=operator)
    held = make.place(db, shop, {tea: 1}, total=100, by=ravi, contact=contact)
    assert held.payment_state == PaymentState.HELD
