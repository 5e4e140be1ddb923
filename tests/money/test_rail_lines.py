"""Stripe's fees and its payouts to the bank: in the books once, whatever is told when."""

import random
from collections.abc import Iterator

import pytest

from kirana import money
from kirana.platform import jobs
from kirana.platform.events import Bus
from kirana.values import SYSTEM, Actor, total
from tests.database import RehearsedDatabase

from . import make
from .cards import World, shuffled, wire
from .make import inr
from .stripe_simulator import Simulator

COMING_IN, BANK, COSTS, SUSPENSE = 200, 300, 410, 500
DAY = 24 * 3600_000


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    wire(bus)
    return bus


@pytest.fixture
def world(db: RehearsedDatabase) -> Iterator[World]:
    db.before_commit.append(money.seal)
    with Simulator(now=lambda: db.clock.now // 1000) as simulator:
        yield World(db, simulator)


def balances(world: World) -> dict[int, int]:
    """What is in the operator's accounts, each explained to the last minor unit."""
    found = world.db.read(money.explain_clearing, by=SYSTEM)
    for account in found:
        assert total((it.amount for it in account.items), account.currency) == account.balance
    assert world.db.read(money.audit) == []
    return {it.code: it.balance.amount_minor for it in found if it.balance}


def top_up(world: World, who: Actor, amount: int = 100_000) -> None:
    id = world.top_up(who, inr(amount))
    world.run()
    assert world.pay(id) is None
    world.hear_all()


def test_what_stripe_keeps_and_what_it_sends_to_the_bank_is_booked(world: World) -> None:
    asha = make.owner(world.db)
    top_up(world, asha)
    world.read_lines()

    # 2.9 % of it are the provider's: the rest is what it owes.
    assert balances(world) == {COMING_IN: -97_100, COSTS: -2_900}
    payout = world.simulator.stripe.pay_out("INR")
    world.hear_all()
    world.read_lines()
    assert balances(world) == {COMING_IN: -97_100, COSTS: -2_900}

    world.simulator.stripe.reach_bank(payout)
    world.hear_all()
    world.read_lines()

    assert balances(world) == {BANK: -97_100, COSTS: -2_900}
    assert world.balance(asha) == 100_000


def test_a_payout_that_the_bank_sends_back_is_owed_by_stripe_again(world: World) -> None:
    top_up(world, make.owner(world.db))
    payout = world.simulator.stripe.pay_out("INR")
    world.simulator.stripe.reach_bank(payout)
    world.hear_all()
    world.read_lines()
    world.simulator.stripe.fail_payout(payout)

    for _ in range(2):
        world.read_lines()
        assert balances(world) == {COMING_IN: -97_100, COSTS: -2_900}
    world.hear_all()
    assert balances(world) == {COMING_IN: -97_100, COSTS: -2_900}


def test_a_payout_is_found_though_nobody_tells_of_it(world: World) -> None:
    top_up(world, make.owner(world.db))
    payout = world.simulator.stripe.pay_out("INR", 50_000)
    world.simulator.stripe.reach_bank(payout)
    world.simulator.take_deliveries()

    world.read_lines()

    assert balances(world) == {COMING_IN: -47_100, BANK: -50_000, COSTS: -2_900}


def test_a_payout_that_is_told_of_before_what_it_pays_out_waits_for_that(world: World) -> None:
    id = world.top_up(make.owner(world.db), inr(100_000))
    world.run()
    assert world.pay(id) is None
    late = world.simulator.take_deliveries()
    world.simulator.stripe.reach_bank(world.simulator.stripe.pay_out("INR"))
    world.hear_all()
    assert balances(world) == {}

    # The fee's line shows that the payment is there: it is asked for, and all is booked.
    world.read_lines()
    world.read_lines()

    assert balances(world) == {BANK: -97_100, COSTS: -2_900}
    for delivery in late:
        assert world.hear(delivery)
    world.run()
    assert balances(world) == {BANK: -97_100, COSTS: -2_900}


def test_what_stripe_takes_for_itself_is_a_cost_and_what_is_not_ours_waits_to_be_explained(
    world: World,
) -> None:
    top_up(world, make.owner(world.db))
    world.simulator.stripe.charge_fee("INR", 700)
    world.simulator.stripe.sell_elsewhere("INR", 10_000)

    world.read_lines()

    assert balances(world) == {COMING_IN: -106_110, COSTS: -3_890, SUSPENSE: 10_000}
    assert -balances(world)[COMING_IN] == world.simulator.stripe.net("INR")


def test_a_refund_and_a_lost_dispute_are_booked_by_themselves_and_not_by_their_lines(
    world: World,
) -> None:
    shop, buyer = make.owner(world.db), make.owner(world.db)
    id = world.order(buyer, shop, inr(60_000))
    world.run()
    assert world.pay(id) is None
    world.hear_all()
    world.db.write(money.capture_card, id, by=shop)
    world.run()
    world.hear_all()
    world.simulator.stripe.dispute(world.intent(id)["id"], 20_000)
    world.hear_all()

    world.read_lines()

    assert balances(world)[COMING_IN] == -world.simulator.stripe.net("INR")
    assert SUSPENSE not in balances(world)


def test_money_that_was_given_back_at_stripe_itself_is_shown_as_unexplained(world: World) -> None:
    top_up(world, make.owner(world.db))
    [intent] = world.simulator.stripe.intents
    world.simulator.stripe.refund({"payment_intent": intent, "amount": "4000"})
    world.hear_all()

    world.read_lines()

    assert balances(world) == {COMING_IN: -93_100, COSTS: -2_900, SUSPENSE: -4_000}
    assert [it.payment.reason for it in world.cases()] == ["refunded-elsewhere"]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_gives_the_same_books(world: World, seed: int) -> None:
    chance = random.Random(seed)
    people = [make.owner(world.db) for _ in range(3)]
    stripe = world.simulator.stripe
    ids = [world.top_up(it, inr(10_000 * (n + 1))) for n, it in enumerate(people)]
    world.run()
    sent = []
    for id in ids:
        assert world.pay(id) is None
        sent.append(stripe.pay_out("INR", chance.randint(100, 5_000)))
    stripe.charge_fee("INR", 300)
    for payout in sent[:2]:
        stripe.reach_bank(payout)
    stripe.fail_payout(sent[0])

    for delivery in shuffled(world.simulator.take_deliveries(), chance):
        assert world.hear(delivery)
        if chance.random() < 0.3:
            world.read_lines(chance)
    world.run()
    for _ in range(3):
        world.read_lines(chance)

    found = balances(world)
    reached, on_its_way = (stripe.payouts[id]["amount"] for id in sent[1:])
    assert found[BANK] == -reached
    assert -found[COMING_IN] == stripe.net("INR") + on_its_way
    assert found[COSTS] == -(300 + 290 + 580 + 870)


def test_it_is_read_when_money_has_moved_and_otherwise_every_hour(world: World) -> None:
    asked = 0

    def is_due() -> bool:
        nonlocal asked
        world.db.write(money.look_at_rail_lines)
        world.db.deliver()
        due = world.db.read(jobs.list_due)
        before, asked = asked, len([it for it in due if it.name.endswith("read_rail_lines")])
        return asked > before

    assert is_due()
    assert not is_due()
    world.db.clock.advance(3600_000)
    assert is_due()
    top_up(world, make.owner(world.db))
    assert not is_due()
    world.db.clock.advance(61_000)
    assert is_due()
