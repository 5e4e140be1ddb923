"""PayNow, in Singapore."""

import pytest
from hypothesis import given

from kirana.money.rails import emv, paynow, read
from kirana.money.rails.paynow.code import read_code, write_code
from kirana.platform.problems import InvalidInput
from kirana.values import Money

from .make import REFERENCE, paynow_codes
from .test_emv import reason_of

ACCOUNT = {"00": "SG.PAYNOW", "01": "2", "02": "196800306E", "03": "0"}
FIELDS: emv.Fields = {
    "00": "01", "01": "12", "26": ACCOUNT, "52": "0000", "53": "702", "54": "5.00", "58": "SG",
    "59": "ASHA", "60": "Singapore",
}  # fmt: skip


def code(account: dict[str, str] | None = None, **changed: str) -> str:
    fields: emv.Fields = FIELDS | {tag.removeprefix("t"): it for tag, it in changed.items()}
    return emv.compose(fields | {"26": ACCOUNT | (account or {})})


@given(paynow_codes)
def test_what_is_written_is_read(given: paynow.PayNowCode) -> None:
    assert read_code(write_code(given)) == given


def test_an_offer_with_an_amount_is_for_one_payment() -> None:
    address = paynow.check_address({"mobile": "9090 1234"})

    fixed = paynow.offer(address, Money(500, "SGD"), REFERENCE)
    free = paynow.offer(address, None, REFERENCE)

    assert read(fixed.text).fields["01"] == "12"
    assert read(free.text).fields["01"] == "11"
    assert (read(fixed.text).fields["26.03"], read(free.text).fields["26.03"]) == ("0", "1")
    assert read(fixed.text).reference == REFERENCE
    assert "5902NA6009Singapore" in fixed.text


@pytest.mark.parametrize("initiation", ["11", "12"])
def test_real_codes_mix_static_and_dynamic_and_both_are_read(initiation: str) -> None:
    assert read(code(t01=initiation)).amount_minor == 500


@pytest.mark.parametrize("expiry", ["20500415", "20230928161820"])
def test_an_expiry_may_carry_a_time(expiry: str) -> None:
    assert read(code({"04": expiry})).fields["26.04"] == expiry


def test_a_uen_with_a_suffix_is_read_with_a_warning() -> None:
    reading = read(code({"02": "T08GB0025ACT1"}))

    assert reading.payee == "T08GB0025ACT1"
    assert any("suffix" in warning for warning in reading.warnings)


def test_a_uen_that_does_not_check_is_read_with_a_warning() -> None:
    assert any("last letter" in it for it in read(code({"02": "196800306F"})).warnings)


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"01": "1"}, "proxy-type"),
        ({"01": "0", "02": "90901234"}, "proxy"),
        ({"01": "2", "02": "1968"}, "proxy"),
        ({"03": "2"}, "editable"),
        ({"04": "20501332"}, "expiry"),
        ({"04": "tomorrow"}, "expiry"),
    ],
)
def test_an_account_that_breaks_a_rule_of_paynow_is_refused(
    account: dict[str, str], reason: str
) -> None:
    assert reason_of(code(account)) == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"t53": "986"}, "currency"), ({"t58": "MY"}, "country"), ({"t54": "0.00"}, "amount"),
        ({"t01": "99"}, "initiation"), ({"t59": "A" * 26}, "too-long"),
    ],
)  # fmt: skip
def test_a_code_that_breaks_a_rule_of_paynow_is_refused(
    changed: dict[str, str], reason: str
) -> None:
    assert reason_of(code(**changed)) == reason


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ({"mobile": "9090 1234"}, {"mobile": "+6590901234"}),
        ({"mobile": "+65 9090-1234", "name": "Asha"}, {"mobile": "+6590901234", "name": "Asha"}),
        ({"uen": "196800306e"}, {"uen": "196800306E"}),
        ({"uen": "T08GB0025ACT1"}, {"uen": "T08GB0025ACT1"}),
    ],
)
def test_an_address_is_kept_in_one_spelling(details: dict[str, str], kept: dict[str, str]) -> None:
    assert paynow.check_address(details) == kept
    assert paynow.check_address(kept) == kept


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({}, "details.mobile"),
        ({"mobile": "9090 1234", "uen": "196800306E"}, "details.mobile"),
        ({"mobile": "12345678"}, "details.mobile"),
        ({"mobile": "+60 9090 1234"}, "details.mobile"),
        ({"uen": "196800306F"}, "details.uen"),
        ({"uen": "196800306E", "name": "A" * 26}, "details.name"),
    ],
)
def test_an_address_that_is_wrong_names_the_field(details: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        paynow.check_address(details)

    assert [it["field"] for it in refusal.value.facts["errors"]] == [field]
