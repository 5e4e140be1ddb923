"""Instants and the calendar of the place where somebody lives. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local(at: int, zone: str) -> datetime:
    """An instant of epoch milliseconds as clocks there show it."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def day_of(at: int, zone: str) -> str:
    """The day it is there: `2026-11-30`."""
    return local(at, zone).date().isoformat()


def midnight(year: int, month: int, day: int, zone: str) -> int:
    """The day's first moment: where clocks are set forward at midnight, it begins at one; where
    they are set back over it, at the first of the two."""
    return int(datetime(year, month, day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def month_of(year: int, month: int, zone: str) -> tuple[int, int]:
    """When a month begins there, and when the next one does, in epoch milliseconds."""
    next_year, next_month = year + month // 12, month % 12 + 1
    return midnight(year, month, 1, zone), midnight(next_year, next_month, 1, zone)
