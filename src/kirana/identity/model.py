"""What a user, an address, a handle, a device and a PIN are. Pure."""

import hmac
import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Literal
from uuid import UUID

from kirana.values import DeviceId, Phone, UserId, canonical_key

UserKind = Literal["person", "guest", "business", "system"]
AddressKind = Literal["phone", "email"]
DeviceKind = Literal["browser", "app", "program"]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NAME_MAX = 75
CODE_LIFE = 10 * MINUTE
CODE_TRIES = 5
CODES_PER_HOUR = 5
CODES_PER_DAY = 10
CONFIRMATION_LIFE = 2 * MINUTE
CHALLENGE_LIFE = 5 * MINUTE
REPEAT_WITHIN = 10 * MINUTE
"""How long a client whose answer was lost may ask for its session again."""
SEEN_EVERY = 5 * MINUTE
IDLE_LIFE = 90 * DAY
"""A browser or app that was not seen for so long has to sign in again."""
PIN_TRIES = 5
PIN_DELAYS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY)


@dataclass(frozen=True, slots=True)
class Card:
    """What anybody may see of a user."""

    id: UserId
    kind: UserKind
    name: str
    handle: str | None
    photo_id: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """A telephone number or an e-mail address.

    `text` is where a message goes, `key` what makes it unique: the spellings of one line share it.
    """

    kind: AddressKind
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address that its owner has proven."""

    kind: AddressKind
    address: str
    verified_at: int


@dataclass(frozen=True, slots=True)
class Me:
    """A user as they see themselves."""

    id: UserId
    kind: UserKind
    name: str
    handle: str | None
    photo_id: str | None
    language: str | None
    zone: str | None
    addresses: list[OwnAddress]
    has_pin: bool
    has_passkey: bool
    acts_for: list[Card]
    created_at: int


@dataclass(frozen=True, slots=True)
class Session:
    """What a token stands for."""

    user_id: UserId
    kind: Literal["person", "guest"]
    device_id: DeviceId
    device_kind: DeviceKind
    seen_at: int
    is_suspended: bool = False

    def is_worth_touching(self, now: int) -> bool:
        return now - self.seen_at >= SEEN_EVERY


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, an app or a program that is signed in."""

    id: DeviceId
    kind: DeviceKind
    name: str
    created_at: int
    seen_at: int
    is_current: bool


def parse_address(text: str, country: str | None = None) -> Address | None:
    """The address that was typed, or None when it can be none.

    A number is international (`+91 …`, `0091 …`), or national with `country` (ISO 3166, two
    letters).
    """
    text = unicodedata.normalize("NFKC", text).strip()
    return _parse_email(text) if "@" in text else _parse_phone(text, country)


def _parse_phone(text: str, country: str | None) -> Address | None:
    import phonenumbers  # a large book of numbers, opened when somebody tells theirs

    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    phone = Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if number.extension or not phonenumbers.is_possible_number(number):
        # Mexico's old 1 after +52 is still typed; without it the number is good.
        today = canonical_key(phone)
        return _parse_phone(today, None) if today != phone and not number.extension else None
    return Address("phone", phone, canonical_key(phone))


_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([^@\s]{1,253})")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def _parse_email(text: str) -> Address | None:
    """Letter case is ignored; dots and tags are kept: what they mean is the provider's business."""
    match = _EMAIL.fullmatch(text)
    if not match or len(text) > 254:
        return None
    try:
        domain = match[1].encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    local = text[: match.start(1) - 1]
    if not _DOMAIN.fullmatch(domain) or local.startswith(".") or local.endswith("."):
        return None
    return Address("email", f"{local}@{domain}", f"{local.lower()}@{domain}")


_RESERVED = """
    about account accounts admin administrator api app apps assets auth billing blob blobs blog
    book business businesses call calls cart carts catalog catalogue chat chats checkout
    collection collections contact contacts conversation conversations css customer customers
    dashboard demo dev docs doctor download downloads edit error errors events export exports
    faq favicon feed feeds file files font fonts graphql guest guests handle handles health
    healthz help home hours icon icons image images img import imports inbox index info install
    invite join js kirana legal link links live login logo logout mail manage manifest media
    message messages metrics moderator money new news null oauth official openapi operator order
    orders owner page pages passkey passkeys pay payment payments picture pictures ping places
    policies policy post privacy problem problems product products profile public qr receipt
    receipts redoc register report robots root schema schemas search security self server
    service-worker services session sessions settings share shop shops sign-in sign-out signin
    signout signup sitemap socket sockets sounds staff static stats status storefront stream
    style styles support swagger system team terms test token tokens town transfer transfers
    undefined update user users verify wallet wallets web webhook webhooks well-known worker www
    you your
"""
RESERVED_HANDLES = frozenset(_RESERVED.split())
"""Names of the server's own paths, and names that pretend to speak for the server."""

_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,28}[a-z0-9]")


def normalize_handle(text: str) -> str:
    """`@Asha ` is `asha`."""
    return text.strip().removeprefix("@").lower()


def is_handle(text: str) -> bool:
    """Three to thirty of `a-z`, `0-9` and single dashes inside; not one of the server's names."""
    return bool(_HANDLE.fullmatch(text)) and text not in RESERVED_HANDLES


def clean_name(text: str) -> str:
    """A name on one line: no control or direction characters, single spaces."""
    visible = "".join(
        " " if unicodedata.category(c) in ("Zl", "Zp", "Cc", "Cs") else c
        for c in unicodedata.normalize("NFC", text)
        if c not in _DIRECTION
    )
    return " ".join(visible.split())


_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")


def is_pin(text: str) -> bool:
    """Four to six digits, not all the same and not a plain run such as 1234 or 654321."""
    if not re.fullmatch(r"[0-9]{4,6}", text):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(text)}
    return steps not in ({0}, {1}, {-1})


def pin_locked_until(wrong: int, now: int) -> int | None:
    """When the PIN may be tried again after the `wrong`-th wrong try in a row."""
    if wrong < PIN_TRIES:
        return None
    return now + PIN_DELAYS[min(wrong - PIN_TRIES, len(PIN_DELAYS) - 1)]


def hash_token(token: str) -> bytes:
    """What is stored of a token. It is 256 random bits, so one round of SHA-256 is enough."""
    return sha256(token.encode()).digest()


def hash_code(code_id: UUID, code: str) -> bytes:
    """What is stored of a one-time code. It is short: its life and its tries are what guards it."""
    return sha256(code_id.bytes + code.encode()).digest()


def matches(digest: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in the same time for all that are not."""
    return hmac.compare_digest(digest, other)


def source_key(host: str) -> str:
    """One key for all addresses that one subscriber usually has: an IPv6 network of 64 bits."""
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.split("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
