"""What a product is, without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.catalog.model import (
    Attribute,
    Flaw,
    Option,
    Price,
    ProductDraft,
    Stock,
    StockDraft,
    Text,
    VariantDraft,
    flaws_of,
    is_gtin,
    plain_text,
    safe_html,
    sku_key,
    slug_choices,
    slug_of,
    tidy,
)
from kirana.values import Money, VariantId, uuid7


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def variant(**more: object) -> VariantDraft:
    return VariantDraft(VariantId(uuid7()), **more)  # type: ignore[arg-type]


def codes(flaws: list[Flaw]) -> list[tuple[str, str]]:
    return [(flaw.field, flaw.code) for flaw in flaws]


def test_a_sale_counts_from_its_first_instant_to_its_last_but_not_at_its_end() -> None:
    price = Price(inr(200), inr(150), sale_starts_at=1_000, sale_ends_at=2_000)

    assert [price.at(now).amount_minor for now in (999, 1_000, 1_999, 2_000)] == [
        200,
        150,
        150,
        200,
    ]


def test_a_sale_without_borders_counts_always() -> None:
    assert Price(inr(200), inr(0)).at(0) == inr(0)


@pytest.mark.parametrize("sale", [200, 201])
def test_a_sale_that_is_not_lower_is_ignored(sale: int) -> None:
    price = Price(inr(200), inr(sale))

    assert price.at(5) == inr(200)
    assert price.is_sale_pointless
    assert not price.is_reduced_at(5)


@given(st.integers(0, 10), st.integers(0, 10), st.booleans(), st.booleans())
def test_available_is_never_negative_and_unlimited_only_when_nobody_counts(
    on_hand: int, held: int, tracked: bool, sell_beyond: bool
) -> None:
    stock = Stock(tracked=tracked, on_hand=on_hand, held=held, sell_beyond=sell_beyond)

    if tracked and not sell_beyond:
        assert stock.available == max(on_hand - held, 0)
    else:
        assert stock.available is None
    assert stock.is_available == (stock.available is None or stock.available > 0)


@pytest.mark.parametrize(
    "digits", ["4006381333931", "96385074", "036000291452", "00012345600012", "9780306406157"]
)
def test_a_right_check_digit_is_a_barcode(digits: str) -> None:
    assert is_gtin(digits)


@pytest.mark.parametrize(
    "digits", ["4006381333932", "4.00638E+12", "", "123", "٤٠٠٦٣٨١٣٣٣٩٣١", "40063813339310", "abc"]
)
def test_anything_else_is_no_barcode(digits: str) -> None:
    assert not is_gtin(digits)


@given(st.integers(0, 10**12 - 1), st.integers(0, 9))
def test_exactly_one_check_digit_fits(body: int, wrong: int) -> None:
    fitting = [digit for digit in range(10) if is_gtin(f"{body:012}{digit}")]

    assert len(fitting) == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Assam Black Tea", "assam-black-tea"),
        ("  Crème   brûlée! ", "creme-brulee"),
        ("Straße & Łódź", "strasse-lodz"),
        ("Asha's 100% cotton", "ashas-100-cotton"),
        ("चाय मसाला", "चाय-मसाला"),
        ("Йогурт", "иогурт"),
        ("茶", "茶"),
        ("!!!", "product"),
        ("a_b/c?d", "a-b-c-d"),
    ],
)
def test_a_slug_keeps_the_letters_of_every_script(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text(max_size=200))
def test_a_slug_is_short_and_stays_as_it_is(name: str) -> None:
    slug = slug_of(name)

    assert slug
    assert len(slug) <= 80
    assert slug_of(slug) == slug


def test_other_slugs_are_tried_until_one_is_nobody_elses() -> None:
    id_ = uuid7()

    choices = list(slug_choices("tea", id_))

    assert choices[:3] == ["tea", "tea-2", "tea-3"]
    assert choices[-1] == f"tea-{id_.hex}"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<p onclick='x()'>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
        ("<script>alert(1)</script>Tea", "Tea"),
        ("<a href='javascript:x'>x</a>", '<a rel="nofollow noopener">x</a>'),
        (
            '<a href="https://example.org" target=_blank>x</a>',
            '<a href="https://example.org" rel="nofollow noopener">x</a>',
        ),
        ("<img src=x onerror=alert(1)>Tea", "Tea"),
        ("<iframe src='https://evil'></iframe>", ""),
        ("one\ntwo\r\nthree", "one<br>two<br>three"),
        ("Salt & pepper < 5", "Salt &amp; pepper &lt; 5"),
        ("<!-- secret --><style>p{}</style><p>Tea", "<p>Tea</p>"),
    ],
)
def test_only_harmless_html_stays(written: str, kept: str) -> None:
    assert safe_html(written) == kept


@given(st.text(max_size=80))
def test_cleaning_html_twice_changes_nothing_more(written: str) -> None:
    assert safe_html(safe_html(written)) == safe_html(written)


def test_a_description_has_words_without_its_html() -> None:
    assert plain_text("<p>Salt &amp; pepper</p><ul><li>one</li><li>two</li></ul>") == (
        "Salt & pepper one two"
    )


def test_two_spellings_of_a_sku_are_the_same() -> None:
    assert sku_key("Tea-Å") == sku_key("TEA-Å")


def test_tidying_twice_changes_nothing_more() -> None:
    draft = ProductDraft(
        name="  Tea\n ",
        variants=(variant(sku=" A 1 ", barcode="4006381 333931", option_values=(" L ",)),),
        description="one\ntwo",
        slug="My Tea",
        options=(Option(" Size ", ("L", " L ", "M")),),
        tags=("Tea", "tea", "", " Hot "),
        attributes=(Attribute(" Origin ", " Assam "),),
        texts={"hi": Text("चाय", "<b>x"), "de": Text("Tee")},
        picture_ids=("a", "b", "a"),
    )

    once = tidy(draft)

    assert tidy(once) == once
    assert (once.name, once.slug, once.tags) == ("Tea", "my-tea", ("Tea", "Hot"))
    assert once.options == (Option("Size", ("L", "M")),)
    assert once.variants[0].barcode == "4006381333931"
    assert once.picture_ids == ("a", "b")


def test_a_plain_product_has_no_flaw() -> None:
    draft = ProductDraft("Tea", (variant(price=Price(inr(100))),))

    assert flaws_of(draft, "INR") == []


def test_every_flaw_is_told_at_once() -> None:
    draft = ProductDraft(
        name="x" * 151,
        options=(Option("Size", ("S", "M")), Option("size", ())),
        variants=(
            variant(option_values=("S",), sku="A", price=Price(Money(1, "USD"))),
            variant(option_values=("S", "x"), sku="a", barcode="123"),
        ),
        weight_g=-1,
    )

    assert codes(flaws_of(draft, "INR")) == [
        ("name", "too-long"),
        ("weight_g", "range"),
        ("options[1].values", "missing"),
        ("options", "twice"),
        ("variants[0].option_values", "options"),
        ("variants[0].price", "currency"),
        ("variants[1].option_values", "options"),
        ("variants[1].sku", "twice"),
        ("variants[1].barcode", "not-a-barcode"),
    ]


def test_a_product_has_limits() -> None:
    values = tuple(str(i) for i in range(100))
    draft = ProductDraft(
        "Tea",
        tuple(variant(option_values=(values[i % 100], "a", str(i // 100))) for i in range(251)),
        options=(Option("A", values), Option("B", ("a",)), Option("C", ("0", "1", "2"))),
        picture_ids=tuple(str(i) for i in range(21)),
    )

    assert codes(flaws_of(draft, "INR")) == [
        ("picture_ids", "too-many"),
        ("variants", "too-many"),
    ]
    assert flaws_of(replace(draft, variants=draft.variants[:250], picture_ids=()), "INR") == []


def test_two_variants_cannot_be_the_same_choice() -> None:
    draft = ProductDraft(
        "Tea",
        (variant(option_values=("S",)), variant(option_values=("S",))),
        options=(Option("Size", ("S",)),),
    )

    assert codes(flaws_of(draft, "INR")) == [("variants[1].option_values", "twice")]


def test_a_price_is_not_negative_and_has_one_currency() -> None:
    draft = ProductDraft(
        "Tea",
        (
            variant(price=Price(inr(-1))),
            variant(price=Price(inr(5), Money(3, "USD"))),
            variant(price=Price(inr(5)), other_prices=(Price(inr(4)),)),
        ),
    )

    found = codes(flaws_of(draft, "INR"))

    assert ("variants[0].price", "negative") in found
    assert ("variants[1].price", "currency") in found
    assert ("variants[2].other_prices", "twice") in found


def test_a_count_is_zero_or_more() -> None:
    draft = ProductDraft("Tea", (variant(stock=StockDraft(on_hand=-1, low_at=-2)),))

    assert codes(flaws_of(draft, "INR")) == [
        ("variants[0].stock.on_hand", "range"),
        ("variants[0].stock.low_at", "range"),
    ]
