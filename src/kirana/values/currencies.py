"""Which currencies there are, and how many decimals each has.

Source: ISO 4217 list one. Neither Babel nor a browser may decide this: CLDR gives other numbers of
decimals for AFN, IQD, MMK, RSD and a dozen more.
"""

from dataclasses import dataclass


class UnknownCurrency(ValueError):
    """Not an ISO 4217 code that Kirana knows."""


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 currency; one major unit is 10 to the power of `exponent` minor units."""

    code: str
    exponent: int


def currency(code: str) -> Currency:
    """The currency with this code. Raises: UnknownCurrency."""
    try:
        return CURRENCIES[code]
    except (KeyError, TypeError):
        raise UnknownCurrency(f"{code!r} is not a currency.") from None


_CODES_BY_EXPONENT = {
    0: """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF
    """,
    2: """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
    PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
    TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """,
    3: """
    BHD IQD JOD KWD LYD OMR TND
    """,
    4: """
    CLF UYW
    """,
}

CURRENCIES = {
    code: Currency(code, exponent)
    for exponent, codes in _CODES_BY_EXPONENT.items()
    for code in codes.split()
}
