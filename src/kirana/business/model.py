"""What a shop is, and what may be said of it. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from kirana.values import BusinessId, UserId

from .hours import HoursState, Kind, Opening
from .location import Location

NAME_MAX = 75
ABOUT_MAX = 139
DESCRIPTION_MAX = 512
ADDRESS_MAX = 256
NOTE_MAX = 139
WEBSITES_MAX = 2
LANGUAGES_MAX = 8
CLOSURES_MAX = 200
CLOSURE_DAYS_MAX = 366


class Role(StrEnum):
    """What somebody may do in a shop. Each role may all that the ones after it may."""

    OWNER = "owner"
    """Everything: payouts, roles, export, deletion. At least one stays."""
    MANAGER = "manager"
    """Catalog, orders, refunds, delivery, campaigns, settings, audit log."""
    AGENT = "agent"
    """Inbox, customers, order moves, refunds up to a limit."""
    VIEWER = "viewer"
    """Reads orders and insights."""

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) <= order.index(other)


@dataclass(frozen=True, slots=True)
class ShopHours:
    """The week: as typed, and as rules."""

    kind: Kind
    text: str
    rules: str


@dataclass(frozen=True, slots=True)
class Business:
    """A shop, as its row says; enough for the rooms above. See `Profile` for what people see."""

    id: BusinessId
    name: str
    handle: str
    category: str
    about: str
    description: str
    email: str | None
    phone: str | None
    websites: list[str]
    logo_id: str | None
    cover_id: str | None
    languages: list[str]
    country: str
    """ISO 3166, two letters."""
    currency: str
    zone: str
    """IANA name."""
    is_verified: bool
    is_listed: bool
    """Shown in the directory."""
    address: str
    location: Location | None
    hours: ShopHours
    revision: int
    """Grows with each change of the profile or the catalog: what pages are cached by."""
    created_at: int
    closed_at: int | None
    suspended_at: int | None
    """Since when the operators of this server keep it from the public."""

    @property
    def is_public(self) -> bool:
        """Whether people find it, and may buy there."""
        return self.closed_at is None and self.suspended_at is None


@dataclass(frozen=True, slots=True)
class ShopClosure:
    """From one day to another, both inclusive: closed, or open at other hours."""

    id: UUID
    first_on: date
    last_on: date
    openings: tuple[Opening, ...]
    label: str
    is_holiday: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team."""

    id: UserId
    name: str
    photo_id: str | None
    role: Role
    joined_at: int


@dataclass(frozen=True, slots=True)
class ShopCard:
    """A shop in a list."""

    id: BusinessId
    name: str
    handle: str
    category: str
    about: str
    country: str
    currency: str
    address: str
    logo_id: str | None
    logo_color: str | None
    cover_id: str | None
    is_verified: bool
    zone: str
    """IANA; the hours are told in it, wherever one reads them."""
    state: HoursState
    role: Role | None = None
    """The viewer's, in the list of one's own shops."""


class Flaw(ValueError):
    """A field that cannot be as it is: `field` and a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def clean_line(text: str, field: str, longest: int) -> str:
    """One line without control characters. Raises: Flaw."""
    return _limited(" ".join(_printable(text).split()), field, longest)


def clean_text(text: str, field: str, longest: int) -> str:
    """Several lines; no more than one empty one in a row. Raises: Flaw."""
    lines = [" ".join(_printable(line).split()) for line in text.splitlines()]
    return _limited(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), field, longest)


def clean_website(text: str) -> str:
    """An address with its scheme. Raises: Flaw."""
    text = text.strip()
    if "://" not in text:
        text = "https://" + text
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or "." not in host or len(text) > 256:
        raise Flaw("websites", "A website looks like https://example.org.")
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        raise Flaw("websites", "A website has no spaces in it.")
    return text


def clean_languages(languages: Iterable[str]) -> list[str]:
    """Language tags, each once. Raises: Flaw."""
    cleaned = list(dict.fromkeys(language.strip() for language in languages))
    if len(cleaned) > LANGUAGES_MAX:
        raise Flaw("languages", f"{LANGUAGES_MAX} languages at most.")
    for language in cleaned:
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            raise Flaw("languages", "A language is written as a tag, like en or pt-BR.")
    return cleaned


def slug_of(name: str) -> str:
    """A handle that the name suggests; empty when it has no Latin letters."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN))
    ascii_only = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.replace("'", "")).strip("-")[:24].strip("-")


_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "&": " and "}
)


def _printable(text: str) -> str:
    return "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in unicodedata.normalize("NFC", text)
        if letter not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )


def _limited(text: str, field: str, longest: int) -> str:
    if len(text) > longest:
        raise Flaw(field, f"{longest} characters at most.")
    return text
