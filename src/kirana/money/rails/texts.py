"""What is common to the texts of all codes."""

import re
import unicodedata

from .port import MAX_TEXT, Details
from .problems import refuse, refuse_address

_JOINERS = "\u200c\u200d"


def require_text(text: str) -> None:
    """Raises: CodeRefused for what is no text, or is longer than any code."""
    if len(text) > MAX_TEXT:
        refuse("too-long", "This is longer than any payment code.")
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse("no-text", "This holds bytes that are no text.")


def require_line(text: str) -> None:
    """Raises: CodeRefused for what is no text of one line that can be seen whole."""
    require_text(text)
    if has_controls(text):
        refuse("no-text", "This holds characters that cannot be seen.")


def has_controls(text: str) -> bool:
    """Whether it holds characters that cannot be seen: line breaks, and what turns the order of
    letters round. What only joins letters, in Indian scripts and emoji, may stay."""
    return any(
        unicodedata.category(it) in ("Cc", "Cf", "Zl", "Zp") for it in text if it not in _JOINERS
    )


def fold(text: str) -> str:
    """Without accents, for codes that know plain letters only: `São` becomes `Sao`."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(it for it in parts if not unicodedata.combining(it))


def plain_name(details: Details, field: str, most: int) -> str:
    """A name for a code that knows plain letters only. Raises: InvalidInput."""
    name = " ".join(fold(details.get(field, "")).split())
    if not name:
        refuse_address(field, "This is needed.")
    if not (name.isascii() and name.isprintable()):
        refuse_address(field, "Write this in Latin letters.")
    if len(name) > most:
        refuse_address(field, f"At most {most} characters fit into the code.")
    return name


def cell(text: str) -> str:
    """So that no spreadsheet takes a name for a formula."""
    return "'" + text if re.match(r"'*[=+\-@\t\r]", text) else text
