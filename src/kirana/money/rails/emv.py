"""The format that Pix, PayNow, PromptPay and most payment codes of Asia share: tag, length, value.

`000201` comes first, `63` with a checksum last; between them the tags stand in any order. Lengths
count characters, the checksum runs over UTF-8 bytes: a right checksum over a wrong length exists,
so both are looked at.
Source: EMV QR Code Specification for Payment Systems, Merchant-Presented Mode, 1.1.
"""

import binascii
import re

from kirana.values import Money

from .amounts import minor_of, text_of
from .currency_numbers import CODES, NUMBERS
from .port import Reading
from .problems import CodeRefused, refuse
from .texts import require_line, require_text

Template = dict[str, str]
Fields = dict[str, str | Template]
"""A code without its checksum: values by tag, in the order in which they stand."""

MAX_VALUE = 99
ACCOUNTS = range(26, 52)
_NESTING = {*ACCOUNTS, 62, 64, *range(80, 100)}
_MOST = {"54": 13, "59": 25, "60": 15}


def parse(text: str) -> Fields:
    """The fields of a code. Raises: CodeRefused."""
    require_text(text)
    if not text.startswith("000201"):
        refuse("not-a-code", "This is no payment code that Kirana knows.")
    require_line(text)
    flat = _walk(text)
    if list(flat)[-1] != "63":
        refuse("no-checksum", "The checksum, tag 63, has to stand at the end.", "63")
    if flat.pop("63") != checksum(text[:-4]):
        refuse("wrong-checksum", "The checksum is wrong: a character was changed or lost.", "63")
    return {tag: _walk(it, tag) if int(tag) in _NESTING else it for tag, it in flat.items()}


def compose(fields: Fields) -> str:
    """The code of these fields, in their order. Raises: CodeRefused for what does not fit."""
    body = "".join(_field(tag, value) for tag, value in fields.items()) + "6304"
    require_line(body)
    return body + checksum(body)


def checksum(text: str) -> str:
    """CRC-16/CCITT-FALSE over UTF-8, as four digits: zeros in front are kept."""
    return f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def flatten(fields: Fields) -> dict[str, str | None]:
    """Every value by its tag; those of a template as `26.01`."""
    flat: dict[str, str | None] = {}
    for tag, value in fields.items():
        if isinstance(value, dict):
            flat |= {f"{tag}.{inner}": it for inner, it in value.items()}
        else:
            flat[tag] = value
    return flat


def find_template(fields: Fields, name: str, among: range = ACCOUNTS) -> Template | None:
    """The template whose `00` is this name, in any case; among the accounts, unless said."""
    for tag, value in fields.items():
        if int(tag) not in among or not isinstance(value, dict):
            continue
        if value.get("00", "").upper() == name.upper():
            return value
    return None


def has_template(text: str, *names: str) -> bool:
    """Whether a text is a sound code with an account of one of these names."""
    try:
        fields = parse(text)
    except CodeRefused:
        return False
    return any(find_template(fields, name) is not None for name in names)


def text_at(fields: Fields, path: str) -> str | None:
    """The value at `59` or `62.05`, if there is one."""
    outer, _, inner = path.partition(".")
    value = fields.get(outer)
    if inner:
        return value.get(inner) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def require_country(fields: Fields, country: str, code: str) -> None:
    """Raises: CodeRefused unless currency and country are the rail's."""
    if text_at(fields, "53") != NUMBERS[code]:
        refuse("currency", f"The currency has to be {NUMBERS[code]}, {code}.", "53")
    if text_at(fields, "58") != country:
        refuse("country", f"The country has to be {country}.", "58")


def read_amount(fields: Fields, code: str, *, may_be_zero: bool = False) -> int | None:
    """Minor units of tag 54, which has up to two decimals. Raises: CodeRefused."""
    text = text_at(fields, "54")
    if text is None:
        return None
    minor = minor_of(text, code, decimals=2) if len(text) <= _MOST["54"] else None
    if minor is None or not (minor or may_be_zero):
        refuse("amount", "The amount is not one that can be paid.", "54")
    return minor


def write_amount(amount: Money | None) -> Fields:
    """Tag 54, if there is an amount. Raises: CodeRefused for more than fits."""
    if amount is None:
        return {}
    text = text_of(amount)
    if len(text) > _MOST["54"]:
        refuse("amount", "The amount is too large for this code.", "54")
    return {"54": text}


def require_lengths(fields: Fields) -> None:
    """Raises: CodeRefused for a name or a city that is longer than the standard lets it be."""
    for tag in ("59", "60"):
        if len(text_at(fields, tag) or "") > _MOST[tag]:
            refuse("too-long", f"Tag {tag} holds at most {_MOST[tag]} characters.", tag)


def read(text: str) -> Reading:
    """What a code says that belongs to none of our rails. Raises: CodeRefused."""
    fields = parse(text)
    require_lengths(fields)
    warnings = ["No rail of Kirana is named in it."]
    code = CODES.get(text_at(fields, "53") or "")
    if code is None:
        warnings.append("Its currency is not known, so the amount is not told in minor units.")
    return Reading(
        rail="emv",
        currency=code,
        amount_minor=read_amount(fields, code) if code else None,
        name=text_at(fields, "59"),
        reference=text_at(fields, "62.05") or text_at(fields, "62.01"),
        fields=flatten(fields),
        warnings=tuple(warnings),
    )


def _walk(text: str, place: str | None = None) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        head = text[at : at + 4]
        if not re.fullmatch("[0-9]{4}", head):
            refuse("wrong-length", f"After {at} characters no further field begins.", place)
        tag, length = head[:2], int(head[2:])
        field = f"{place}.{tag}" if place else tag
        value = text[at + 4 : at + 4 + length]
        if length == 0:
            refuse("empty-value", f"Field {field} is empty.", field)
        if len(value) < length:
            refuse("wrong-length", f"Field {field} says {length} characters and has less.", field)
        if tag in found:
            refuse("repeated-field", f"Field {field} stands there twice.", field)
        found[tag] = value
        at += 4 + length
    return found


def _field(tag: str, value: str | Template) -> str:
    if isinstance(value, dict):
        value = "".join(_field(inner, it) for inner, it in value.items())
    if not value:
        refuse("empty-value", f"Field {tag} is empty.", tag)
    if len(value) > MAX_VALUE:
        refuse("too-long", f"Field {tag} would have {len(value)} characters, more than 99.", tag)
    return f"{tag}{len(value):02}{value}"
