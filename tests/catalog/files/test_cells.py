from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.catalog.files.cells import (
    BadCell,
    is_barcode,
    join_escaped,
    plain_price,
    read_answer,
    read_count,
    read_grams,
    read_instant,
    read_list,
    read_money,
    read_signs,
    split_escaped,
    write_list,
)
from kirana.values import Money


@pytest.mark.parametrize(
    ("numbers", "sign"),
    [
        (["1.234,56"], ","),
        (["1,234.56"], "."),
        ([".5"], "."),
        (["10.00 USD"], "."),
        (["5,5", "1.234"], ","),
        (["5.5", "1,234"], "."),
        (["1.234.567"], ","),
        (["1,20,000"], "."),
        (["0,125"], ","),
        (["1234,567"], ","),
        (["1'234.50"], "."),
        (["1 234,50 €"], ","),
        (["٣٫٥"], ","),
        (["12", "20"], "."),
        (["1,234"], None),
        (["1.250"], None),
        (["5,5", "5.5"], None),
        (["something", "12.3.4", ""], "."),
    ],
)
def test_the_decimal_sign_comes_from_all_numbers_or_is_asked_for(
    numbers: list[str], sign: str | None
) -> None:
    assert read_signs(numbers).decided == sign


@pytest.mark.parametrize(
    ("written", "sign", "minor"),
    [
        ("1.234,56", ",", 123456),
        ("1,234.56", ".", 123456),
        (".5", ".", 50),
        ("10.00 USD", ".", 1000),
        ("USD 10", ".", 1000),
        ("$1,234.50", ".", 123450),
        ("1 234,50", ",", 123450),
        ("1'234.50", ".", 123450),
        ("1,20,000.00", ".", 12000000),
        ("1,234", ".", 123400),
        ("1,230", ",", 123),
        ("2.5000", ".", 250),
        ("100.", ".", 10000),
        ("0", ".", 0),
    ],
)
def test_a_price_is_read_exactly(written: str, sign: str, minor: int) -> None:
    assert read_money(written, sign, "USD") == Money(minor, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("something invalid", "not-a-price"),
        ("1.2.3", "not-a-price"),
        ("1,2,3", "not-a-price"),
        ("12e5", "not-a-price"),
        ("5.00 per kg", "not-a-price"),
        (".", "not-a-price"),
        ("1,23", "not-a-price"),
        ("-5", "negative-price"),
        ("1.239", "too-many-decimals"),
        ("999999999999999999", "price-too-large"),
    ],
)
def test_what_is_no_price_is_refused_and_not_guessed(written: str, code: str) -> None:
    with pytest.raises(BadCell) as refused:
        read_money(written, ".", "USD")

    assert refused.value.code == code


def test_a_price_in_another_currency_is_no_price_here() -> None:
    assert read_money("10.00 EUR", ".", "USD") is None
    assert read_money("€10", ".", "USD") is None
    assert read_money("₹ 500", ".", "INR") == Money(50000, "INR")
    assert read_money("Rs.500", ".", "INR") == Money(50000, "INR")


def test_a_currency_without_cents_takes_no_cents() -> None:
    assert read_money("1500", ".", "JPY") == Money(1500, "JPY")
    assert read_money("1500.00", ".", "JPY") == Money(1500, "JPY")
    with pytest.raises(BadCell, match="too-many-decimals"):
        read_money("1500.50", ".", "JPY")


@given(st.integers(0, 10**12), st.sampled_from(["USD", "JPY", "KWD", "INR"]))
def test_a_written_price_reads_back(minor: int, code: str) -> None:
    amount = Money(minor, code)

    assert read_money(plain_price(amount), ".", code) == amount


@given(st.integers(0, 10**9), st.sampled_from([".", ","]))
def test_a_grouped_price_is_never_a_hundred_times_off(minor: int, sign: str) -> None:
    group = "," if sign == "." else "."
    written = f"{minor // 100:,}".replace(",", group) + f"{sign}{minor % 100:02d}"

    assert read_signs([written]).decided == sign
    assert read_money(written, sign, "EUR") == Money(minor, "EUR")


@given(st.text(max_size=40))
def test_no_cell_makes_a_reader_fail(written: str) -> None:
    read_signs([written])
    for read in (
        lambda: read_money(written, ".", "USD"),
        lambda: read_count(written, ","),
        lambda: read_grams(written, ".", "kg"),
        lambda: read_instant(written, ZoneInfo("Asia/Kolkata")),
        lambda: read_answer(written),
    ):
        try:
            read()
        except BadCell:
            continue


def test_stock_is_a_whole_number() -> None:
    assert read_count("8", ".") == 8
    assert read_count("8.0", ".") == 8
    assert read_count("-2", ".") == -2
    with pytest.raises(BadCell, match="not-a-whole-number"):
        read_count("1.5", ".")


@pytest.mark.parametrize(
    ("written", "unit", "grams"),
    [(".5", "kg", 500), (".5", "lbs", 227), ("8", "oz", 227), ("250", "g", 250)],
)
def test_weights_are_grams(written: str, unit: str, grams: int) -> None:
    assert read_grams(written, ".", unit) == grams


def test_a_weight_in_an_unknown_unit_is_not_guessed() -> None:
    with pytest.raises(BadCell, match="weight-unit"):
        read_grams("3", ".", "stone")


def test_a_date_is_in_the_zone_of_the_shop_unless_it_says_otherwise() -> None:
    zone = ZoneInfo("Asia/Kolkata")

    def at(*when: int) -> int:
        return round(datetime(*when, tzinfo=zone).timestamp() * 1000)  # type: ignore[arg-type,misc]

    assert read_instant("2030-01-01", zone) == at(2030, 1, 1)
    assert read_instant("2030-01-01", zone, end_of_day=True) == at(2030, 1, 2)
    assert read_instant("2030-01-01 0:00:00", zone, end_of_day=True) == at(2030, 1, 1)
    assert read_instant("2030-01-01T05:30:00+05:30", ZoneInfo("UTC")) == at(2030, 1, 1, 5, 30)
    assert read_instant("2030-01-01T00:00:00Z", zone) == at(2030, 1, 1, 5, 30)
    for nonsense in ("soon", "2030-13-01", "2030-02-30", "01/02/2030"):
        with pytest.raises(BadCell, match="not-a-date"):
            read_instant(nonsense, zone)


def test_answers_are_understood_in_several_languages() -> None:
    assert [read_answer(it) for it in ("1", "Yes", "ja", "FALSE", "non")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    with pytest.raises(BadCell, match="not-an-answer"):
        read_answer("perhaps")


def test_a_barcode_has_a_right_check_digit() -> None:
    assert is_barcode("4006381333931")
    assert not is_barcode("4006381333932")
    assert not is_barcode("8.80609E+12")


def test_a_comma_after_a_backslash_belongs_to_its_part() -> None:
    assert read_list(r"Blue, Green\, dark , ,Red") == ("Blue", "Green, dark", "Red")
    assert write_list(("Blue", "Green, dark")) == r"Blue, Green\, dark"


parts = st.lists(st.text().map(str.strip).filter(bool))


@given(parts)
def test_a_list_in_a_cell_reads_back(written: list[str]) -> None:
    assert split_escaped(join_escaped(written, ","), ",") == tuple(written)
