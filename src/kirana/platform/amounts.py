"""How a language writes amounts. Babel knows the patterns, ISO 4217 the decimals."""

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_currency

from kirana.values import currency

_ZEROS = {
    "arab": 0x660, "arabext": 0x6F0, "beng": 0x9E6, "deva": 0x966, "gujr": 0xAE6, "guru": 0xA66,
    "khmr": 0x17E0, "knda": 0xCE6, "laoo": 0xED0, "mlym": 0xD66, "mymr": 0x1040, "orya": 0xB66,
    "telu": 0xC66, "thai": 0xE50, "tibt": 0xF20,
}  # fmt: skip
"""The digit zero of each system of numbers; the others follow it. Source: CLDR."""


@lru_cache(20_000)
def money_text(
    amount_minor: int,
    code: str,
    locale: Locale,
    *,
    is_short: bool = False,
    has_own_digits: bool = False,
) -> str:
    """An amount in words of the locale. Short: whole amounts have no decimals. `has_own_digits`:
    with the digits that the language writes by itself, as browsers do.

    ISO 4217 decides the decimals, never CLDR: it has others for a dozen currencies.
    """
    exponent = currency(code).exponent
    decimals = 0 if is_short and amount_minor % 10**exponent == 0 else exponent
    text = format_currency(
        Decimal(amount_minor).scaleb(-exponent),
        code,
        format=_pattern(locale, decimals),
        locale=locale,
        currency_digits=False,
        numbering_system="default" if has_own_digits else "latn",
    )
    return own_digits(text, locale) if has_own_digits else text


def own_digits(text: str, locale: Locale) -> str:
    """With the digits that the language writes by itself: Babel knows which, and writes others."""
    zero = _ZEROS.get(locale.default_numbering_system)
    return text.translate({ord("0") + n: zero + n for n in range(10)}) if zero else text


@lru_cache(512)
def _pattern(locale: Locale, decimals: int) -> NumberPattern:
    found = locale.currency_formats["standard"]
    return NumberPattern(
        found.pattern,
        found.prefix,
        found.suffix,
        found.grouping,
        found.int_prec,
        (decimals, decimals),
        found.exp_prec,
        found.exp_plus,
        found.number_pattern,
    )
