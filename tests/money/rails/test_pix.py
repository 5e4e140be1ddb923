"""Pix, in Brazil."""

import pytest
from hypothesis import given

from kirana.money.rails import CodeRefused, emv, pix, read
from kirana.money.rails.pix.code import read_code, write_code
from kirana.platform.problems import InvalidInput
from kirana.values import Money

from .make import ADDRESSES, REFERENCE, pix_codes
from .test_emv import reason_of

FIELDS: emv.Fields = {
    "00": "01", "26": {"00": "br.gov.bcb.pix", "01": "asha@example.com"}, "52": "0000",
    "53": "986", "58": "BR", "59": "Asha", "60": "Rio", "62": {"05": "***"},
}  # fmt: skip


def code(**changed: object) -> str:
    """A good code with some tags changed, or left out when they are None."""
    fields = FIELDS | {tag.removeprefix("t"): value for tag, value in changed.items()}  # type: ignore[operator]
    return emv.compose({tag: value for tag, value in fields.items() if value is not None})


@given(pix_codes)
def test_what_is_written_is_read(given: pix.PixCode) -> None:
    assert read_code(write_code(given)) == given


def test_an_offer_names_key_amount_and_reference() -> None:
    address = pix.check_address(ADDRESSES["pix"][0])

    offer = pix.offer(address, Money(1250, "BRL"), REFERENCE)

    reading = read(offer.text)
    assert (reading.payee, reading.amount_minor) == ("52998224725", 1250)
    assert (reading.name, reading.reference) == ("Jose da Conceicao", REFERENCE)
    assert "5303986540512.505802BR" in offer.text
    assert reading.fields.keys().isdisjoint({"01"})
    assert offer.carries_reference


@pytest.mark.parametrize("gui", ["br.gov.bcb.pix", "BR.GOV.BCB.PIX", "Br.Gov.Bcb.Pix"])
def test_the_name_of_the_rail_is_known_in_any_case(gui: str) -> None:
    assert read(code(t26={"00": gui, "01": "asha@example.com"})).rail == "pix"


def test_tags_may_stand_in_any_order() -> None:
    turned = dict([("00", "01"), *list(FIELDS.items())[:0:-1]])

    assert read(emv.compose(turned)).payee == "asha@example.com"


def test_a_one_time_address_says_12_and_others_say_nothing() -> None:
    url = pix.PixCode(url="pix.example.com/qr/1", name="Asha", city="Rio", is_one_time=True)

    assert "010212" in write_code(url)[:12]
    assert read_code(write_code(url)).is_one_time
    assert read(write_code(url)).payee == "pix.example.com/qr/1"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"t26": {"00": "br.gov.bcb.pix"}}, "payee"),
        ({"t26": {"00": "br.gov.bcb.pix", "01": "a@b.co", "25": "b.co/x"}}, "payee"),
        ({"t26": {"00": "br.gov.bcb.pix", "01": "12345"}}, "key"),
        ({"t26": {"00": "br.gov.bcb.pix", "01": "+4511943214321"}}, "key"),
        ({"t26": {"00": "br.gov.bcb.pix", "25": "https://pix.example.com/qr"}}, "url"),
        ({"t80": {"00": "br.gov.bcb.pix", "25": "https://pix.example.com/rec"}}, "url"),
        ({"t53": "840"}, "currency"),
        ({"t53": None}, "currency"),
        ({"t58": "PT"}, "country"),
        ({"t59": "A" * 26}, "too-long"),
        ({"t60": "A" * 16}, "too-long"),
        ({"t59": None}, "missing"),
        ({"t60": None}, "missing"),
        ({"t62": {"05": "A" * 26}}, "txid"),
        ({"t62": {"05": "A-1"}}, "txid"),
        ({"t01": "13"}, "initiation"),
        ({"t54": "1.234"}, "amount"),
        ({"t54": "abc"}, "amount"),
    ],
)
def test_a_code_that_breaks_a_rule_of_pix_is_refused(
    changed: dict[str, object], reason: str
) -> None:
    assert reason_of(code(**changed)) == reason


def test_no_amount_and_zero_leave_it_to_the_payer() -> None:
    assert read(code()).amount_minor is None
    assert read(code(t54="0.00")).amount_minor is None


def test_a_permission_to_debit_repeatedly_is_read_with_a_warning() -> None:
    text = code(t26={"00": "br.gov.bcb.pix"}, t80={"00": "br.gov.bcb.pix", "25": "p.example/rec/1"})

    reading = read(text)

    assert reading.payee == "p.example/rec/1"
    assert any("repeatedly" in warning for warning in reading.warnings)


def test_a_key_and_its_text_share_99_characters() -> None:
    long = pix.PixCode(key="asha@example.com", info="x" * 70, name="Asha", city="Rio")

    with pytest.raises(CodeRefused) as refusal:
        write_code(long)

    assert refusal.value.facts["reason"] == "too-long"


def test_a_key_that_does_not_check_is_read_with_a_warning() -> None:
    reading = read(code(t26={"00": "br.gov.bcb.pix", "01": "12345678900"}))

    assert any("check digits" in warning for warning in reading.warnings)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("529.982.247-25", "52998224725"),
        ("12.abc.345/01de-35", "12ABC34501DE35"),
        ("+55 (11) 94321-4321", "+5511943214321"),
        (" Asha@Example.COM ", "asha@example.com"),
        ("123E4567-E12B-12D1-A456-426655440000", "123e4567-e12b-12d1-a456-426655440000"),
    ],
)
def test_a_key_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    address = pix.check_address({"key": typed, "name": "Asha", "city": "Rio"})

    assert address["key"] == kept
    assert pix.check_address(address) == address


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"key": "529.982.247-24", "name": "Asha", "city": "Rio"}, "details.key"),
        ({"key": "11222333000182", "name": "Asha", "city": "Rio"}, "details.key"),
        ({"key": "11 94321-4321 0", "name": "Asha", "city": "Rio"}, "details.key"),
        ({"name": "Asha", "city": "Rio"}, "details.key"),
        ({"key": "a@b.co", "city": "Rio"}, "details.name"),
        ({"key": "a@b.co", "name": "A" * 26, "city": "Rio"}, "details.name"),
        ({"key": "a@b.co", "name": "आशा", "city": "Rio"}, "details.name"),
        ({"key": "a@b.co", "name": "Asha", "city": "S" * 16}, "details.city"),
    ],
)
def test_an_address_that_is_wrong_names_the_field(details: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        pix.check_address(details)

    assert [it["field"] for it in refusal.value.facts["errors"]] == [field]


def test_pix_moves_reais_only() -> None:
    address = pix.check_address(ADDRESSES["pix"][2])

    with pytest.raises(CodeRefused):
        pix.offer(address, Money(100, "USD"), REFERENCE)
