"""Telephone numbers."""

import re
from typing import NewType

Phone = NewType("Phone", str)
"""A number in E.164: a plus sign and digits."""


def canonical_key(phone: Phone) -> str:
    """One key for all spellings of one line: equal keys are the same person's number.

    Brazil's ninth digit, Mexico's 1 after +52 and Argentina's 9 after +54 are folded away.
    """
    if match := re.fullmatch(r"\+55(\d\d)9([6-9]\d{7})", phone):
        return f"+55{match[1]}{match[2]}"
    if match := re.fullmatch(r"\+521(\d{10})", phone):
        return f"+52{match[1]}"
    if match := re.fullmatch(r"\+549(\d{10})", phone):
        return f"+54{match[1]}"
    return phone
