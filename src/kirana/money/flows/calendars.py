"""On which days something that repeats falls, and when such a day begins to count. Pure."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Rhythm = Literal["once", "week", "month"]
HOUR = 9
"""Payments are made in the morning of their day, where their payer lives."""


def day_of(first: date, rhythm: Rhythm, number: int) -> date | None:
    """The day of the `number`-th run, the first one's being 0; None when there is none. The 31st is
    the last day of a shorter month."""
    if rhythm == "once":
        return first if number == 0 else None
    if rhythm == "week":
        return first + timedelta(weeks=number)
    months = first.year * 12 + first.month - 1 + number
    year, month = divmod(months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def morning(day: date, zone: str) -> int:
    """When payments of that day are made there, in epoch milliseconds."""
    moment = datetime(day.year, day.month, day.day, HOUR, tzinfo=ZoneInfo(zone))
    return int(moment.timestamp() * 1000)


def today(now: int, zone: str) -> date:
    """Which day it is there."""
    return datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
