from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.money.rails.check_digits import (
    is_bic,
    is_cnpj,
    is_cpf,
    is_iban,
    is_rf,
    is_thai_id,
    is_uen,
    rf_of,
)

from .make import CROCKFORD

Check = Callable[[str], bool]

GOOD: dict[Check, list[str]] = {
    is_iban: ["DE89370400440532013000", "GB82WEST12345698765432", "BE72000000001616"],
    is_rf: ["RF18539007547034", "RF712348231"],
    is_cpf: ["52998224725", "11144477735"],
    is_cnpj: ["11222333000181", "12ABC34501DE35"],
    is_thai_id: ["1101700230708"],
    is_uen: ["00192200M", "196800306E", "199201624D", "T08GB0025A"],
}


@pytest.mark.parametrize("check", GOOD, ids=lambda it: it.__name__)
def test_a_number_in_use_is_right(check: Check) -> None:
    assert all(check(number) for number in GOOD[check])


def test_a_thai_number_with_another_last_digit_is_wrong() -> None:
    assert [it for it in "0123456789" if is_thai_id(f"110170023070{it}")] == ["8"]


@pytest.mark.parametrize("check", {*GOOD} - {is_thai_id}, ids=lambda it: it.__name__)
def test_a_number_with_one_digit_changed_is_wrong(check: Check) -> None:
    for number in GOOD[check]:
        for at, char in enumerate(number):
            if char.isdigit():
                changed = number[:at] + str((int(char) + 1) % 10) + number[at + 1 :]
                assert not check(changed), changed


@pytest.mark.parametrize("check", [*GOOD, is_bic], ids=lambda it: it.__name__)
@given(text=st.text(max_size=20))
def test_any_text_is_answered(check: Check, text: str) -> None:
    assert check(text) in (True, False)


@given(st.text(CROCKFORD, min_size=1, max_size=21))
def test_a_reference_gets_its_check_digits(reference: str) -> None:
    made = rf_of(reference)

    assert is_rf(made)
    assert made[4:] == reference


def test_an_iban_of_another_length_is_wrong_though_its_digits_check() -> None:
    assert not is_iban("DE8937040044053201300")
    assert not is_iban("BE72000000001616" + "0" * 97)
