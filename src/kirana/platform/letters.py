"""Text on paper: which typeface has the letters, how they join, and that they can be selected.

The typefaces come with the packages of `fontpkg`. A script that none of them has cannot be written:
`can_write` says so before.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_FAMILIES = (
    "Noto Sans",  # Latin, Greek, Cyrillic, Devanagari
    "Hind Siliguri",  # Bengali
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Thai",
    "Noto Sans Arabic",
)
PAPER = Lock()
"""To be held while a document is made: typefaces note which of their letters were joined how."""


class Run(NamedTuple):
    """Letters that one typeface has."""

    family: str
    text: str


def can_write(text: str) -> bool:
    """Whether all letters of a text are there. Ornaments (an emoji, say) are no letters."""
    return all(_is_ornament(char) or _family_of(char) for char in text)


def draw(
    canvas: "Canvas", x: float, y: float, text: str, size: float, *, to_the_right: bool = False
) -> float:
    """Write one line at `x`, or up to it; how wide it is. Copied, it is the text that was given."""
    from reportlab.pdfbase.ttfonts import shapeStr

    drawn = [(run, shapeStr(run.text, run.family, size)) for run in _runs(text)]
    widths = [_width(shaped, run, size) for run, shaped in drawn]
    at = x - sum(widths) if to_the_right else x
    for (run, shaped), width in zip(drawn, widths, strict=True):
        canvas.setFont(run.family, size)
        told = run.text.encode("utf-16-be").hex()
        canvas._code.append(f"/Span <</ActualText <FEFF{told}>>> BDC")
        canvas.drawString(at, y, shaped)
        canvas._code.append("EMC")
        at += width
    return sum(widths)


def width_of(text: str, size: float) -> float:
    """How wide `draw` would write it."""
    from reportlab.pdfbase.ttfonts import shapeStr

    return sum(_width(shapeStr(run.text, run.family, size), run, size) for run in _runs(text))


def shortened(text: str, size: float, width: float) -> str:
    """As much of a text as there is room for."""
    if width_of(text, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(text[:middle] + "…", size) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def _width(shaped: str, run: Run, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    data = getattr(shaped, "__shapeData__", None)
    if data is None:
        return float(stringWidth(shaped, run.family, size))
    return float(sum(it.x_advance for it in data)) * size / 1000


def _runs(text: str) -> Iterator[Run]:
    """A mark, and what all scripts share, stay with the letters before them."""
    family, run = _FAMILIES[0], ""
    for char in text:
        if _is_ornament(char):
            continue
        stays = unicodedata.category(char)[0] in "MZPN" and ord(char) in _typefaces()[family]
        wanted = family if stays else _family_of(char) or family
        if wanted != family and run:
            yield Run(family, run)
            run = ""
        family, run = wanted, run + char
    if run:
        yield Run(family, run)


def _is_ornament(char: str) -> bool:
    category = unicodedata.category(char)
    is_sign = category in ("So", "Sk") and not _family_of(char)
    return is_sign or category in ("Cc", "Cf", "Cs") or "\ufe00" <= char <= "\ufe0f"


def _family_of(char: str) -> str | None:
    return next((name for name, has in _typefaces().items() if ord(char) in has), None)


@cache
def _typefaces() -> dict[str, Any]:
    """Opened when the first page is written: a server that writes none does without."""
    import fontpkg
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    found = {}
    for name in _FAMILIES:
        typeface = TTFont(name, str(fontpkg.path(name)), shapable=True)
        pdfmetrics.registerFont(typeface)
        found[name] = typeface.face.charToGlyph.keys()
    # What is joined gets numbers of its own while pages are written; those are no letters.
    return {name: frozenset(letters) for name, letters in found.items()}
