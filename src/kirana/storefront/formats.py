"""How a language writes money, times and dates. Babel knows the patterns, we know the decimals."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import get_currency_symbol
from markupsafe import Markup, escape

from kirana.platform.amounts import money_text

from .words import Words


@lru_cache(256)
def locale_of(language: str, country: str = "") -> Locale:
    """The reader's language as it is written at the shop: German there, `en_IN` in Pune."""
    try:
        return Locale.parse(f"{language}_{country}" if country else language)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language)


@lru_cache(20_000)
def money_html(amount_minor: int, code: str, locale: Locale, *, is_short: bool = False) -> Markup:
    """The same with a sign that is smaller than the digits, and never broken across lines."""
    text = money_text(amount_minor, code, locale, is_short=is_short)
    sign = get_currency_symbol(code, locale)
    before, found, after = text.partition(sign)
    if not found:
        return Markup('<span class="money">{}</span>').format(text)
    small = Markup("<small>{}</small>").format(sign)
    return Markup('<span class="money">{}</span>').format(escape(before) + small + escape(after))


@lru_cache(2_000)
def phone_text(number: str) -> str:
    """`+91 98200 00001`, as it is read out; what is no number stays as it is."""
    import phonenumbers  # a large book of numbers, opened when one is shown

    try:
        known = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def clock_text(at: int, zone: str, locale: Locale) -> str:
    """The time of day at the shop."""
    return format_time(local(at, zone), "short", locale=locale)


def wall_text(clock: str, locale: Locale) -> str:
    """`09:30` as the locale writes it."""
    hour, _, minute = clock.partition(":")
    moment = datetime(2000, 1, 1, int(hour) % 24, int(minute), tzinfo=UTC)
    return format_time(moment, "short", locale=locale)


def day_text(on: date, locale: Locale) -> str:
    """`Monday, 3 March`, as the locale writes it."""
    return format_skeleton("MMMMEEEEd", on, locale=locale)


def weekday_text(on: date, locale: Locale) -> str:
    return format_date(on, "EEEE", locale=locale)


def short_day_text(on: date, locale: Locale) -> str:
    return format_skeleton("MMMd", on, locale=locale)


def moment_text(at: int, zone: str, locale: Locale) -> str:
    """Day and time at the shop."""
    there = local(at, zone)
    day = format_skeleton("MMMd", there, locale=locale)
    return f"{day}, {format_time(there, 'short', locale=locale)}"


def lately_text(at: int, today: date, zone: str, locale: Locale) -> str:
    """The time of day, with its day unless that is today."""
    is_today = local(at, zone).date() == today
    return clock_text(at, zone, locale) if is_today else moment_text(at, zone, locale)


def local(at: int, zone: str) -> datetime:
    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        place = ZoneInfo("UTC")
    return datetime.fromtimestamp(at / 1000, place)


def opening_text(at: int, now: int, zone: str, locale: Locale, words: Words) -> str:
    """When it opens next, said as one says it: the time today, `tomorrow`, a weekday, a date."""
    there, today = local(at, zone), local(now, zone).date()
    time = format_time(there, "short", locale=locale)
    days = (there.date() - today).days
    if days == 0:
        return words("opens_today", time=time)
    if days == 1:
        return words("opens_tomorrow", time=time)
    day = weekday_text(there.date(), locale) if days < 7 else short_day_text(there.date(), locale)
    return words("opens_on", day=day, time=time)
