"""Statements of American banks."""

from datetime import date

import pytest

from kirana.money.rails import bankfiles
from kirana.values import Money

from .make import OFX
from .test_camt import reason_of


def test_tags_without_ends_are_read() -> None:
    first, second = bankfiles.read(OFX.encode("cp1252")).lines

    assert (first.account, first.amount, first.booked_on) == (
        "12345", Money(1250, "USD"), date(2026, 11, 30),
    )  # fmt: skip
    assert (first.counterparty, first.text, first.bank_reference) == ("Ravi & Sons", "Café", "F1")
    assert (second.amount, second.references) == (Money(-310, "USD"), ("77",))


def test_the_newer_form_in_xml_is_read() -> None:
    body = OFX.partition("<OFX>")[2].replace("<CURDEF>USD", "<CURDEF>USD</CURDEF>")
    content = f'<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200"?><OFX>{body}'.encode()

    assert [it.bank_reference for it in bankfiles.read(content).lines] == ["F1", "F2"]


@pytest.mark.parametrize(
    ("change", "to", "reason"),
    [
        ("<TRNAMT>12.50", "<TRNAMT>12.505", "amount"),
        ("<TRNAMT>12.50", "<TRNAMT>1e2", "amount"),
        ("<TRNAMT>12.50", "", "broken"),
        ("<DTPOSTED>20261130120000", "<DTPOSTED>20261330", "date"),
        ("<CURDEF>USD", "<CURDEF>XXX", "currency"),
        ("<ACCTID>12345", "", "no-statement"),
        ("CHARSET:1252", "CHARSET:KLINGON", "charset"),
        ("<OFX>", '<!DOCTYPE d [<!ENTITY a "ha">]><OFX>', "doctype"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(change: str, to: str, reason: str) -> None:
    assert reason_of(OFX.replace(change, to, 1).encode("cp1252")) == reason


def test_a_file_that_ends_within_a_booking_is_refused() -> None:
    assert reason_of(OFX[: OFX.index("</STMTTRN>")].encode("cp1252")) == "broken"
