"""The cart: what is in it, what changed since, and how a guest's becomes a user's."""

from dataclasses import replace

import pytest

from kirana import catalog, identity, orders
from kirana.orders import Method, Trouble
from kirana.platform.db import Tx
from kirana.platform.problems import InvalidInput
from kirana.values import UserId, VariantId
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def test_a_cart_shows_what_it_costs_and_promises_nothing(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, "Assam tea", price=120, stock=3)
    ravi = make.buyer(db)

    cart = db.write(orders.set_line, shop.id, tea, 2, by=ravi)

    assert [(line.name, line.quantity, line.amount) for line in cart.lines] == [
        ("Assam tea", 2, inr(240))
    ]
    assert cart.quote.total == inr(240)
    assert cart.item_count == 2
    assert cart.is_ready
    assert db.read(catalog.available, tea) == 3


def test_nobody_puts_more_into_a_cart_than_there_is(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop, stock=3)
    ravi = make.buyer(db)

    with pytest.raises(catalog.OutOfStock) as refusal:
        db.write(orders.set_line, shop.id, tea, 4, by=ravi)

    assert refusal.value.facts["available"] == 3
    assert db.read(orders.get_cart, shop.id, by=ravi).lines == ()


def test_a_line_says_what_changed_since_it_was_added(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, jam, rice, salt = (make.variant(db, shop, price=100, stock=9) for _ in range(4))
    ravi = make.buyer(db)
    for variant in (tea, jam, rice, salt):
        db.write(orders.set_line, shop.id, variant, 3, by=ravi)
        db.clock.advance(1000)

    make.set_price(db, shop, tea, 130)
    make.set_stock(db, shop, jam, 2)
    make.set_stock(db, shop, rice, 0)
    make.hide(db, shop, salt)

    cart = db.read(orders.get_cart, shop.id, by=ravi)
    assert [(line.price_was, line.left, line.trouble) for line in cart.lines] == [
        (inr(100), None, None),
        (None, 2, Trouble.TOO_MANY),
        (None, 0, Trouble.SOLD_OUT),
        (None, 0, Trouble.NOT_FOR_SALE),
    ]
    assert not cart.is_ready
    assert cart.lines[3].name
    assert cart.lines[3].unit_price is None


def test_nothing_of_a_thing_takes_it_out(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.variant(db, shop)
    ravi = make.buyer(db)
    db.write(orders.set_line, shop.id, tea, 2, by=ravi)

    cart = db.write(orders.set_line, shop.id, tea, 0, by=ravi)

    assert cart.lines == ()
    assert not cart.is_ready


def test_what_another_shop_sells_does_not_go_into_this_shops_cart(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    tea = make.variant(db, other)

    with pytest.raises(catalog.NotForSale):
        db.write(orders.set_line, shop.id, tea, 1, by=make.buyer(db))


def test_delivery_adds_its_fee_until_the_goods_are_worth_it(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    make.delivers(db, shop, fee=30, free_from=500, minimum=200)
    tea = make.variant(db, shop, price=120)
    ravi = make.buyer(db)
    db.write(orders.set_method, shop.id, Method.DELIVERY, address=make.ADDRESS, by=ravi)

    little, some, much = (
        db.write(orders.set_line, shop.id, tea, quantity, by=ravi) for quantity in (1, 2, 5)
    )

    assert (little.missing, little.is_ready) == (inr(80), False)
    assert (some.quote.total, some.missing, some.is_ready) == (inr(270), inr(0), True)
    assert much.quote.total == inr(600)
    assert much.address == make.ADDRESS


def test_a_shop_that_does_not_deliver_is_not_asked_to(db: RehearsedDatabase) -> None:
    shop = make.shop(db)

    with pytest.raises(orders.MethodUnavailable):
        db.write(orders.set_method, shop.id, Method.DELIVERY, by=make.buyer(db))


def test_a_guests_cart_joins_the_users_with_the_larger_quantity(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, jam, rice = (make.variant(db, shop, stock=10) for _ in range(3))
    ravi, guest = make.buyer(db), make.guest(db)
    for who, variant, quantity in (
        (ravi, tea, 2),
        (ravi, jam, 5),
        (guest, tea, 4),
        (guest, jam, 1),
        (guest, rice, 9),
    ):
        db.write(orders.set_line, shop.id, variant, quantity, by=who)
    make.set_stock(db, shop, rice, 6)

    db.write(announce_joined, guest.user_id, ravi.user_id)
    db.deliver()

    cart = db.read(orders.get_cart, shop.id, by=ravi)
    assert {line.variant_id: line.quantity for line in cart.lines} == {tea: 4, jam: 5, rice: 6}
    assert db.read(orders.get_cart, shop.id, by=guest).lines == ()


def announce_joined(tx: Tx, guest_id: UserId, user_id: UserId) -> None:
    tx.emit(identity.GuestJoined(guest_id, user_id))


def test_only_a_manager_says_how_the_shop_delivers(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    settings = db.read(orders.get_delivery, shop.id)

    with pytest.raises(make.Refused):
        db.write(orders.set_delivery, shop.id, settings, by=make.buyer(db))
    with pytest.raises(InvalidInput):
        db.write(
            orders.set_delivery,
            shop.id,
            replace(settings, has_pickup=False, has_delivery=False),
            by=shop.owner,
        )


def test_an_id_that_is_nothing_is_not_for_sale(db: RehearsedDatabase) -> None:
    shop = make.shop(db)

    with pytest.raises(catalog.NotForSale):
        db.write(orders.set_line, shop.id, VariantId(make.new_id()), 1, by=make.buyer(db))


def test_a_cart_that_costs_more_than_a_number_holds_is_refused(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    palace = make.variant(db, shop, price=2**52, stock=None)
    ravi = make.buyer(db)
    db.write(orders.set_line, shop.id, palace, 1, by=ravi)

    with pytest.raises(orders.TooMuch):
        db.write(orders.set_line, shop.id, palace, 2, by=ravi)

    assert db.read(orders.get_cart, shop.id, by=ravi).item_count == 1
