from . import make
from .make import codes, content, drafts, plan, results

HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Variant SKU", "Variant Grams", "Variant Inventory Tracker",
    "Variant Inventory Qty", "Variant Inventory Policy", "Variant Price",
    "Variant Compare At Price", "Variant Requires Shipping", "Variant Barcode", "Image Src",
    "Status",
]  # fmt: skip
NAMES = {
    "handle": "Handle", "title": "Title", "body": "Body (HTML)", "vendor": "Vendor",
    "kind": "Type", "tags": "Tags", "published": "Published", "option": "Option1 Name",
    "value": "Option1 Value", "sku": "Variant SKU", "grams": "Variant Grams",
    "tracker": "Variant Inventory Tracker", "quantity": "Variant Inventory Qty",
    "policy": "Variant Inventory Policy", "price": "Variant Price",
    "before": "Variant Compare At Price", "ships": "Variant Requires Shipping",
    "barcode": "Variant Barcode", "image": "Image Src", "status": "Status",
}  # fmt: skip


def row(**cells: str) -> list[str]:
    values = {NAMES[key]: value for key, value in cells.items()}
    return [values.get(name, "") for name in HEADER]


def test_rows_of_one_handle_are_one_product() -> None:
    done = plan(
        content(
            HEADER,
            row(
                handle="gloves",
                title="Gloves",
                body="<p>Two<br>lines</p><script>x</script>",
                option="Color",
                value="Green",
                price="9.99",
                published="true",
                image="http://p/1",
            ),
            row(handle="gloves", value="Yellow", price="15.99", image="http://p/2"),
            row(handle="gloves", image="http://p/3"),
        )
    )

    gloves = drafts(done)["Gloves"]
    assert results(done) == {2: "created", 3: "created", 4: "created"}
    assert gloves.slug == "gloves"
    assert gloves.description == "<p>Two<br>lines</p>"
    assert [it.option_values for it in gloves.variants] == [("Green",), ("Yellow",)]
    assert [wish.url for step in done.steps for wish in step.wishes] == [
        "http://p/1", "http://p/2", "http://p/3",
    ]  # fmt: skip


def test_the_default_title_is_no_option() -> None:
    done = plan(
        content(
            HEADER, row(handle="mug", title="Mug", option="Title", value="Default Title", price="5")
        )
    )

    assert drafts(done)["Mug"].options == ()


def test_compare_at_above_the_price_is_the_price_and_the_other_a_sale() -> None:
    done = plan(
        content(
            HEADER,
            row(handle="a", title="A", price="8", before="10"),
            row(handle="b", title="B", price="8", before="8"),
            row(handle="c", title="C", price="8", before="0"),
        )
    )

    prices = {name: it.variants[0].price for name, it in drafts(done).items()}
    minor = {
        name: (price.regular.amount_minor, price.sale and price.sale.amount_minor)
        for name, price in prices.items()
        if price
    }
    assert minor == {"A": (1000, 800), "B": (800, None), "C": (800, None)}


def test_a_sale_ends_when_the_file_has_none_any_more() -> None:
    shop = make.shop()
    shop = make.applied(
        plan(content(HEADER, row(handle="a", title="A", price="8", before="10")), shop), shop
    )

    done = plan(content(HEADER, row(handle="a", title="A", price="10")), shop)

    price = drafts(done)["A"].variants[0].price
    assert price is not None
    assert (price.regular.amount_minor, price.sale) == (1000, None)


def test_only_a_tracker_makes_stock_counted() -> None:
    done = plan(
        content(
            HEADER,
            row(handle="a", title="A", price="8", tracker="shopify", quantity="8", policy="deny"),
            row(handle="b", title="B", price="8", quantity="6"),
            row(handle="c", title="C", price="8", tracker="shopify", quantity="-3", policy="deny"),
            row(
                handle="d",
                title="D",
                price="8",
                tracker="shopify",
                quantity="-3",
                policy="continue",
            ),
        )
    )

    stocks = {name: it.variants[0].stock for name, it in drafts(done).items()}
    assert {n: (s.tracked, s.on_hand, s.sell_beyond) for n, s in stocks.items() if s} == {
        "A": (True, 8, False), "B": (False, 0, False), "C": (True, 0, False), "D": (True, 0, True),
    }  # fmt: skip
    assert codes(done) == {
        3: ["quantity-not-counted"], 4: ["negative-stock"], 5: ["negative-stock"],
    }  # fmt: skip


def test_status_and_published_say_who_may_see_it() -> None:
    done = plan(
        content(
            HEADER,
            row(handle="a", title="A", price="8", published="true", status="active"),
            row(handle="b", title="B", price="8", published="false", status="active"),
            row(handle="c", title="C", price="8", published="true", status="draft"),
            row(handle="d", title="D", price="8", published="true", status="archived"),
        )
    )

    assert {name: str(it.status) for name, it in drafts(done).items()} == {
        "A": "published", "B": "hidden", "C": "draft", "D": "hidden",
    }  # fmt: skip


def test_a_bad_first_row_takes_its_product_along_and_no_other() -> None:
    done = plan(
        content(
            HEADER,
            row(handle="a", title="A", option="Size", value="S", price="cheap"),
            row(handle="a", value="M", price="5"),
            row(handle="b", title="B", option="Size", value="S", price="5"),
            row(handle="b", value="", price="5"),
            row(handle="b", value="s", price="6"),
            row(title="No handle", price="5"),
        )
    )

    assert codes(done) == {
        2: ["not-a-price"], 3: ["parent-refused"], 5: ["option-missing"],
        6: ["duplicate-variant"], 7: ["no-handle"],
    }  # fmt: skip
    assert [it.option_values for it in drafts(done)["B"].variants] == [("S",)]


def test_a_bad_barcode_is_left_out_and_noted() -> None:
    done = plan(content(HEADER, row(handle="a", title="A", price="8", barcode="8.80609E+12")))

    assert (results(done), codes(done)) == ({2: "created"}, {2: ["bad-barcode"]})


def test_a_second_import_of_the_file_changes_nothing() -> None:
    shop = make.shop()
    file = content(
        HEADER,
        row(handle="gloves", title="Gloves", vendor="Us", kind="Garden", tags="a, b",
            option="Color", value="Green", price="9.99", published="true", image="http://p/1",
            grams="120"),
        row(handle="gloves", value="Yellow", price="5", before="15.99", image="http://p/2"),
    )  # fmt: skip
    first = plan(file, shop)

    second = plan(file, make.applied(first, shop))

    assert set(results(second).values()) == {"unchanged"}
    assert not any(step.does_something for step in second.steps)
