"""Telephone numbers."""

import pytest

from kirana.values import Phone, canonical_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5511987654321", "+551187654321"),
        ("+5215512345678", "+525512345678"),
        ("+5491123456789", "+541123456789"),
    ],
)
def test_spellings_of_one_line_have_one_key(one: str, other: str) -> None:
    assert canonical_key(Phone(one)) == canonical_key(Phone(other))


@pytest.mark.parametrize("number", ["+919876543210", "+551133334444", "+14155550100"])
def test_other_numbers_are_their_own_key(number: str) -> None:
    assert canonical_key(Phone(number)) == number
