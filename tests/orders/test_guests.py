"""A guest's orders neither vanish nor collide when the guest becomes somebody."""

import pytest

from kirana import orders
from kirana.orders import Payment
from kirana.platform.problems import NotFound
from kirana.values import Actor
from tests.database import RehearsedDatabase
from tests.identity import make as identity_make

from . import make

PHONE = "+919876543210"


def sign_in(db: RehearsedDatabase, viewer: Actor | None = None) -> Actor:
    db.clock.advance(3600 * 1000)
    code = identity_make.code_for(db, PHONE)
    user = identity_make.sign_in(db, PHONE, code, viewer=viewer).user
    db.deliver()
    return Actor(user.id, user.id)


def order_as(
    db: RehearsedDatabase, who: Actor, shop: make.Shop, phone: str = PHONE
) -> orders.Order:
    tea = make.variant(db, shop)
    contact = orders.Contact("Ravi", phone=phone)
    return make.place(db, shop, {tea: 1}, payment=Payment.CASH, contact=contact, by=who)


def test_a_guest_who_signs_up_keeps_the_orders(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    guest = make.guest(db)
    order = order_as(db, guest, shop)

    ravi = sign_in(db, guest)

    assert [found.id for found in db.read(orders.list_orders, by=ravi).items] == [order.id]


def test_a_guest_who_has_an_account_already_brings_the_orders_along(
    db: RehearsedDatabase,
) -> None:
    shop = make.shop(db)
    ravi = sign_in(db)
    guest = make.guest(db)
    order = order_as(db, guest, shop, phone="+919000000001")

    assert sign_in(db, guest) == ravi

    assert db.read(orders.get_order, order.id, by=ravi).buyer_id == ravi.user_id
    with pytest.raises(NotFound):
        db.read(orders.get_order, order.id, by=guest)


def test_signing_up_with_the_same_proven_phone_adopts_the_orders_of_another_device(
    db: RehearsedDatabase,
) -> None:
    shop = make.shop(db)
    guest = make.guest(db)
    mine = order_as(db, guest, shop, phone="098765 43210")
    for_somebody_else = order_as(db, guest, shop, phone="+919000000001")

    ravi = sign_in(db)

    assert [found.id for found in db.read(orders.list_orders, by=ravi).items] == [mine.id]
    assert db.read(orders.get_order, for_somebody_else.id, by=guest).buyer_id == guest.user_id


def test_a_persons_order_is_never_adopted(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    meera = make.buyer(db)
    order = order_as(db, meera, shop)

    sign_in(db)

    assert db.read(orders.get_order, order.id, by=meera).buyer_id == meera.user_id


def test_the_link_shows_the_order_whoever_it_belongs_to(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    guest = make.guest(db)
    order = order_as(db, guest, shop)

    sign_in(db, guest)
    again = make.guest(db)
    second = order_as(db, again, shop)

    for placed in (order, second):
        found = db.read(orders.find_by_token, placed.token)
        assert found is not None
        assert found.id == placed.id
