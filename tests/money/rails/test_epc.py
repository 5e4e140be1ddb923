"""Bank transfers in euros."""

import pytest
from hypothesis import given

from kirana.money.rails import CodeRefused, epc, read
from kirana.money.rails.check_digits import rf_of
from kirana.money.rails.epc.code import read_code, write_code
from kirana.platform.problems import InvalidInput
from kirana.values import Money

from .make import REFERENCE, epc_codes
from .test_emv import reason_of

LINES = ["BCD", "002", "1", "SCT", "", "Asha", "BE72000000001616", "EUR1"]


def code(*, end: str = "\n", more: tuple[str, ...] = (), **changed: str) -> str:
    """A good code, with lines changed by their number from 0."""
    lines = list(LINES)
    for at, value in changed.items():
        lines[int(at.removeprefix("line"))] = value
    return end.join([*lines, *more])


@given(epc_codes)
def test_what_is_written_is_read(given: epc.EpcCode) -> None:
    assert read_code(write_code(given)) == given


def test_an_offer_has_the_reference_with_check_digits() -> None:
    address = epc.check_address({"iban": "DE89 3704 0044 0532 0130 00", "name": "Bäckerei Müller"})

    offer = epc.offer(address, Money(1230, "EUR"), REFERENCE)

    assert offer.text == (
        "BCD\n002\n1\nSCT\n\nBäckerei Müller\nDE89370400440532013000\nEUR12.3\n\n"
        + rf_of(REFERENCE)
    )
    assert read(offer.text).amount_minor == 1230


def test_lines_may_end_as_windows_ends_them() -> None:
    assert read(code(end="\r\n")) == read(code())


def test_empty_lines_at_the_end_are_dropped() -> None:
    assert write_code(epc.EpcCode(name="T", iban="BE72000000001616")).endswith("1616")
    assert read(code(more=("", "", "", "")) + "\n").payee == "BE72000000001616"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (code(line1="001"), "bic"),
        (code(line1="003"), "version"),
        (code(line2="0"), "charset"),
        (code(line2="9"), "charset"),
        (code(line2="٣"), "charset"),
        (code(line2="2", line5="आशा"), "charset"),
        (code(line3="INST"), "kind"),
        (code(line4="BANK"), "bic"),
        (code(line5=""), "name"),
        (code(line5="A" * 71), "name"),
        (code(line6="BE72000000001617"), "iban"),
        (code(line6="BE720000000016"), "iban"),
        (code(line6="BE72 0000 0000 1616"), "iban"),
        (code(line7="EUR0"), "amount"),
        (code(line7="EUR0.00"), "amount"),
        (code(line7="EUR1000000000"), "amount"),
        (code(line7="EUR1.234"), "amount"),
        (code(line7="EUR01"), "amount"),
        (code(line7="EUR1,5"), "amount"),
        (code(line7="USD1"), "amount"),
        (code(line7="1.00"), "amount"),
        (code(more=("PURPO",)), "purpose"),
        (code(more=("", "RF18539007547035")), "reference"),
        (code(more=("", "R" * 36)), "reference"),
        (code(more=("", "RF18539007547034", "hello")), "reference"),
        (code(more=("", "", "x" * 141)), "text"),
        (code(more=("", "", "", "x" * 71)), "info"),
        (code(more=("", "", "", "", "x")), "lines"),
        (code(line5="ä" * 70, more=("", "", "ä" * 100)), "too-long"),
        ("BCD", "lines"),
        ("BCD\n002", "lines"),
        (code(line0="BCE"), "not-a-code"),
        (code(line5="As\x00ha"), "no-text"),
        (code(end="\r"), "not-a-code"),
        (code(line5="\udcff"), "no-text"),
    ],
)
def test_a_code_that_breaks_a_rule_of_sepa_is_refused(text: str, reason: str) -> None:
    assert reason_of(text) == reason


@pytest.mark.parametrize(
    ("written", "minor"),
    [("EUR12.3", 1230), ("EUR12.30", 1230), ("EUR20", 2000), ("EUR0.01", 1), ("", None),
     ("EUR999999999.99", 99_999_999_999)],
)  # fmt: skip
def test_an_amount_is_read_in_cents(written: str, minor: int | None) -> None:
    assert read(code(line7=written)).amount_minor == minor


@pytest.mark.parametrize(
    ("charset", "name"),
    [(1, "आशा"), (2, "Müller"), (3, "Łódź"), (4, "Ķēniņš"), (5, "Пекарня"), (6, "Αθήνα"),
     (7, "Þór"), (8, "Œuvre €")],
)  # fmt: skip
def test_each_character_set_writes_its_own_letters(charset: int, name: str) -> None:
    text = write_code(epc.EpcCode(name=name, iban="BE72000000001616", charset=charset))

    assert read(text).name == name


def test_every_line_is_told_by_its_name() -> None:
    fields = read(code(line7="EUR1.50", more=("GDDS",))).fields

    assert (fields["identification"], fields["amount"], fields["purpose"]) == (
        "SCT", "EUR1.50", "GDDS",
    )  # fmt: skip
    assert (fields["bic"], fields["text"]) == (None, None)


def test_a_line_break_within_a_line_cannot_be_written() -> None:
    for name in ("A\nB", "A\r\nB", "A\n"):
        with pytest.raises(CodeRefused):
            write_code(epc.EpcCode(name=name, iban="BE72000000001616"))


def test_a_bank_outside_of_sepa_is_warned_of() -> None:
    assert any("SEPA" in it for it in read(code(line6="GE29NB0000000101904917")).warnings)


def test_an_address_is_kept_in_one_spelling() -> None:
    kept = {"iban": "BE72000000001616", "name": "Asha Rao", "bic": "GKCCBEBB"}

    typed = {"iban": "be72 0000 0000 1616", "name": " Asha  Rao", "bic": "gkccbebb"}
    assert epc.check_address(typed) == kept
    assert epc.check_address(kept) == kept


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": "Asha"}, "details.iban"),
        ({"iban": "BE72000000001617", "name": "Asha"}, "details.iban"),
        ({"iban": "GE29NB0000000101904917", "name": "Asha"}, "details.iban"),
        ({"iban": "BE72000000001616"}, "details.name"),
        ({"iban": "BE72000000001616", "name": "A" * 71}, "details.name"),
        ({"iban": "BE72000000001616", "name": "Asha", "bic": "X"}, "details.bic"),
    ],
)
def test_an_address_that_is_wrong_names_the_field(details: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        epc.check_address(details)

    assert [it["field"] for it in refusal.value.facts["errors"]] == [field]
