"""An amount of money: whole minor units and an ISO 4217 code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from .currencies import currency

MAX_AMOUNT_MINOR = 2**53 - 1
"""The largest whole number that a browser holds exactly."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount_minor` of `currency`. Two currencies never meet: that is a `TypeError`."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if not -MAX_AMOUNT_MINOR <= self.amount_minor <= MAX_AMOUNT_MINOR:
            raise ValueError("An amount of money must fit into 53 bits.")
        currency(self.currency)

    @classmethod
    def zero(cls, code: str) -> Self:
        return cls(0, code)

    @property
    def decimal(self) -> str:
        """For machines, with all decimals of its currency: `-120.00`."""
        exponent = currency(self.currency).exponent
        digits = str(abs(self.amount_minor)).rjust(exponent + 1, "0")
        sign = "-" if self.amount_minor < 0 else ""
        return sign + (f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        if not isinstance(times, int) or isinstance(times, bool):
            return NotImplemented
        return Money(self.amount_minor * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount_minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Shares in proportion to `weights` that add up to the whole.

        Each share is rounded down; the units left over go to the largest remainders, ties by
        position. So each share is within one minor unit of exact. The amount is not negative.

        Raises: ValueError for a negative amount, a negative weight or no weight at all.
        """
        whole = sum(weights)
        if self.amount_minor < 0 or whole <= 0 or min(weights) < 0:
            raise ValueError("A split needs an amount and weights of zero or more, not all zero.")
        shares = [self.amount_minor * weight // whole for weight in weights]
        remainders = [self.amount_minor * weight % whole for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: -remainders[i])
        for i in by_remainder[: self.amount_minor - sum(shares)]:
            shares[i] += 1
        return [Money(share, self.currency) for share in shares]

    def _same(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"Money and {type(other).__name__} do not mix.")
        if other.currency != self.currency:
            raise TypeError(f"{self.currency} and {other.currency} do not mix.")
        return other.amount_minor


def total(amounts: Iterable[Money], code: str) -> Money:
    """The sum of `amounts`, all of the currency `code`; zero of it when there are none."""
    result = Money.zero(code)
    for amount in amounts:
        result += amount
    return result
