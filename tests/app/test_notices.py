"""Who is told of what money does by itself: with everything wired as on the server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kirana import money, notices
from kirana.app import wiring
from kirana.money import model
from kirana.money.desk.reviews import Verdict
from kirana.money.flows import links, standing
from kirana.platform.events import Bus
from kirana.values import SYSTEM, Actor, Confirmation, Mandate, Money, StandingOrderId, uuid7
from tests.chat import make as people
from tests.database import RehearsedDatabase
from tests.money import make
from tests.money.make import inr
from tests.money.test_offers import paid_at

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    wiring.wire(bus)
    return bus


class Town:
    """Asha has ₹1,000, Ravi nothing; Omar and Olga are operators."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db = db
        wiring.close_commits(db)
        self.asha, self.ravi = people.person(db, "Asha"), people.person(db, "Ravi")
        self.omar, self.olga = people.person(db, "Omar"), people.person(db, "Olga")
        db.deliver()
        for operator in (self.omar, self.olga):
            db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
        make.top_up(db, self.asha, inr(1_000_00))
        db.deliver()

    def told(self, who: Actor) -> list[notices.Notice]:
        self.db.deliver()
        return self.db.read(notices.list_notices, by=who)

    def kinds(self, who: Actor) -> list[str]:
        return [it.kind for it in self.told(who)]

    def held(self, by: Actor | None = None) -> money.Transfer:
        self.db.write(money.set_review_rule, uuid7(), "INR", 100_00, 1, by=self.omar)
        return self.db.write(
            money.send_money, make.transfer_id(), self.ravi.user_id, inr(500_00),
            by=by or self.asha,
        )  # fmt: skip

    def decide(self, held: money.Transfer, verdict: Verdict) -> None:
        self.db.write(money.decide_review, make.transfer_id(), held.id, verdict, by=self.olga)

    def standing_order(self, amount: Money) -> money.StandingOrder:
        id = StandingOrderId(uuid7())
        today = datetime.fromtimestamp(self.db.clock.now / 1000, UTC).date()
        terms = money.Terms(amount, "month", today + timedelta(days=1))
        fp = standing._print_of(self.asha, self.ravi.user_id, terms)
        proof = Confirmation("pin", model.challenge_of(id, fp), self.db.clock.now)
        by = replace(self.asha, confirmation=proof)
        return self.db.write(money.make_standing_order, id, self.ravi.user_id, terms, by=by)


@pytest.fixture
def town(db: RehearsedDatabase) -> Town:
    return Town(db)


def test_whoever_sent_a_link_hears_that_it_came_back(town: Town) -> None:
    link = town.db.write(
        money.make_link, make.transfer_id(), inr(250_00), "s0Me-secret_of_22_chars", by=town.asha
    )
    assert town.told(town.asha) == []
    town.db.clock.advance(links.LINK_LIFE_S * 1000)
    town.db.write(money.expire_holds)

    [told] = town.told(town.asha)
    assert (told.kind, told.subject_id, told.amount) == ("link.returned", link.id, inr(250_00))


def test_a_link_that_was_taken_or_taken_back_is_no_news(town: Town) -> None:
    ids = [make.transfer_id(), make.transfer_id()]
    for id in ids:
        town.db.write(money.make_link, id, inr(100), "s0Me-secret_of_22_chars", by=town.asha)
    town.db.write(money.take_back_link, make.transfer_id(), ids[0], by=town.asha)
    town.db.write(
        money.take_link, make.transfer_id(), ids[1], "s0Me-secret_of_22_chars", by=town.ravi
    )
    town.db.clock.advance(links.LINK_LIFE_S * 1000)
    town.db.write(money.expire_holds)
    assert town.told(town.asha) == []


def test_whoever_wanted_a_payment_made_hears_that_it_was_not_and_that_it_is_left_out(
    town: Town,
) -> None:
    order = town.standing_order(inr(2_000_00))
    town.db.clock.advance(DAY_MS + 12 * 3_600_000)
    town.db.write(money.run_standing_orders)

    [told] = town.told(town.asha)
    assert (told.kind, told.subject_id, told.other_id, told.amount, told.why) == (
        "standing_order.refused", order.id, town.ravi.user_id, inr(2_000_00), "insufficient-funds"
    )  # fmt: skip
    town.db.clock.advance(DAY_MS)
    town.db.write(money.run_standing_orders)
    assert town.kinds(town.asha) == ["standing_order.left_out", "standing_order.refused"]
    assert town.told(town.ravi) == []


def test_a_coming_payment_that_is_made_is_no_news(town: Town) -> None:
    town.standing_order(inr(500_00))
    town.db.clock.advance(DAY_MS + 12 * 3_600_000)
    town.db.write(money.run_standing_orders)
    assert town.told(town.asha) == []


@pytest.mark.parametrize(
    ("verdict", "kind"), [("approve", "review.released"), ("reject", "review.rejected")]
)
def test_operators_hear_of_what_waits_and_the_payer_how_it_ended(
    town: Town, verdict: Verdict, kind: str
) -> None:
    held = town.held()
    for operator in (town.omar, town.olga):
        [told] = town.told(operator)
        assert (told.kind, told.subject_id, told.other_id, told.amount) == (
            "review.needed", held.id, town.asha.user_id, inr(500_00)
        )  # fmt: skip
    assert town.told(town.asha) == []

    town.decide(held, verdict)

    [told] = town.told(town.asha)
    assert (told.kind, told.subject_id, told.other_id) == (kind, held.id, town.ravi.user_id)
    assert (town.told(town.omar), town.told(town.olga), town.told(town.ravi)) == ([], [], [])


def test_a_payment_that_nobody_looked_at_is_told_once_it_went_back(town: Town) -> None:
    town.held()
    town.db.clock.advance(model.REVIEWED_WITHIN_S * 1000)
    town.db.write(money.expire_holds)

    assert town.kinds(town.asha) == ["review.expired"]
    assert town.told(town.olga) == []


def test_whoever_pays_is_not_told_to_look_at_it(town: Town) -> None:
    make.top_up(town.db, town.omar, inr(1_000_00))
    town.held(by=town.omar)
    assert (town.kinds(town.omar), town.kinds(town.olga)) == ([], ["review.needed"])


def test_a_refused_order_of_a_shop_is_told_to_the_shop(town: Town) -> None:
    """Notices go to whose money it is, which its team reads in the shop's name."""
    shop = people.shop(town.db, "Tea")
    town.db.write(money.open_owner, shop.user_id)
    town.asha = shop = replace(shop, shop_mandate=Mandate.SPEND)
    town.standing_order(inr(10))
    town.db.clock.advance(DAY_MS + 12 * 3_600_000)
    town.db.write(money.run_standing_orders)
    assert town.kinds(shop) == ["standing_order.refused"]
    assert town.kinds(replace(shop, user_id=shop.person_id)) == []


def test_what_was_taken_out_is_told_when_it_arrived_or_came_back(town: Town) -> None:
    ids = [make.transfer_id(), make.transfer_id()]
    for id in ids:
        town.db.write(money.ask_payout, id, inr(10_00), by=replace(town.asha, kind="system"))
    assert town.told(town.asha) == []
    town.db.write(money.top_up, make.transfer_id(), town.ravi.user_id, inr(10_00), by=town.omar)
    town.db.write(money.settle_payout, make.transfer_id(), ids[0], by=town.omar)
    town.db.write(money.refuse_payout, make.transfer_id(), ids[1], "wrong_account", by=town.omar)

    told = {it.kind: (it.subject_id, it.amount, it.why) for it in town.told(town.asha)}
    assert told == {
        "payout.settled": (ids[0], inr(10_00), ""),
        "payout.failed": (ids[1], inr(10_00), "wrong_account"),
    }


def test_whoever_is_paid_elsewhere_from_now_on_hears_of_it(town: Town) -> None:
    paid_at(town.db, town.asha, "upi", {"vpa": "asha@bank", "name": "Asha Rao"})

    [told] = town.told(town.asha)
    assert (told.kind, told.why) == ("address.changed", "upi")
