"""Payments that come by themselves: each on its day, each once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kirana import money
from kirana.money.flows.calendars import day_of, morning, today
from kirana.money.flows.standing import _print_of
from kirana.money.model import challenge_of
from kirana.platform.db.units import Work
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.values import SYSTEM, Actor, Confirmation, Money, StandingOrderId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

RENT = inr(10_000)
DAY_MS = 24 * 3600 * 1000
ZONE = "Asia/Kolkata"


class Rent:
    """Ravi pays Asha ₹100 every month on the 31st, from 31 January 2028 on."""

    def __init__(self, db: RehearsedDatabase, zone: str = ZONE) -> None:
        self.db, self.zone = db, zone
        self.asha, self.ravi = make.owner(db), make.owner(db, purse=inr(100_000))
        db.write(money.set_owner, self.ravi.user_id, zone=zone, by=SYSTEM)
        self.go_to(2028, 1, 30)

    def go_to(self, year: int, month: int, day: int, hour: int = 12) -> None:
        at = datetime(year, month, day, hour, tzinfo=ZoneInfo(self.zone))
        self.db.clock.advance(int(at.timestamp() * 1000) - self.db.clock.now)

    def agree(
        self, terms: money.Terms, *, id: StandingOrderId | None = None
    ) -> money.StandingOrder:
        id = id or StandingOrderId(uuid7())
        fp = _print_of(self.ravi, self.asha.user_id, terms)
        by = self.confirmed(id, fp)
        return self.db.write(money.make_standing_order, id, self.asha.user_id, terms, by=by)

    def confirmed(self, id: StandingOrderId, fp: bytes) -> Actor:
        proof = Confirmation("pin", challenge_of(id, fp), self.db.clock.now)
        return replace(self.ravi, confirmation=proof)

    def monthly(self, **more: object) -> money.StandingOrder:
        return self.agree(money.Terms(RENT, "month", date(2028, 1, 31), **more))  # type: ignore[arg-type]

    def sweep(self) -> None:
        self.db.write(money.run_standing_orders)

    def order(self, order: money.StandingOrder) -> money.StandingOrder:
        return self.db.read(money.get_standing_order, order.id, by=self.ravi)

    def runs(self, order: money.StandingOrder) -> list[tuple[str, str | None]]:
        found = self.db.read(money.list_standing_runs, order.id, by=self.ravi)
        return [(run.due_on, run.problem) for run in found]

    @property
    def paid(self) -> int:
        return self.db.read(money.get_wallet, self.asha.user_id, "INR").balance.amount_minor

    def is_clean(self) -> bool:
        return self.db.read(money.audit) == []


@pytest.fixture
def rent(db: RehearsedDatabase) -> Rent:
    return Rent(db)


def test_it_needs_one_confirmation_for_payee_amount_and_rhythm(rent: Rent) -> None:
    id, terms = StandingOrderId(uuid7()), money.Terms(RENT, "month", date(2028, 1, 31))
    with pytest.raises(money.ConfirmationRequired):
        rent.db.write(money.make_standing_order, id, rent.asha.user_id, terms, by=rent.ravi)
    other = rent.confirmed(
        id, _print_of(rent.ravi, rent.asha.user_id, replace(terms, rhythm="week"))
    )
    with pytest.raises(money.ConfirmationWrong):
        rent.db.write(money.make_standing_order, id, rent.asha.user_id, terms, by=other)

    assert rent.agree(terms, id=id).state == "active"


def test_each_run_is_paid_on_its_day_and_once(rent: Rent) -> None:
    order = rent.monthly()
    rent.sweep()
    assert rent.paid == 0
    rent.go_to(2028, 1, 31, hour=9)
    for _ in range(3):
        rent.sweep()

    assert rent.paid == 10_000
    assert rent.order(order).next_on == "2028-02-29"
    assert rent.is_clean()


def test_the_31st_is_the_last_day_of_shorter_months_and_the_29th_of_a_leap_february() -> None:
    first = date(2027, 12, 31)
    days = [day_of(first, "month", number) for number in range(4)]
    assert days == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
    assert day_of(first, "month", 14) == date(2029, 2, 28)
    assert day_of(date(2028, 2, 29), "month", 12) == date(2029, 2, 28)
    assert day_of(date(2028, 2, 29), "month", 1) == date(2028, 3, 29)


def test_a_week_is_seven_days_over_the_ends_of_months_and_years() -> None:
    assert day_of(date(2027, 12, 30), "week", 1) == date(2028, 1, 6)


@pytest.mark.parametrize("day", [date(2028, 3, 26), date(2028, 10, 29), date(2028, 7, 1)])
def test_where_clocks_are_changed_the_morning_stays_nine_o_clock(day: date) -> None:
    at = datetime.fromtimestamp(morning(day, "Europe/Berlin") / 1000, ZoneInfo("Europe/Berlin"))
    assert (at.date(), at.hour, at.minute) == (day, 9, 0)


def test_it_is_the_day_of_where_the_payer_lives() -> None:
    late = int(datetime(2028, 1, 30, 20, tzinfo=UTC).timestamp() * 1000)
    assert today(late, ZONE) == date(2028, 1, 31)
    assert today(late, "America/New_York") == date(2028, 1, 30)


def test_a_refused_run_is_tried_once_more_the_next_day(rent: Rent) -> None:
    order = rent.monthly()
    rent.db.write(
        money.send_money,
        make.transfer_id(),
        make.owner(rent.db).user_id,
        inr(95_000),
        by=_system(rent.ravi),
    )
    rent.go_to(2028, 1, 31)
    for _ in range(2):
        rent.sweep()
    assert (rent.paid, rent.runs(order)) == (0, [("2028-01-31", "insufficient-funds")])
    make.top_up(rent.db, rent.ravi, inr(95_000))
    rent.sweep()
    assert rent.paid == 0

    rent.go_to(2028, 2, 1)
    rent.sweep()

    assert rent.paid == 10_000
    assert rent.runs(order) == [("2028-01-31", "insufficient-funds"), ("2028-01-31", None)]
    assert rent.order(order).next_on == "2028-02-29"
    assert rent.is_clean()


def test_paused_and_resumed_after_a_refusal_it_goes_on_with_the_next_day(rent: Rent) -> None:
    order = rent.monthly()
    rent.db.write(money.freeze_wallet, rent.ravi.user_id, "INR", out=True, into=False, by=SYSTEM)
    rent.go_to(2028, 1, 31)
    rent.sweep()
    rent.db.write(money.freeze_wallet, rent.ravi.user_id, "INR", out=False, into=False, by=SYSTEM)

    rent.db.write(money.pause_standing_order, order.id, by=rent.ravi)
    rent.db.write(money.resume_standing_order, order.id, by=rent.ravi)
    rent.sweep()

    assert rent.runs(order) == [("2028-01-31", "account-frozen")]
    assert rent.order(order).next_on == "2028-02-29"


def test_refused_twice_it_is_left_out_and_the_next_one_is_one_payment(rent: Rent) -> None:
    order = rent.monthly()
    rent.db.write(money.freeze_wallet, rent.ravi.user_id, "INR", out=True, into=False, by=SYSTEM)
    for day in ((2028, 1, 31), (2028, 2, 1), (2028, 2, 2), (2028, 2, 3)):
        rent.go_to(*day)
        rent.sweep()
    assert rent.runs(order) == [("2028-01-31", "account-frozen")] * 2
    rent.db.write(money.freeze_wallet, rent.ravi.user_id, "INR", out=False, into=False, by=SYSTEM)

    rent.go_to(2028, 2, 29)
    rent.sweep()

    assert rent.paid == 10_000
    assert rent.is_clean()


def test_a_limit_refuses_a_run_as_it_refuses_a_payment(rent: Rent) -> None:
    limit = money.Limit("unverified", money.Action.SEND, money.Window.DAY, 9_999)
    rent.db.write(money.set_limits, uuid7(), "INR", [limit], by=SYSTEM)
    order = rent.monthly()
    rent.go_to(2028, 1, 31)
    rent.sweep()

    assert rent.runs(order) == [("2028-01-31", "limit-exceeded")]
    assert rent.is_clean()


def test_what_was_missed_while_nothing_ran_does_not_pile_up(rent: Rent) -> None:
    order = rent.monthly()
    rent.go_to(2028, 5, 15)
    for _ in range(3):
        rent.sweep()

    assert rent.paid == 10_000
    assert rent.order(order).next_on == "2028-05-31"


def test_a_clock_that_is_set_back_pays_nothing_again(rent: Rent) -> None:
    rent.monthly()
    rent.go_to(2028, 1, 31)
    rent.sweep()
    rent.db.clock.advance(-2 * DAY_MS)
    rent.sweep()
    rent.go_to(2028, 1, 31)
    rent.sweep()

    assert rent.paid == 10_000


def test_two_sweeps_in_one_commit_pay_once(rent: Rent) -> None:
    rent.monthly()
    rent.go_to(2028, 1, 31)
    outcomes = rent.db.run([Work(money.run_standing_orders, (), {}) for _ in range(3)])

    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert rent.paid == 10_000
    assert rent.is_clean()


@pytest.mark.parametrize(
    ("more", "count"), [({"ends_after": 3}, 3), ({"ends_on": date(2028, 2, 29)}, 2)]
)
def test_it_ends_by_count_or_by_date(rent: Rent, more: dict[str, object], count: int) -> None:
    order = rent.monthly(**more)
    for month, day in ((1, 31), (2, 29), (3, 31), (4, 30), (5, 31)):
        rent.go_to(2028, month, day)
        rent.sweep()

    assert rent.paid == count * 10_000
    assert (rent.order(order).state, rent.order(order).next_on) == ("ended", None)


def test_once_is_once(rent: Rent) -> None:
    order = rent.agree(money.Terms(RENT, "once", date(2028, 2, 5)))
    for day in (4, 5, 6, 12):
        rent.go_to(2028, 2, day)
        rent.sweep()

    assert (rent.paid, rent.order(order).state) == (10_000, "ended")


def test_paused_it_pays_nothing_and_goes_on_with_the_next_day(rent: Rent) -> None:
    order = rent.monthly()
    rent.db.write(money.pause_standing_order, order.id, by=rent.ravi)
    rent.go_to(2028, 3, 5)
    rent.sweep()
    assert rent.paid == 0

    resumed = rent.db.write(money.resume_standing_order, order.id, by=rent.ravi)

    assert (resumed.state, resumed.next_on) == ("active", "2028-03-31")
    rent.sweep()
    assert rent.paid == 0


def test_ended_it_stays_ended(rent: Rent) -> None:
    order = rent.monthly()
    for _ in range(2):
        rent.db.write(money.end_standing_order, order.id, by=rent.ravi)
    rent.db.write(money.resume_standing_order, order.id, by=rent.ravi)
    rent.go_to(2028, 1, 31)
    rent.sweep()

    assert (rent.paid, rent.order(order).state) == (0, "ended")


def test_another_amount_is_confirmed_and_holds_from_the_next_run(rent: Rent) -> None:
    order = rent.monthly()
    with pytest.raises(money.ConfirmationRequired) as asked:
        rent.db.write(money.change_standing_order, order.id, inr(12_000), by=rent.ravi)
    challenge = bytes.fromhex(str(asked.value.facts["challenge"]))
    by = replace(rent.ravi, confirmation=Confirmation("pin", challenge, rent.db.clock.now))
    with pytest.raises(money.ConfirmationWrong):
        rent.db.write(money.change_standing_order, order.id, inr(99_000), by=by)
    rent.db.write(money.change_standing_order, order.id, inr(12_000), by=by)
    rent.go_to(2028, 1, 31)
    rent.sweep()

    assert rent.paid == 12_000


def test_the_same_id_is_the_same_order(rent: Rent) -> None:
    id, terms = StandingOrderId(uuid7()), money.Terms(RENT, "week", date(2028, 2, 1))

    assert rent.agree(terms, id=id) == rent.agree(terms, id=id)
    with pytest.raises(IdReused):
        rent.agree(replace(terms, amount=inr(1)), id=id)


@pytest.mark.parametrize("first", [date(2028, 1, 29), date(2031, 1, 1)])
def test_a_first_day_that_is_over_or_far_away_is_refused(rent: Rent, first: date) -> None:
    with pytest.raises(InvalidInput):
        rent.agree(money.Terms(RENT, "month", first))


def test_nobody_else_sees_or_ends_it(rent: Rent) -> None:
    order = rent.monthly()
    for command in (
        money.pause_standing_order, money.resume_standing_order, money.end_standing_order,
    ):  # fmt: skip
        with pytest.raises(NotFound):
            rent.db.write(command, order.id, by=rent.asha)
    with pytest.raises(NotFound):
        rent.db.read(money.get_standing_order, order.id, by=rent.asha)


def test_whoever_goes_pays_nothing_any_more(rent: Rent) -> None:
    order = rent.monthly()
    rent.db.write(
        money.send_money,
        make.transfer_id(),
        rent.asha.user_id,
        Money(100_000, "INR"),
        by=_system(rent.ravi),
    )
    rent.db.write(money.erase_user, rent.ravi.user_id)

    assert rent.order(order).state == "ended"


def _system(who: Actor) -> Actor:
    return replace(who, kind="system")


def test_nothing_is_planned_with_whoever_is_on_the_operators_list(rent: Rent) -> None:
    id, terms = StandingOrderId(uuid7()), money.Terms(RENT, "month", date(2028, 1, 31))
    by = rent.confirmed(id, _print_of(rent.ravi, rent.asha.user_id, terms))
    args = (id, rent.asha.user_id, terms)
    for listed in (rent.asha, rent.ravi):
        with pytest.raises(money.NeedsReview):
            rent.db.write(money.make_standing_order, *args, screen=lists(listed), by=by)
    assert rent.db.read(money.list_standing_orders, by=rent.ravi) == []

    made = rent.db.write(money.make_standing_order, *args, screen=lists(), by=by)
    again = rent.db.write(money.make_standing_order, *args, screen=lists(rent.asha), by=by)
    assert made == again


def test_a_run_is_not_paid_to_whoever_came_onto_the_list_meanwhile(rent: Rent) -> None:
    order = rent.monthly()
    other = make.owner(rent.db)
    rent.go_to(2028, 1, 31)
    rent.db.write(money.run_standing_orders, lists(rent.asha))
    assert (rent.runs(order), rent.paid) == ([("2028-01-31", "needs-review")], 0)

    rent.go_to(2028, 2, 1)
    rent.db.write(money.run_standing_orders, lists(other))
    assert rent.paid == RENT.amount_minor
    assert rent.is_clean()


def lists(*listed: Actor) -> money.Screen:
    """An operators' list that these are on."""
    return lambda tx, ids: {it.user_id for it in listed} & set(ids)
