"""Product pages, lists, searches and collections, as customers and the team see them."""

from dataclasses import replace
from typing import Any

import pytest

from kirana import catalog
from kirana.catalog import ProductStatus, Rule, StockDraft, draft_of
from kirana.platform import pictures
from kirana.platform.db import Tx
from kirana.platform.images import Rendered
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, BusinessId, CollectionId, ProductId, uuid7
from tests.catalog import make
from tests.database import RehearsedDatabase

Shop = tuple[BusinessId, Actor]
DAY_MS = 24 * 3600 * 1000


def names(db: RehearsedDatabase, shop: Shop, **filters: Any) -> list[str]:
    return [it.name for it in db.read(catalog.list_products, shop[0], **filters).items]


def found(db: RehearsedDatabase, shop: Shop, text: str, **filters: Any) -> list[str]:
    page = db.read(catalog.search_products, shop[0], text, **filters)
    return [it.name for it in page.items]


def fill(db: RehearsedDatabase, shop: Shop, *wanted: str) -> list[ProductId]:
    """Published products, one a second."""
    ids = []
    for name in wanted:
        db.clock.advance(1_000)
        ids.append(make.product(db, shop, name).id)
    return ids


def test_the_newest_product_comes_first(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    fill(db, shop, "Tea", "Coffee", "Milk")
    fill(db, other, "Bread")

    assert names(db, shop) == ["Milk", "Coffee", "Tea"]


def test_pages_together_are_the_whole_list(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    for number in range(7):
        make.product(db, shop, f"Tea {number}")  # all at the same instant

    seen, after = [], None
    for _ in range(4):
        page = db.read(catalog.list_products, shop[0], limit=2, after=after)
        seen += [it.id for it in page.items]
        after = page.next

    assert after is None
    assert len(set(seen)) == len(seen) == 7


@pytest.mark.parametrize("after", ["x", "1.2", "1", "9" * 400 + ".aa"])
def test_a_cursor_that_nobody_gave_is_refused(db: RehearsedDatabase, after: str) -> None:
    shop = make.shop(db)

    with pytest.raises(InvalidInput):
        db.read(catalog.list_products, shop[0], after=after)


def test_only_the_team_sees_what_is_not_published(db: RehearsedDatabase) -> None:
    shop, stranger = make.shop(db), make.stranger(db)
    draft = make.product(db, shop, make.draft("Draft tea", status=ProductStatus.DRAFT))
    make.product(db, shop, make.draft("Hidden tea", status=ProductStatus.HIDDEN))
    make.product(db, shop, "Tea")

    assert names(db, shop) == found(db, shop, "tea") == ["Tea"]
    assert names(db, shop, viewer=shop[1]) == ["Tea"]
    assert names(db, shop, viewer=shop[1], status="draft") == ["Draft tea"]
    assert found(db, shop, "tea", viewer=shop[1], status="hidden") == ["Hidden tea"]
    assert len(names(db, shop, viewer=shop[1], status="any")) == 3
    with pytest.raises(NotAllowed):
        names(db, shop, viewer=stranger, status="any")
    with pytest.raises(NotFound):
        found(db, shop, "tea", status="any")

    assert db.read(catalog.get_product, draft.id, viewer=shop[1]).name == "Draft tea"
    for viewer in (None, stranger):
        with pytest.raises(NotFound):
            db.read(catalog.get_product, draft.id, viewer=viewer)
        with pytest.raises(NotFound):
            db.read(catalog.get_product_by_slug, shop[0], draft.slug, viewer=viewer)


def test_a_card_shows_the_lowest_price_of_now(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    options = (catalog.Option("Size", ("S", "L")),)
    small = replace(
        make.variant(500, option_values=("S",)),
        price=make.price(500, sale=make.inr(300), sale_ends_at=db.clock.now + 1_000),
    )
    large = make.variant(400, option_values=("L",))
    make.product(db, shop, make.draft("Tea", small, large, options=options))

    [card] = db.read(catalog.list_products, shop[0]).items
    assert (card.price_from, card.regular_price) == (make.inr(300), make.inr(500))
    assert card.has_many_prices
    assert (card.variant_count, card.variant_id) == (2, None)
    db.clock.advance(1_000)

    [card] = db.read(catalog.list_products, shop[0]).items
    assert (card.price_from, card.regular_price) == (make.inr(400), None)


def test_a_card_shows_what_is_left_of_all_variants(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.sellable(db, shop, stock=3)
    db.write(
        catalog.reserve, tea, 2, for_order=make.order_id(), until=db.clock.now + 1_000, by=SYSTEM
    )

    [card] = db.read(catalog.list_products, shop[0]).items
    assert (card.available, card.is_available, card.variant_id) == (1, True, tea)
    db.clock.advance(1_000)

    [card] = db.read(catalog.list_products, shop[0]).items
    assert card.available == 3


def test_only_what_is_left_is_listed_when_asked(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    gone = make.sellable(db, shop, stock=1)
    make.product(db, shop, make.draft("Always there", make.variant()))
    beyond = make.variant(stock=0)
    assert beyond.stock is not None
    beyond = replace(beyond, stock=replace(beyond.stock, sell_beyond=True))
    make.product(db, shop, make.draft("To order", beyond))
    db.write(
        catalog.reserve, gone, 1, for_order=make.order_id(), until=db.clock.now + 1_000, by=SYSTEM
    )

    assert set(names(db, shop, in_stock=True)) == {"Always there", "To order"}
    assert found(db, shop, "assam", in_stock=True) == []
    db.clock.advance(1_000)

    assert "Assam tea" in names(db, shop, in_stock=True)
    assert found(db, shop, "assam", in_stock=True) == ["Assam tea"]


def test_the_team_sees_the_stock_and_customers_what_is_left(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, make.draft("Tea", make.variant(stock=5)))

    public = db.read(catalog.get_product, tea.id).variants[0]
    own = db.read(catalog.get_product, tea.id, viewer=shop[1]).variants[0]

    assert (public.available, public.stock) == (5, None)
    assert own.stock is not None
    assert own.stock.on_hand == 5


def test_pictures_come_with_their_sizes(db: RehearsedDatabase) -> None:
    shop = make.shop(db)

    def save(tx: Tx) -> None:
        pictures.save(tx, "a" * 64, Rendered(640, 480, "#aabbcc", {}), {})

    db.write(save)
    tea = make.product(db, shop, make.draft(picture_ids=("f" * 64, "a" * 64)))
    make.product(db, shop, make.draft(picture_ids=("a" * 64,)))

    page = db.read(catalog.get_product, tea.id)
    cards = db.read(catalog.list_products, shop[0]).items

    assert [(it.id, it.width, it.height, it.color) for it in page.pictures] == [
        ("a" * 64, 640, 480, "#aabbcc")
    ]
    assert sorted(card.picture is None for card in cards) == [False, True]


def test_a_search_forgives_and_finds_by_sku(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    fill(db, shop, "Crème brûlée", "Coffee beans", "Green tea")
    make.product(db, shop, make.draft("Assam", make.variant(sku="TEA-7"), tags=("breakfast",)))

    assert found(db, shop, "creme brule") == ["Crème brûlée"]
    assert found(db, shop, "cofee") == ["Coffee beans"]
    assert found(db, shop, "tea-7") == ["Assam"]
    assert found(db, shop, "tea") == ["Assam", "Green tea"]
    assert found(db, shop, "brekfast") == ["Assam"]
    assert found(db, shop, "") == []


def test_a_search_follows_each_change(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea = make.product(db, shop, "Assam")

    draft = replace(draft_of(tea), name="Darjeeling")
    db.write(catalog.save_product, tea.id, shop[0], draft, by=shop[1])

    assert found(db, shop, "assam") == []
    assert found(db, shop, "darjeeling") == ["Darjeeling"]


def test_pages_of_a_search_go_on_where_the_last_one_ended(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    fill(db, shop, *(f"Tea {number}" for number in range(5)))

    first = db.read(catalog.search_products, shop[0], "tea", limit=3)
    second = db.read(catalog.search_products, shop[0], "tea", limit=3, after=first.next)

    assert (len(first.items), len(second.items), second.next) == (3, 2, None)
    assert len({it.id for it in [*first.items, *second.items]}) == 5


def test_a_collection_keeps_the_order_that_it_was_given(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, coffee, milk = fill(db, shop, "Tea", "Coffee", "Milk")
    hot = make.collection(db, shop, "Hot", product_ids=(milk, tea))

    assert names(db, shop, collection_id=hot) == ["Milk", "Tea"]
    draft = catalog.CollectionDraft("Hot", product_ids=(coffee, milk, tea))
    db.write(catalog.save_collection, hot, shop[0], draft, by=shop[1])

    assert names(db, shop, collection_id=hot) == ["Coffee", "Milk", "Tea"]
    page = db.read(catalog.list_products, shop[0], collection_id=hot, limit=2)
    rest = db.read(catalog.list_products, shop[0], collection_id=hot, limit=2, after=page.next)
    assert [it.name for it in rest.items] == ["Tea"]
    assert found(db, shop, "tea", collection_id=hot) == ["Tea"]


def test_a_collection_shows_what_its_parts_hold(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, coffee, _ = fill(db, shop, "Tea", "Coffee", "Milk")
    drinks = make.collection(db, shop, "Drinks")
    hot = make.collection(db, shop, "Hot", parent_id=drinks, product_ids=(tea,))
    make.collection(db, shop, "Very hot", parent_id=hot, product_ids=(coffee, tea))

    assert names(db, shop, collection_id=drinks) == ["Coffee", "Tea"]
    assert names(db, shop, collection_id=hot) == ["Coffee", "Tea"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(tag=" HOT "), ["Tea"]),
        (Rule(max_price_minor=500), ["Tea"]),
        (Rule(min_price_minor=501), ["Coffee", "Cake"]),
        (Rule(in_stock=True), ["Coffee", "Tea"]),
        (Rule(new_days=1), ["Coffee"]),
        (Rule(in_stock=True, new_days=30, max_price_minor=900), ["Coffee", "Tea"]),
    ],
)
def test_a_rule_decides_what_belongs(
    db: RehearsedDatabase, rule: Rule, expected: list[str]
) -> None:
    shop = make.shop(db)
    make.product(db, shop, make.draft("Cake", make.variant(900, stock=0)))
    sale = make.price(800, sale=make.inr(500))
    make.product(db, shop, make.draft("Tea", replace(make.variant(), price=sale), tags=("Hot",)))
    db.clock.advance(2 * DAY_MS)
    make.product(db, shop, make.draft("Coffee", make.variant(900)))
    chosen = make.collection(db, shop, "Chosen", rule=rule)

    assert names(db, shop, collection_id=chosen) == [
        name for name in ("Coffee", "Tea", "Cake") if name in expected
    ]


def test_hidden_collections_and_their_parts_are_for_the_team(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    top = make.collection(db, shop, "Secret", is_hidden=True)
    make.collection(db, shop, "Below", parent_id=top)
    make.collection(db, shop, "Open")

    seen = [it.name for it in db.read(catalog.list_collections, shop[0])]
    own = [it.name for it in db.read(catalog.list_collections, shop[0], viewer=shop[1])]

    assert seen == ["Open"]
    assert own == ["Secret", "Below", "Open"]
    with pytest.raises(NotFound):
        names(db, shop, collection_id=top)
    assert names(db, shop, collection_id=top, viewer=shop[1]) == []


def test_a_collection_counts_its_published_products(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, coffee = fill(db, shop, "Tea", "Coffee")
    make.collection(db, shop, "Hot", product_ids=(tea, coffee))
    db.write(catalog.hide_product, tea, by=shop[1])

    [hot] = db.read(catalog.list_collections, shop[0])

    assert hot.product_count == 1


def test_saving_a_collection_again_changes_nothing(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    [tea] = fill(db, shop, "Tea")
    draft = catalog.CollectionDraft(
        "Hot", description="<b>x</b><script>y</script>", product_ids=(tea,)
    )
    collection_id = CollectionId(uuid7())

    first = db.write(catalog.save_collection, collection_id, shop[0], draft, by=shop[1])
    again = db.write(catalog.save_collection, collection_id, shop[0], draft, by=shop[1])
    renamed = db.write(
        catalog.save_collection, collection_id, shop[0], replace(draft, name="Cold"), by=shop[1]
    )

    assert first == again
    assert (first.slug, first.description) == ("hot", "<b>x</b>")
    assert (renamed.name, renamed.slug) == ("Cold", "hot")
    found = db.read(catalog.find_collection, business_id=shop[0], slug="hot")
    assert found is not None
    assert found.id == collection_id


def test_a_collection_that_cannot_be_is_refused(db: RehearsedDatabase) -> None:
    shop, other = make.shop(db), make.shop(db)
    [foreign] = fill(db, other, "Tea")
    [own] = fill(db, shop, "Tea")
    top = make.collection(db, shop, "Top")
    below = make.collection(db, shop, "Below", parent_id=top)

    for collection_id, draft in (
        (CollectionId(uuid7()), catalog.CollectionDraft(" ")),
        (CollectionId(uuid7()), catalog.CollectionDraft("x" * 151)),
        (CollectionId(uuid7()), catalog.CollectionDraft("A", rule=Rule())),
        (CollectionId(uuid7()), catalog.CollectionDraft("A", product_ids=(foreign,))),
        (CollectionId(uuid7()), catalog.CollectionDraft("A", parent_id=CollectionId(uuid7()))),
        (
            CollectionId(uuid7()),
            catalog.CollectionDraft("A", rule=Rule(new_days=1), product_ids=(own,)),
        ),
        (top, catalog.CollectionDraft("Top", parent_id=below)),
        (top, catalog.CollectionDraft("Top", parent_id=top)),
    ):
        with pytest.raises(catalog.InvalidCollection):
            db.write(catalog.save_collection, collection_id, shop[0], draft, by=shop[1])
    with pytest.raises(NotAllowed):
        db.write(catalog.save_collection, top, shop[0], catalog.CollectionDraft("A"), by=other[1])


def test_when_a_collection_goes_its_parts_move_up_and_its_products_stay(
    db: RehearsedDatabase,
) -> None:
    shop = make.shop(db)
    [tea] = fill(db, shop, "Tea")
    top = make.collection(db, shop, "Top")
    middle = make.collection(db, shop, "Middle", parent_id=top, product_ids=(tea,))
    below = make.collection(db, shop, "Below", parent_id=middle)

    db.write(catalog.delete_collection, middle, by=shop[1])

    left = {it.id: it.parent_id for it in db.read(catalog.list_collections, shop[0])}
    assert left == {top: None, below: top}
    assert names(db, shop) == ["Tea"]
    with pytest.raises(NotFound):
        db.write(catalog.delete_collection, middle, by=shop[1])


def test_cards_of_what_is_not_published_are_not_given_away(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    tea, coffee = fill(db, shop, "Tea", "Coffee")
    db.write(catalog.hide_product, tea, by=shop[1])

    cards = db.read(catalog.cards_of, [coffee, tea, ProductId(uuid7())])

    assert [card.name for card in cards] == ["Coffee"]


def test_what_one_has_to_wait_for_is_said(db: RehearsedDatabase) -> None:
    shop = make.shop(db)
    stock = StockDraft(
        tracked=True, on_hand=0, sell_beyond=True, backorder_text="Comes in two weeks"
    )
    tea = make.product(db, shop, make.draft("Tea", replace(make.variant(), stock=stock)))

    page = db.read(catalog.get_product, tea.id)
    [good] = db.read(catalog.list_goods, [tea.variants[0].id], sold_by=shop[0])

    assert page.variants[0].backorder_text == good.backorder_text == "Comes in two weeks"
    assert page.is_available
