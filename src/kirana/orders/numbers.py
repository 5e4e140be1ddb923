"""Numbers that people read: one after the other, without gaps, for each shop and series."""

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from kirana import business
from kirana.platform.db import Q, Tx, upsert
from kirana.values import BusinessId

from .tables import numbers

FIRST_ORDER = 1001


class Series(StrEnum):
    """What is numbered by the year."""

    RECEIPT = "R"
    CREDIT_NOTE = "C"


_NEXT = Q(
    upsert(numbers, ["business_id", "series"], {"last": numbers.c.last + 1}).returning(
        numbers.c.last
    )
)


def order_number(tx: Tx, business_id: BusinessId) -> int:
    """The next order's number."""
    return _next(tx, business_id, "order", first=FIRST_ORDER)


def yearly_number(tx: Tx, business_id: BusinessId, series: Series) -> str:
    """The next number of this series in the year that it is at the shop: `R2026-0001`."""
    zone = ZoneInfo(business.get_business(tx, business_id).zone)
    year = datetime.fromtimestamp(tx.now // 1000, UTC).astimezone(zone).year
    name = f"{series}{year}"
    return f"{name}-{_next(tx, business_id, name, first=1):04}"


def _next(tx: Tx, business_id: BusinessId, series: str, *, first: int) -> int:
    row = tx.one(_NEXT, business_id=business_id, series=series, last=first)
    assert row is not None
    number: int = row.last
    return number
