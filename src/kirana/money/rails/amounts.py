"""Amounts as the codes spell them: decimal text there, whole minor units here. Never a float."""

import re

from kirana.values import Money, currency

from .problems import refuse


def minor_of(text: str, code: str, *, decimals: int) -> int | None:
    """The minor units of a text such as `12.30` with up to so many decimals.

    None for what is no such number, or is no whole number of minor units of the currency.
    """
    if not re.fullmatch(rf"[0-9]{{1,13}}(\.[0-9]{{1,{decimals}}})?", text):
        return None
    whole, _, part = text.partition(".")
    exponent = currency(code).exponent
    padded = part.ljust(exponent, "0")
    if padded[exponent:].strip("0"):
        return None
    return int(whole + padded[:exponent])


def text_of(amount: Money) -> str:
    """With all decimals of its currency: `4.20`. Raises: CodeRefused for nothing or less."""
    if amount.amount_minor <= 0:
        refuse("amount", "An amount to pay is more than nothing.", "amount")
    return amount.decimal


def shortest_text_of(amount: Money) -> str:
    """Without zeros at the end: `12.3`, `20`. Raises: CodeRefused for nothing or less."""
    text = text_of(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text


def require_currency(amount: Money | None, code: str) -> None:
    """Raises: CodeRefused for an amount that the rail cannot move."""
    if amount is not None and amount.currency != code:
        refuse("currency", f"This rail moves {code} only.", "amount")
