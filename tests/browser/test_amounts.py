"""Amounts as people write them where they live, for eyes and for screen readers."""

import re

from playwright.sync_api import Page, expect

from kirana.values import uuid7
from tests.servers import Server

from .conftest import Opener, looked_at
from .steps import type_digits
from .test_private import Somebody

WRITTEN = {
    "hi-IN": ("INR", 1_234_567_89, "₹12,34,567.89"),
    "pt-BR": ("BRL", 1_234_567_89, "R$ 1.234.567,89"),
    "ar-EG": ("EGP", 1_234_567_89, "١٬٢٣٤٬٥٦٧٫٨٩ ج.م."),
    "de-DE": ("EUR", 1_234_567_89, "1.234.567,89 €"),
    "ja-JP": ("JPY", 1_234_567, "￥1,234,567"),
}
SPEAKS = "Object.defineProperty(navigator, 'languages', {get: () => [localStorage.speaks ?? 'en']})"


def test_amounts_are_right_in_five_countries_whatever_the_words_speak(
    village: Server, visit: Opener
) -> None:
    lena = Somebody(village, visit(village.url), "Lenasums")
    page = lena.page
    assert village.run("appoint", "operator", "lenasums@example.org").returncode == 0
    for currency, minor, _ in WRITTEN.values():
        body = {
            "id": str(uuid7()),
            "owner_id": lena.id,
            "amount": {"amount_minor": minor, "currency": currency},
            "source": "credit",
        }
        answer = page.request.post(f"{village.url}/v1/top-ups", data=body)
        assert answer.ok, answer.text()

    page.context.add_init_script(SPEAKS)
    for locale, (currency, _, written) in WRITTEN.items():
        page.evaluate("(locale) => { localStorage.speaks = locale; }", locale)
        page.goto(f"{village.url}/app/pay")
        page.get_by_label("Currency").select_option(currency)
        balance = page.get_by_role("main").get_by_text(loosely(written)).first
        expect(balance).to_be_visible()
        assert re.search(loosely(written), read_aloud(page)), f"{locale}: {read_aloud(page)}"
        looked_at(page, f"amounts-{locale}")

    # What is typed stands there as it will be read.
    page.evaluate("() => { localStorage.speaks = 'ar-EG'; }")
    page.goto(f"{village.url}/app/pay/link")
    page.get_by_label("Currency").select_option("EGP")
    type_digits(page, "1234567.05")
    seen = page.get_by_test_id("amount").locator("[aria-hidden]")
    expect(seen).to_have_text(loosely("١٬٢٣٤٬٥٦٧٫٠٥ ج.م."))
    looked_at(page, "amounts-typed")


def read_aloud(page: Page) -> str:
    """What is there for a screen reader: what is for eyes alone is not in it."""
    return page.get_by_role("main").aria_snapshot()


def loosely(written: str) -> re.Pattern[str]:
    """With whatever blanks and marks of direction."""
    return re.compile("[\\s\u200e\u200f\u061c]*".join(map(re.escape, written.replace(" ", ""))))
