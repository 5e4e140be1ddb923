"""Six languages say the same, with the same holes; money has the decimals of ISO 4217."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.business import CATEGORIES
from kirana.storefront.formats import locale_of, money_html, money_text, phone_text
from kirana.storefront.words import FOLDER, LANGUAGES, choose_language, words_in


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    assert words_in(language).keys == words_in("en").keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_the_same_holes(language: str) -> None:
    def holes(name: str) -> dict[str, set[str]]:
        table = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
        found: dict[str, set[str]] = {}

        def walk(part: object, path: str) -> None:
            if isinstance(part, dict):
                for key, value in part.items():
                    walk(value, f"{path}.{key}")
            else:
                found[path] = set(re.findall(r"\{(\w+)\}", str(part)))

        walk(table, "")
        return found

    ours, english = holes(language), holes("en")
    for path, names in english.items():
        assert ours[path] == names or (names == {"count"} and path.endswith(".one")), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trade_has_a_name(language: str) -> None:
    words = words_in(language)

    assert all(words.has("trade", id_) for id_ in CATEGORIES)


@pytest.mark.parametrize(
    ("amount", "code", "language", "country", "shown"),
    [
        (1500, "IQD", "en", "IQ", "IQD1.500"),
        (1025, "MMK", "en", "MM", "MMK10.25"),
        (1050, "RSD", "de", "RS", "10,50 RSD"),
        (1500, "JPY", "en", "JP", "¥1,500"),
        (1500, "KWD", "en", "KW", "KWD1.500"),
        (12345, "CLF", "en", "CL", "CLF1.2345"),
        (1234567_89, "INR", "en", "IN", "₹12,34,567.89"),
        (1234567_89, "INR", "hi", "IN", "₹12,34,567.89"),
        (4990, "BRL", "pt", "BR", "R$ 49,90"),
    ],
)
def test_money_has_the_decimals_of_iso_4217(
    amount: int, code: str, language: str, country: str, shown: str
) -> None:
    text = money_text(amount, code, locale_of(language, country))

    assert text.replace("\xa0", " ") == shown


def test_whole_prices_are_short_and_the_sign_is_small() -> None:
    locale = locale_of("en", "IN")

    assert money_html(25000, "INR", locale, is_short=True) == (
        '<span class="money"><small>₹</small>250</span>'
    )
    assert "250.50" in money_html(25050, "INR", locale, is_short=True)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("fr-CH, fr;q=0.9, es-MX;q=0.8", "es"),
        ("en;q=0.3, hi;q=0.9", "hi"),
        ("ar;q=0, pt-BR;q=0.1", "pt"),
        ("*", "en"),
    ],
)
def test_the_readers_first_language_that_we_speak_is_chosen(header: str, language: str) -> None:
    assert choose_language(header) == language


@given(st.text(max_size=80))
def test_no_header_is_too_strange(header: str) -> None:
    assert choose_language(header) in LANGUAGES


def test_numbers_take_the_form_of_their_language() -> None:
    english, arabic = words_in("en"), words_in("ar")

    assert (english("things", count=1), english("things", count=3)) == ("1 item", "3 items")
    assert arabic("things", count=2) == "صنفان"
    assert arabic("things", count=5) == "5 أصناف"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+919820000001", "+91 98200 00001"),
        ("+5511987654321", "+55 11 98765-4321"),
        ("at the counter", "at the counter"),
    ],
)
def test_a_phone_number_is_written_as_it_is_read_out(number: str, shown: str) -> None:
    assert phone_text(number) == shown
