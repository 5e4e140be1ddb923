"""Rails: the ways to be paid outside of Kirana, from bank to bank, by a code that the payer scans.

To add one, make a folder that has what `port.Rail` names, and list it in `RAILS`. Nothing here does
input or output, and a text from outside is data: it is read, shown and never followed.
"""

from . import emv, epc, paynow, pix, promptpay, upi
from .port import Details, Link, Offer, Rail, Reading
from .problems import CodeRefused
from .qr import draw_svg

__all__ = [
    "RAILS",
    "CodeRefused",
    "Details",
    "Link",
    "Offer",
    "Rail",
    "Reading",
    "draw_svg",
    "read",
]

_ALL: tuple[Rail, ...] = (upi, pix, epc, paynow, promptpay)
RAILS: dict[str, Rail] = {rail.NAME: rail for rail in _ALL}


def read(text: str) -> Reading:
    """What any payment code says. Raises: CodeRefused."""
    for rail in RAILS.values():
        if rail.recognizes(text):
            return rail.read(text)
    return emv.read(text)
