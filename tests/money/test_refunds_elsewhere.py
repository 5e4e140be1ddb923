"""Money that was given back in Stripe's own dashboard: written down once, settled by operators."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, select

from kirana import money
from kirana.money.cards.settlements import Bearer
from kirana.money.model import OPERATOR, AccountKey, Code
from kirana.money.tables import accounts
from kirana.platform.db import Q
from kirana.platform.events import Bus
from kirana.platform.problems import NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, RailPaymentId, total, uuid7
from tests.database import RehearsedDatabase

from . import make
from .cards import MINUTE, World, shop_and_buyer, shuffled, wire
from .make import inr
from .stripe_simulator import Simulator

BEARERS: tuple[Bearer, ...] = ("payee", "operator")


@pytest.fixture
def bus() -> Bus:
    bus = Bus()
    wire(bus)
    return bus


class Desk:
    """An order of 9000 that was handed over, a top-up of 9000, and operators."""

    def __init__(self, world: World) -> None:
        self.world, self.db, self.stripe = world, world.db, world.simulator.stripe
        self.shop, self.buyer = shop_and_buyer(self.db)
        self.order = world.order(self.buyer, self.shop, inr(9000))
        self.top_up = world.top_up(self.buyer, inr(9000))
        world.run()
        for id in (self.order, self.top_up):
            assert world.pay(id) is None
        world.hear_all()
        self.db.write(money.capture_card, self.order, by=self.shop)
        world.run()
        world.hear_all()
        self.omar, self.olga = self.operator(), self.operator()

    def operator(self) -> Actor:
        found = make.owner(self.db)
        self.db.write(money.appoint_operator, found.user_id, by=SYSTEM)
        return found

    def refund(self, id: RailPaymentId, amount: int, *, is_slow: bool = False) -> str:
        intent = self.world.intent(id)["id"]
        return self.stripe.refund_in_dashboard(intent, amount, is_slow=is_slow)

    def case(self) -> money.RailCase:
        [case] = self.world.cases()
        return case

    def settle(self, bearer: Bearer, by: Actor | None = None) -> money.RailPayment:
        id = self.case().payment.id
        return self.db.write(money.settle_refund, id, bearer, by=by or self.omar)

    def given_back(self) -> int:
        """As the order counts it."""
        moved = self.db.read(money.list_transfers, money.Ref("order", self.order))
        back = sum(it.amount.amount_minor for it in moved if it.reverses_id)
        again = [it for it in moved if it.purpose == money.BACK_AGAIN]
        return back - sum(it.amount.amount_minor for it in again)

    def stands(self) -> tuple[int, int]:
        """In the wallets of the shop and the buyer, who has topped it up."""
        return self.world.balance(self.shop), self.world.balance(self.buyer)

    def suspense(self) -> int:
        return self._balance(AccountKey(OPERATOR, Code.SUSPENSE, "INR", "stripe"))

    def lost(self) -> int:
        return -self._balance(AccountKey(OPERATOR, Code.LOST_DISPUTES, "INR"))

    def check(self) -> None:
        """The books are sound, and the operator's accounts explained, to the last minor unit."""
        assert self.db.read(money.audit) == []
        for account in self.db.read(money.explain_clearing, by=SYSTEM):
            assert total((it.amount for it in account.items), account.currency) == account.balance

    def _balance(self, key: AccountKey) -> int:
        find = Q(select(accounts).where(accounts.c.id == bindparam("id")))
        row = self.db.read(lambda tx: tx.one(find, id=key.id))
        return row.credits_posted - row.debits_posted if row else 0


@pytest.fixture
def desk(db: RehearsedDatabase) -> Iterator[Desk]:
    db.before_commit.append(money.seal)
    with Simulator(now=lambda: db.clock.now // 1000) as simulator:
        yield Desk(World(db, simulator))


def test_of_an_order_the_shop_gives_it_and_the_order_shows_it(desk: Desk) -> None:
    refund = desk.refund(desk.order, 4000)
    desk.world.hear_all()

    case = desk.case()
    assert (case.payment.kind, case.payment.amount) == ("refund", inr(4000))
    assert (case.payment.parent_id, case.external_id) == (desk.order, refund)
    assert case.settlement is not None
    assert (case.settlement.bearer_id, case.settlement.approvals) == (desk.shop.user_id, 1)
    assert (desk.suspense(), desk.stands(), desk.given_back()) == (-4000, (9000, 9000), 0)
    desk.world.check()

    for _ in range(2):
        done = desk.db.write(money.settle_refund, case.payment.id, "payee", by=desk.omar)
        assert (done.state, done.settled) == ("settled", inr(4000))
    assert (desk.suspense(), desk.stands(), desk.given_back()) == (0, (5000, 9000), 4000)
    assert desk.world.cases() == []
    desk.world.check()
    desk.check()


def test_of_a_top_up_its_owner_gives_it(desk: Desk) -> None:
    desk.refund(desk.top_up, 9000)
    desk.world.hear_all()
    settlement = desk.case().settlement
    assert settlement is not None
    assert settlement.bearer_id == desk.buyer.user_id

    desk.settle("payee")

    assert (desk.suspense(), desk.stands(), desk.given_back()) == (0, (9000, 0), 0)
    desk.world.check()


@pytest.mark.parametrize("what", ["order", "top_up"])
def test_what_is_the_operators_loss_costs_nobody_else_anything(desk: Desk, what: str) -> None:
    desk.refund(getattr(desk, what), 4000)
    desk.world.hear_all()

    desk.settle("operator")

    assert (desk.suspense(), desk.lost(), desk.stands()) == (0, 4000, (9000, 9000))
    assert desk.given_back() == (4000 if what == "order" else 0)
    desk.world.check()


def test_what_the_payee_has_not_is_refused_and_may_be_tried_again(desk: Desk) -> None:
    rich = make.owner(desk.db)
    desk.db.write(money.send_money, make.transfer_id(), rich.user_id, inr(8000), by=desk.shop)
    desk.refund(desk.order, 4000)
    desk.world.hear_all()

    for _ in range(2):
        with pytest.raises(money.InsufficientFunds):
            desk.settle("payee")
    assert (desk.suspense(), desk.given_back()) == (-4000, 0)
    desk.db.write(money.send_money, make.transfer_id(), desk.shop.user_id, inr(3000), by=rich)
    desk.settle("payee")

    assert (desk.suspense(), desk.stands(), desk.given_back()) == (0, (0, 9000), 4000)
    desk.world.check()


def test_where_two_look_at_such_payments_two_say_the_same(desk: Desk) -> None:
    desk.db.write(money.set_review_rule, uuid7(), "INR", 3999, 2, by=desk.omar)
    desk.refund(desk.order, 4000)
    desk.world.hear_all()

    for bearer in ("payee", "payee", "operator"):
        desk.settle(bearer)
        settlement = desk.case().settlement
        assert settlement is not None
        assert (settlement.proposed, settlement.proposed_by) == (bearer, desk.omar.user_id)
    desk.settle("payee", by=desk.olga)
    assert (desk.suspense(), desk.given_back()) == (-4000, 0)
    desk.settle("payee", by=desk.omar)

    assert (desk.suspense(), desk.given_back(), desk.world.cases()) == (0, 4000, [])
    desk.refund(desk.order, 3999)
    desk.world.hear_all()
    desk.settle("operator", by=desk.omar)
    assert desk.world.cases() == []


def test_only_operators_settle_and_none_their_own(desk: Desk) -> None:
    desk.refund(desk.order, 4000)
    desk.world.hear_all()
    id = desk.case().payment.id
    desk.db.write(money.appoint_operator, desk.shop.user_id, by=SYSTEM)

    for who in (desk.buyer, desk.shop):
        with pytest.raises(NotAllowed):
            desk.settle("operator", by=who)
    with pytest.raises(NotFound):
        desk.db.write(money.settle_refund, desk.order, "payee", by=desk.omar)
    with pytest.raises(NotAllowed):  # it cannot be put away unsettled
        desk.db.write(money.decide_case, id, "look", by=desk.omar)
    desk.settle("payee")
    with pytest.raises(money.HoldResolved):
        desk.db.write(money.settle_refund, id, "operator", by=desk.olga)
    assert desk.given_back() == 4000


def test_never_more_is_given_back_than_was_taken(desk: Desk) -> None:
    """The shop gave 6000 back, which the card's bank returned to the buyer's wallet; then all of it
    is given back in the dashboard. The buyer has had 6000 of it twice."""
    [sale] = [
        it
        for it in desk.db.read(money.list_transfers, money.Ref("order", desk.order))
        if it.kind is money.Kind.POST
    ]
    back = make.transfer_id()
    desk.db.write(money.refund, back, sale.id, inr(6000), by=desk.shop)
    desk.db.write(money.return_to_card, back, desk.order, inr(6000), by=desk.shop)
    desk.world.run()
    [ours] = desk.stripe.refunds
    desk.stripe.fail_refund(ours)
    desk.world.hear_all()
    [failed] = desk.world.cases()
    desk.db.write(money.decide_case, failed.payment.id, "look", by=desk.omar)
    assert desk.stands() == (3000, 15_000)

    desk.refund(desk.order, 9000)
    desk.world.hear_all()
    desk.settle("payee")

    assert (desk.suspense(), desk.stands(), desk.given_back()) == (0, (0, 9000), 9000)
    desk.world.check()


@pytest.mark.parametrize("bearer", BEARERS)
@pytest.mark.parametrize("what", ["order", "top_up"])
def test_one_that_comes_back_is_turned_round_with_what_was_said(
    desk: Desk, what: str, bearer: Bearer
) -> None:
    refund = desk.refund(getattr(desk, what), 4000)
    desk.world.hear_all()
    desk.settle(bearer)

    desk.stripe.fail_refund(refund)
    desk.world.hear_all()

    assert (desk.suspense(), desk.lost(), desk.stands()) == (0, 0, (9000, 9000))
    assert desk.given_back() == 0
    case = desk.case()
    assert (case.payment.reason, case.settlement) == ("elsewhere-returned", None)
    desk.db.write(money.decide_case, case.payment.id, "look", by=desk.omar)
    assert desk.world.cases() == []
    desk.world.check()
    desk.check()


def test_one_that_comes_back_before_anybody_spoke_leaves_nothing_to_say(desk: Desk) -> None:
    refund = desk.refund(desk.order, 4000)
    desk.world.hear_all()
    id = desk.case().payment.id
    desk.stripe.fail_refund(refund)
    desk.world.hear_all()

    assert (desk.world.cases(), desk.suspense(), desk.stands()) == ([], 0, (9000, 9000))
    with pytest.raises(money.HoldResolved):
        desk.db.write(money.settle_refund, id, "payee", by=desk.omar)
    desk.world.check()


def test_a_wallet_that_is_stopped_gets_it_when_it_goes_on(desk: Desk) -> None:
    refund = desk.refund(desk.top_up, 4000)
    desk.world.hear_all()
    desk.settle("payee")
    desk.db.write(money.freeze_wallet, desk.buyer.user_id, "INR", out=False, into=True, by=SYSTEM)
    desk.stripe.fail_refund(refund)
    desk.world.hear_all()
    assert (desk.case().payment.reason, desk.stands()) == ("account-frozen", (9000, 5000))
    desk.world.check()

    desk.db.write(money.freeze_wallet, desk.buyer.user_id, "INR", out=False, into=False, by=SYSTEM)
    desk.world.pass_time(10 * MINUTE)

    assert (desk.case().payment.reason, desk.stands()) == ("elsewhere-returned", (9000, 9000))
    assert desk.suspense() == 0


def test_one_that_is_slow_is_settled_once_it_is_sure(desk: Desk) -> None:
    refund = desk.refund(desk.order, 4000, is_slow=True)
    desk.world.hear_all()
    assert (desk.world.cases(), desk.suspense()) == ([], 0)

    # Nobody tells that it is: it is asked for.
    desk.stripe.finish_refund(refund)
    desk.world.simulator.take_deliveries()
    desk.world.pass_time(7 * 3600_000)

    desk.settle("payee")
    assert (desk.suspense(), desk.given_back()) == (0, 4000)
    desk.world.check()


@pytest.mark.parametrize(
    "order",
    ["event settled event line line", "event line settled event line",
     "line event line event settled", "line line settled event event", "event event", "line line"],
)  # fmt: skip
def test_whatever_tells_of_it_first_it_is_written_down_once(desk: Desk, order: str) -> None:
    desk.world.read_lines()
    desk.refund(desk.order, 4000)
    deliveries = desk.world.simulator.take_deliveries()

    is_settled = False
    for what in (*order.split(), "settled", "line"):
        if what == "event":
            assert all(desk.world.hear(it) for it in deliveries)
            desk.world.run()
        elif what == "line":
            desk.world.read_lines()
        elif desk.world.cases() and not is_settled:
            desk.settle("payee")
            is_settled = True

    assert (desk.suspense(), desk.stands(), desk.given_back()) == (0, (5000, 9000), 4000)
    assert desk.world.cases() == []
    assert desk.world.owed_by_stripe() == desk.stripe.net("INR")
    desk.check()


def test_lines_alone_tell_of_it_and_that_it_came_back(desk: Desk) -> None:
    refund = desk.refund(desk.order, 4000)
    desk.world.read_lines()
    desk.settle("payee")
    desk.stripe.fail_refund(refund)
    desk.world.read_lines()

    assert (desk.suspense(), desk.stands(), desk.given_back()) == (0, (9000, 9000), 0)
    assert desk.world.owed_by_stripe() == desk.stripe.net("INR")


@pytest.mark.parametrize("has_events", [True, False], ids=["events", "no events"])
def test_a_line_that_comes_before_its_payment_is_explained_when_that_is_known(
    desk: Desk, has_events: bool
) -> None:
    early = desk.world.top_up(desk.shop, inr(5000))
    desk.world.run()
    assert desk.world.pay(early) is None
    desk.refund(early, 2000)
    late = desk.world.simulator.take_deliveries()
    desk.world.read_lines()
    if has_events:
        for delivery in reversed(late):
            assert desk.world.hear(delivery)
    for _ in range(3):
        desk.world.pass_time(10 * MINUTE)
        desk.world.read_lines()

    desk.settle("payee")

    assert (desk.suspense(), desk.stands()) == (0, (12_000, 9000))
    assert desk.world.owed_by_stripe() == desk.stripe.net("INR")
    desk.check()


def test_what_was_paid_out_to_the_bank_before_is_booked_when_more_comes_in(desk: Desk) -> None:
    desk.world.read_lines()
    desk.stripe.reach_bank(desk.stripe.pay_out("INR"))
    desk.world.hear_all()
    desk.world.read_lines()
    desk.refund(desk.order, 4000)
    desk.world.hear_all()
    desk.settle("payee")
    assert desk.suspense() == 4000

    more = desk.world.top_up(desk.shop, inr(5000))
    desk.world.run()
    assert desk.world.pay(more) is None
    desk.world.hear_all()
    desk.world.pass_time(10 * MINUTE)
    desk.world.read_lines()

    assert desk.suspense() == 0
    assert desk.world.owed_by_stripe() == desk.stripe.net("INR")
    desk.check()


def test_a_refund_of_another_sale_stays_unexplained(desk: Desk) -> None:
    desk.stripe.sell_elsewhere("INR", 10_000)
    [other] = [it for it in desk.stripe.charges.values() if it["payment_intent"] is None]
    refund = {
        **desk.stripe.refunds.get("", {}), "id": "re_other", "object": "refund", "amount": 700,
        "currency": "inr", "status": "succeeded", "metadata": {}, "payment_intent": "pi_other",
        "charge": other["id"],
    }  # fmt: skip
    desk.stripe.tell("refund.created", refund)
    desk.world.hear_all()
    desk.world.read_lines()

    assert desk.world.cases() == []
    assert desk.suspense() == 10_000


@pytest.mark.parametrize("seed", range(4))
def test_any_number_of_them_in_any_order_add_up(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    refunds = [
        desk.refund(id, chance.randint(1, 3000)) for id in (desk.order, desk.top_up) for _ in "123"
    ]
    for refund in chance.sample(refunds, 3):
        desk.stripe.fail_refund(refund)
    post = shuffled(desk.world.simulator.take_deliveries(), chance)
    while post:
        desk.world.hear(post.pop())
        desk.world.run()
        if chance.random() < 0.3:
            desk.world.read_lines(chance)
        for case in desk.world.cases():
            if case.settlement and chance.random() < 0.5:
                bearer = chance.choice(BEARERS)
                desk.db.write(money.settle_refund, case.payment.id, bearer, by=desk.omar)
        desk.check()
    desk.world.read_lines(chance)
    for case in desk.world.cases():
        if case.settlement:
            desk.db.write(money.settle_refund, case.payment.id, "payee", by=desk.omar)

    gone = {True: 0, False: 0}
    for id in refunds:
        it = desk.stripe.refunds[id]
        if it["status"] == "succeeded":
            is_of_order = it["payment_intent"] == desk.world.intent(desk.order)["id"]
            gone[is_of_order] += it["amount"]
    assert desk.given_back() == gone[True]
    assert sum(desk.stands()) == 18_000 - gone[True] - gone[False] + desk.lost()
    assert desk.suspense() == 0
    assert desk.world.owed_by_stripe() == desk.stripe.net("INR")
    desk.check()
