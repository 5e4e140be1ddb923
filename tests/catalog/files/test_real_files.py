"""Real files of other shop systems, where they lie beside the project: counts only."""

from collections import Counter
from pathlib import Path

import pytest

from kirana import business, catalog
from kirana.catalog import files
from kirana.catalog.files.imports import Import
from kirana.catalog.files.snapshots import load_collections
from kirana.values import Actor, Money
from tests.business import make as shops
from tests.database import RehearsedDatabase

from .test_imports import everything, imported, products, results

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "catalogs"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="The real files are not here.")


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return shops.person(db, "Asha")


@pytest.fixture
def shop(db: RehearsedDatabase, owner: Actor) -> business.Business:
    return shops.shop(db, owner, currency="USD")


def bring(db: RehearsedDatabase, shop: business.Business, owner: Actor, name: str) -> Import:
    return imported(db, shop, (FOLDER / name).read_bytes(), owner)


def counted(found: dict[str, catalog.Product]) -> tuple[int, int, dict[str, int]]:
    variants = sum(len(it.variants) for it in found.values())
    return len(found), variants, dict(Counter(str(it.status) for it in found.values()))


@pytest.mark.parametrize(
    ("name", "outcome", "grouped"),
    [
        ("woocommerce/sample_products.csv",
         (17, 28, {"published": 15, "hidden": 1, "draft": 1}), 3),
        ("woocommerce/classic_commerce_products.csv",
         (14, 27, {"published": 12, "hidden": 1, "draft": 1}), 3),
        ("woocommerce/importer_sample.csv", (4, 5, {"published": 3, "draft": 1}), 2),
        ("shopify/packt_furniture_products.csv", (20, 21, {"published": 20}), 0),
    ],
)  # fmt: skip
def test_a_real_file_imports_whole_and_a_second_time_changes_nothing(
    db: RehearsedDatabase,
    shop: business.Business,
    owner: Actor,
    name: str,
    outcome: tuple[int, int, dict[str, int]],
    grouped: int,
) -> None:
    first = bring(db, shop, owner, name)
    there = db.read(everything)
    second = bring(db, shop, owner, name)

    assert first.counts["refused"] == first.counts["skipped"] == 0
    assert counted(products(db, shop)) == outcome
    titles = {report.title for report in first.rows}
    found = [it for it in db.read(load_collections, shop.id).values() if it.name in titles]
    assert [len(it.members) for it in found] == ([grouped] if grouped else [])
    assert second.counts["unchanged"] == second.row_count == first.row_count
    assert db.read(everything) == there


@pytest.mark.parametrize(
    "name",
    sorted(
        str(file.relative_to(FOLDER))
        for system in ("woocommerce", "shopify")
        for file in (FOLDER / system).glob("*")
    ),
)
def test_every_real_file_imports_or_says_why_not_and_a_second_time_changes_nothing(
    db: RehearsedDatabase, shop: business.Business, owner: Actor, name: str
) -> None:
    empty = db.read(everything)
    try:
        first = bring(db, shop, owner, name)
    except files.FileRefused as problem:
        refusal = problem
    else:
        refusal = None
    if refusal:
        assert refusal.facts["sentence"].endswith(".")
        assert db.read(everything) == empty
        return
    there = db.read(everything)

    second = bring(db, shop, owner, name)

    explained = [row for row in first.rows if row.result in ("refused", "skipped", "draft")]
    assert all(note.sentence and note.code for row in explained for note in row.notes)
    assert all(row.notes for row in explained)
    assert db.read(everything) == there
    changed = second.row_count - second.counts["unchanged"]
    assert changed == first.counts["refused"] + first.counts["skipped"]


@pytest.mark.parametrize(
    "name", ["woocommerce/sample_products.csv", "shopify/packt_furniture_products.csv"]
)
def test_undoing_a_real_file_leaves_the_shop_as_it_was(
    db: RehearsedDatabase, shop: business.Business, owner: Actor, name: str
) -> None:
    before = db.read(files.export_catalog, shop.id, "kirana", "https://x.test", by=owner)
    done = bring(db, shop, owner, name)

    db.write(files.begin_undo, done.id, by=owner)
    db.deliver()

    after = db.read(files.export_catalog, shop.id, "kirana", "https://x.test", by=owner)
    assert after == before
    assert db.read(load_collections, shop.id) == {}


def test_an_update_changes_one_price_and_refuses_what_is_no_price(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    bring(db, shop, owner, "woocommerce/sample_products.csv")

    done = bring(db, shop, owner, "woocommerce/importer_update.csv")

    assert results(done) == {2: "updated", 3: "refused", 4: "refused"}
    price = products(db, shop)[done.rows[0].title].variants[0].price
    assert price is not None
    assert price.regular == Money(2000, "USD")


def test_only_what_shopify_tracks_is_counted_and_sales_come_from_compare_at(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    bring(db, shop, owner, "shopify/packt_furniture_products.csv")

    there = products(db, shop).values()
    tracked = {it.slug: v.stock.on_hand for it in there for v in it.variants if v.stock.tracked}
    sales = [v.price.sale for it in there for v in it.variants if v.price and v.price.sale]
    assert tracked == {"grey-wheelbarrow": 8}
    assert len(sales) == 16


@pytest.mark.parametrize(
    ("name", "seems"),
    [
        ("woocommerce/sample_products.wxr.xml", "WordPress"),
        ("woocommerce/sample_tax_rates.csv", "tax rates"),
        ("saleor/populatedb_data.json", "JSON"),
    ],
)
def test_a_file_that_is_no_catalog_is_refused_whole(name: str, seems: str) -> None:
    with pytest.raises(files.FileRefused) as refused:
        files.read_upload((FOLDER / name).read_bytes(), "USD", "UTC", 0)

    assert seems in refused.value.facts["seems"]


@pytest.mark.parametrize("format_", ["kirana", "woocommerce", "shopify"])
def test_a_real_catalog_goes_out_and_comes_back_unchanged(
    db: RehearsedDatabase, shop: business.Business, owner: Actor, format_: files.FormatName
) -> None:
    bring(db, shop, owner, "woocommerce/sample_products.csv")

    text = db.read(files.export_catalog, shop.id, format_, "https://x.test", by=owner)
    done = imported(db, shop, text.encode(), owner)

    assert done.counts["unchanged"] == done.row_count
