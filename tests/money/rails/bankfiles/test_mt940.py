"""Statements in tagged lines."""

from datetime import date

import pytest

from kirana.money.rails import bankfiles
from kirana.values import Money

from .make import ACCOUNT, mt940
from .test_camt import reason_of

SWIFT = ":61:2611301130C12,50NTRFNONREF//BANK1"
GERMAN = (
    ":86:166?00GUTSCHRIFT?20EREF+7ZK2M9QX04TB?21SVWZ+Order 17 and?22 more?30GKCCBEBB"
    "?31BE72000000001616?32Ravi?33 Rao"
)
DUTCH = ":86:/EREF/7ZK2M9QX04TB//IBAN/BE72000000001616/NAME/Ravi Rao/REMI/USTD//Order 17/"


def test_a_booking_with_german_subfields_is_read() -> None:
    [line] = bankfiles.read(mt940(SWIFT, GERMAN)).lines

    assert (line.account, line.amount) == (ACCOUNT, Money(1250, "EUR"))
    assert (line.booked_on, line.value_on) == (date(2026, 11, 30), date(2026, 11, 30))
    assert (line.end_to_end_id, line.text) == ("7ZK2M9QX04TB", "Order 17 and more")
    assert (line.counterparty, line.counterparty_account) == ("Ravi Rao", "BE72000000001616")
    assert (line.bank_reference, line.references) == ("BANK1", ())


def test_a_booking_with_slashed_words_is_read() -> None:
    [line] = bankfiles.read(mt940(SWIFT, DUTCH)).lines

    assert (line.end_to_end_id, line.counterparty) == ("7ZK2M9QX04TB", "Ravi Rao")
    assert line.text == "Order 17"


def test_plain_text_of_several_lines_is_kept() -> None:
    [line] = bankfiles.read(mt940(SWIFT, ":86:Order 17\r\nThank you")).lines

    assert line.text == "Order 17 Thank you"


@pytest.mark.parametrize(
    ("mark", "minor", "closing"),
    [("C", 1250, "C261130EUR112,50"), ("D", -1250, "C261130EUR87,50"),
     ("RC", -1250, "C261130EUR87,50"), ("RD", 1250, "C261130EUR112,50")],
)  # fmt: skip
def test_a_reversal_turns_the_sign(mark: str, minor: int, closing: str) -> None:
    file = bankfiles.read(mt940(f":61:261130{mark}12,50NTRF17", closing=closing))

    assert file.warnings == ()
    assert [(it.amount.amount_minor, it.is_reversal) for it in file.lines] == [
        (minor, mark.startswith("R"))
    ]


def test_a_booking_about_new_year_is_booked_in_the_right_year() -> None:
    booked = [":61:2612310102C5,NTRF1", ":61:2701021231C7,5NTRF2"]

    lines = bankfiles.read(mt940(*booked)).lines

    assert [it.booked_on for it in lines] == [date(2027, 1, 2), date(2026, 12, 31)]
    assert [it.amount.amount_minor for it in lines] == [500, 750]


def test_several_statements_in_one_file_are_read() -> None:
    assert len(bankfiles.read(mt940(SWIFT) + b"\r\n" + mt940(SWIFT)).lines) == 2


def test_lines_that_miss_the_balances_are_warned_of() -> None:
    assert bankfiles.read(mt940(closing="C261130EUR100,01")).warnings


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mt940(":61:261130C12.50NTRF1"), "broken"),
        (mt940(":61:nonsense"), "broken"),
        (mt940(":61:261330C12,50NTRF1"), "date"),
        (mt940(":61:2611309930C12,50NTRF1"), "date"),
        (mt940(":61:261130C12,505NTRF1"), "amount"),
        (mt940(opening="nothing"), "balance"),
        (mt940(SWIFT, ":86:M\u00fcller").decode().encode("iso8859-1"), "charset"),
        (b":20:X\r\n:60F:C261129EUR1,\r\n:62F:C261129EUR1,\r\n", "account"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_file_that_cannot_be_trusted_is_refused(content: bytes, reason: str) -> None:
    assert reason_of(content) == reason


def test_another_character_set_is_read_when_it_is_named() -> None:
    content = mt940(SWIFT, ":86:Müller").decode().encode("iso8859-1")

    assert bankfiles.read(content, encoding="iso8859-1").lines[0].text == "Müller"


def test_a_currency_without_decimals_is_exact() -> None:
    content = mt940(":61:261130C1500,NTRF1", opening="C261129JPY0,", closing="C261130JPY1500,")

    assert bankfiles.read(content).lines[0].amount == Money(1500, "JPY")
