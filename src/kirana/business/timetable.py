"""When a shop is open: saved, and asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, func, insert, select, update

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.platform.stream import Change
from kirana.values import Actor, BusinessId

from .audit import record
from .events import HoursChanged
from .hours import (
    DAYS,
    Closure,
    DayPreview,
    Hours,
    HoursState,
    Kind,
    NotHours,
    Opening,
    Proposal,
    Span,
    accepts,
    clock,
    format_week,
    open_spans,
    propose,
    read,
)
from .hours import state_at as _state_at
from .model import (
    CLOSURE_DAYS_MAX,
    CLOSURES_MAX,
    NOTE_MAX,
    Business,
    Flaw,
    Role,
    ShopClosure,
    clean_line,
    clean_text,
)
from .problems import HoursInvalid, TooManyClosures
from .profile import get_business, require_open
from .tables import businesses, closures

TEXT_MAX = 1000
DAYS_AT_ONCE = 92
YEARS = range(2000, 2101)

_SET_HOURS = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(
        hours_kind=bindparam("kind_"),
        hours_text=bindparam("text_"),
        hours_rules=bindparam("rules_"),
        revision=businesses.c.revision + 1,
    )
)
_LIST = Q(
    select(closures)
    .where(closures.c.business_id == bindparam("business_id"))
    .order_by(closures.c.first_on, closures.c.id)
)
_LIST_FROM = Q(
    select(closures)
    .where(any_of(closures.c.business_id, "ids"), closures.c.last_on >= bindparam("from_on"))
    .order_by(closures.c.first_on, closures.c.id)
)
_COUNT = Q(
    select(func.count().label("number")).where(closures.c.business_id == bindparam("business_id"))
)
_FIND = Q(select(closures).where(closures.c.id == bindparam("id")))
_INSERT = Q(insert(closures))
_DELETE = Q(delete(closures).where(closures.c.id == bindparam("id")))
_RAISE = Q(
    update(businesses)
    .where(businesses.c.id == bindparam("id_"))
    .values(revision=businesses.c.revision + 1)
)


@dataclass(frozen=True, slots=True)
class DayOpenings:
    """One date on the shop's calendar, closures included."""

    on: date
    openings: tuple[Opening, ...]
    label: str = ""
    """Why it is another day than usual: the closure's label."""


@dataclass(frozen=True, slots=True)
class NewClosure:
    """From one day to another, both inclusive; without openings it is closed."""

    first_on: date
    last_on: date
    openings: tuple[Opening, ...] = ()
    label: str = ""
    is_holiday: bool = False


def propose_hours(
    tx: Tx, text: str, country: str = "", language: str = "", zone: str = "UTC"
) -> Proposal:
    """What `text` seems to say, shown for this week at the shop. Saves nothing."""
    return propose(text, country, language, on=_today(zone, tx.now))


def set_hours(
    tx: Tx,
    business_id: BusinessId,
    kind: Kind,
    rules: str = "",
    text: str = "",
    *,
    week: Sequence[DayPreview] | None = None,
    by: Actor,
) -> Business:
    """Save the week, as rules or as the seven days of a grid.

    Raises: NotFound, NotAllowed, BusinessClosed, HoursInvalid, InvalidInput.
    """
    before = require_open(tx, business_id, Role.MANAGER, by=by)
    if len(rules) > TEXT_MAX or not rules.isprintable():
        raise HoursInvalid(reason="too-long" if rules.isprintable() else "not-printable")
    try:
        text = clean_text(text, "text", TEXT_MAX)
    except Flaw as flaw:
        raise _invalid(flaw) from None
    if week is not None:
        rules = _rules_of(week)
    if kind == "always":
        rules = "24/7"
    elif kind == "hours":
        tidied = accepts(rules) if rules.strip() else None
        if tidied is None:
            raise HoursInvalid(rules=rules)
        rules = tidied
        kind = "always" if rules == "24/7" else "hours"
    else:
        rules = ""
    after = (kind, text, rules)
    was = (before.hours.kind, before.hours.text, before.hours.rules)
    if after == was:
        return before
    tx.do(_SET_HOURS, id_=business_id, kind_=kind, text_=text, rules_=rules)
    record(tx, business_id, "hours.changed", before=was, after=after, by=by)
    _tell(tx, business_id)
    return get_business(tx, business_id)


def add_closure(
    tx: Tx, business_id: BusinessId, closure_id: UUID, draft: NewClosure, *, by: Actor
) -> ShopClosure:
    """Close for some days, or open at other hours; the same again answers the same.

    Raises: NotFound, NotAllowed, BusinessClosed, InvalidInput, TooManyClosures, IdReused.
    """
    require_open(tx, business_id, Role.MANAGER, by=by)
    days = (draft.last_on - draft.first_on).days + 1
    try:
        label = clean_line(draft.label, "label", NOTE_MAX)
        if not 1 <= days <= CLOSURE_DAYS_MAX:
            raise Flaw("last_on", f"From one day to {CLOSURE_DAYS_MAX}, in order.")
        if not YEARS.start <= draft.first_on.year < draft.last_on.year + 1 <= YEARS.stop:
            raise Flaw("first_on", f"From {YEARS.start} to {YEARS.stop - 1}.")
        spans = [[span.start, span.end] for span in _spans(draft.openings)]
    except Flaw as flaw:
        raise _invalid(flaw) from None
    values = {
        "business_id": business_id,
        "first_on": draft.first_on.isoformat(),
        "last_on": draft.last_on.isoformat(),
        "spans": spans,
        "label": label,
        "is_holiday": draft.is_holiday,
    }
    if known := tx.one(_FIND, id=closure_id):
        if any(getattr(known, name) != value for name, value in values.items()):
            raise IdReused(id=closure_id)
        return _closure(known)
    counted = tx.one(_COUNT, business_id=business_id)
    assert counted
    if counted.number >= CLOSURES_MAX:
        raise TooManyClosures(most=CLOSURES_MAX)
    tx.do(_INSERT, id=closure_id, **values, created_at=tx.now)
    added = _closure(tx.one(_FIND, id=closure_id))
    tx.do(_RAISE, id_=business_id)
    record(tx, business_id, "closure.added", subject_id=closure_id, after=added, by=by)
    _tell(tx, business_id)
    return added


def remove_closure(tx: Tx, business_id: BusinessId, closure_id: UUID, *, by: Actor) -> None:
    """Open as usual again. Again: nothing. Raises: NotFound, NotAllowed, BusinessClosed."""
    require_open(tx, business_id, Role.MANAGER, by=by)
    known = tx.one(_FIND, id=closure_id)
    if known is None:
        return
    if known.business_id != business_id:
        raise NotFound(closure_id=closure_id)
    tx.do(_DELETE, id=closure_id)
    tx.do(_RAISE, id_=business_id)
    record(tx, business_id, "closure.removed", subject_id=closure_id, before=_closure(known), by=by)
    _tell(tx, business_id)


def list_closures(tx: Tx, business_id: BusinessId) -> list[ShopClosure]:
    """All of them, by date; the shop's holidays are no secret."""
    return [_closure(row) for row in tx.all(_LIST, business_id=business_id)]


def state_at(tx: Tx, business_id: BusinessId, at: int | None = None) -> HoursState:
    """Whether the shop is open at an instant (now, if none is given), and until when.

    Raises: NotFound.
    """
    at = tx.now if at is None else at
    business = get_business(tx, business_id)
    return states_at(tx, [business], at)[business_id]


def states_at(
    tx: Tx, shops: Sequence[Business], at: int | None = None
) -> dict[BusinessId, HoursState]:
    """The same for many shops at once."""
    at = tx.now if at is None else at
    near = _closures_near(tx, [shop.id for shop in shops], at)
    return {
        shop.id: HoursState("closed")
        if shop.closed_at is not None
        else _state_at(
            Hours(shop.hours.kind, shop.hours.rules, shop.zone, tuple(near.get(shop.id, ()))), at
        )
        for shop in shops
    }


def list_openings(
    tx: Tx, business_id: BusinessId, first: date | None = None, days: int = 7
) -> list[DayOpenings]:
    """The openings of some days in a row, from `first` (today at the shop), closures included.

    Empty when nobody knows the hours, or in another century. Raises: NotFound.
    """
    business = get_business(tx, business_id)
    first = first or _today(business.zone, tx.now)
    days = max(1, min(days, DAYS_AT_ONCE))
    if first.year not in YEARS:
        return []
    if business.hours.kind not in ("hours", "always"):
        return []
    try:
        schedule = read(business.hours.rules)
    except NotHours:
        return []
    rows = tx.all(_LIST_FROM, ids=[business_id], from_on=(first - timedelta(2)).isoformat())
    spans = open_spans(schedule, [_evaluated(row) for row in rows], first - timedelta(1), days + 2)
    openings: dict[date, list[Opening]] = {first + timedelta(n): [] for n in range(days)}
    for start, end in spans:
        while start < end:
            midnight = datetime.combine(start.date(), datetime.min.time()) + timedelta(1)
            stop = min(end, midnight) if end - start >= timedelta(1) else end
            if start.date() in openings:
                closes = "24:00" if stop == midnight else f"{stop:%H:%M}"
                openings[start.date()].append(Opening(f"{start:%H:%M}", closes))
            start = stop
    return [DayOpenings(on, tuple(found), _label_on(rows, on)) for on, found in openings.items()]


def _closures_near(tx: Tx, ids: Iterable[BusinessId], at: int) -> dict[BusinessId, list[Closure]]:
    # The night of the day before, and time zones a day ahead or behind.
    day = datetime.fromtimestamp(at / 1000, UTC).date() - timedelta(2)
    found: dict[BusinessId, list[Closure]] = {}
    for row in tx.all(_LIST_FROM, ids=list(ids), from_on=day.isoformat()):
        found.setdefault(row.business_id, []).append(_evaluated(row))
    return found


def _label_on(rows: Iterable[Row], on: date) -> str:
    day = on.isoformat()
    return next((row.label for row in rows if row.first_on <= day <= row.last_on), "")


def _evaluated(row: Row) -> Closure:
    return Closure(
        date.fromisoformat(row.first_on),
        date.fromisoformat(row.last_on),
        tuple(Span(start, end) for start, end in row.spans),
        row.is_holiday,
    )


def _closure(row: Row | None) -> ShopClosure:
    assert row is not None
    return ShopClosure(
        id=row.id,
        first_on=date.fromisoformat(row.first_on),
        last_on=date.fromisoformat(row.last_on),
        openings=tuple(
            Opening(clock(start), clock(end - 1440 if end > 1440 else end))
            for start, end in row.spans
        ),
        label=row.label,
        is_holiday=row.is_holiday,
    )


def _rules_of(week: Iterable[DayPreview]) -> str:
    """Raises: InvalidInput."""
    spans: dict[int, list[Span]] = {}
    try:
        for day in week:
            spans.setdefault(DAYS.index(day.day), []).extend(_spans(day.openings))
    except Flaw as flaw:
        raise _invalid(flaw) from None
    return format_week(spans)


def _invalid(flaw: Flaw) -> InvalidInput:
    return InvalidInput(errors=[{"field": flaw.field, "message": str(flaw)}])


def _spans(openings: Iterable[Opening]) -> list[Span]:
    """Raises: Flaw."""
    spans = []
    for opening in openings:
        start = _minutes(opening.opens)
        if opening.closes is None:
            spans.append(Span(start, 1440, closes=False))
            continue
        end = _minutes(opening.closes)
        if start >= 1440:
            raise Flaw("opens", "A day begins before 24:00.")
        spans.append(Span(start, end if end > start else end + 1440))
    return sorted(spans)


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not (len(text) == 5 and hour.isdigit() and minute.isdigit()):
        raise Flaw("openings", "A time looks like 09:30.")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > 1440:
        raise Flaw("openings", "A time looks like 09:30.")
    return minutes


def _today(zone: str, now: int) -> date:
    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        place = ZoneInfo("UTC")
    return datetime.fromtimestamp(now / 1000, place).date()


def _tell(tx: Tx, business_id: BusinessId) -> None:
    tx.publish([business_id], Change("business", business_id))
    tx.emit(HoursChanged(business_id))
