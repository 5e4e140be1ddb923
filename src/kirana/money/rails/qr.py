"""Codes as pictures."""

from typing import TYPE_CHECKING

from .epc.code import CHARSETS
from .problems import refuse

if TYPE_CHECKING:
    import segno

_QUIET_ZONE = 4


def draw_svg(text: str) -> str:
    """A QR code, as it stands in a page. Raises: CodeRefused for more than fits into one."""
    import io

    out = io.BytesIO()
    make(text).save(
        out, kind="svg", border=_QUIET_ZONE, xmldecl=False, svgns=True, nl=False, dark="#000",
        light="#fff", omitsize=True,
    )  # fmt: skip
    return out.getvalue().decode()


def make(text: str) -> "segno.QRCode":
    """A QR code whose bytes are the text's own, without a mark for the encoding: readers of banks
    stumble over one. Raises: CodeRefused."""
    import segno

    try:
        return segno.make(
            text, error="m", boost_error=False, micro=False, eci=False, encoding=_encoding(text)
        )
    except segno.DataOverflowError:
        refuse("too-long", "This does not fit into a QR code.")


def _encoding(text: str) -> str:
    """UTF-8, unless a SEPA code says otherwise."""
    lines = text.split("\n", 3)
    is_epc = lines[0].rstrip() == "BCD" and len(lines) > 3
    charset = lines[2].rstrip() if is_epc else "1"
    return CHARSETS.get(int(charset) if charset.isdecimal() else 1, "utf-8")
