from . import make
from .make import codes, content, drafts, plan, results

HEADER = [
    "ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "Short description",
    "Description", "In stock?", "Stock", "Backorders allowed?", "Weight (lbs)", "Sale price",
    "Regular price", "Categories", "Tags", "Images", "Parent", "Grouped products",
    "Attribute 1 name", "Attribute 1 value(s)", "Attribute 2 name", "Attribute 2 value(s)",
]  # fmt: skip


def row(**cells: str) -> list[str]:
    names = {
        "id": "ID", "type": "Type", "sku": "SKU", "name": "Name", "published": "Published",
        "visibility": "Visibility in catalog", "short": "Short description", "text": "Description",
        "in_stock": "In stock?", "stock": "Stock", "beyond": "Backorders allowed?",
        "weight": "Weight (lbs)", "sale": "Sale price", "price": "Regular price",
        "categories": "Categories", "tags": "Tags", "images": "Images", "parent": "Parent",
        "grouped": "Grouped products", "a1": "Attribute 1 name", "v1": "Attribute 1 value(s)",
        "a2": "Attribute 2 name", "v2": "Attribute 2 value(s)",
    }  # fmt: skip
    values = {names[key]: value for key, value in cells.items()}
    return [values.get(name, "") for name in HEADER]


TEE = row(
    type="variable", sku="tee", name="Tee", published="1", a1="Color", v1="Blue, Red",
    a2="Size", v2="L, M",
)  # fmt: skip


def variation(sku: str, color: str, size: str = "", **cells: str) -> list[str]:
    return row(
        **{
            "type": "variation", "sku": sku, "parent": "tee", "price": "20", "a1": "Color",
            "v1": color, "a2": "Size", "v2": size, **cells,
        }
    )  # fmt: skip


def test_a_simple_row_is_a_product_with_one_variant() -> None:
    done = plan(
        content(
            HEADER,
            row(
                type="simple",
                sku="mug",
                name="Mug",
                published="1",
                price="12.50",
                sale="10",
                text="Big\\nand blue",
                weight=".5",
                categories="Home > Kitchen, Gifts",
                tags="new, blue",
                in_stock="1",
                stock="4",
                a1="Color",
                v1="Blue",
            ),
        )
    )

    mug = drafts(done)["Mug"]
    assert results(done) == {2: "created"}
    assert (mug.status, mug.description, mug.tags) == (
        "published",
        "Big<br>and blue",
        ("new", "blue"),
    )
    assert [(it.name, it.value) for it in mug.attributes] == [("Color", "Blue")]
    assert mug.weight_g == 227
    assert [it.collection.name for it in done.steps if it.collection] == [
        "Home",
        "Kitchen",
        "Gifts",
    ]
    (variant,) = mug.variants
    assert variant.price is not None
    assert variant.price.sale is not None
    assert (variant.price.regular.amount_minor, variant.price.sale.amount_minor) == (1250, 1000)
    assert variant.stock is not None
    assert (variant.stock.tracked, variant.stock.on_hand) == (True, 4)


def test_variations_join_their_parent_wherever_they_stand() -> None:
    done = plan(content(HEADER, variation("t1", "Blue", "L"), TEE, variation("t2", "Red", "M")))

    tee = drafts(done)["Tee"]
    assert [(it.sku, it.option_values) for it in tee.variants] == [
        ("t1", ("Blue", "L")), ("t2", ("Red", "M")),
    ]  # fmt: skip
    assert [it.values for it in tee.options] == [("Blue", "Red"), ("L", "M")]


def test_a_blank_attribute_stands_for_each_of_its_values() -> None:
    done = plan(content(HEADER, TEE, variation("t-blue", "Blue"), variation("t-red", "Red", "M")))

    assert [(it.sku, it.option_values) for it in drafts(done)["Tee"].variants] == [
        ("t-blue-l", ("Blue", "L")), ("t-blue-m", ("Blue", "M")), ("t-red", ("Red", "M")),
    ]  # fmt: skip


def test_a_blank_attribute_cannot_count_stock() -> None:
    done = plan(
        content(HEADER, TEE, variation("t1", "Blue", stock="5"), variation("t2", "Red", "M"))
    )

    assert results(done) == {2: "created", 3: "refused", 4: "created"}
    assert codes(done) == {3: ["any-with-stock"]}


def test_a_grouped_row_is_a_collection_of_its_members() -> None:
    done = plan(
        content(
            HEADER,
            row(type="simple", sku="Cup", name="Cup", price="3"),
            row(type="simple", id="7", name="Pot", price="9"),
            row(type="grouped", sku="set", name="Tea set", grouped="cup, id:7, gone"),
        )
    )

    (step,) = [step for step in done.steps if step.collection]
    ids = {draft.name: step.product_id for step in done.steps if (draft := step.draft)}
    assert step.members == (ids["Cup"], ids["Pot"])
    assert codes(done) == {4: ["unknown-member"]}


def test_an_external_product_waits_as_a_draft() -> None:
    file = content(HEADER, row(type="external", sku="x", name="Flag", published="1", price="11"))
    shop = make.shop()

    done = plan(file, shop)

    assert (results(done), codes(done)) == ({2: "draft"}, {2: ["sold-elsewhere"]})
    assert drafts(done)["Flag"].status == "draft"
    assert results(plan(file, make.applied(done, shop))) == {2: "unchanged"}


def test_a_file_for_download_needs_no_delivery() -> None:
    done = plan(
        content(HEADER, row(type="simple, downloadable, virtual", name="Song", sku="s", price="1"))
    )

    assert drafts(done)["Song"].needs_delivery is False


def test_published_and_visible_say_the_status() -> None:
    done = plan(
        content(
            HEADER,
            row(name="On", sku="a", price="1", published="1"),
            row(name="Private", sku="b", price="1", published="0"),
            row(name="Draft", sku="c", price="1", published="-1"),
            row(name="Hidden", sku="d", price="1", published="1", visibility="hidden"),
        )
    )

    assert {name: str(it.status) for name, it in drafts(done).items()} == {
        "On": "published", "Private": "hidden", "Draft": "draft", "Hidden": "hidden",
    }  # fmt: skip


def test_a_product_without_price_is_a_draft_and_says_why() -> None:
    done = plan(content(HEADER, row(type="simple", sku="a", name="Tea", published="1")))

    assert (results(done), codes(done)) == ({2: "draft"}, {2: ["no-price"]})


def test_a_bad_row_does_not_stop_the_others() -> None:
    done = plan(
        content(
            HEADER,
            row(type="simple", sku="a", name="Tea", price="something invalid"),
            row(type="simple", sku="b", name="Jam", price="3.9999"),
            row(type="simple", sku="c", name="Bun", price="1"),
            row(type="simple", sku="C", name="Twin", price="1"),
            row(type="subscription", sku="d", name="Box", price="1"),
            row(type="simple", sku="e", price="1"),
            row(type="variation", sku="f", parent="nobody", price="1", a1="Color", v1="Red"),
            row(type="variation", sku="g", price="1", a1="Color", v1="Red"),
            [*row(type="simple", sku="h", name="Long", price="1"), "one too many"],
            row(type="simple", sku="i", name="x" * 151, price="1"),
            row(type="variable", sku="j", name="Alone", a1="Color", v1="Red"),
        )
    )

    assert {it for row_, it in results(done).items() if row_ != 4} == {"refused"}
    assert results(done)[4] == "created"
    assert codes(done) == {
        2: ["not-a-price"], 3: ["too-many-decimals"], 5: ["duplicate-sku"], 6: ["unknown-type"],
        7: ["no-name"], 8: ["no-such-parent"], 9: ["no-parent"], 10: ["too-many-cells"],
        11: ["name-too-long"], 12: ["no-variations"],
    }  # fmt: skip


def test_a_note_says_row_column_quote_and_a_sentence() -> None:
    done = plan(content(HEADER, row(type="simple", sku="a", name="Tea", price="x" * 100)))

    (said,) = make.reports(done)[2].notes
    assert (said.row, said.column, said.code) == (2, "Regular price", "not-a-price")
    assert said.quote == "x" * 59 + "…"
    assert said.sentence.endswith(".")


def test_a_sale_that_is_not_lower_or_is_over_is_left_out_and_noted() -> None:
    header = ["SKU", "Name", "Regular price", "Sale price", "Date sale price ends"]

    done = plan(
        content(header, ["a", "Tea", "10", "10", ""], ["b", "Jam", "10", "8", "2020-01-01"])
    )

    assert codes(done) == {2: ["sale-not-lower"], 3: ["sale-ended"]}
    assert all(
        it.price and it.price.sale is None for d in drafts(done).values() for it in d.variants
    )


def test_three_columns_are_enough_to_change_a_price_by_sku() -> None:
    shop = make.shop()
    shop = make.applied(
        plan(
            content(
                HEADER,
                row(type="external", sku="wp", name="Flag", published="1", price="11.05"),
                TEE,
                variation("t1", "Blue", "L"),
                variation("t2", "Red", "M"),
            ),
            shop,
        ),
        shop,
    )

    done = plan(
        content(
            ["Name", "SKU", "Regular price"],
            ["Flag", "wp", "20"],
            ["0", "", "something invalid"],
            ["Tee - Red", "T2", "25"],
        ),
        shop,
    )

    assert results(done) == {2: "updated", 3: "refused", 4: "updated"}
    changes = make.reports(done)[2].changes
    assert [(it.field, it.before, it.after) for it in changes] == [
        ("price", "11.05 USD", "20.00 USD")
    ]
    assert drafts(done)["Flag"].status == "draft"
    prices = [it.price.regular.amount_minor for it in drafts(done)["Tee"].variants if it.price]
    assert prices == [2000, 2500]


def test_rows_without_sku_and_id_find_what_they_made_but_never_a_namesake() -> None:
    shop = make.shop()
    file = content(HEADER, row(type="simple", name="Tea", price="3"))
    first = make.applied(plan(file, shop), shop)
    by_hand = make.applied(plan(content(["name", "price", "stock"], ["Tea", "9", "1"]), shop), shop)

    assert results(plan(file, first)) == {2: "unchanged"}
    assert results(plan(file, by_hand)) == {2: "created"}


def test_the_same_number_from_another_site_is_another_product() -> None:
    shop = make.shop()
    shop = make.applied(
        plan(content(HEADER, row(type="simple", id="44", sku="a", name="Tea", price="3")), shop),
        shop,
    )

    done = plan(content(HEADER, row(type="simple", id="44", sku="z", name="Rug", price="90")), shop)

    assert results(done) == {2: "created"}


def test_variations_of_a_second_file_find_their_parent_in_the_shop() -> None:
    shop = make.shop()
    shop = make.applied(plan(content(HEADER, TEE, variation("t1", "Blue", "L")), shop), shop)

    done = plan(content(HEADER, variation("t3", "Red", "XL")), shop)

    assert results(done) == {2: "created"}
    tee = drafts(done)["Tee"]
    assert [it.option_values for it in tee.variants] == [("Blue", "L"), ("Red", "XL")]
    assert tee.options[1].values == ("L", "M", "XL")
