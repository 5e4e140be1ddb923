"""The pages' own words, in the reader's language. What people write stays as it is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from litestar import Request

FOLDER = Path(__file__).parent / "words"
LANGUAGES = ("en", "es", "pt", "de", "hi", "ar")
_RIGHT_TO_LEFT = {"ar"}
_FORMS = {"zero", "one", "two", "few", "many", "other"}
"""The forms of number that languages have. Source: Unicode TR 35, plural rules."""


class Words:
    """Everything that a page says in one language. `words("cart")` is the plain text."""

    def __init__(self, language: str, table: Mapping[str, Any]) -> None:
        self.language = language
        self.direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
        self._table = table
        self._locale = Locale.parse(language)

    def __call__(self, key: str, **values: Any) -> str:
        """The text with this key; `part.key` is looked up in a part of the table.

        With `count`, the form that this language has for so many.
        """
        text: Any = self._table
        for name in key.split("."):
            text = text[name]
        if isinstance(text, Mapping):
            form = self._locale.plural_form(values["count"])
            text = text.get(form, text["other"])
        assert isinstance(text, str), key
        return text.format(**values) if values else text

    def has(self, part: str, key: str) -> bool:
        return key in self._table[part]

    @property
    def keys(self) -> set[str]:
        """Every key there is, parts spelled out; forms of number are one key."""
        return set(_keys(self._table))


@cache
def words_in(language: str) -> Words:
    return Words(language, tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8")))


def provide_words(request: Request[Any, Any, Any]) -> Words:
    """The words for whoever asks, as `words`."""
    return words_in(choose_language(request.headers.get("accept-language", "")))


def choose_language(header: str) -> str:
    """The first language that the reader prefers and we speak. Source: RFC 9110, section 12.5.4."""
    wanted = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, weight = part.strip().partition(";")
        try:
            q = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            q = 0.0
        language = tag.strip().lower().partition("-")[0]
        if q > 0 and language in LANGUAGES:
            wanted.append((-q, place, language))
    return min(wanted)[2] if wanted else "en"


def _keys(table: Mapping[str, Any], before: str = "") -> list[str]:
    found = []
    for key, value in table.items():
        if isinstance(value, Mapping) and not _FORMS.issuperset(value):
            found += _keys(value, f"{before}{key}.")
        else:
            found.append(before + key)
    return found
