"""The part of the `opening_hours` notation that Kirana reads and writes itself.

Weekdays, public holidays, months and dates, `off`, 24/7 and hours past midnight. What is outside
of it (sunrise, weeks, "first Saturday") is left to the library; see `evaluation.py`.
Source: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from `start` to `end`, minutes after midnight; past 1440 it ends on the next day."""

    start: int
    end: int
    closes: bool = True
    """False for "from 17:00": nobody said until when, so it is taken to last until midnight."""

    def __str__(self) -> str:
        if not self.closes:
            return f"{clock(self.start)}+"
        end = self.end - DAY_MINUTES if self.end > DAY_MINUTES else self.end
        return f"{clock(self.start)}-{clock(end)}"


WHOLE_DAY = Span(0, DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Dates:
    """From one day of the year to another, both inclusive; with a year only in that year."""

    first: tuple[int, int, int]
    """Year (0: every year), month, day."""
    last: tuple[int, int, int]

    def __contains__(self, day: date) -> bool:
        if self.first[0]:
            return self.first <= (day.year, day.month, day.day) <= self.last
        here, first, last = (day.month, day.day), self.first[1:], self.last[1:]
        return first <= here <= last if first <= last else here >= first or here <= last


@dataclass(frozen=True, slots=True)
class Rule:
    """On these days: open at `spans`, or closed when there are none."""

    days: frozenset[int]
    """0 is Monday. Empty with `holidays`: only on public holidays."""
    spans: tuple[Span, ...]
    holidays: bool = False
    dates: tuple[Dates, ...] = ()
    adds: bool = False
    """Joined by a comma: adds to the rules before it instead of replacing them."""

    def covers(self, day: date, *, is_holiday: bool) -> bool:
        if self.dates and not any(day in dates for dates in self.dates):
            return False
        return day.weekday() in self.days or (self.holidays and is_holiday)

    @property
    def is_late(self) -> bool:
        """Some hours end on the next day."""
        return any(span.end > DAY_MINUTES for span in self.spans)


def parse(text: str) -> tuple[Rule, ...] | None:
    """The rules, or None when `text` uses more of the notation than this module knows."""
    rules: list[Rule] = []
    for block in text.strip().rstrip(";").split(";"):
        parts = re.split(r",\s+(?=[A-Z])", block.strip())
        for position, part in enumerate(parts):
            rule = _parse_rule(part, adds=position > 0)
            if rule is None:
                return None
            rules.append(rule)
    return tuple(rules)


def format_week(week: Mapping[int, Iterable[Span]], holidays: Iterable[Span] | None = None) -> str:
    """One line for a plain week: days with equal hours together, days without hours left out.

    Rules with hours past midnight are joined by commas, because a semicolon would cut the night
    before off at midnight.
    """
    hours = {day: tuple(sorted(spans)) for day, spans in week.items()}
    groups: dict[tuple[Span, ...], list[int]] = {}
    for day in range(7):
        if hours.get(day):
            groups.setdefault(hours[day], []).append(day)
    if groups.keys() == {(WHOLE_DAY,)} and len(groups[WHOLE_DAY,]) == 7:
        text = "24/7"
    else:
        is_late = any(span.end > DAY_MINUTES for spans in groups for span in spans)
        text = (", " if is_late else "; ").join(
            f"{format_days(days)} {','.join(map(str, spans))}" for spans, days in groups.items()
        )
    if holidays is not None:
        spans = tuple(sorted(holidays))
        text += ("; " if text else "") + "PH " + (",".join(map(str, spans)) or "off")
    return text or "off"


def tidy(text: str) -> str:
    """The same hours, written so that a night is not cut off at midnight by the next day's rule.

    Only a plain week is rewritten; everything else is returned as it is.
    """
    rules = parse(text)
    if rules is None or not any(rule.is_late for rule in rules):
        return text
    plain = [rule for rule in rules if not rule.holidays]
    special = [rule for rule in rules if rule.holidays]
    if any(rule.dates for rule in rules) or any(rule.days for rule in special):
        return text
    week: dict[int, tuple[Span, ...]] = {}
    for rule in plain:
        for day in rule.days:
            week[day] = (*week.get(day, ()), *rule.spans) if rule.adds else rule.spans
    return format_week(week, special[-1].spans if special else None)


def format_days(days: Iterable[int]) -> str:
    """`Mo-We,Fr`: runs of three and more as ranges, two in a row as a range as well."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs
    )


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def days_between(first: int, last: int) -> frozenset[int]:
    """Both inclusive, around the end of the week if need be."""
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


_DAY = "|".join(DAYS)
_MONTH = "|".join(MONTHS)
_SOME_DAYS = rf"(?:PH|(?:{_DAY})(?:\s*-\s*(?:{_DAY}))?)"
_HOURS = r"\d{1,2}:\d\d(?:\s*-\s*\d{1,2}:\d\d|\+)"
_RULE = re.compile(
    rf"(?P<dates>(?:(?:\d{{4}}\s+)?(?:{_MONTH})(?![a-z])[^:;\"]*?)?)\s*:?\s*"
    rf"(?P<days>(?:{_SOME_DAYS}(?:\s*,\s*{_SOME_DAYS})*)?)\s*:?\s*"
    rf"(?P<hours>24/7|(?:{_HOURS}(?:\s*,\s*{_HOURS})*)?)\s*"
    r"(?P<off>off|closed|open)?"
)
_DATES = re.compile(
    rf"(?:(?P<year>\d{{4}}) )?(?P<month>{_MONTH})(?: (?P<day>\d{{1,2}}))?"
    rf"(?:-(?:(?P<year2>\d{{4}}) )?(?:(?P<month2>{_MONTH}) ?)?(?P<day2>\d{{1,2}})?)?"
)
_LAST_DAY = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _parse_rule(text: str, *, adds: bool) -> Rule | None:
    if not text or not (match := _RULE.fullmatch(text)):
        return None
    days, has_holidays = _parse_days(match["days"])
    if match["dates"].rstrip().endswith(","):
        return None
    dates: list[Dates] = []
    for part in filter(None, (part.strip() for part in match["dates"].split(","))):
        if not (found := _parse_dates(part)):
            return None
        dates.append(found)
    spans = _parse_spans(match["hours"])
    if spans is None:
        return None
    if match["off"] in ("off", "closed"):
        if match["hours"]:
            return None
        return Rule(days, (), has_holidays, tuple(dates), adds)
    if not (match["hours"] or match["days"] or match["dates"] or match["off"]):
        return None
    return Rule(days, spans or (WHOLE_DAY,), has_holidays, tuple(dates), adds)


def _parse_days(text: str) -> tuple[frozenset[int], bool]:
    if not text:
        return frozenset(range(7)), False
    days: frozenset[int] = frozenset()
    has_holidays = False
    for part in text.split(","):
        first, _, last = (end.strip() for end in part.partition("-"))
        if first == "PH":
            has_holidays = True
        elif first:
            days |= days_between(DAYS.index(first), DAYS.index(last or first))
    return days, has_holidays


def _parse_dates(text: str) -> Dates | None:
    if not (match := _DATES.fullmatch(text)):
        return None
    year, month = int(match["year"] or 0), MONTHS.index(match["month"]) + 1
    if match["year2"] and not match["month2"]:
        return None
    is_range = "-" in text
    month2 = MONTHS.index(match["month2"]) + 1 if match["month2"] else month
    year2 = int(match["year2"] or 0) or year
    if match["year2"] and not year:
        return None
    if match["day"] and is_range and not match["day2"]:
        return None
    if match["day2"] and not match["day"]:
        return None
    day = int(match["day"] or 1)
    day2 = int(match["day2"] or (match["day"] if not is_range else 0) or _LAST_DAY[month2 - 1])
    if not 1 <= day <= _LAST_DAY[month - 1] or not 1 <= day2 <= _LAST_DAY[month2 - 1]:
        return None
    if year and (year2, month2, day2) < (year, month, day):
        return None
    return Dates((year, month, day), (year2, month2, day2))


def _parse_spans(text: str) -> tuple[Span, ...] | None:
    if not text or text == "24/7":
        return ()
    spans = []
    for part in text.split(","):
        clocks = [(int(hour), int(minute)) for hour, minute in re.findall(r"(\d+):(\d+)", part)]
        start, *ends = (hour * 60 + minute for hour, minute in clocks)
        if start >= DAY_MINUTES or any(minute > 59 for _hour, minute in clocks):
            return None
        if not ends:
            spans.append(Span(start, DAY_MINUTES, closes=False))
        elif ends[0] > 2 * DAY_MINUTES:
            return None
        else:
            spans.append(Span(start, ends[0] if ends[0] > start else ends[0] + DAY_MINUTES))
    return tuple(spans)
