"""Laws of money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.values import MAX_AMOUNT_MINOR, Money, UnknownCurrency, currency, total

amounts = st.integers(0, MAX_AMOUNT_MINOR)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


@given(amount=amounts, weights=weights)
def test_splitting_loses_nothing_and_is_fair_to_one_unit(amount: int, weights: list[int]) -> None:
    shares = Money(amount, "INR").split(weights)

    assert total(shares, "INR") == Money(amount, "INR")
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.amount_minor * sum(weights) - amount * weight) < sum(weights)


def test_the_units_left_over_go_to_the_largest_remainders() -> None:
    assert [m.amount_minor for m in Money(100, "INR").split([1, 1, 1])] == [34, 33, 33]
    assert [m.amount_minor for m in Money(2, "INR").split([1, 1, 1])] == [1, 1, 0]
    assert [m.amount_minor for m in Money(10, "INR").split([1, 5])] == [2, 8]


def test_two_currencies_never_meet() -> None:
    for meet in (Money.__add__, Money.__sub__, Money.__lt__, Money.__ge__):
        with pytest.raises(TypeError):
            meet(Money(1, "INR"), Money(1, "USD"))
    assert Money(1, "INR") != Money(1, "USD")


def test_money_is_multiplied_by_whole_numbers_only() -> None:
    assert Money(120, "INR") * 3 == Money(360, "INR")
    with pytest.raises(TypeError):
        Money(120, "INR") * 0.5  # type: ignore[operator]
    with pytest.raises(TypeError):
        Money(120, "INR") * True


def test_an_amount_that_a_browser_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="53 bits"):
        Money(2**53, "INR")


@pytest.mark.parametrize("code", ["", "inr", "XXX", "EURO"])
def test_only_known_currencies_are_money(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, code)


@pytest.mark.parametrize(
    ("code", "exponent"),
    [
        ("IQD", 3),
        ("MMK", 2),
        ("RSD", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("CLF", 4),
        ("INR", 2),
        ("UGX", 0),
    ],
)
def test_decimals_are_those_of_iso_4217(code: str, exponent: int) -> None:
    assert currency(code).exponent == exponent


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_a_split_needs_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(1, "INR").split(weights)
