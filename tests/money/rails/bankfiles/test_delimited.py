"""CSV, with the columns that each bank gives them."""

from dataclasses import replace
from datetime import date

import pytest

from kirana.money.rails import bankfiles
from kirana.money.rails.bankfiles import ColumnMap, StatementRefused
from kirana.values import Money

COLUMNS = ColumnMap(account="1", currency="EUR", booked_on="Date", amount="Amount", text="Text")
GERMAN = ColumnMap(
    account="1", currency="EUR", booked_on="Buchung", value_on="Valuta", amount="Betrag",
    direction="S/H", text="Zweck", counterparty="Name", counterparty_account="IBAN",
    end_to_end_id="E2E", date_format="%d.%m.%Y", decimal=",", delimiter=";",
    encoding="iso8859-1", lines_before_header=2,
)  # fmt: skip


def read(text: str, columns: ColumnMap = COLUMNS) -> list[bankfiles.BankLine]:
    return bankfiles.read(text.encode(columns.encoding), columns=columns).lines


def reason_of(text: str, columns: ColumnMap = COLUMNS) -> str:
    with pytest.raises(StatementRefused) as refusal:
        read(text, columns)
    reason: str = refusal.value.facts["reason"]
    return reason


def test_a_plain_file_is_read() -> None:
    [line] = read("\ufeffDate,Amount,Text\r\n2026-11-30,-12.5,Tea\r\n\r\n")

    assert (line.account, line.amount, line.text) == ("1", Money(-1250, "EUR"), "Tea")
    assert line.booked_on == date(2026, 11, 30)


def test_a_file_with_decimal_commas_and_a_column_for_the_sign_is_read() -> None:
    text = (
        "Umsätze\n\nBuchung;Valuta;Betrag;S/H;Zweck;Name;IBAN;E2E\n"
        '30.11.2026;01.12.2026;1.234,50;H;"Order 17; tea";Müller;BE72;7ZK2M9QX04TB\n'
        "30.11.2026;;3,10;S;;;;NOTPROVIDED\n"
    )

    came, went = read(text, GERMAN)

    assert (came.amount, came.counterparty, came.text) == (
        Money(123450, "EUR"), "Müller", "Order 17; tea",
    )  # fmt: skip
    assert (came.value_on, came.end_to_end_id) == (date(2026, 12, 1), "7ZK2M9QX04TB")
    assert (went.amount, went.value_on, went.end_to_end_id) == (Money(-310, "EUR"), None, None)


def test_a_file_with_a_column_for_each_direction_is_read() -> None:
    columns = replace(COLUMNS, amount=None, came="In", went="Out")

    lines = read(
        "Date,In,Out,Text\n2026-11-30,5.00,,a\n2026-11-30,,7.25,b\n2026-11-30,,-1,c", columns
    )

    assert [it.amount.amount_minor for it in lines] == [500, -725, -100]


@pytest.mark.parametrize(
    ("written", "minor"),
    [("1,234.50", 123450), ("1'234.50", 123450), ("+5", 500), ("-0.01", -1), ("1 234.5", 123450)],
)
def test_thousands_may_be_set_apart(written: str, minor: int) -> None:
    assert read(f'Date,Amount,Text\n2026-11-30,"{written}",x')[0].amount.amount_minor == minor


def test_equal_lines_are_told_apart_and_a_formula_is_just_text() -> None:
    row = "2026-11-30,3.00,=HYPERLINK(1)\n"

    lines = read("Date,Amount,Text\n" + row * 2)

    assert [it.text for it in lines] == ["=HYPERLINK(1)"] * 2
    assert len({it.line_hash for it in lines}) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Date,Text\n2026-11-30,x", "columns"),
        ("Date,Amount,Amount,Text\n2026-11-30,1,1,x", "columns"),
        ("Date,Amount,Text\n2026-11-30,1", "columns"),
        ("Date,Amount,Text\n30.11.2026,1,x", "date"),
        ("Date,Amount,Text\n2026-11-30,1.234,x", "amount"),
        ('Date,Amount,Text\n2026-11-30,"1,5",x', "amount"),
        ("Date,Amount,Text\n2026-11-30,,x", "amount"),
        ("Date,Amount,Text\n2026-11-30,NaN,x", "amount"),
        ("Date,Amount,Text\n2026-11-30,٣,x", "amount"),
        ('Date,Amount,Text\n2026-11-30,1,"x', "broken"),
        ("Date,Amount,Text\n2026-11-30,1," + "x" * 20_000, "too-long"),
        ("", "columns"),
    ],
)
def test_a_file_that_does_not_fit_its_columns_is_refused(text: str, reason: str) -> None:
    assert reason_of(text) == reason


def test_a_column_map_names_amounts_in_one_way() -> None:
    both = replace(COLUMNS, came="Amount")

    assert reason_of("Date,Amount,Text\n", both) == "columns"


def test_another_character_set_than_the_named_one_is_refused() -> None:
    with pytest.raises(StatementRefused) as refusal:
        bankfiles.read("Date,Amount,Text\n2026-11-30,1,Müller".encode("cp1252"), columns=COLUMNS)

    assert refusal.value.facts["reason"] == "charset"
