"""Statements in XML."""

from datetime import date

import pytest

from kirana.money.rails import bankfiles
from kirana.money.rails.bankfiles import StatementRefused, xml
from kirana.values import Money

from .make import ACCOUNT, camt, detail, entry


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def reason_of(content: bytes) -> str:
    with pytest.raises(StatementRefused) as refusal:
        bankfiles.read(content)
    reason: str = refusal.value.facts["reason"]
    return reason


@pytest.mark.parametrize("version", ["053.001.02", "053.001.08", "054.001.08"])
def test_a_booking_says_who_paid_what_and_why(version: str) -> None:
    details = detail(end_to_end="7ZK2M9QX04TB", text="Order 17")

    [line] = bankfiles.read(camt(entry(details=details), version=version)).lines

    assert (line.account, line.amount, line.bank_reference) == (ACCOUNT, eur(1250), "BANK1")
    assert (line.booked_on, line.value_on) == (date(2026, 11, 30), date(2026, 12, 1))
    assert (line.end_to_end_id, line.text) == ("7ZK2M9QX04TB", "Order 17")
    assert (line.counterparty, line.counterparty_account) == ("Ravi", "BE72000000001616")


def test_a_debit_is_below_zero() -> None:
    [line] = bankfiles.read(camt(entry("3.10", direction="DBIT"))).lines

    assert line.amount == eur(-310)


def test_an_older_version_names_parties_and_status_in_another_place() -> None:
    details = (
        "<TxDtls><RltdPties><Dbtr><Nm>Ravi</Nm></Dbtr></RltdPties><RmtInf><Strd><CdtrRefInf>"
        "<Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    )

    [line] = bankfiles.read(camt(entry(details=details, status="<Sts>BOOK</Sts>"))).lines

    assert (line.counterparty, line.references) == ("Ravi", ("RF18539007547034",))


def test_what_is_not_booked_yet_is_left_out() -> None:
    pending = entry(status="<Sts><Cd>PDNG</Cd></Sts>"), entry(status="<Sts>PDNG</Sts>")

    assert bankfiles.read(camt(*pending)).lines == []


def test_a_batch_gives_a_line_for_each_of_its_parts() -> None:
    details = detail("5.00", end_to_end="A") + detail("7.50", end_to_end="B", name="Meera")

    lines = bankfiles.read(camt(entry(details=details))).lines

    assert [(it.amount, it.end_to_end_id, it.counterparty) for it in lines] == [
        (eur(500), "A", "Ravi"),
        (eur(750), "B", "Meera"),
    ]
    assert len({it.line_hash for it in lines}) == 2


def test_a_batch_whose_parts_have_no_amounts_is_one_line() -> None:
    assert [it.amount for it in bankfiles.read(camt(entry(details=detail() * 3))).lines] == [
        eur(1250)
    ]


def test_a_batch_that_does_not_add_up_is_refused() -> None:
    assert reason_of(camt(entry(details=detail("5.00") + detail("7.49")))) == "sum"


REVERSED = "<RvslInd>true</RvslInd>"


def test_a_reversal_is_marked_and_has_the_sign_of_its_own_booking() -> None:
    content = camt(entry(direction="DBIT", more=REVERSED), balances=("100.00", "87.50"))

    [line] = bankfiles.read(content).lines

    assert (line.is_reversal, line.amount) == (True, eur(-1250))


def test_the_indicator_turns_the_sign_where_only_that_meets_the_balances() -> None:
    content = camt(entry("1.00"), entry(more=REVERSED), balances=("100.00", "88.50"))

    file = bankfiles.read(content)

    assert [it.amount for it in file.lines] == [eur(100), eur(-1250)]
    assert file.warnings == ()


def test_lines_that_miss_the_balances_are_warned_of() -> None:
    file = bankfiles.read(camt(entry(), balances=("0.00", "12.51")))

    assert len(file.warnings) == 1


def test_the_same_booking_in_overlapping_files_has_the_same_hash() -> None:
    first, second = entry(reference=""), entry("1.00", reference="")

    one = bankfiles.read(camt(first)).lines
    both = bankfiles.read(camt(first, second)).lines

    assert one[0].line_hash == both[0].line_hash != both[1].line_hash


def test_equal_lines_of_one_day_are_told_apart() -> None:
    lines = bankfiles.read(camt(*[entry(reference="")] * 3)).lines

    assert [it.index for it in lines] == [0, 1, 2]
    assert len({it.line_hash for it in lines}) == 3
    again = bankfiles.read(camt(*[entry(reference="")] * 3)).lines
    assert [it.line_hash for it in again] == [it.line_hash for it in lines]


def test_a_word_for_no_reference_is_none() -> None:
    [line] = bankfiles.read(camt(entry(reference="NONREF", details=detail()))).lines

    assert (line.bank_reference, line.end_to_end_id) == (None, None)


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<Document><BkToCstmrStmt><Stmt>&b;</Stmt></BkToCstmrStmt></Document>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<Document><BkToCstmrStmt><Stmt>&x;</Stmt></BkToCstmrStmt></Document>"""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAUGHS, "doctype"),
        (OUTSIDE, "doctype"),
        (b"<BkToCstmrStmt>" + b"<a>" * 60 + b"</a>" * 60 + b"</BkToCstmrStmt>", "too-deep"),
        (camt(entry())[:-20], "broken"),
        (camt(entry()).replace(b"Ccy='EUR'", b"Ccy='XXX'"), "currency"),
        (camt(entry("12.505")), "amount"),
        (camt(entry("1e2")), "amount"),
        (camt(entry("NaN")), "amount"),
        (camt(entry("9" * 30)), "amount"),
        (camt(entry(direction="BOTH")), "direction"),
        (camt(entry(on="2026-02-30")), "date"),
        (camt(entry()).replace(ACCOUNT.encode(), b""), "account"),
        (camt(entry()).replace(b"BOOK", b"B\xd6OK"), "charset"),
        (camt(entry()).replace(b"'UTF-8'", b"'KLINGON'"), "charset"),
        (b"<Document><BkToCstmrOther/></Document>", "no-statement"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_file_that_cannot_be_trusted_is_refused(content: bytes, reason: str) -> None:
    assert reason_of(content) == reason


def test_a_file_of_50_megabytes_is_refused_before_it_is_read() -> None:
    assert reason_of(b"<BkToCstmrStmt>" + b" " * (50 << 20)) == "too-large"


def test_a_file_in_the_character_set_that_it_names_is_read() -> None:
    text = camt(entry(details=detail(name="Müller"))).decode().replace("UTF-8", "ISO-8859-1")

    [line] = bankfiles.read(text.encode("iso8859-1")).lines

    assert line.counterparty == "Müller"


def test_depth_is_counted_and_not_only_size() -> None:
    deep = b"<a>" * xml.MAX_DEPTH + b"</a>" * xml.MAX_DEPTH

    assert xml.parse(deep).name == "a"
