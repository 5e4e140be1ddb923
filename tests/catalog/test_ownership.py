"""What the catalog keeps of people, and how it forgets."""

from kirana import business, catalog
from kirana.catalog import StockDraft
from tests.catalog import make
from tests.catalog.test_stock import books_balance
from tests.database import RehearsedDatabase


def test_a_person_gets_what_they_did_and_is_then_forgotten(db: RehearsedDatabase) -> None:
    shop, buyer = make.shop(db), make.stranger(db)
    tea = make.sellable(db, shop, stock=3)
    order = make.order_id()
    db.write(catalog.reserve, tea, 2, for_order=order, until=None, by=buyer)

    export = db.read(catalog.export_user, buyer.user_id)
    assert [(it.reason, it.held_delta, it.order_id) for it in export.stock_moves] == [
        ("reserved", 2, order)
    ]
    db.write(catalog.erase_user, buyer.user_id)
    db.write(catalog.erase_user, buyer.user_id)

    assert db.read(catalog.export_user, buyer.user_id).stock_moves == []
    assert len(db.read(catalog.export_user, shop[1].user_id).stock_moves) == 1
    assert books_balance(db)


def test_every_change_says_who_made_it(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, make.draft("Tea", make.variant(stock=3)))
    variant_id = tea.variants[0].id
    make.collection(db, shop)

    db.write(catalog.set_price, variant_id, make.price(700), by=shop[1])
    db.write(catalog.set_stock, variant_id, StockDraft(on_hand=9), by=shop[1])
    db.write(catalog.hide_product, tea.id, by=shop[1])
    db.write(catalog.hide_product, tea.id, by=shop[1])
    db.write(catalog.delete_product, tea.id, by=shop[1])

    records = db.read(business.list_records, shop[0], by=shop[1]).items
    done = sorted(it.action for it in records if not it.action.startswith(("team.", "business.")))
    assert done == sorted(
        [
            "product.saved",
            "collection.saved",
            "price.changed",
            "stock.changed",
            "product.hidden",
            "product.deleted",
        ]
    )
    assert all(it.person_id == shop[1].person_id for it in records)
