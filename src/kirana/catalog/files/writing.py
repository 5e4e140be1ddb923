"""From products to the text of a file. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from kirana.values import CollectionId

from ..model import Product


@dataclass(frozen=True, slots=True)
class Shelf:
    """What goes into a file."""

    currency: str
    zone: ZoneInfo
    products: tuple[Product, ...]
    paths: Mapping[CollectionId, tuple[str, ...]]
    """The names from the topmost collection down to each one."""
    public_url: str
    """Of this server, without a slash at the end."""


def write_csv(rows: Iterable[Sequence[str]], *, mark: bool = True) -> str:
    """The text of a CSV file; `mark` sets a byte order mark, without which Excel garbles it."""
    text = io.StringIO(newline="")
    if mark:
        text.write("\ufeff")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def picture_urls(shelf: Shelf, picture_ids: Iterable[str]) -> list[str]:
    return [f"{shelf.public_url}/media/{picture_id}/1280.webp" for picture_id in picture_ids]


def instant_text(at: int | None, zone: ZoneInfo) -> str:
    """A moment as a file holds it: the shop's wall clock, with its offset, exact to what is set."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at // 1000, zone).replace(microsecond=at % 1000 * 1000)
    return moment.isoformat(sep=" ", timespec="milliseconds" if at % 1000 else "seconds")
