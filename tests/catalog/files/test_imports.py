from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from kirana import business, catalog
from kirana.catalog import files, tables
from kirana.catalog.files.imports import Import
from kirana.catalog.files.pictures import refuse_picture, take_picture
from kirana.catalog.files.snapshots import load_collections, load_products
from kirana.catalog.files.tables import pictures
from kirana.catalog.model import Price, ProductStatus, draft_of
from kirana.platform.db import Q, Tx
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import Actor, ImportId, Money, OrderId, uuid7
from tests.business import make as shops
from tests.database import RehearsedDatabase

from .make import URL, content

HEADER = ["handle", "name", "sku", "price", "stock", "collections", "pictures"]
TEA = ["tea", "Tea", "T-1", "3.50", "10", "Food > Tea", ""]
JAM = ["jam", "Jam", "J-1", "2.00", "4", "Food", ""]


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return shops.person(db, "Asha")


@pytest.fixture
def shop(db: RehearsedDatabase, owner: Actor) -> business.Business:
    return shops.shop(db, owner, currency="USD")


def planned(
    db: RehearsedDatabase,
    shop: business.Business,
    file: bytes,
    by: Actor,
    id_: ImportId | None = None,
) -> ImportId:
    import_id = id_ or ImportId(uuid7())
    read = files.read_upload(file, shop.currency, shop.zone, db.clock.now)
    plan = db.read(files.plan_file, import_id, shop.id, read, URL, by=by)
    db.write(files.save_import, import_id, shop.id, "products.csv", read, plan, by=by)
    return import_id


def imported(db: RehearsedDatabase, shop: business.Business, file: bytes, by: Actor) -> Import:
    import_id = planned(db, shop, file, by)
    db.write(files.begin_import, import_id, by=by)
    db.deliver()
    return db.read(files.get_import, import_id, by=by)


def products(db: RehearsedDatabase, shop: business.Business) -> dict[str, catalog.Product]:
    return {it.name: it for it in db.read(load_products, shop.id)}


def results(done: Import) -> dict[int, str]:
    return {report.row: str(report.result) for report in done.rows}


def everything(tx: Tx) -> dict[str, list[Any]]:
    """Every row of the catalog's own tables."""
    found = {}
    for table in (
        tables.products, tables.variants, tables.slugs, tables.tags, tables.stock_moves,
        tables.collections, tables.members,
    ):  # fmt: skip
        found[table.name] = sorted(map(repr, tx.all(Q(select(table)))))
    return found


def test_a_plan_writes_nothing_into_the_catalog(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    before = db.read(everything)

    import_id = planned(db, shop, content(HEADER, TEA, JAM), owner)

    plan = db.read(files.get_import, import_id, by=owner)
    assert (plan.state, plan.format, plan.rows_done) == ("planned", "kirana", 0)
    assert results(plan) == {2: "created", 3: "created"}
    assert db.read(everything) == before


def test_applying_a_plan_makes_products_with_stock_and_collections(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    done = imported(db, shop, content(HEADER, TEA, JAM), owner)

    there = products(db, shop)
    assert (done.state, done.rows_done, done.counts["created"]) == ("applied", 2, 2)
    assert there["Tea"].status == ProductStatus.PUBLISHED
    assert there["Tea"].variants[0].price == Price(Money(350, "USD"))
    assert there["Tea"].variants[0].stock.on_hand == 10
    found = db.read(load_collections, shop.id)
    names = {it.name: it for it in found.values()}
    assert names["Tea"].parent_id == names["Food"].id
    assert names["Tea"].members == (there["Tea"].id,)


def test_a_second_import_of_the_same_file_writes_no_row_of_the_catalog(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    file = content(HEADER, TEA, JAM)
    imported(db, shop, file, owner)
    before = db.read(everything)

    done = imported(db, shop, file, owner)

    assert done.counts == {
        "created": 0, "updated": 0, "unchanged": 2, "draft": 0, "skipped": 0, "refused": 0,
    }  # fmt: skip
    assert db.read(everything) == before


def test_a_row_that_is_gone_from_the_file_deletes_nothing(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    imported(db, shop, content(HEADER, TEA, JAM), owner)

    done = imported(db, shop, content(HEADER, TEA), owner)

    assert (done.gone.count, done.gone.names) == (1, ("Jam",))
    assert set(products(db, shop)) == {"Tea", "Jam"}


def test_what_was_edited_after_the_plan_is_not_overwritten(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    imported(db, shop, content(HEADER, TEA, JAM), owner)
    changed = [[*TEA[:3], "4.00", *TEA[4:]], [*JAM[:3], "3.00", *JAM[4:]]]
    import_id = planned(db, shop, content(HEADER, *changed), owner)
    tea = products(db, shop)["Tea"]
    db.write(catalog.set_price, tea.variants[0].id, Price(Money(999, "USD")), by=owner)

    db.write(files.begin_import, import_id, by=owner)
    db.deliver()

    done = db.read(files.get_import, import_id, by=owner)
    assert results(done) == {2: "refused", 3: "updated"}
    assert [it.code for it in done.rows[0].notes] == ["changed-since-plan"]
    prices = {name: it.variants[0].price for name, it in products(db, shop).items()}
    assert prices == {"Tea": Price(Money(999, "USD")), "Jam": Price(Money(300, "USD"))}


def test_what_is_sold_between_plan_and_application_stays_sold(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    imported(db, shop, content(HEADER, TEA), owner)
    import_id = planned(db, shop, content(["handle", "name", "price"], ["tea", "Tea", "4"]), owner)
    variant = products(db, shop)["Tea"].variants[0]
    order = OrderId(uuid7())
    db.write(catalog.reserve, variant.id, 3, for_order=order, until=None, by=owner)
    db.write(catalog.take, order, by=owner)

    db.write(files.begin_import, import_id, by=owner)
    db.deliver()

    after = products(db, shop)["Tea"].variants[0]
    assert (after.price, after.stock.on_hand) == (Price(Money(400, "USD")), 7)


def test_a_long_file_is_applied_in_parts_and_shows_how_far_it_is(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    rows = [[f"p-{n}", f"P {n}", f"S-{n}", "1", "", "", ""] for n in range(250)]
    import_id = planned(db, shop, content(HEADER, *rows), owner)
    db.rehearses = False

    db.write(files.begin_import, import_id, by=owner)
    db.write(files.apply_rows, import_id)
    between = db.read(files.get_import, import_id, by=owner, limit=100)
    db.deliver()

    done = db.read(files.get_import, import_id, by=owner, after=between.next or 0, limit=1000)
    assert (between.state, between.rows_done, between.next) == ("applying", 200, 101)
    assert (done.state, done.rows_done, len(done.rows)) == ("applied", 250, 150)
    assert len(products(db, shop)) == 250


def test_beginning_twice_applies_once(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    import_id = planned(db, shop, content(HEADER, TEA), owner)

    for _ in range(2):
        db.write(files.begin_import, import_id, by=owner)
        db.deliver()

    assert len(products(db, shop)) == 1


def test_an_id_stands_for_one_file(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    import_id = planned(db, shop, content(HEADER, TEA), owner)

    planned(db, shop, content(HEADER, TEA), owner, import_id)

    with pytest.raises(IdReused):
        planned(db, shop, content(HEADER, JAM), owner, import_id)


def test_only_the_team_may_import_export_and_look(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    import_id = planned(db, shop, content(HEADER, TEA), owner)
    stranger = shops.person(db, "Eve")
    clerk = shops.member(db, shop, owner, business.Role.AGENT)

    for who in (stranger, clerk):
        with pytest.raises((NotAllowed, NotFound)):
            planned(db, shop, content(HEADER, TEA), who)
        with pytest.raises((NotAllowed, NotFound)):
            db.read(files.get_import, import_id, by=who)
        with pytest.raises((NotAllowed, NotFound)):
            db.write(files.begin_import, import_id, by=who)
        with pytest.raises((NotAllowed, NotFound)):
            db.read(files.export_catalog, shop.id, "kirana", URL, by=who)


@pytest.mark.parametrize("format_", ["kirana", "woocommerce", "shopify"])
def test_an_export_comes_back_as_unchanged(
    db: RehearsedDatabase, shop: business.Business, owner: Actor, format_: files.FormatName
) -> None:
    imported(db, shop, content(HEADER, TEA, JAM), owner)

    text = db.read(files.export_catalog, shop.id, format_, URL, by=owner)
    done = imported(db, shop, text.encode(), owner)

    assert (done.format, set(results(done).values())) == (format_, {"unchanged"})


def test_undo_brings_back_what_was_there(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    imported(db, shop, content(HEADER, TEA), owner)
    before = db.read(files.export_catalog, shop.id, "kirana", URL, by=owner)
    done = imported(
        db,
        shop,
        content(HEADER, ["tea", "Green tea", "T-2", "9", "99", "New > Place", ""], JAM),
        owner,
    )

    db.write(files.begin_undo, done.id, by=owner)
    db.deliver()

    assert db.read(files.get_import, done.id, by=owner).state == "undone"
    assert db.read(files.export_catalog, shop.id, "kirana", URL, by=owner) == before
    assert {it.name for it in db.read(load_collections, shop.id).values()} == {"Food", "Tea"}
    with pytest.raises(files.ImportUndone):
        db.write(files.begin_import, done.id, by=owner)


def test_undo_leaves_what_was_edited_since_and_hides_what_was_ordered(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    done = imported(db, shop, content(HEADER, TEA, JAM), owner)
    there = products(db, shop)
    edited = replace(draft_of(there["Tea"]), description="By hand")
    db.write(catalog.save_product, there["Tea"].id, shop.id, edited, by=owner)
    order = OrderId(uuid7())
    jam = there["Jam"].variants[0].id
    db.write(catalog.reserve, jam, 1, for_order=order, until=None, by=owner)

    db.write(files.begin_undo, done.id, by=owner)
    db.deliver()

    after = products(db, shop)
    assert after["Tea"].description == "By hand"
    assert after["Jam"].status == ProductStatus.HIDDEN
    noted = db.read(files.get_import, done.id, by=owner).rows
    assert {it.row: [said.code for said in it.notes] for it in noted} == {
        2: ["edited-since"], 3: [],
    }  # fmt: skip


def test_a_plan_that_was_not_applied_cannot_be_undone(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    import_id = planned(db, shop, content(HEADER, TEA), owner)

    with pytest.raises(files.ImportNotApplied):
        db.write(files.begin_undo, import_id, by=owner)


def test_a_picture_arrives_later_or_leaves_a_note(
    db: RehearsedDatabase, shop: business.Business, owner: Actor
) -> None:
    cell = "https://pictures.test/a.jpg, https://pictures.test/b.jpg"
    file = content(HEADER, [*TEA[:6], cell])
    done = imported(db, shop, file, owner)
    tea = products(db, shop)["Tea"]

    db.write(take_picture, tea.id, "https://pictures.test/a.jpg", "a" * 64)
    db.write(refuse_picture, tea.id, "https://pictures.test/b.jpg", "Gone.")

    assert products(db, shop)["Tea"].picture_ids == ("a" * 64,)
    noted = db.read(files.get_import, done.id, by=owner).rows[0].notes
    assert [(it.code, it.quote) for it in noted] == [
        ("picture-refused", "https://pictures.test/b.jpg")
    ]
    assert results(imported(db, shop, file, owner)) == {2: "unchanged"}
    assert len(db.read(lambda tx: tx.all(Q(select(pictures))))) == 2
