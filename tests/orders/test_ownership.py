"""What a buyer takes along, and what is left when they go."""

from sqlalchemy import select

from kirana import orders
from kirana.orders import Method
from kirana.orders.tables import orders as table
from kirana.platform.db import Q, Tx
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def test_somebody_takes_orders_and_carts_along(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, jam = make.variant(db, shop, "Tea"), make.variant(db, shop, "Jam")
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, by=ravi)
    db.write(orders.set_line, shop.id, jam, 2, by=ravi)

    taken = db.read(orders.export_user, ravi.user_id)

    assert taken.orders == [order]
    assert [(line.name, line.quantity) for line in taken.carts] == [("Jam", 2)]


def test_erasing_a_buyer_leaves_the_amounts_and_nobodys_name(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    make.delivers(db, shop, fee=30)
    tea = make.variant(db, shop)
    ravi = make.buyer(db, purse=inr(500))
    order = make.place(db, shop, {tea: 1}, total=150, method=Method.DELIVERY, by=ravi)
    db.write(orders.set_line, shop.id, tea, 2, by=ravi)
    db.write(orders.cancel_order, order.id, note="Ravi is moving out of Hill Road", by=ravi)

    db.write(orders.erase_user, ravi.user_id)
    db.write(orders.erase_user, ravi.user_id)

    left = db.read(orders.get_order, order.id, by=shop.owner_as_shop)
    assert (left.number, left.total, left.lines[0].name) == (1001, inr(150), "Tea")
    everything = str(db.read(all_of_it))
    assert not any(word in everything for word in ("Ravi", "9876543210", "Hill Road"))
    assert "Hill Road" not in str(left.steps)
    assert db.read(orders.export_user, ravi.user_id).carts == []


def all_of_it(tx: Tx) -> list[object]:
    return list(tx.all(Q(select(table))))
