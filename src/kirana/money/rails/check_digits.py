"""Check digits of bank accounts, references and national ids.

Written here since the library for them is under the LGPL: see docs/decisions.
"""

import re
from collections.abc import Sequence
from string import ascii_uppercase, digits

_ORDER = digits + ascii_uppercase

IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL",
        19: "MK SI",
        20: "AT EE LT LU XK",
        21: "CH HR LI LV",
        22: "BG DE GB GE IE ME RS VA",
        23: "GI",
        24: "AD CZ ES MD RO SE SK",
        25: "PT",
        26: "IS",
        27: "FR GR IT MC SM",
        28: "AL CY HU PL",
        31: "MT",
    }.items()
    for country in countries.split()
}
"""Of Europe. Source: the IBAN registry of ISO 13616."""

_SEPA = """
AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO
PL PT RO RS SE SI SK SM VA
"""
SEPA = frozenset(_SEPA.split())
"""Whose banks take part in the single euro payments area."""


def is_iban(text: str) -> bool:
    """Letters, digits, the country's length and the check digits. Source: ISO 13616."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        return False
    return len(text) == IBAN_LENGTHS.get(text[:2], len(text)) and _mod_97(text[4:] + text[:4]) == 1


def is_bic(text: str) -> bool:
    """Eight or eleven characters. Source: ISO 9362."""
    return re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", text) is not None


def rf_of(reference: str) -> str:
    """A creditor reference that holds up to 21 letters and digits. Source: ISO 11649."""
    reference = reference.upper()
    return f"RF{98 - _mod_97(reference + 'RF00'):02}{reference}"


def is_rf(text: str) -> bool:
    """Source: ISO 11649."""
    if not re.fullmatch(r"RF[0-9]{2}[A-Z0-9]{1,21}", text):
        return False
    return _mod_97(text[4:] + text[:4]) == 1


def is_cpf(text: str) -> bool:
    """A person's tax number in Brazil: nine digits and two that check them."""
    if not re.fullmatch(r"[0-9]{11}", text):
        return False
    numbers = [int(it) for it in text]
    first = _mod_11(numbers[:9], range(10, 1, -1))
    return numbers[9:] == [first, _mod_11([*numbers[:9], first], range(11, 1, -1))]


def is_cnpj(text: str) -> bool:
    """A company's number in Brazil: twelve digits, letters too since 2026, and two that check
    them; a letter counts as its ASCII code less 48."""
    if not re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", text):
        return False
    numbers = [ord(it) - 48 for it in text]
    weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    first = _mod_11(numbers[:12], weights[1:])
    return numbers[12:] == [first, _mod_11([*numbers[:12], first], weights)]


def is_thai_id(text: str) -> bool:
    """A person's or a company's number in Thailand: twelve digits and one that checks them."""
    if not re.fullmatch(r"[0-9]{13}", text):
        return False
    weighted = sum(
        int(digit) * weight for digit, weight in zip(text, range(13, 1, -1), strict=False)
    )
    return int(text[12]) == (11 - weighted % 11) % 10


def is_uen(text: str) -> bool:
    """The number of a company or another body in Singapore, in one of its three shapes."""
    if re.fullmatch(r"[0-9]{8}[A-Z]", text):
        return text[8] == "XMKECAWLJDB"[_weigh(text, digits, (10, 4, 9, 3, 8, 2, 7, 1)) % 11]
    if re.fullmatch(r"(18|19|20)[0-9]{7}[A-Z]", text):
        return text[9] == "ZKCMDNERGWH"[_weigh(text, digits, (10, 8, 6, 4, 9, 7, 5, 3, 1)) % 11]
    if re.fullmatch(r"[RST][0-9]{2}[A-Z]{2}[0-9]{4}[A-Z]", text):
        order = "ABCDEFGHJKLMNPQRSTUVWX0123456789"
        if any(it not in order for it in text):
            return False
        return text[9] == order[(_weigh(text, order, (4, 3, 5, 3, 10, 2, 2, 5, 7)) - 5) % 11]
    return False


def _mod_97(text: str) -> int:
    """Source: ISO 7064, MOD 97-10: letters count from 10."""
    return int("".join(str(_ORDER.index(it)) for it in text)) % 97


def _mod_11(numbers: Sequence[int], weights: Sequence[int]) -> int:
    rest = sum(it * weight for it, weight in zip(numbers, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def _weigh(text: str, order: str, weights: Sequence[int]) -> int:
    return sum(order.index(it) * weight for it, weight in zip(text, weights, strict=False))
