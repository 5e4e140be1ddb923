"""When a shop is open: the rules of its week, and the closures that beat them.

Everything is computed on the shop's own wall clock and turned into instants last, so a change of
the clocks moves no opening hour.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from .rules import DAY_MINUTES, DAYS, Rule, Span, parse, tidy

Kind = Literal["hours", "always", "by_appointment", "unknown"]

HORIZON_DAYS = 400
"""How far ahead the next opening is looked for."""


@dataclass(frozen=True, slots=True)
class Closure:
    """From one day to another, both inclusive: closed, or open at other hours."""

    first: date
    last: date
    spans: tuple[Span, ...] = ()
    is_holiday: bool = False

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Hours:
    """All that decides when a shop is open."""

    kind: Kind
    rules: str
    zone: str
    closures: tuple[Closure, ...] = ()


@dataclass(frozen=True, slots=True)
class HoursState:
    """Open or closed at one instant, and until when. Instants are epoch milliseconds."""

    state: Literal["open", "closed", "unknown"]
    closes_at: int | None = None
    """With `open`; None when it does not close, or nobody said when."""
    opens_at: int | None = None
    """With `closed`; None when no opening is in sight."""


class Schedule(Protocol):
    """Rules that can be asked. Made by `read_own` or `read_with_library`."""

    def open_on(self, day: date, *, is_holiday: bool = False) -> list[Span]:
        """The parts of this day that are open, apart and in order; none goes past midnight."""


class NotHours(ValueError):
    """No `opening_hours` rules."""


def state_at(hours: Hours, at: int) -> HoursState:
    """Whether the shop is open at `at`, and when that changes."""
    if hours.kind == "always":
        hours = Hours("hours", "24/7", hours.zone, hours.closures)
    if hours.kind != "hours" or not hours.rules:
        return HoursState("unknown")
    try:
        read(hours.rules)
    except NotHours:
        return HoursState("unknown")
    zone = ZoneInfo(hours.zone)
    local = datetime.fromtimestamp(at / 1000, zone)
    now = local.replace(tzinfo=None)
    # A few days are nearly always enough; only a long closure needs the whole horizon.
    for days in (3, 9, HORIZON_DAYS):
        compute = _spans_near if days < HORIZON_DAYS else _spans_near.__wrapped__
        spans = compute(hours.rules, hours.closures, now.date() - timedelta(1), days)
        edge = datetime.combine(now.date(), datetime.min.time()) + timedelta(days - 1)
        for start, end in spans:
            if end <= now:
                continue
            if start <= now:
                if end < edge:
                    ends_unsaid = "+" in hours.rules
                    return HoursState("open", None if ends_unsaid else _instant(end, zone, at))
                break
            return HoursState("closed", opens_at=_instant(start, zone, at))
        else:
            continue
    is_open = any(start <= now < end for start, end in spans)
    return HoursState("open" if is_open else "closed")


def open_spans(
    schedule: Schedule, closures: Sequence[Closure], first: date, days: int
) -> list[tuple[datetime, datetime]]:
    """Wall-clock times between which the shop is open, merged; `days` days from `first`."""
    near = [
        closure
        for closure in closures
        if closure.last >= first and closure.first <= first + timedelta(days)
    ]
    spans: list[tuple[datetime, datetime]] = []
    for step in range(days):
        day = first + timedelta(step)
        midnight = datetime.combine(day, datetime.min.time())
        for span in schedule.open_on(day, is_holiday=_is_holiday(near, day)):
            spans.append(
                (midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end))
            )
    spans = _merged(spans)
    for closure in near:
        if closure.is_holiday and not closure.spans and _has_holiday_hours(schedule):
            continue
        spans = _without(spans, closure)
    for closure in near:
        for step in range((closure.last - closure.first).days + 1) if closure.spans else ():
            midnight = datetime.combine(closure.first + timedelta(step), datetime.min.time())
            spans += [
                (midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end))
                for span in closure.spans
            ]
    return _merged(spans)


@lru_cache(maxsize=2048)
def _spans_near(
    rules: str, closures: tuple[Closure, ...], first: date, days: int
) -> tuple[tuple[datetime, datetime], ...]:
    """The same for every request of a day, so the near ones are kept."""
    return tuple(open_spans(read(rules), closures, first, days))


@lru_cache(maxsize=2048)
def read(rules: str) -> Schedule:
    """Our own reading where it suffices, the library's otherwise. Raises: NotHours."""
    return read_own(rules) or read_with_library(rules)


def read_own(rules: str) -> Schedule | None:
    """None when the rules use more of the notation than we know."""
    parsed = parse(rules)
    return None if parsed is None else _OwnSchedule(parsed)


def read_with_library(rules: str) -> Schedule:
    """Raises: NotHours."""
    return _LibrarySchedule(rules)


class _OwnSchedule:
    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self.knows_holidays = any(rule.holidays for rule in rules)

    def open_on(self, day: date, *, is_holiday: bool = False) -> list[Span]:
        yesterday = day - timedelta(1)
        spans: list[Span] | None = None
        for rule in self._rules:
            covers = rule.covers(day, is_holiday=is_holiday)
            today = [Span(s.start, min(s.end, DAY_MINUTES)) for s in rule.spans] if covers else []
            if rule.is_late and rule.covers(yesterday, is_holiday=False):
                today += [Span(0, s.end - DAY_MINUTES) for s in rule.spans if s.end > DAY_MINUTES]
            if not rule.spans:
                spans = [] if covers else spans
            elif rule.adds:
                spans = (spans or []) + today
            elif covers or not spans:
                spans = today
        return _merged_in_day(spans or [])


class _LibrarySchedule:
    def __init__(self, rules: str) -> None:
        self._rules = rules
        self.knows_holidays = "PH" in rules
        self._parsed = _library(rules)

    def open_on(self, day: date, *, is_holiday: bool = False) -> list[Span]:
        parsed = self._parsed
        if is_holiday and self.knows_holidays:
            # The library knows no holidays of most countries, and not the shop's own. On this one
            # day "on holidays" is the same as "on this weekday".
            try:
                parsed = _library(self._rules.replace("PH", DAYS[day.weekday()]))
            except NotHours:
                return []
        midnight = datetime.combine(day, datetime.min.time())
        return [
            Span(_minutes(start - midnight), _minutes(end - midnight))
            for start, end, is_open in parsed(midnight, midnight + timedelta(1))
            if is_open
        ]


_Intervals = Callable[[datetime, datetime], Iterable[tuple[datetime, datetime, bool]]]


@lru_cache(maxsize=256)
def _library(rules: str) -> _Intervals:
    import opening_hours  # heavy, and rarely needed

    try:
        parsed = opening_hours.OpeningHours(rules)
    except opening_hours.ParserError as error:  # type: ignore[attr-defined]
        raise NotHours(str(error)) from None

    def intervals(start: datetime, end: datetime) -> Iterable[tuple[datetime, datetime, bool]]:
        for first, last, state, _comment in parsed.intervals(start, end):
            yield first, last or end, state == opening_hours.State.OPEN

    return intervals


def accepts(rules: str) -> str | None:
    """The rules, tidied, if they are valid `opening_hours`; None otherwise."""
    try:
        read(rules)
    except NotHours:
        return None
    return tidy(rules)


def _is_holiday(closures: Iterable[Closure], day: date) -> bool:
    return any(closure.is_holiday and day in closure for closure in closures)


def _has_holiday_hours(schedule: Schedule) -> bool:
    return bool(getattr(schedule, "knows_holidays", False))


def _without(
    spans: list[tuple[datetime, datetime]], closure: Closure
) -> list[tuple[datetime, datetime]]:
    """Closed from midnight to midnight, but a night that began the day before is not cut short,
    and one that would begin on a closed day does not begin at midnight either."""
    first = datetime.combine(closure.first, datetime.min.time())
    last = datetime.combine(closure.last, datetime.min.time()) + timedelta(1)
    left: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        is_night = end - start < timedelta(1)
        if end <= first or start >= last:
            left.append((start, end))
            continue
        if start < first:
            ends_after = end if is_night and end <= first + timedelta(hours=12) else first
            left.append((start, ends_after))
        if end > last and not (is_night and start >= first and end <= last + timedelta(hours=12)):
            left.append((last, end))
    return left


def _merged(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _merged_in_day(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _minutes(delta: timedelta) -> int:
    return int(delta.total_seconds()) // 60


def _instant(local: datetime, zone: ZoneInfo, after: int) -> int:
    """Epoch milliseconds of a wall-clock time; of two equal ones the first that is not over."""
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        instant = int(moment.timestamp() * 1000)
        if instant > after:
            return instant
    return instant
