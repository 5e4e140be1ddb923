"""Whatever fails, and in whatever order things are heard: in the end the books say what Stripe has,
nothing happened twice, and until then what is unknown is pending."""

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from kirana import money
from kirana.money.cards.settlements import Bearer
from kirana.platform.events import Bus
from kirana.values import SYSTEM, FeeId, Money, RailPaymentId, uuid7
from tests.database import RehearsedDatabase

from . import cards, make
from .cards import MINUTE, World
from .make import inr
from .stripe_simulator import CARDS, Delivery, Fault, Simulator

SEEDS = range(8)
STEPS = 60
FEE = money.Fee(fixed_minor=3, ppm=20_000)
"""What the operator takes of an order that is paid by card."""
BEARERS: tuple[Bearer, ...] = ("payee", "operator")
_FAULTS = [it for it in Fault if it is not Fault.SLOW]


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    cards.wire(bus)
    return bus


class Town:
    """People who pay by card, a network that fails, and a post that loses the order of letters."""

    def __init__(self, db: RehearsedDatabase, simulator: Simulator, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(db, simulator)
        self.db, self.stripe = db, simulator.stripe
        self.shop, self.people = make.owner(db), [make.owner(db) for _ in range(3)]
        db.write(money.set_fee, FeeId(uuid7()), "INR", "card", FEE, by=SYSTEM)
        self.ids: list[RailPaymentId] = []
        self.wanted: dict[RailPaymentId, str] = {}
        self.post: list[Delivery] = []

    def step(self) -> None:
        chance = self.chance
        often = (self.type_card, self.end, self.call, self.call)
        act = chance.choice(
            [*often, *often, self.begin, self.begin, self.give_back, self.give_back, self.dispute,
             self.fail, self.fail, self.hear, self.hear, self.wait, self.type_card,
             self.give_back_elsewhere, self.settle]
        )  # fmt: skip
        act()
        self.db.deliver()

    def begin(self) -> None:
        who, amount = self.chance.choice(self.people), inr(self.chance.randint(50, 9000))
        if self.chance.random() < 0.4:
            self.ids.append(self.world.top_up(who, amount))
        else:
            self.ids.append(self.world.order(who, self.shop, amount))

    def type_card(self) -> None:
        open_ = [it for it in self.stripe.sessions.values() if it["status"] == "open"]
        if open_:
            session = self.chance.choice(open_)
            number = self.chance.choice(["4242424242424242", "4242424242424242", *CARDS])
            if self.stripe.pay(session["id"], number) == "challenge":
                self.stripe.answer_challenge(session["id"], passes=self.chance.random() < 0.7)

    def end(self) -> None:
        orders = [
            it for it in self.ids if it not in self.wanted and self.world.find(it).kind == "order"
        ]
        if not orders:
            return
        id = self.chance.choice(orders)
        if self.world.find(id).state == "authorized" and self.chance.random() < 0.7:
            self.wanted[id] = "capture"
            self.db.write(money.capture_card, id, by=self.shop)
        elif self.chance.random() < 0.3:
            self.wanted[id] = "cancel"
            self.db.write(money.cancel_card, id, by=self.shop)

    def give_back(self) -> None:
        """The shop gives some of an order back, as far as it has it."""
        for id in self.ids:
            taken = [
                it
                for it in self.db.read(money.list_transfers, money.Ref("order", id))
                if it.kind is money.Kind.POST and it.refunded < it.amount
            ]
            if taken and self.chance.random() < 0.7:
                left = taken[0].amount - taken[0].refunded
                amount = inr(self.chance.randint(1, left.amount_minor))
                self.refund(id, taken[0], amount)
                return

    def refund(self, id: RailPaymentId, taken: money.Transfer, amount: Money) -> None:
        back = make.transfer_id()
        try:
            self.db.write(money.refund, back, taken.id, amount, by=self.shop)
        except money.InsufficientFunds:
            return  # a dispute has taken it
        self.db.write(money.return_to_card, back, id, amount, by=self.shop)

    def give_back_elsewhere(self) -> None:
        """The operator, in Stripe's dashboard; at times the card's bank sends it back."""
        charges = [
            it
            for it in self.stripe.charges.values()
            if it["captured"]
            and not it["disputed"]
            and it["amount_refunded"] < it["amount_captured"]
        ]
        if not charges:
            return
        charge = self.chance.choice(charges)
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = self.chance.randint(1, left)
        id = self.stripe.refund_in_dashboard(charge["payment_intent"], amount)
        if self.chance.random() < 0.3:
            self.stripe.fail_refund(id)

    def settle(self) -> None:
        """Operators say whose it was to give, as far as there is money."""
        for case in self.world.cases():
            bearer = self.chance.choice(BEARERS)
            if case.settlement is not None:
                with suppress(money.InsufficientFunds):
                    self.db.write(money.settle_refund, case.payment.id, bearer, by=SYSTEM)

    def dispute(self) -> None:
        charges = [
            it
            for it in self.stripe.charges.values()
            if it["captured"] and not it["disputed"] and not it["amount_refunded"]
        ]
        if charges and self.chance.random() < 0.15:
            charge = self.chance.choice(charges)
            id = self.stripe.dispute(charge["payment_intent"])
            if self.chance.random() < 0.5:
                self.stripe.close_dispute(id, is_won=self.chance.random() < 0.5)

    def fail(self) -> None:
        self.world.simulator.fail_next(self.chance.choice(_FAULTS))

    def call(self) -> None:
        for job in self.world.calls()[: self.chance.randint(1, 4)]:
            self.world.call(job, dies=self.chance.random() < 0.15)

    def hear(self) -> None:
        self.post += self.world.simulator.take_deliveries()
        self.chance.shuffle(self.post)
        for _ in range(min(len(self.post), self.chance.randint(0, 6))):
            delivery = self.post.pop()
            if self.chance.random() < 0.3:
                self.post.append(delivery)  # it will come again
            assert self.world.hear(delivery)

    def wait(self) -> None:
        self.db.clock.advance(self.chance.randint(1, 10 * MINUTE))
        self.stripe.pass_time()
        self.db.write(money.look_at_rail_payments)

    def come_to_rest(self) -> None:
        """The network is well again, and every letter arrives."""
        self.world.simulator._faults.clear()
        for _ in range(30):
            for delivery in self.post + self.world.simulator.take_deliveries():
                assert self.world.hear(delivery)
            self.post = []
            self.world.pass_time(10 * MINUTE)
            if not self.world.cases(under_way=True) and not self.world.calls():
                return
            for id in self.ids:  # what nobody took or called off by now is called off
                if self.world.find(id).kind == "order":
                    self.db.write(money.cancel_card, id, by=self.shop)


@pytest.fixture
def simulator(db: RehearsedDatabase) -> Iterator[Simulator]:
    with Simulator(now=lambda: db.clock.now // 1000) as simulator:
        yield simulator


@pytest.mark.parametrize("seed", SEEDS)
def test_in_the_end_the_books_say_what_stripe_has(
    db: RehearsedDatabase, simulator: Simulator, seed: int
) -> None:
    town = Town(db, simulator, seed)
    for _ in range(STEPS):
        town.step()
        assert db.read(money.audit) == []
    town.come_to_rest()

    assert town.world.cases(under_way=True) == []
    town.world.check()
    for id in town.ids:
        check_once(town, id)
    check_elsewhere(town)
    for refund in town.stripe.refunds.values():
        if not refund["metadata"]:
            continue
        same = [it for it in town.stripe.refunds.values() if it["metadata"] == refund["metadata"]]
        assert len(same) == 1


def check_elsewhere(town: Town) -> None:
    """What was given back in the dashboard is the loss of the operator, or of a payee, or waits to
    be settled; what was left in suspense is what waits."""
    cases = [it.payment.amount.amount_minor for it in town.world.cases() if it.settlement]
    town.world.read_lines()
    accounts = town.db.read(money.explain_clearing, by=SYSTEM)
    [suspense] = [it.balance for it in accounts if it.code == 500] or [inr(0)]
    assert suspense == -inr(sum(cases))


def check_once(town: Town, id: RailPaymentId) -> None:
    """A payment was asked for once, and stands where the provider has it."""
    sessions = [it for it in town.stripe.sessions.values() if it["client_reference_id"] == str(id)]
    assert len(sessions) <= 1
    intents = [town.stripe.intents[it["payment_intent"]] for it in sessions if it["payment_intent"]]
    taken = sum(it["amount_received"] for it in intents)
    found = town.world.find(id)
    assert found.settled == inr(taken)
    assert (found.state == "settled") == bool(taken)
    moved = town.db.read(money.list_transfers, money.Ref("order", id))
    fees = [it.amount for it in moved if it.purpose == money.FEE]
    is_sold = found.kind == "order" and bool(taken) and town.wanted.get(id) == "capture"
    assert fees == ([FEE.of(inr(taken))] if is_sold else [])
    if town.wanted.get(id) == "cancel":
        assert not taken
        assert all(it["amount_capturable"] == 0 for it in intents)


def test_the_random_run_reaches_every_end(db: RehearsedDatabase, simulator: Simulator) -> None:
    wanted = {
        ("top_up", "settled"), ("order", "settled"), ("order", "ended"), ("refund", "settled"),
    }  # fmt: skip
    town = Town(db, simulator, 7)
    kinds: set[tuple[str, str]] = set()
    for _ in range(20):
        for _ in range(2 * STEPS):
            town.step()
        town.come_to_rest()
        known = [it for who in town.people for it in db.read(money.export_user, who.user_id).cards]
        kinds |= {(it.kind, it.state) for it in known}
        if wanted <= kinds:
            break
    assert wanted <= kinds
    town.world.check()
