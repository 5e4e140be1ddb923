"""One table of currencies, on both sides of the wire."""

import re
from pathlib import Path

from kirana.values.currencies import CURRENCIES

FRONT_END = Path(__file__).parents[2] / "web" / "src" / "lib" / "values" / "money.ts"


def test_the_front_end_gives_every_currency_the_same_decimals() -> None:
    text = FRONT_END.read_text()
    there = {
        code: int(digits)
        for digits, codes in re.findall(r"fill\((\d), '([A-Z ]+)'\)", text)
        for code in codes.split()
    }

    assert there
    # Whatever the front end does not name has two.
    assert {code: there.get(code, 2) for code in CURRENCIES} == {
        code: currency.exponent for code, currency in CURRENCIES.items()
    }
