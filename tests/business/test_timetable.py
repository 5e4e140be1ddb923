from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kirana import business
from kirana.business import (
    Business,
    DayPreview,
    HoursInvalid,
    NewClosure,
    Opening,
    Role,
    TooManyClosures,
)
from kirana.business.model import CLOSURES_MAX
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound
from kirana.values import Actor
from tests.business import make
from tests.database import RehearsedDatabase

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def owner(db: RehearsedDatabase) -> Actor:
    return make.person(db, "Asha")


@pytest.fixture
def shop(db: RehearsedDatabase, owner: Actor) -> Business:
    """Open on weekdays from nine to five and on Saturday nights."""
    shop = make.shop(db, owner)
    rules = "Mo-Fr 09:00-17:00, Sa 20:00-02:00"
    return db.write(business.set_hours, shop.id, "hours", rules, by=owner)


def at(text: str, zone: ZoneInfo = KOLKATA) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def close(
    db: RehearsedDatabase, shop: Business, owner: Actor, first: str, last: str, **more: object
) -> None:
    draft = NewClosure(date.fromisoformat(first), date.fromisoformat(last), **more)  # type: ignore[arg-type]
    db.write(business.add_closure, shop.id, make.new_id(), draft, by=owner)


def test_an_open_shop_says_until_when(db: RehearsedDatabase, shop: Business) -> None:
    state = db.read(business.state_at, shop.id, at("2026-01-05T10:00"))

    assert (state.state, state.closes_at) == ("open", at("2026-01-05T17:00"))


def test_a_closed_shop_says_when_it_opens(db: RehearsedDatabase, shop: Business) -> None:
    early = db.read(business.state_at, shop.id, at("2026-01-05T08:59"))
    sunday = db.read(business.state_at, shop.id, at("2026-01-11T12:00"))

    assert (early.state, early.opens_at) == ("closed", at("2026-01-05T09:00"))
    assert (sunday.state, sunday.opens_at) == ("closed", at("2026-01-12T09:00"))


def test_a_night_goes_on_after_midnight(db: RehearsedDatabase, shop: Business) -> None:
    state = db.read(business.state_at, shop.id, at("2026-01-11T01:30"))

    assert (state.state, state.closes_at) == ("open", at("2026-01-11T02:00"))


def test_an_hour_begins_with_its_first_moment_and_ends_before_its_last(
    db: RehearsedDatabase, shop: Business
) -> None:
    first = db.read(business.state_at, shop.id, at("2026-01-05T09:00"))
    last = db.read(business.state_at, shop.id, at("2026-01-05T17:00") - 1)
    over = db.read(business.state_at, shop.id, at("2026-01-05T17:00"))

    assert [it.state for it in (first, last, over)] == ["open", "open", "closed"]


def test_without_an_instant_it_is_now(db: RehearsedDatabase, shop: Business) -> None:
    db.clock.now = at("2027-03-01T10:00")

    assert db.read(business.state_at, shop.id).closes_at == at("2027-03-01T17:00")


@pytest.mark.parametrize("kind", ["unknown", "by_appointment"])
def test_when_nobody_knows_nothing_claims_closed(
    db: RehearsedDatabase, shop: Business, owner: Actor, kind: str
) -> None:
    db.write(business.set_hours, shop.id, kind, by=owner)  # type: ignore[arg-type]

    state = db.read(business.state_at, shop.id)

    assert (state.state, state.closes_at, state.opens_at) == ("unknown", None, None)
    assert db.read(business.list_openings, shop.id) == []


def test_a_shop_that_never_closes_is_open_without_an_end(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    db.write(business.set_hours, shop.id, "always", by=owner)

    state = db.read(business.state_at, shop.id, at("2026-01-11T12:00"))

    assert (state.state, state.closes_at) == ("open", None)


def test_an_opening_whose_end_nobody_said_claims_none(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    db.write(business.set_hours, shop.id, "hours", "Mo-Su 17:00+", by=owner)

    state = db.read(business.state_at, shop.id, at("2026-01-11T18:00"))

    assert (state.state, state.closes_at) == ("open", None)


def test_a_closure_beats_the_week(db: RehearsedDatabase, shop: Business, owner: Actor) -> None:
    close(db, shop, owner, "2026-01-05", "2026-01-06", label="Stocktaking")

    state = db.read(business.state_at, shop.id, at("2026-01-05T10:00"))

    assert (state.state, state.opens_at) == ("closed", at("2026-01-07T09:00"))


def test_a_closure_beats_always_too(db: RehearsedDatabase, shop: Business, owner: Actor) -> None:
    db.write(business.set_hours, shop.id, "always", by=owner)
    close(db, shop, owner, "2026-01-06", "2026-01-06")

    before = db.read(business.state_at, shop.id, at("2026-01-05T10:00"))
    within = db.read(business.state_at, shop.id, at("2026-01-06T10:00"))

    assert (before.state, before.closes_at) == ("open", at("2026-01-06T00:00"))
    assert (within.state, within.opens_at) == ("closed", at("2026-01-07T00:00"))


def test_a_closure_may_have_hours_of_its_own(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    close(db, shop, owner, "2026-01-11", "2026-01-11", openings=(Opening("10:00", "12:00"),))

    state = db.read(business.state_at, shop.id, at("2026-01-11T10:30"))

    assert (state.state, state.closes_at) == ("open", at("2026-01-11T12:00"))


def test_a_closed_day_does_not_cut_the_night_before_short(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    close(db, shop, owner, "2026-01-11", "2026-01-11")

    state = db.read(business.state_at, shop.id, at("2026-01-11T01:00"))

    assert (state.state, state.closes_at) == ("open", at("2026-01-11T02:00"))


def test_a_closed_day_has_no_night_either(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    close(db, shop, owner, "2026-01-10", "2026-01-10")

    after_midnight = db.read(business.state_at, shop.id, at("2026-01-11T01:00"))

    assert after_midnight.state == "closed"


def test_holiday_hours_in_the_rules_mean_the_shops_own_holidays(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    rules = "Mo-Fr 09:00-17:00; PH 10:00-13:00"
    db.write(business.set_hours, shop.id, "hours", rules, by=owner)
    close(db, shop, owner, "2026-01-26", "2026-01-26", label="Republic Day", is_holiday=True)
    close(db, shop, owner, "2026-01-27", "2026-01-27")

    holiday = db.read(business.state_at, shop.id, at("2026-01-26T11:00"))
    later = db.read(business.state_at, shop.id, at("2026-01-26T14:00"))
    closed = db.read(business.state_at, shop.id, at("2026-01-27T11:00"))

    assert (holiday.state, holiday.closes_at) == ("open", at("2026-01-26T13:00"))
    assert (later.state, later.opens_at) == ("closed", at("2026-01-28T09:00"))
    assert closed.state == "closed"


def test_a_long_closure_still_says_when_it_ends(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    close(db, shop, owner, "2026-01-05", "2026-10-04")

    state = db.read(business.state_at, shop.id, at("2026-01-05T10:00"))

    assert (state.state, state.opens_at) == ("closed", at("2026-10-05T09:00"))


def test_hours_are_the_shops_and_not_the_servers(db: RehearsedDatabase, owner: Actor) -> None:
    tokyo = make.shop(db, owner, "Tokyo", country="JP", currency="JPY", zone="Asia/Tokyo")
    db.write(business.set_hours, tokyo.id, "hours", "Mo-Su 09:00-17:00", by=owner)
    noon_in_london = at("2026-01-05T12:00", ZoneInfo("Europe/London"))

    state = db.read(business.state_at, tokyo.id, noon_in_london)

    assert (state.state, state.opens_at) == (
        "closed",
        at("2026-01-06T09:00", ZoneInfo("Asia/Tokyo")),
    )


def test_the_openings_of_a_week_show_the_closures(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    close(db, shop, owner, "2026-01-06", "2026-01-06", label="Holiday")
    half = (Opening("09:00", "12:00"),)
    close(db, shop, owner, "2026-01-07", "2026-01-07", label="Half day", openings=half)

    week = db.read(business.list_openings, shop.id, date(2026, 1, 5))

    assert [(day.on.day, [it.opens for it in day.openings], day.label) for day in week] == [
        (5, ["09:00"], ""),
        (6, [], "Holiday"),
        (7, ["09:00"], "Half day"),
        (8, ["09:00"], ""),
        (9, ["09:00"], ""),
        (10, ["20:00"], ""),
        (11, [], ""),
    ]
    assert week[2].openings == half
    assert week[5].openings == (Opening("20:00", "02:00"),)


def test_the_openings_begin_with_the_shops_today(db: RehearsedDatabase, shop: Business) -> None:
    db.clock.now = int(datetime(2027, 3, 1, 22, 0, tzinfo=UTC).timestamp() * 1000)

    week = db.read(business.list_openings, shop.id)

    assert (week[0].on, len(week)) == (date(2027, 3, 2), 7)


def test_other_centuries_have_no_openings(db: RehearsedDatabase, shop: Business) -> None:
    for first in (date.min, date.max):
        assert db.read(business.list_openings, shop.id, first) == []


def test_hours_are_saved_as_rules_or_as_a_grid(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    grid = [
        DayPreview("Mo", (Opening("15:00", "19:00"), Opening("09:00", "13:00"))),
        DayPreview("Tu", (Opening("09:00", "13:00"), Opening("15:00", "19:00"))),
        DayPreview("Fr", (Opening("20:00", "02:00"),)),
    ]

    saved = db.write(business.set_hours, shop.id, "hours", "", "as typed", week=grid, by=owner)

    assert saved.hours.rules == "Mo-Tu 09:00-13:00,15:00-19:00, Fr 20:00-02:00"
    assert saved.hours.text == "as typed"


def test_saved_nights_last_past_midnight(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    rules = "Th 17:00-02:00; Fr 17:00-04:00"
    db.write(business.set_hours, shop.id, "hours", rules, by=owner)

    friday = db.read(business.state_at, shop.id, at("2026-01-09T01:00"))

    assert (friday.state, friday.closes_at) == ("open", at("2026-01-09T02:00"))


@pytest.mark.parametrize("rules", ["", "  ", "9 to 5", "Mo-Fr 09:00", "x" * 1001, 'Mo "\x00"'])
def test_rules_that_are_none_are_refused(
    db: RehearsedDatabase, shop: Business, owner: Actor, rules: str
) -> None:
    with pytest.raises(HoursInvalid):
        db.write(business.set_hours, shop.id, "hours", rules, by=owner)


@pytest.mark.parametrize("closes", ["25:00", "9:00", "ab:cd", "09:75"])
def test_a_grid_with_no_times_in_it_is_refused(
    db: RehearsedDatabase, shop: Business, owner: Actor, closes: str
) -> None:
    grid = [DayPreview("Mo", (Opening("08:00", closes),))]

    with pytest.raises((InvalidInput, HoursInvalid)):
        db.write(business.set_hours, shop.id, "hours", week=grid, by=owner)


def test_the_same_hours_again_change_nothing(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    again = db.write(business.set_hours, shop.id, "hours", shop.hours.rules, by=owner)

    assert again.revision == shop.revision


def test_agents_and_strangers_change_no_hours(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    agent = make.member(db, shop, owner, Role.AGENT)
    draft = NewClosure(date(2026, 1, 5), date(2026, 1, 5))

    for somebody in (agent, make.person(db, "Eve")):
        with pytest.raises(NotAllowed):
            db.write(business.set_hours, shop.id, "always", by=somebody)
        with pytest.raises(NotAllowed):
            db.write(business.add_closure, shop.id, make.new_id(), draft, by=somebody)
        with pytest.raises(NotAllowed):
            db.write(business.remove_closure, shop.id, make.new_id(), by=somebody)


def test_the_same_closure_again_is_one(db: RehearsedDatabase, shop: Business, owner: Actor) -> None:
    id_, draft = make.new_id(), NewClosure(date(2026, 1, 5), date(2026, 1, 6), label="x")
    first = db.write(business.add_closure, shop.id, id_, draft, by=owner)

    again = db.write(business.add_closure, shop.id, id_, draft, by=owner)

    assert again == first
    assert db.read(business.list_closures, shop.id) == [first]
    other = NewClosure(date(2026, 1, 5), date(2026, 1, 7), label="x")
    with pytest.raises(IdReused):
        db.write(business.add_closure, shop.id, id_, other, by=owner)


@pytest.mark.parametrize(
    "draft",
    [
        NewClosure(date(2026, 1, 6), date(2026, 1, 5)),
        NewClosure(date(2026, 1, 1), date(2027, 1, 2)),
        NewClosure(date(1, 1, 1), date(1, 1, 1)),
        NewClosure(date(9999, 12, 31), date(9999, 12, 31)),
        NewClosure(date(2026, 1, 1), date(2026, 1, 1), label="x" * 140),
        NewClosure(date(2026, 1, 1), date(2026, 1, 1), openings=(Opening("24:00", "25:00"),)),
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(
    db: RehearsedDatabase, shop: Business, owner: Actor, draft: NewClosure
) -> None:
    with pytest.raises(InvalidInput):
        db.write(business.add_closure, shop.id, make.new_id(), draft, by=owner)


def test_a_shop_has_so_many_closures_and_no_more(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    db.rehearses = False
    day = date(2026, 1, 1)
    for _ in range(CLOSURES_MAX):
        db.write(business.add_closure, shop.id, make.new_id(), NewClosure(day, day), by=owner)

    with pytest.raises(TooManyClosures):
        db.write(business.add_closure, shop.id, make.new_id(), NewClosure(day, day), by=owner)


def test_a_removed_closure_is_gone_and_only_for_its_shop(
    db: RehearsedDatabase, shop: Business, owner: Actor
) -> None:
    other, id_ = make.shop(db, owner, "Other"), make.new_id()
    draft = NewClosure(date(2026, 1, 5), date(2026, 1, 5))
    db.write(business.add_closure, shop.id, id_, draft, by=owner)

    with pytest.raises(NotFound):
        db.write(business.remove_closure, other.id, id_, by=owner)
    db.write(business.remove_closure, shop.id, id_, by=owner)
    db.write(business.remove_closure, shop.id, id_, by=owner)

    assert db.read(business.list_closures, shop.id) == []
    assert db.read(business.state_at, shop.id, at("2026-01-05T10:00")).state == "open"


def test_a_proposal_is_shown_for_the_shops_week(db: RehearsedDatabase) -> None:
    db.clock.now = at("2026-07-15T10:00")

    proposal = db.read(business.propose_hours, "Apr-Sep 9-18", "IN", "en", "Asia/Kolkata")

    assert proposal.week[0].openings == (Opening("09:00", "18:00"),)
    assert db.read(business.propose_hours, "9-18", zone="Mars/Olympus").rules == "Mo-Su 09:00-18:00"
