"""Saving, publishing, hiding and deleting products."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from kirana import business, catalog
from kirana.catalog import (
    Attribute,
    Option,
    Price,
    Product,
    ProductStatus,
    StockDraft,
    Text,
    draft_of,
)
from kirana.catalog.tables import slugs, stock_moves
from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, BusinessId, Money, ProductId, VariantId, uuid7
from tests.catalog import make
from tests.catalog.conftest import Heard
from tests.catalog.test_stock import books_balance
from tests.database import RehearsedDatabase

Shop = tuple[BusinessId, Actor]
_COUNT_MOVES = Q(select(func.count()).select_from(stock_moves))
_COUNT_SLUGS = Q(select(func.count()).select_from(slugs))


def save(db: RehearsedDatabase, shop: Shop, product: Product, **changes: Any) -> Product:
    draft = replace(draft_of(product), **changes)
    return db.write(catalog.save_product, product.id, shop[0], draft, by=shop[1])


def revision(db: RehearsedDatabase, shop: Shop) -> int:
    return db.read(business.get_revision, shop[0])


def flaw_codes(refusal: pytest.ExceptionInfo[Any]) -> list[str]:
    return [flaw.code for flaw in refusal.value.facts["flaws"]]


def count(db: RehearsedDatabase, query: Q) -> int:
    def read(tx: Tx) -> int:
        return int(tx.all(query)[0][0])

    return db.read(read)


def full_draft() -> catalog.ProductDraft:
    return make.draft(
        "Assam tea",
        make.variant(12_000, stock=5, option_values=("100 g",), sku="A-100", weight_g=110),
        make.variant(25_000, option_values=("250 g",), sku="A-250", barcode="4006381333931"),
        description="<p>Strong &amp; malty</p>",
        options=(Option("Weight", ("100 g", "250 g")),),
        tags=("Tea", "Breakfast"),
        attributes=(Attribute("Origin", "Assam"),),
        texts={"hi": Text("असम चाय", "कड़क")},
        picture_ids=("a" * 64, "b" * 64),
        tax_class="food",
        needs_delivery=True,
        weight_g=120,
    )


def test_a_product_comes_back_as_it_was_saved(db: RehearsedDatabase) -> None:
    shop, draft = make.shop(db), full_draft()

    saved = make.product(db, shop, draft)

    assert db.read(catalog.product_of, saved.id) == saved
    back = draft_of(saved)
    assert replace(back, variants=(), slug=None, collection_ids=None) == replace(draft, variants=())
    assert back.slug == "assam-tea"
    assert [it.sku for it in back.variants] == ["A-100", "A-250"]
    assert back.variants[0].stock == StockDraft(True, 5, False, "", -1)


def test_saving_the_same_again_writes_nothing(db: RehearsedDatabase, heard: Heard) -> None:
    shop, draft = make.shop(db), full_draft()
    product_id = ProductId(uuid7())
    first = db.write(catalog.save_product, product_id, shop[0], draft, by=shop[1])
    heard.take(db)
    before = revision(db, shop)
    db.clock.advance(1_000)

    again = db.write(catalog.save_product, product_id, shop[0], draft, by=shop[1])

    assert again == first
    assert heard.take(db) == []
    assert revision(db, shop) == before


def test_a_preview_says_whether_anything_would_change(db: RehearsedDatabase) -> None:
    shop, draft = make.shop(db), full_draft()
    product_id = ProductId(uuid7())

    new = db.read(catalog.preview_product, product_id, shop[0], draft)
    db.write(catalog.save_product, product_id, shop[0], draft, by=shop[1])
    same = db.read(catalog.preview_product, product_id, shop[0], draft)
    other = db.read(catalog.preview_product, product_id, shop[0], replace(draft, name="Tea"))
    bad = db.read(catalog.preview_product, product_id, shop[0], replace(draft, name=""))

    assert new.before is None
    assert same.changes_nothing
    assert not other.changes_nothing
    assert [flaw.code for flaw in bad.flaws] == ["missing"]


def test_saving_replaces_everything_but_the_stock(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, make.draft("Tea", make.variant(100, stock=7)))
    variant_id = tea.variants[0].id
    order = make.order_id()
    db.write(catalog.reserve, variant_id, 2, for_order=order, until=None, by=SYSTEM)
    before = count(db, _COUNT_MOVES)

    draft = make.draft("Green tea", replace(make.variant(200), id=variant_id))
    after = db.write(catalog.save_product, tea.id, shop[0], draft, by=shop[1])

    assert (after.name, after.variants[0].price) == ("Green tea", make.price(200))
    assert (after.variants[0].stock.on_hand, after.variants[0].stock.held) == (7, 2)
    assert count(db, _COUNT_MOVES) == before
    assert books_balance(db)


def test_the_same_id_in_another_shop_is_refused(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    tea = make.product(db, shop)

    with pytest.raises(IdReused):
        db.write(catalog.save_product, tea.id, other[0], make.draft(), by=other[1])


def test_a_variant_id_belongs_to_one_product(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop)
    stolen = replace(make.variant(), id=tea.variants[0].id)

    with pytest.raises(catalog.InvalidProduct) as refusal:
        make.product(db, shop, make.draft("Thief", stolen))

    assert flaw_codes(refusal) == ["id-taken"]


def test_only_managers_save(db: RehearsedDatabase) -> None:
    shop, stranger = make.shop(db), make.stranger(db)
    tea = make.product(db, shop)

    for command, arguments in (
        (catalog.save_product, (ProductId(uuid7()), shop[0], make.draft())),
        (catalog.publish_product, (tea.id,)),
        (catalog.hide_product, (tea.id,)),
        (catalog.delete_product, (tea.id,)),
        (catalog.set_price, (tea.variants[0].id, make.price(1))),
        (catalog.set_pictures, (tea.id, [])),
    ):
        with pytest.raises(NotAllowed):
            db.write(command, *arguments, by=stranger)


def test_a_sku_is_the_shops_own_whatever_its_case(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    make.product(db, shop, make.draft("Tea", make.variant(sku="Tea-1")))

    with pytest.raises(catalog.InvalidProduct) as refusal:
        make.product(db, shop, make.draft("Coffee", make.variant(sku="TEA-1")))
    make.product(db, other, make.draft("Coffee", make.variant(sku="TEA-1")))

    assert flaw_codes(refusal) == ["sku-taken"]


def test_two_variants_can_exchange_their_skus(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    options = (Option("Size", ("S", "L")),)
    tea = make.product(
        db,
        shop,
        make.draft(
            "Tea",
            make.variant(option_values=("S",), sku="1"),
            make.variant(option_values=("L",), sku="2"),
            options=options,
        ),
    )
    small, large = draft_of(tea).variants

    after = save(db, shop, tea, variants=(replace(small, sku="2"), replace(large, sku="1")))

    assert [it.sku for it in after.variants] == ["2", "1"]


def test_a_retired_variant_keeps_its_stock_and_comes_back_with_it(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    options = (Option("Size", ("S", "L")),)
    small = make.variant(option_values=("S",), sku="1", stock=4)
    large = make.variant(option_values=("L",), sku="2", stock=9)
    tea = make.product(db, shop, make.draft("Tea", small, large, options=options))

    less = save(db, shop, tea, variants=draft_of(tea).variants[:1])
    assert [it.id for it in less.variants] == [small.id]
    with pytest.raises(catalog.NotForSale):
        db.read(catalog.price_of, large.id, sold_by=shop[0])
    make.product(db, shop, make.draft("Other", make.variant(sku="2")))

    back = replace(large, stock=None, sku="3")
    more = save(db, shop, less, variants=(draft_of(less).variants[0], back))

    assert [it.stock.on_hand for it in more.variants] == [4, 9]
    assert db.read(catalog.price_of, large.id, sold_by=shop[0]) == make.inr(12_000)
    assert books_balance(db)


def test_slugs_are_unique_in_the_shop_and_old_ones_lead_on(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    first, second = make.product(db, shop, "Tea"), make.product(db, shop, "Tea")
    elsewhere = make.product(db, other, "Tea")
    assert [first.slug, second.slug, elsewhere.slug] == ["tea", "tea-2", "tea"]

    renamed = save(db, shop, first, name="Assam", slug="assam")
    third = make.product(db, shop, "Tea")

    assert renamed.slug == "assam"
    assert third.slug == "tea-3"
    for slug in ("tea", "assam"):
        found = db.read(catalog.find_by_slug, shop[0], slug)
        assert found is not None
        assert (found.id, found.slug) == (first.id, "assam")
    assert save(db, shop, renamed, slug="tea").slug == "tea"
    assert db.read(catalog.find_by_slug, shop[0], "nothing") is None


def test_a_new_name_keeps_the_address(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, "Tea")

    assert save(db, shop, tea, name="Coffee").slug == "tea"


def test_a_deleted_product_is_gone_for_good(db: RehearsedDatabase, heard: Heard) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, full_draft())
    make.collection(db, shop, product_ids=(tea.id,))
    heard.take(db)

    assert db.write(catalog.delete_product, tea.id, by=shop[1]) is True

    assert heard.take(db) == ["product.hidden"]
    with pytest.raises(NotFound):
        db.read(catalog.product_of, tea.id)
    with pytest.raises(catalog.ProductGone):
        db.read(catalog.find_by_slug, shop[0], "assam-tea")
    assert db.read(catalog.search_products, shop[0], "assam").items == []
    assert make.product(db, shop, "Assam tea").slug == "assam-tea"
    assert count(db, _COUNT_SLUGS) == 1


def test_a_product_that_was_ordered_is_hidden_instead(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    for stock in (None, 5):
        tea = make.sellable(db, shop, stock=stock)
        order = make.order_id()
        db.write(catalog.reserve, tea, 1, for_order=order, until=None, by=SYSTEM)
        db.write(catalog.release, order, by=SYSTEM)
        product = next(
            it.id for it in db.read(catalog.list_products, shop[0]).items if it.variant_id == tea
        )

        assert db.write(catalog.delete_product, product, by=shop[1]) is False

        assert db.read(catalog.product_of, product).status == ProductStatus.HIDDEN


def test_a_product_without_price_stays_a_draft(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    draft = make.draft("Tea", make.variant(None), status=None)
    tea = make.product(db, shop, draft)
    assert tea.status == ProductStatus.DRAFT

    with pytest.raises(catalog.InvalidProduct) as refusal:
        db.write(catalog.publish_product, tea.id, by=shop[1])
    assert flaw_codes(refusal) == ["no-price"]
    db.write(catalog.set_price, tea.variants[0].id, make.price(500), by=shop[1])

    after = db.write(catalog.publish_product, tea.id, by=shop[1])
    assert after.status == ProductStatus.PUBLISHED


def test_publishing_and_hiding_are_each_told_once(db: RehearsedDatabase, heard: Heard) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, make.draft(status=ProductStatus.DRAFT))
    assert heard.take(db) == ["product.changed"]

    db.write(catalog.publish_product, tea.id, by=shop[1])
    db.write(catalog.publish_product, tea.id, by=shop[1])
    assert heard.take(db) == ["product.published"]
    db.write(catalog.hide_product, tea.id, by=shop[1])
    db.write(catalog.hide_product, tea.id, by=shop[1])
    assert heard.take(db) == ["product.hidden"]
    db.write(catalog.publish_product, tea.id, by=shop[1])

    assert heard.take(db) == ["product.published"]


def test_hiding_a_draft_leaves_it_a_draft(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, make.draft(status=ProductStatus.DRAFT))

    assert db.write(catalog.hide_product, tea.id, by=shop[1]).status == ProductStatus.DRAFT


def test_a_new_price_counts_at_once(db: RehearsedDatabase, heard: Heard) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, minor=500)
    heard.take(db)
    before = revision(db, shop)

    db.write(catalog.set_price, tea, make.price(700), by=shop[1])
    db.write(catalog.set_price, tea, make.price(700), by=shop[1])

    assert db.read(catalog.price_of, tea, sold_by=shop[0]) == make.inr(700)
    assert heard.take(db) == ["product.changed"]
    assert revision(db, shop) == before + 1


def test_a_price_in_another_currency_is_refused(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop)

    with pytest.raises(catalog.InvalidProduct) as refusal:
        db.write(catalog.set_price, tea, Price(Money(500, "USD")), by=shop[1])

    assert flaw_codes(refusal) == ["currency"]


def test_a_sale_ends_by_itself(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, minor=500)
    ends_at = db.clock.now + 10_000
    price = make.price(500, sale=make.inr(0), sale_ends_at=ends_at)
    db.write(catalog.set_price, tea, price, by=shop[1])

    assert db.read(catalog.price_of, tea, sold_by=shop[0]) == make.inr(0)
    assert db.read(catalog.next_price_change, shop[0]) == ends_at
    db.clock.advance(10_000)

    assert db.read(catalog.price_of, tea, sold_by=shop[0]) == make.inr(500)
    assert db.read(catalog.next_price_change, shop[0]) is None


def test_what_is_not_published_is_not_for_sale(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    draft = make.draft(status=ProductStatus.DRAFT)
    hidden = make.product(db, shop, draft).variants[0].id
    tea = make.sellable(db, shop)

    for variant_id, seller in ((hidden, shop[0]), (tea, other[0]), (VariantId(uuid7()), shop[0])):
        with pytest.raises(catalog.NotForSale):
            db.read(catalog.price_of, variant_id, sold_by=seller)


def test_goods_tell_all_that_an_order_copies(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, full_draft())
    small, large = (it.id for it in tea.variants)

    goods = db.read(catalog.list_goods, [large, small], sold_by=shop[0])

    assert [good.variant_id for good in goods] == [large, small]
    assert goods[1] == catalog.Good(
        variant_id=small,
        product_id=tea.id,
        business_id=shop[0],
        slug="assam-tea",
        name="Assam tea",
        options=("100 g",),
        sku="A-100",
        picture_id="a" * 64,
        price=make.inr(12_000),
        regular_price=make.inr(12_000),
        available=5,
        backorder_text="",
        tax_class="food",
        needs_delivery=True,
        weight_g=110,
    )
    assert (goods[0].weight_g, goods[0].available) == (120, None)
    assert set(db.read(catalog.find_goods, [small, VariantId(uuid7())], sold_by=shop[0])) == {small}


def test_pictures_keep_their_order(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop)

    after = db.write(catalog.set_pictures, tea.id, ["b", "a", "b"], by=shop[1])

    assert after.picture_ids == ("b", "a")
    with pytest.raises(catalog.InvalidProduct):
        db.write(catalog.set_pictures, tea.id, [str(i) for i in range(21)], by=shop[1])


def test_a_product_is_in_the_collections_that_its_draft_names(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    teas, gifts = make.collection(db, shop, "Teas"), make.collection(db, shop, "Gifts")
    foreign = make.collection(db, other)
    by_rule = make.collection(db, shop, "New", rule=catalog.Rule(new_days=7))

    tea = make.product(db, shop, make.draft(collection_ids=(teas, gifts)))
    assert set(tea.collection_ids) == {teas, gifts}
    assert save(db, shop, tea, collection_ids=None).collection_ids == tea.collection_ids
    assert save(db, shop, tea, collection_ids=(gifts,)).collection_ids == (gifts,)

    for wrong in (foreign, by_rule):
        with pytest.raises(catalog.InvalidProduct) as refusal:
            save(db, shop, tea, collection_ids=(wrong,))
        assert flaw_codes(refusal) == ["no-such-collection"]
