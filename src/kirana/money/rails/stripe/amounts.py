"""Amounts as Stripe counts them, which is not always in the minor units of ISO 4217.

What cannot be said exactly is refused, never rounded.
Source: docs.stripe.com/currencies, as it stood in November 2026.
"""

from typing import NoReturn

from kirana.values import MAX_AMOUNT_MINOR, Money, currency

from ..problems import refuse

WITHOUT_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
})  # fmt: skip
"""Counted in whole units, the ariary too, though ISO gives it two decimals."""
OF_HUNDREDTHS = frozenset({"ISK", "UGX"})
"""Without decimals at home, and yet counted in hundredths: always a multiple of 100."""
WITH_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Of which the last is always 0."""
_WITH_TWO_DECIMALS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD
NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL
THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW
"""
WITH_TWO_DECIMALS = frozenset(_WITH_TWO_DECIMALS.split())
_TEN = (1, 10, 100, 1000, 10_000)


def is_known(code: str) -> bool:
    """Whether cards are charged in this currency."""
    return any(
        code in some
        for some in (WITHOUT_DECIMALS, OF_HUNDREDTHS, WITH_THREE_DECIMALS, WITH_TWO_DECIMALS)
    )


def to_rail(amount: Money) -> int:
    """What Stripe is told. Raises: CodeRefused for what it cannot be told exactly."""
    exponent, decimals = _exponents(amount.currency)
    if amount.amount_minor <= 0:
        refuse("amount", "An amount to pay is more than nothing.", "amount")
    scaled, rest = divmod(amount.amount_minor * _TEN[decimals], _TEN[exponent])
    if rest or scaled > MAX_AMOUNT_MINOR:
        _inexact(amount.currency)
    _check(scaled, amount.currency)
    return scaled


def from_rail(count: int, code: str) -> Money:
    """What Stripe says, be the currency in small letters or not. Raises: CodeRefused."""
    code = code.upper()
    exponent, decimals = _exponents(code)
    _check(count, code)
    minor, rest = divmod(count * _TEN[exponent], _TEN[decimals])
    if rest or not 0 <= minor <= MAX_AMOUNT_MINOR:
        _inexact(code)
    return Money(minor, code)


def signed_from_rail(count: int, code: str) -> int:
    """The same in minor units, of what may also have gone. Raises: CodeRefused."""
    minor = from_rail(abs(count), code).amount_minor
    return -minor if count < 0 else minor


def _exponents(code: str) -> tuple[int, int]:
    """Decimals of the currency, by ISO and by Stripe."""
    if not is_known(code):
        refuse("currency", "Cards are not charged in this currency.", "amount")
    decimals = 0 if code in WITHOUT_DECIMALS else 3 if code in WITH_THREE_DECIMALS else 2
    return currency(code).exponent, decimals


def _check(count: int, code: str) -> None:
    if (code in OF_HUNDREDTHS and count % 100) or (code in WITH_THREE_DECIMALS and count % 10):
        _inexact(code)


def _inexact(code: str) -> NoReturn:
    refuse("amount", f"Cards cannot be charged this amount in {code}.", "amount")
