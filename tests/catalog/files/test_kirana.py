from dataclasses import replace
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kirana.catalog.files.exports import template_file
from kirana.catalog.files.formats import kirana, shopify, woocommerce
from kirana.catalog.files.plan import Shop, ShopCollection
from kirana.catalog.files.snapshots import paths_of
from kirana.catalog.files.writing import Shelf, write_csv
from kirana.catalog.model import (
    Attribute,
    Option,
    Price,
    Product,
    ProductDraft,
    ProductStatus,
    StockDraft,
    Text,
    VariantDraft,
    draft_of,
    flaws_of,
    tidy,
)
from kirana.values import BusinessId, CollectionId, Money, ProductId, UserId, VariantId, uuid7

from . import make
from .make import codes, content, drafts, plan, results

ZONE = ZoneInfo("Asia/Kolkata")


def test_the_template_imports_as_it_is() -> None:
    done = plan(template_file("USD").encode())

    assert set(results(done).values()) == {"created"}
    assert [(name, len(it.variants), str(it.status)) for name, it in drafts(done).items()] == [
        ("Green tea", 1, "published"), ("Linen shirt", 2, "published"),
    ]  # fmt: skip


def test_rows_without_a_handle_belong_together_by_name_or_by_being_blank() -> None:
    done = plan(
        content(
            ["name", "option 1", "value 1", "price", "stock"],
            ["Shirt", "Size", "S", "10", "1"],
            ["", "", "M", "10", "2"],
            ["Hat", "", "", "5", ""],
            ["Shirt", "", "L", "11", "3"],
            ["Hat", "", "", "6", ""],
        )
    )

    assert results(done) == {
        2: "created", 3: "created", 4: "created", 5: "created", 6: "refused",
    }  # fmt: skip
    assert codes(done) == {6: ["duplicate-product"]}
    shirt = drafts(done)["Shirt"]
    assert shirt.options == (Option("Size", ("S", "M", "L")),)


def test_an_empty_cell_keeps_and_a_dash_empties() -> None:
    shop = make.shop()
    header = ["handle", "name", "description", "tags", "price", "sale price", "stock"]
    first = plan(content(header, ["tea", "Tea", "Good", "a, b", "10", "8", "4"]), shop)
    shop = make.applied(first, shop)

    kept = plan(content(header, ["tea", "", "", "", "", "", ""]), shop)
    emptied = plan(content(header, ["tea", "", "-", "-", "", "-", ""]), shop)

    assert results(kept) == {2: "unchanged"}
    tea = drafts(emptied)["Tea"]
    assert (tea.description, tea.tags) == ("", ())
    assert tea.variants[0].price == Price(Money(1000, "USD"))


def test_a_file_that_says_nothing_of_stock_leaves_it_to_the_orders() -> None:
    shop = make.shop()
    first = plan(content(["handle", "name", "price", "stock"], ["tea", "Tea", "10", "4"]), shop)
    shop = make.applied(first, shop)

    done = plan(content(["handle", "name", "price"], ["tea", "Tea", "11"]), shop)

    assert drafts(done)["Tea"].variants[0].stock == StockDraft()


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("status", "gone", "unknown-status"),
        ("price", "a lot", "not-a-price"),
        ("price", "-1", "negative-price"),
        ("stock", "1.5", "not-a-whole-number"),
        ("count stock", "perhaps", "not-an-answer"),
        ("sale ends", "soon", "not-a-date"),
        ("weight (stone)", "3", "weight-unit"),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row(header: str, cell: str, code: str) -> None:
    names = (
        ["handle", "name", "price", header] if header != "price" else ["handle", "name", "price"]
    )
    cells = ["tea", "Tea", "10", cell] if header != "price" else ["tea", "Tea", cell]

    done = plan(content(names, cells))

    assert (results(done), codes(done)) == ({2: "refused"}, {2: [code]})


def test_a_sku_of_another_product_refuses_the_row() -> None:
    shop = make.shop()
    header = ["handle", "name", "sku", "price", "option 1", "value 1"]
    first = content(header, ["tea", "Tea", "T", "1", "", ""], ["jam", "Jam", "J", "1", "", ""])
    shop = make.applied(plan(first, shop), shop)

    both = plan(
        content(
            header,
            ["new", "New", "T", "1", "Size", "S"],
            ["new", "", "J", "1", "", "M"],
            ["tea", "Tea", "J", "1", "", ""],
        ),
        shop,
    )

    assert codes(both) == {2: ["two-products"], 3: ["two-products"], 4: ["sku-taken"]}


def test_other_options_than_the_product_has_are_refused() -> None:
    shop = make.shop()
    header = ["handle", "name", "price", "option 1", "value 1"]
    first = content(header, ["tea", "Tea", "1", "Size", "S"], ["tea", "", "2", "", "M"])
    shop = make.applied(plan(first, shop), shop)

    done = plan(content(header, ["tea", "Tea", "1", "Color", "Red"]), shop)

    assert (results(done), codes(done)) == ({2: "refused"}, {2: ["other-options"]})


def test_what_an_earlier_file_brought_and_this_one_lacks_is_listed_and_stays() -> None:
    shop = make.shop()
    header = ["handle", "name", "price"]
    first = content(header, ["tea", "Tea", "1"], ["jam", "Jam", "1"])
    shop = make.applied(plan(first, shop), shop)

    done = plan(content(header, ["tea", "Tea", "2"]), shop)

    assert (done.gone.count, done.gone.names) == (1, ("Jam",))
    assert [step.product_id for step in done.steps if step.draft] != []
    assert all(
        shop.products[id_].name != "Jam" for id_ in [s.product_id for s in done.steps] if id_
    )


def test_pictures_of_this_server_are_known_and_others_are_wished_for_once() -> None:
    shop = make.shop()
    header = ["handle", "name", "price", "pictures"]
    cell = f"{make.URL}/media/{'a' * 64}/1280.webp, https://other.test/b.jpg"
    first = plan(content(header, ["tea", "Tea", "1", cell]), shop)

    again = plan(content(header, ["tea", "Tea", "1", cell]), make.applied(first, shop))

    assert drafts(first)["Tea"].picture_ids == ("a" * 64,)
    assert [wish.url for step in first.steps for wish in step.wishes] == [
        "https://other.test/b.jpg"
    ]
    assert results(again) == {2: "unchanged"}


# The round trip

words = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], exclude_characters="<>&"),
    max_size=12,
)
names = words.map(str.strip).filter(lambda it: bool(tidy(_named(it)).name))
amounts = st.integers(0, 10**7).map(lambda minor: Money(minor, "USD"))
instants = st.none() | st.integers(1_500_000_000, 2_000_000_000).map(lambda it: it * 1000 + 7)


def _named(name: str) -> ProductDraft:
    return ProductDraft(name=name, variants=())


@st.composite
def prices(draw: st.DrawFn, code: str = "USD") -> Price:
    regular = Money(draw(st.integers(0, 10**7)), code)
    if not draw(st.booleans()):
        return Price(regular)
    return Price(regular, Money(draw(st.integers(0, 10**7)), code), draw(instants), draw(instants))


@st.composite
def products(draw: st.DrawFn, collections: list[CollectionId]) -> ProductDraft:
    count = draw(st.integers(0, 2))
    option_names = draw(
        st.lists(names, min_size=count, max_size=count, unique_by=lambda it: _key(it))
    )
    options = tuple(
        Option(
            name,
            tuple(draw(st.lists(names, min_size=1, max_size=3, unique_by=lambda it: _key(it)))),
        )
        for name in option_names
    )
    choices = draw(
        st.lists(
            st.tuples(*(st.sampled_from(option.values) for option in options)),
            min_size=1,
            max_size=3 if options else 1,
            unique=True,
        )
    )
    status = draw(st.sampled_from(ProductStatus))
    return tidy(
        ProductDraft(
            name=draw(names),
            description=draw(words),
            status=status,
            slug=None,
            options=options,
            picture_ids=tuple(draw(st.lists(st.sampled_from(["a" * 64, "b" * 64]), max_size=2))),
            tags=tuple(draw(st.lists(names, max_size=3))),
            attributes=tuple(
                Attribute(*it) for it in draw(st.lists(st.tuples(names, names), max_size=3))
            ),
            texts={"de": Text(draw(names), draw(words))} if draw(st.booleans()) else {},
            tax_class=draw(words),
            needs_delivery=draw(st.booleans()),
            weight_g=draw(st.none() | st.integers(0, 10**6)),
            collection_ids=tuple(draw(st.lists(st.sampled_from(collections), max_size=2))),
            variants=tuple(
                VariantDraft(
                    id=VariantId(uuid7()),
                    option_values=choice,
                    sku=None,
                    barcode=draw(st.sampled_from([None, "4006381333931"])),
                    price=draw(prices() if status == "published" else st.none() | prices()),
                    other_prices=(draw(prices("EUR")),) if draw(st.booleans()) else (),
                    weight_g=draw(st.none() | st.integers(0, 10**6)),
                    picture_id=draw(st.sampled_from([None, "a" * 64])),
                    stock=StockDraft(
                        tracked=draw(st.booleans()),
                        on_hand=draw(st.integers(0, 99)),
                        sell_beyond=draw(st.booleans()),
                        backorder_text=draw(names | st.just("")),
                        low_at=draw(st.integers(-1, 9)),
                    ),
                )
                for choice in choices
            ),
        )
    )


def _key(name: str) -> str:
    return tidy(_named(name)).name.casefold()


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    shop = make.shop()
    top, below = CollectionId(uuid7()), CollectionId(uuid7())
    name, other = draw(names), draw(names)
    collections = {
        top: ShopCollection(top, None, tidy(_named(name)).name, "", False, False),
        below: ShopCollection(below, top, tidy(_named(other)).name, "", False, False),
    }
    shop = replace(shop, collections=collections)
    found: dict[ProductId, Product] = {}
    for number in range(draw(st.integers(1, 3))):
        draft = replace(draw(products(list(collections))), slug=f"product-{number}")
        draft = replace(
            draft,
            variants=tuple(
                replace(it, sku=draw(st.none() | st.just(f"={number}-{n}")))
                for n, it in enumerate(draft.variants)
            ),
        )
        if not flaws_of(draft, "USD"):
            id_ = ProductId(uuid7())
            found[id_] = make.product_from(draft, id_, shop)
    return replace(shop, products=found)


def shelf(shop: Shop) -> Shelf:
    return Shelf(
        shop.currency,
        ZONE,
        tuple(shop.products.values()),
        paths_of(dict(shop.collections)),
        make.URL,
    )


lenient = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # making such a shop smaller takes ages
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@lenient
@given(shops())
def test_an_export_imports_again_as_unchanged(shop: Shop) -> None:
    done = plan(write_csv(kirana.write(shelf(shop))).encode(), shop)

    assert set(results(done).values()) <= {"unchanged"}, make.reports(done)
    assert not any(step.draft for step in done.steps)


@lenient
@given(shops())
def test_an_export_into_an_empty_shop_loses_nothing(shop: Shop) -> None:
    empty = replace(make.shop(), business_id=BusinessId(UserId(uuid7())))

    done = plan(write_csv(kirana.write(shelf(shop))).encode(), empty)

    there = make.applied(done, empty)
    paths, new_paths = paths_of(dict(shop.collections)), paths_of(dict(there.collections))
    assert [_plain(it, new_paths) for it in there.products.values()] == [
        _plain(it, paths) for it in shop.products.values()
    ]


def _plain(product: Product, paths: dict[CollectionId, tuple[str, ...]]) -> object:
    draft = draft_of(product)
    nobody = VariantId(UserId(BusinessId(UserId(uuid7().__class__(int=0)))))
    return (
        replace(
            draft,
            collection_ids=(),
            variants=tuple(replace(it, id=nobody) for it in draft.variants),
        ),
        sorted(paths[id_] for id_ in product.collection_ids),
    )


def without_backslash(shop: Shop) -> bool:
    """What the foreign formats can say: in their lists a backslash before a comma is lost."""
    return b"\\\\" not in msgspec.json.encode([*shop.products.values(), *shop.collections.values()])


@lenient
@given(shops().filter(without_backslash))
def test_a_woocommerce_export_comes_back_as_unchanged(shop: Shop) -> None:
    done = plan(write_csv(woocommerce.write(shelf(shop))).encode(), shop)

    assert set(results(done).values()) <= {"unchanged"}, make.reports(done)


@lenient
@given(shops().filter(without_backslash))
def test_a_shopify_export_comes_back_as_unchanged(shop: Shop) -> None:
    done = plan(write_csv(shopify.write(shelf(shop), make.NOW), mark=False).encode(), shop)

    assert set(results(done).values()) <= {"unchanged"}, make.reports(done)


def test_a_price_with_three_decimals_is_written_so_that_nobody_has_to_ask() -> None:
    shop = make.shop("KWD")
    first = plan(content(["handle", "name", "price"], ["tea", "Tea", "1.250"]), shop, ".")
    shop = make.applied(first, shop)

    done = plan(write_csv(kirana.write(shelf(shop))).encode(), shop)

    price = drafts(first)["Tea"].variants[0].price
    assert price is not None
    assert price.regular == Money(1250, "KWD")
    assert results(done) == {2: "unchanged"}
