"""PromptPay, in Thailand."""

import pytest
from hypothesis import given

from kirana.money.rails import emv, promptpay, read
from kirana.money.rails.promptpay.code import BILL, TRANSFER, read_code, write_code
from kirana.platform.problems import InvalidInput
from kirana.values import Money

from .make import REFERENCE, promptpay_codes
from .test_emv import reason_of


def code(**changed: str | dict[str, str]) -> str:
    fields: emv.Fields = {
        "00": "01", "01": "11", "29": {"00": TRANSFER, "01": "0066812223333"}, "53": "764",
        "58": "TH",
    }  # fmt: skip
    return emv.compose(fields | {tag.removeprefix("t"): it for tag, it in changed.items()})


@given(promptpay_codes)
def test_what_is_written_is_read(given: promptpay.PromptPayCode) -> None:
    assert read_code(write_code(given)) == given


def test_an_offer_by_telephone_carries_no_reference() -> None:
    address = promptpay.check_address({"phone": "081-222-3333"})

    offer = promptpay.offer(address, Money(422, "THB"), REFERENCE)

    reading = read(offer.text)
    assert (reading.payee, reading.amount_minor) == ("0066812223333", 422)
    assert reading.fields["01"] == "12"
    assert not offer.carries_reference
    assert any("reference" in warning for warning in reading.warnings)


def test_an_offer_of_a_biller_carries_the_reference() -> None:
    address = promptpay.check_address({"biller_id": "010753600010286"})

    offer = promptpay.offer(address, None, REFERENCE)

    assert read(offer.text).reference == REFERENCE
    assert read(offer.text).fields["01"] == "11"
    assert offer.carries_reference


def test_an_id_that_does_not_check_is_read_with_a_warning() -> None:
    reading = read(code(t29={"00": TRANSFER, "02": "1111111111111"}))

    assert any("check digit" in warning for warning in reading.warnings)


def test_an_e_wallet_is_read() -> None:
    reading = read(code(t29={"00": TRANSFER, "03": "123456789012345"}))

    assert reading.payee == "123456789012345"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"t29": {"00": TRANSFER}}, "payee"),
        ({"t29": {"00": TRANSFER, "01": "0812223333"}}, "payee"),
        ({"t29": {"00": TRANSFER, "02": "123"}}, "payee"),
        ({"t29": {"00": TRANSFER, "03": "123"}}, "payee"),
        ({"t29": {"00": TRANSFER, "01": "0066812223333", "02": "1101700230708"}}, "payee"),
        ({"t30": {"00": BILL, "01": "0112233445566"}}, "payee"),
        ({"t29": {"00": BILL, "01": "123"}}, "payee"),
        ({"t29": {"00": BILL, "01": "0112233445566", "02": "R" * 21}}, "reference"),
        ({"t53": "702"}, "currency"),
        ({"t58": "SG"}, "country"),
        ({"t54": "0"}, "amount"),
        ({"t01": "10"}, "initiation"),
    ],
)
def test_a_code_that_breaks_a_rule_of_promptpay_is_refused(
    changed: dict[str, str | dict[str, str]], reason: str
) -> None:
    assert reason_of(code(**changed)) == reason


def test_the_code_on_a_slip_is_a_claim_and_is_refused_as_one() -> None:
    body = "0041000600000101030140225202611300000000000005102TH9104"

    assert reason_of(body + emv.checksum(body)) == "slip"


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ({"phone": "081-222-3333"}, {"phone": "0066812223333"}),
        ({"phone": "+66 81 222 3333"}, {"phone": "0066812223333"}),
        ({"phone": "0066812223333"}, {"phone": "0066812223333"}),
        ({"id_number": "1-1017-00230-70-8"}, {"id_number": "1101700230708"}),
        ({"ewallet": "123456789012345"}, {"ewallet": "123456789012345"}),
        ({"biller_id": "0107536000102 86"}, {"biller_id": "010753600010286"}),
    ],
)
def test_an_address_is_kept_in_one_spelling(details: dict[str, str], kept: dict[str, str]) -> None:
    assert promptpay.check_address(details) == kept
    assert promptpay.check_address(kept) == kept


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({}, "details.phone"),
        ({"phone": "0812223333", "ewallet": "123456789012345"}, "details.phone"),
        ({"phone": "12345"}, "details.phone"),
        ({"id_number": "1111111111111"}, "details.id_number"),
        ({"ewallet": "1"}, "details.ewallet"),
        ({"biller_id": "1"}, "details.biller_id"),
    ],
)
def test_an_address_that_is_wrong_names_the_field(details: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        promptpay.check_address(details)

    assert [it["field"] for it in refusal.value.facts["errors"]] == [field]
