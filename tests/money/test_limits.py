"""What the operator allows, and how it is counted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import update

from kirana import money
from kirana.money import Action, Limit, Window
from kirana.money.tables import usages
from kirana.platform.db import Database, Q
from kirana.platform.db.units import Work
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, Confirmation, Money, TransferId, UserId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

_TAMPER = Q(update(usages).values(day_minor=7))


def allow(db: Database, *rules: Limit, currency: str = "INR") -> None:
    db.write(money.set_limits, uuid7(), currency, list(rules), by=SYSTEM)


def sent_at_most(minor: int, window: Window = Window.DAY) -> Limit:
    return Limit("unverified", Action.SEND, window, minor)


def send(db: Database, payer: Actor, payee: Actor, minor: int) -> money.Transfer:
    return db.write(money.send_money, make.transfer_id(), payee.user_id, inr(minor), by=payer)


def hold(db: Database, payer: Actor, payee: Actor, minor: int, **more: Any) -> TransferId:
    id = make.transfer_id()
    db.write(
        money.hold,
        id,
        payer=payer.user_id,
        payee=payee.user_id,
        amount=inr(minor),
        by=payer,
        **more,
    )
    return id


def refusal(act: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(money.LimitExceeded) as refused:
        act()
    return dict(refused.value.facts)


def left(db: Database, by: Actor, action: Action, window: Window) -> int | None:
    for item in db.read(money.my_limits, "INR", by=by).items:
        if (item.action, item.window) == (action, window):
            return item.left_minor
    raise AssertionError("There is no such limit.")


def at(db: RehearsedDatabase, *when: int, zone: str = "UTC") -> int:
    """Set the clock, which never goes back in these tests unless it is said."""
    moment = datetime(*when, tzinfo=ZoneInfo(zone))  # type: ignore[misc,arg-type]
    db.clock.now = int(moment.timestamp() * 1000)
    return db.clock.now


def confirmed(db: RehearsedDatabase, by: Actor, act: Callable[[Actor], Any]) -> Any:
    with pytest.raises(money.ConfirmationRequired) as required:
        act(by)
    challenge = bytes.fromhex(str(required.value.facts["challenge"]))
    return act(replace(by, confirmation=Confirmation("pin", challenge, db.clock.now)))


@pytest.fixture
def two(db: RehearsedDatabase) -> tuple[Actor, Actor]:
    return make.owner(db, purse=inr(900_000)), make.owner(db)


def clean(db: Database) -> None:
    assert db.read(money.audit) == []


def test_without_rules_nothing_is_counted(db: RehearsedDatabase, two: tuple[Actor, Actor]) -> None:
    send(db, *two, 1000)

    assert db.read(money.my_limits, "INR", by=two[0]).items == []


def test_of_six_holds_of_a_thousand_on_five_thousand_five_pass(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, sent_at_most(5000))

    for _ in range(5):
        hold(db, asha, ravi, 1000)
    facts = refusal(lambda: hold(db, asha, ravi, 1000))

    assert (facts["action"], facts["window"], facts["left_minor"]) == ("send", "day", 0)
    assert db.read(money.get_wallet, asha.user_id, "INR").on_hold == inr(5000)
    clean(db)


def test_a_payment_up_to_the_boundary_passes_and_one_unit_more_does_not(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, sent_at_most(1000))
    send(db, asha, ravi, 999)

    assert refusal(lambda: send(db, asha, ravi, 2))["left_minor"] == 1
    send(db, asha, ravi, 1)

    assert refusal(lambda: send(db, asha, ravi, 1))["left_minor"] == 0
    clean(db)


def test_many_that_wait_together_are_counted_one_after_another(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, sent_at_most(1000))
    works = [
        Work(money.send_money, (make.transfer_id(), ravi.user_id, inr(400)), {"by": asha})
        for _ in range(4)
    ]

    outcomes = db.run(works)

    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        type(None),
        money.LimitExceeded,
        money.LimitExceeded,
    ]
    clean(db)


def test_a_refusal_by_a_limit_is_remembered_when_the_limit_is_gone(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    id = make.transfer_id()
    allow(db, sent_at_most(100))

    def attempt() -> money.Transfer:
        return db.write(money.send_money, id, ravi.user_id, inr(101), by=asha)

    first = refusal(attempt)
    allow(db)

    assert refusal(attempt) == first
    send(db, asha, ravi, 101)


def test_a_day_is_over_at_midnight_where_the_payer_lives(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    db.write(money.set_zone, asha.user_id, "Asia/Kolkata")
    allow(db, sent_at_most(1000))
    at(db, 2027, 3, 10, 23, 59, 59, zone="Asia/Kolkata")
    send(db, asha, ravi, 1000)

    facts = refusal(lambda: send(db, asha, ravi, 1))
    midnight = at(db, 2027, 3, 11, zone="Asia/Kolkata")

    assert facts["renews_at"] == midnight
    send(db, asha, ravi, 1000)
    clean(db)


def test_a_clock_set_back_an_hour_gives_no_second_day(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, sent_at_most(1000))
    at(db, 2027, 3, 11, 0, 10)
    send(db, asha, ravi, 1000)

    at(db, 2027, 3, 10, 23, 10)

    assert refusal(lambda: send(db, asha, ravi, 1))["left_minor"] == 0


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        # Clocks go forward at night, and back; in Cairo forward at midnight itself.
        ("Europe/Berlin", (2027, 3, 28, 0, 0), (2027, 3, 29, 0, 0)),
        ("Europe/Berlin", (2027, 10, 31, 0, 0), (2027, 11, 1, 0, 0)),
        ("Africa/Cairo", (2027, 4, 30, 1, 0), (2027, 5, 1, 0, 0)),
    ],
)
def test_a_day_of_23_or_25_hours_is_one_day(
    db: RehearsedDatabase,
    two: tuple[Actor, Actor],
    zone: str,
    before: tuple[int, ...],
    after: tuple[int, ...],
) -> None:
    asha, ravi = two
    db.write(money.set_zone, asha.user_id, zone)
    allow(db, sent_at_most(1000))
    at(db, *before, zone=zone)
    send(db, asha, ravi, 1000)

    end = at(db, *after, zone=zone)
    db.clock.now -= 1

    assert refusal(lambda: send(db, asha, ravi, 1))["renews_at"] == end
    db.clock.now = end
    send(db, asha, ravi, 1000)


def test_the_29th_of_february_is_in_its_month_and_its_year(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(
        db,
        sent_at_most(1000),
        sent_at_most(1500, Window.MONTH),
        sent_at_most(2500, Window.YEAR),
    )
    at(db, 2028, 2, 28, 12)
    send(db, asha, ravi, 1000)
    at(db, 2028, 2, 29, 12)
    send(db, asha, ravi, 500)

    facts = refusal(lambda: send(db, asha, ravi, 1))
    march = at(db, 2028, 3, 1)

    assert (facts["window"], facts["renews_at"]) == ("month", march)
    send(db, asha, ravi, 1000)
    year = refusal(lambda: send(db, asha, ravi, 1))
    assert year["window"] == "day"
    at(db, 2028, 4, 1)
    assert refusal(lambda: send(db, asha, ravi, 1)) == {
        "action": "send",
        "window": "year",
        "max_minor": 2500,
        "left_minor": 0,
        "renews_at": int(datetime(2029, 1, 1, tzinfo=UTC).timestamp() * 1000),
        "currency": "INR",
    }
    clean(db)


def test_so_many_payments_a_day_and_no_more(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, Limit("unverified", Action.SEND, Window.DAY, max_count=2))
    send(db, asha, ravi, 1)
    send(db, asha, ravi, 1)

    facts = refusal(lambda: send(db, asha, ravi, 1))

    assert facts["left_count"] == 0
    assert "left_minor" not in facts


def test_what_is_voided_or_expires_may_be_spent_again_today(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    at(db, 2027, 3, 10, 12)
    allow(db, sent_at_most(1000), Limit("unverified", Action.SEND, Window.MONTH, max_count=2))
    canceled = hold(db, asha, ravi, 1000)
    db.write(money.void, make.transfer_id(), canceled, "canceled", by=asha)
    hold(db, asha, ravi, 1000, timeout_s=60)
    refusal(lambda: send(db, asha, ravi, 1))
    db.clock.advance(61_000)

    send(db, asha, ravi, 600)

    assert left(db, asha, Action.SEND, Window.DAY) == 400
    send(db, asha, ravi, 1)
    assert refusal(lambda: send(db, asha, ravi, 1))["window"] == "month"
    clean(db)


def test_what_comes_back_tomorrow_was_spent_yesterday(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, sent_at_most(1000), sent_at_most(3000, Window.MONTH))
    at(db, 2027, 3, 10, 12)
    canceled = hold(db, asha, ravi, 1000)
    at(db, 2027, 3, 11, 12)
    send(db, asha, ravi, 1000)

    db.write(money.void, make.transfer_id(), canceled, "canceled", by=asha)

    assert left(db, asha, Action.SEND, Window.DAY) == 0
    assert left(db, asha, Action.SEND, Window.MONTH) == 2000
    clean(db)


def test_part_of_a_hold_and_then_the_rest_count_once(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, sent_at_most(1000))
    whole = hold(db, asha, ravi, 1000)

    _, rest = db.write(money.capture, make.transfer_id(), whole, inr(300), keep_rest=True, by=ravi)

    assert left(db, asha, Action.SEND, Window.DAY) == 0
    assert rest is not None
    db.write(money.capture, make.transfer_id(), rest.id, inr(200), by=ravi)
    assert left(db, asha, Action.SEND, Window.DAY) == 500
    clean(db)


def test_a_refund_gives_the_limit_back(db: RehearsedDatabase, two: tuple[Actor, Actor]) -> None:
    asha, ravi = two
    allow(
        db,
        sent_at_most(1000),
        Limit("unverified", Action.RECEIVE, Window.DAY, 1000),
    )
    whole = hold(db, asha, ravi, 1000)
    taken, _ = db.write(money.capture, make.transfer_id(), whole, by=ravi)

    db.write(money.refund, make.transfer_id(), taken.id, inr(400), by=ravi)

    assert left(db, asha, Action.SEND, Window.DAY) == 400
    assert left(db, ravi, Action.RECEIVE, Window.DAY) == 400
    clean(db)


def test_the_payees_cap_tells_no_figures_and_counts_what_is_coming(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, Limit("unverified", Action.RECEIVE, Window.BALANCE, 1000))
    hold(db, asha, ravi, 700)

    with pytest.raises(money.PayeeCannotReceive) as refused:
        send(db, asha, ravi, 301)

    assert refused.value.facts == {}
    send(db, asha, ravi, 300)
    with pytest.raises(money.PayeeCannotReceive):
        make.top_up(db, ravi, inr(1))
    clean(db)


def test_what_comes_from_outside_has_its_own_limit(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    allow(db, Limit("unverified", Action.TOP_UP, Window.MONTH, 1000))
    make.top_up(db, asha, inr(1000))

    with pytest.raises(money.PayeeCannotReceive):
        make.top_up(db, asha, inr(1))


def test_a_courier_carries_no_more_cash_than_they_may(db: RehearsedDatabase) -> None:
    buyer, shop, courier = make.owner(db), make.owner(db), make.owner(db)
    allow(db, Limit("unverified", Action.HOLD_CASH, Window.BALANCE, 1000))

    def collect(minor: int) -> None:
        request_id = money_request(db, shop, buyer, minor)
        db.write(money.collect_cash, request_id, collector=courier.user_id, by=courier)

    collect(1000)
    with pytest.raises(money.PayeeCannotReceive):
        collect(1)


def money_request(db: Database, asker: Actor, payer: Actor, minor: int) -> Any:
    id = uuid7()
    db.write(money.ask, id, asker=asker.user_id, payer=payer.user_id, amount=inr(minor), by=asker)
    return id


def test_rules_are_those_of_ones_tier_and_currency(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(900_000)), make.owner(db)
    allow(db, Limit("basic", Action.SEND, Window.DAY, 10))
    allow(db, sent_at_most(1), currency="JPY")
    send(db, asha, ravi, 1000)

    db.write(money.set_tier, asha.user_id, "basic")

    assert refusal(lambda: send(db, asha, ravi, 11))["max_minor"] == 10
    # What was sent before the rule counts as well: the usage is made up from the journal.
    assert left(db, asha, Action.SEND, Window.DAY) == 0
    clean(db)


def test_a_new_rule_counts_what_was_done_before_it(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    at(db, 2027, 3, 10, 12)
    whole = hold(db, asha, ravi, 500)
    _, rest = db.write(money.capture, make.transfer_id(), whole, inr(100), keep_rest=True, by=ravi)
    assert rest is not None
    db.write(money.void, make.transfer_id(), rest.id, "canceled", by=ravi)
    paid = send(db, asha, ravi, 300)
    db.write(money.refund, make.transfer_id(), paid.id, inr(50), by=ravi)
    hold(db, asha, ravi, 50, timeout_s=60)
    db.clock.advance(60_000)
    db.write(money.expire_holds)

    allow(db, sent_at_most(1000), Limit("unverified", Action.SEND, Window.MONTH, max_count=3))

    assert left(db, asha, Action.SEND, Window.DAY) == 650
    send(db, asha, ravi, 1)
    refusal(lambda: send(db, asha, ravi, 1))
    clean(db)


def test_a_new_payee_gets_little_at_first(db: RehearsedDatabase, two: tuple[Actor, Actor]) -> None:
    asha, ravi = two
    old = make.owner(db)
    send(db, asha, old, 1)
    allow(db, Limit("unverified", Action.SEND, Window.NEW_PAYEE, 1000, hours=24))
    first = db.clock.now
    send(db, asha, ravi, 600)

    facts = refusal(lambda: send(db, asha, ravi, 401))

    assert (facts["window"], facts["left_minor"]) == ("new_payee", 400)
    assert facts["renews_at"] == first + 24 * 3_600_000
    send(db, asha, old, 5000)
    db.clock.advance(24 * 3_600_000)
    send(db, asha, ravi, 5000)
    clean(db)


def test_whoever_is_paid_for_the_first_time_is_confirmed(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, Limit("unverified", Action.CONFIRM, Window.NEW_PAYEE, 0))
    id = make.transfer_id()

    confirmed(db, asha, lambda by: db.write(money.send_money, id, ravi.user_id, inr(1), by=by))

    send(db, asha, ravi, 1)
    preview = db.read(money.preview_transfer, make.owner(db).user_id, inr(1), by=asha)
    assert preview.needs_confirmation
    assert not db.read(money.preview_transfer, ravi.user_id, inr(1), by=asha).needs_confirmation


def test_small_payments_of_a_day_are_confirmed_when_they_pass_the_line_together(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    allow(db, Limit("unverified", Action.CONFIRM, Window.DAY))
    db.write(money.set_confirm_line, inr(1000), by=asha)
    send(db, asha, ravi, 600)
    db.clock.advance(12 * 3_600_000)
    send(db, asha, ravi, 400)
    id = make.transfer_id()

    confirmed(db, asha, lambda by: db.write(money.send_money, id, ravi.user_id, inr(1), by=by))

    with pytest.raises(money.ConfirmationRequired):
        send(db, asha, ravi, 1)
    db.clock.advance(12 * 3_600_000)
    send(db, asha, ravi, 600)
    with pytest.raises(money.ConfirmationRequired):
        send(db, asha, ravi, 1)


def test_nobody_draws_their_line_above_the_operators(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(900_000)), make.owner(db)
    allow(db, Limit("unverified", Action.CONFIRM, Window.TRANSFER, 500))
    db.write(money.set_confirm_line, inr(400), by=asha)

    with pytest.raises(money.LimitExceeded):
        db.read(money.require_below_maximum, asha.user_id, inr(501))
    db.read(money.require_below_maximum, asha.user_id, inr(500))
    with pytest.raises(money.ConfirmationRequired):
        send(db, asha, ravi, 501)


def test_a_pin_that_was_set_anew_is_too_new_for_a_large_payment(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    asha, ravi = two
    renewed_at = db.clock.now

    def pay(id: TransferId, minor: int, by: Actor) -> money.Transfer:
        return db.write(money.send_money, id, ravi.user_id, inr(minor), by=by)

    def proven(id: TransferId, minor: int) -> Actor:
        with pytest.raises(money.ConfirmationRequired) as required:
            pay(id, minor, asha)
        challenge = bytes.fromhex(str(required.value.facts["challenge"]))
        given = Confirmation("pin", challenge, db.clock.now, renewed_at)
        return replace(asha, confirmation=given)

    large, small = make.transfer_id(), make.transfer_id()
    with pytest.raises(money.ProofTooNew) as refused:
        pay(large, 200_001, proven(large, 200_001))
    assert refused.value.facts == {"until": renewed_at + 24 * 3_600_000}
    db.write(money.set_confirm_line, inr(1000), by=asha)
    pay(small, 1001, proven(small, 1001))

    db.clock.advance(24 * 3_600_000)

    pay(large, 200_001, proven(large, 200_001))


def test_limits_are_looked_at_before_a_pin_is_asked_for(
    db: RehearsedDatabase, two: tuple[Actor, Actor]
) -> None:
    allow(db, sent_at_most(200_000))

    refusal(lambda: send(db, *two, 200_001))


def test_moving_house_is_held_to_nothing(db: RehearsedDatabase) -> None:
    guest, asha = make.owner(db, purse=inr(5000)), make.owner(db)
    allow(db, sent_at_most(1), Limit("unverified", Action.RECEIVE, Window.BALANCE, 1))

    db.write(money.hand_over, guest.user_id, asha.user_id, parent=uuid7(), by=SYSTEM)

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(5000)
    clean(db)


def test_a_zone_stays_for_a_month(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    db.write(money.set_zone, asha.user_id, "Asia/Kolkata")
    db.write(money.set_zone, asha.user_id, "Pacific/Kiritimati")
    db.write(money.set_zone, asha.user_id, "Nowhere/Land")

    found = db.read(money.find_owner, asha.user_id)
    assert found is not None
    assert found.zone == "Asia/Kolkata"
    db.clock.advance(30 * 24 * 3_600_000)
    db.write(money.set_zone, asha.user_id, "Europe/Berlin")
    found = db.read(money.find_owner, asha.user_id)
    assert found is not None
    assert found.zone == "Europe/Berlin"


def test_only_an_operator_changes_the_rules_and_each_change_is_kept(db: RehearsedDatabase) -> None:
    asha, omar = make.owner(db), make.owner(db)
    db.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    id = uuid7()
    rules = [sent_at_most(1000)]
    with pytest.raises(NotAllowed):
        db.write(money.set_limits, id, "INR", rules, by=asha)

    first = db.write(money.set_limits, id, "INR", rules, by=omar)

    assert db.write(money.set_limits, id, "INR", rules, by=omar) == first
    with pytest.raises(IdReused):
        db.write(money.set_limits, id, "INR", [], by=omar)
    [kept] = db.read(money.list_limits, by=omar)
    assert (kept.limits, kept.by_id, kept.at) == (rules, omar.user_id, first.at)


def test_two_numbers_are_enough(db: RehearsedDatabase) -> None:
    allow(db, *money.two_numbers(400_000, 80_000))
    asha = make.owner(db)

    mine = db.read(money.my_limits, "INR", by=asha)

    told = {(item.action, item.window): item.max_minor for item in mine.items}
    assert told[Action.RECEIVE, Window.BALANCE] == 25_000
    assert told[Action.SEND, Window.TRANSFER] == told[Action.SEND, Window.DAY] == 5_000
    assert told[Action.SEND, Window.MONTH] == 50_000
    assert mine.next_tier == "basic"
    above = {(rule.action, rule.window): rule.max_minor for rule in mine.above}
    assert above[Action.SEND, Window.DAY] == 20_000


def test_every_figure_of_a_preset_says_where_it_is_from_and_when_that_was_looked_at(
    db: RehearsedDatabase,
) -> None:
    assert {"BR", "DE", "IN", "SG", "TH"} <= money.presets().keys()
    for country, preset in money.presets().items():
        assert preset.country == country
        assert "not legal advice" in preset.note
        kept = set()
        for limit in preset.limits:
            assert len(limit.source) > 20, limit
            assert datetime.strptime(limit.checked_on, "%Y-%m-%d").replace(tzinfo=UTC), limit
            kept.add((limit.tier, limit.action, limit.window))
        assert len(kept) == len(preset.limits)
        chosen = db.write(money.choose_preset, uuid7(), country, by=SYSTEM)
        assert len(chosen.limits) == len(preset.limits)
        assert str(Money(0, preset.currency)), "is a currency"
    with pytest.raises(NotFound):
        db.write(money.choose_preset, uuid7(), "XX", by=SYSTEM)


def test_a_figure_without_a_source_is_no_preset() -> None:
    text = msgspec.json.encode(next(iter(money.presets().values()))).decode()

    with pytest.raises(msgspec.ValidationError, match="source"):
        msgspec.json.decode(text.replace('"source"', '"said_by"'), type=money.Preset)


def test_audit_names_a_usage_that_is_off(db: RehearsedDatabase, two: tuple[Actor, Actor]) -> None:
    allow(db, sent_at_most(1000))
    send(db, *two, 100)
    db.write(lambda tx: tx.do(_TAMPER))

    [finding] = db.read(money.audit)

    assert "day_minor is 7, not 100" in str(finding)


def test_somebody_else_is_not_known_by_their_limits(db: RehearsedDatabase) -> None:
    stranger = UserId(uuid7())

    assert db.read(money.my_limits, "INR", by=Actor(stranger, stranger)).items == []
