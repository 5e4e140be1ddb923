"""From bytes to records. Content decides, never the file's name. Pure.

A record's `row` is the number that a spreadsheet shows beside it: the first line is 1, an empty
line counts, and a record with line breaks inside quotes counts as one.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from .refusals import refuse

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 300

csv.field_size_limit(MAX_BYTES)


@dataclass(frozen=True, slots=True)
class Record:
    """One row of cells as they stand in the file."""

    row: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The records of a file that are not blank, and how they were read."""

    records: tuple[Record, ...]
    encoding: str
    delimiter: str


def sniff(content: bytes) -> Sheet:
    """Read `content` as a table. Raises: FileRefused when it is none, or too large."""
    if len(content) > MAX_BYTES:
        raise refuse("too-large", f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    if seems := _binary_kind(content):
        raise refuse(
            "not-a-table", f"This seems to be {seems}. Save it as CSV and try again.", seems=seems
        )
    text, encoding = decode(content)
    if not text.strip():
        raise refuse("empty-file", "The file is empty.")
    if "\0" in text:
        raise refuse("unreadable-text", "The letters of this file cannot be read.")
    if kind := _text_kind(text):
        advice = (
            "In WooCommerce use Products, then Export, to get a CSV file."
            if "WordPress" in kind
            else "Kirana imports CSV files."
        )
        raise refuse("not-a-table", f"This seems to be {kind}. {advice}", seems=kind)
    delimiter = find_delimiter(text)
    if delimiter is None:
        raise refuse(
            "not-a-table",
            "This seems to be a text without columns, not a table.",
            seems="a text without columns",
        )
    return Sheet(_records(text, delimiter), encoding, delimiter)


def decode(content: bytes) -> tuple[str, str]:
    """The text in `content` and the name of its encoding. Raises: FileRefused."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding), encoding
    if wide := _utf16_without_mark(content):
        return _decoded(content, wide), wide
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        encoding = _best_8_bit(content)
        return _decoded(content, encoding), encoding


def find_delimiter(text: str) -> str | None:
    """The sign that splits the first records into equally many cells, seen past quotes."""
    best, best_score = None, (0.0, 0)
    for delimiter in ",;\t|":
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = [len(cells) for cells in islice(reader, 200) if any(cells)]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        # Short rows are common (trailing cells left out), so the header's width is what counts.
        fitting = sum(1 for width in widths if 2 <= width <= widths[0]) / len(widths)
        if fitting < 0.5:
            continue
        equal = Counter(widths).most_common(1)[0][1] / len(widths)
        score = (fitting + equal, widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _records(text: str, delimiter: str) -> tuple[Record, ...]:
    try:
        return _parsed(text, delimiter, strict=True)
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise refuse(
                "unclosed-quote",
                "A quotation mark is opened and never closed, so rows run into each other.",
            ) from None
    try:
        return _parsed(text, delimiter, strict=False)
    except csv.Error:
        raise refuse("unreadable-text", "The file cannot be read as a table.") from None


def _parsed(text: str, delimiter: str, *, strict: bool) -> tuple[Record, ...]:
    found: list[Record] = []
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    for row, cells in enumerate(lines, start=1):
        if not any(map(str.strip, cells)):
            continue
        if len(found) > MAX_ROWS:
            raise refuse("too-many-rows", f"The file has more than {MAX_ROWS:,} rows.")
        if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
            raise refuse("too-many-columns", f"Row {row} has more than {MAX_COLUMNS} columns.")
        found.append(Record(row, tuple(cells)))
    return tuple(found)


_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"SQLite format 3", "a SQLite database"),
    (b"{\\rtf", "a rich text document"),
)


def _binary_kind(content: bytes) -> str | None:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            if magic == b"PK\x03\x04" and b"xl/" in content:
                return "an Excel workbook"
            if magic == b"PK\x03\x04" and b"opendocument.spreadsheet" in content[:200]:
                return "an OpenDocument spreadsheet"
            return kind
    marked = content.startswith(tuple(mark for mark, _ in _BYTE_ORDER_MARKS))
    if not marked and b"\0" in content and not _utf16_without_mark(content):
        return "a binary file"
    return None


def _text_kind(text: str) -> str | None:
    start = text[:20_000].lstrip("\ufeff \t\r\n")
    if start[:1] in "[{":
        return "JSON data"
    if not start.startswith("<"):
        return None
    bare = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", "", start, flags=re.S)
    found = re.search(r"<\s*([\w:.-]+)([^>]*)", bare)
    root, attributes = (found[1].lower(), found[2]) if found else ("", "")
    if "wordpress.org/export" in attributes or "wp:wxr_version" in start:
        return "a WordPress export (WXR)"
    if "base.google.com" in attributes:
        return "a Google product feed (XML)"
    if root == "html" or start[:9].lower() == "<!doctype":
        return "a web page (HTML)"
    return {"rss": "an RSS feed (XML)", "feed": "an Atom feed (XML)"}.get(
        root, f"an XML document (<{root}>)" if root else "an XML document"
    )


def _utf16_without_mark(content: bytes) -> str | None:
    start = content[:2000]
    if len(start) < 4 or b"\0" not in start:
        return None
    half = len(start) // 2
    zeros_first, zeros_second = start[0::2].count(0), start[1::2].count(0)
    if zeros_second > half * 0.6 and zeros_first < half * 0.1:
        return "utf-16-le"
    if zeros_first > half * 0.6 and zeros_second < half * 0.1:
        return "utf-16-be"
    return None


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise refuse("unreadable-text", "The letters of this file cannot be read.") from None


_LATIN_SIGNS = "€£°®™©«»“”„‘’–—…·½¼²³×§\u00a0"
_LETTERS_8_BIT = {
    # The letters beyond ASCII that the languages of each encoding really use.
    "cp1252": "äöüßéèêëàâçîïôûùœæñóíáúãõåøÄÖÜÉÈÀÂÇÊÎÔÓÍÁÚÑÃÕÅØÆŒ¿¡ºªìòÌÒý",
    "cp1250": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻčďěňřšťůžýáéíúČĎĚŇŘŠŤŮŽÝÁÉÍÚőűŐŰăâîșțşţäöüßđĐľĺ",
    "cp1254": "ğışİŞĞöüçâîûÖÜÇ",
    "cp1251": "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґў№АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯІЇЄҐ",
    "koi8_r": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯ",
    "cp866": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯ",
    "cp1253": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
    "cp1255": "אבגדהוזחטיכלמנסעפצקרשתםןץףך",
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئپچژگ،؛؟",
    "cp850": "äöüßéèêëàâçîïôûùñóíáúÄÖÜÉÇÑ",
    "mac_roman": "äöüßéèêëàâçîïôûùœæñóíáúãõåøÄÖÜÉÈÀÂÇÊÎÔÓÍÁÚÑÃÕÅØÆŒ",
}
"""In order of preference: an earlier one wins when the scores are equal."""
_COMMON_LETTERS = "оеаинтсрвлкдיוהלאתרמבנשחαοιετσνηυρالمنيورتبة"
"""Each script's most frequent letters: where two scripts share their bytes, these tell."""


def _best_8_bit(content: bytes) -> str:
    """The 8-bit encoding in which the bytes beyond ASCII read most like words."""
    sample = content[:200_000]
    scores = {}
    for encoding, letters in _LETTERS_8_BIT.items():
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        scores[encoding] = _likeness(text, frozenset(letters))
    if not scores:
        raise refuse("unreadable-text", "The letters of this file cannot be read.")
    return max(scores, key=lambda encoding: scores[encoding])


def _likeness(text: str, letters: frozenset[str]) -> int:
    score = 0
    for before, sign in zip(" " + text, text, strict=False):
        if sign < "\x80":
            continue
        if sign in letters:
            score += 5 if sign in _COMMON_LETTERS else 3
            if sign >= "\u0370" and before.isascii() and before.isalpha():
                score -= 12  # scripts do not mix within a word
            elif sign.isupper() and before.islower():
                score -= 6  # capitals do not stand inside words
            elif before.isalpha() and sign.isupper() == before.isupper():
                score += 1
        elif sign in _LATIN_SIGNS:
            score += 2
        elif unicodedata.category(sign)[0] == "C":
            score -= 10
        else:
            score -= 2 if sign.isalpha() else 4
    return score
