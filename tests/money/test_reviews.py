"""The operators' desk: payments that wait to be looked at, names, corrections by two."""

from collections.abc import Iterable

import pytest

from kirana import money
from kirana.money.desk.reviews import Verdict
from kirana.money.model import REVIEWED_WITHIN_S
from kirana.platform.db import Tx
from kirana.platform.db.units import Work
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import SYSTEM, Actor, Money, OwnerId, RequestId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

ABOVE = inr(100_00)


class Desk:
    """Two operators, and two who pay each other; above ₹100 a payment is looked at by both."""

    def __init__(self, db: RehearsedDatabase, approvals: int = 2) -> None:
        self.db = db
        self.omar, self.olga = self.operator(), self.operator()
        self.asha, self.ravi = make.owner(db, purse=inr(1_000_00)), make.owner(db)
        self.names: dict[OwnerId, str] = {}
        self.rule(ABOVE.amount_minor, approvals)

    def operator(self) -> Actor:
        operator = make.owner(self.db)
        self.db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
        return operator

    def rule(self, above: int | None, approvals: int = 2) -> None:
        self.db.write(money.set_review_rule, uuid7(), "INR", above, approvals, by=self.omar)

    def name_of(self, tx: Tx, ids: Iterable[OwnerId]) -> dict[OwnerId, str]:
        return {id: self.names[id] for id in ids if id in self.names}

    def send(self, amount: Money, *, by: Actor | None = None) -> money.Transfer:
        return self.db.write(
            money.send_money, make.transfer_id(), self.ravi.user_id, amount,
            screen=money.NameList(self.name_of), by=by or self.asha,
        )  # fmt: skip

    def decide(self, transfer: money.Transfer, verdict: Verdict, by: Actor) -> money.Review:
        return self.db.write(money.decide_review, make.transfer_id(), transfer.id, verdict, by=by)

    @property
    def waiting(self) -> list[money.Review]:
        return self.db.read(money.list_reviews, by=self.omar)

    def has(self, who: Actor) -> Money:
        return self.db.read(money.get_wallet, who.user_id, "INR").available

    def is_clean(self) -> bool:
        return self.db.read(money.audit) == []


@pytest.fixture
def desk(db: RehearsedDatabase) -> Desk:
    return Desk(db)


def test_what_is_above_the_line_waits_and_what_is_not_goes_through(desk: Desk) -> None:
    assert desk.send(ABOVE).kind is money.Kind.POSTED
    held = desk.send(inr(100_01))

    assert held.kind is money.Kind.PENDING
    assert (desk.has(desk.asha), desk.has(desk.ravi)) == (inr(799_99), ABOVE)
    [review] = desk.waiting
    assert (review.transfer.id, review.why, review.approvals) == (held.id, "amount", 2)
    assert desk.is_clean()


def test_it_goes_through_when_two_operators_have_said_yes(desk: Desk) -> None:
    held = desk.send(inr(500_00))

    first = desk.decide(held, "approve", desk.omar)
    again = desk.decide(held, "approve", desk.omar)
    assert (first.approved_by, again.approved_by) == ([desk.omar.person_id],) * 2
    assert desk.has(desk.ravi) == inr(0)
    done = desk.decide(held, "approve", desk.olga)

    assert done.transfer.state == "posted"
    assert (desk.has(desk.ravi), desk.waiting) == (inr(500_00), [])
    with pytest.raises(money.HoldResolved):
        desk.decide(held, "reject", desk.operator())
    assert desk.is_clean()


def test_one_who_rejects_it_sends_it_back(desk: Desk) -> None:
    held = desk.send(inr(500_00))
    desk.decide(held, "approve", desk.omar)
    desk.decide(held, "reject", desk.olga)

    assert (desk.has(desk.asha), desk.has(desk.ravi)) == (inr(1_000_00), inr(0))
    with pytest.raises(money.HoldResolved):
        desk.decide(held, "approve", desk.olga)
    assert desk.is_clean()


def test_where_one_is_enough_one_is_enough(db: RehearsedDatabase) -> None:
    desk = Desk(db, approvals=1)
    held = desk.send(inr(500_00))
    desk.rule(ABOVE.amount_minor, 2)
    desk.decide(held, "approve", desk.omar)
    assert desk.has(desk.ravi) == inr(500_00)


def test_nobody_decides_about_their_own_payment_and_only_operators_do(desk: Desk) -> None:
    make.top_up(desk.db, desk.omar, inr(500_00))
    held = desk.send(inr(500_00), by=desk.omar)
    with pytest.raises(NotAllowed):
        desk.decide(held, "approve", desk.omar)
    with pytest.raises(NotAllowed):
        desk.decide(held, "approve", desk.asha)
    with pytest.raises(NotAllowed):
        desk.db.read(money.list_reviews, by=desk.asha)
    with pytest.raises(NotFound):
        desk.db.write(
            money.decide_review, make.transfer_id(), make.transfer_id(), "approve", by=desk.olga
        )


def test_a_repeat_of_what_was_held_is_held_once(desk: Desk) -> None:
    id = make.transfer_id()
    args = (id, desk.ravi.user_id, inr(500_00))
    first = desk.db.write(money.send_money, *args, by=desk.asha)
    desk.rule(None)
    assert desk.db.write(money.send_money, *args, by=desk.asha) == first
    assert len(desk.waiting) == 1


def test_what_nobody_looks_at_goes_back_and_is_not_approved_after(desk: Desk) -> None:
    held = desk.send(inr(500_00))
    desk.decide(held, "approve", desk.omar)
    desk.db.clock.advance(REVIEWED_WITHIN_S * 1000)
    with pytest.raises((money.HoldExpired, money.HoldResolved)):
        desk.decide(held, "approve", desk.olga)
    desk.db.write(money.expire_holds)
    assert (desk.has(desk.asha), desk.waiting) == (inr(1_000_00), [])
    assert desk.is_clean()


def test_a_yes_comes_too_late_though_nobody_has_swept_yet(desk: Desk) -> None:
    held = desk.send(inr(500_00))
    desk.db.clock.advance(REVIEWED_WITHIN_S * 1000)
    with pytest.raises(money.HoldExpired):
        desk.decide(held, "approve", desk.omar)
    desk.db.write(money.expire_holds)
    with pytest.raises(money.HoldExpired):
        desk.decide(held, "approve", desk.olga)
    assert desk.is_clean()


def test_what_cannot_wait_is_refused_and_says_why(desk: Desk) -> None:
    request_id = RequestId(uuid7())
    desk.db.write(
        money.ask, request_id, asker=desk.ravi.user_id, payer=desk.asha.user_id,
        amount=inr(500_00), ref=None, by=desk.ravi,
    )  # fmt: skip
    with pytest.raises(money.NeedsReview):
        desk.db.write(money.pay_request, make.transfer_id(), request_id, by=desk.asha)
    with pytest.raises(money.NeedsReview):
        desk.db.write(money.make_link, make.transfer_id(), inr(500_00), "secret", by=desk.asha)
    assert desk.has(desk.asha) == inr(1_000_00)


@pytest.mark.parametrize(
    ("listed", "name", "is_held"),
    [
        ("Ivan Petrov", "Ivan Petrov", True),
        ("Ivan Petrov", "PETROV, Iván", True),
        ("Ivan Petrov", "Ivan Ivanovich Petrov", True),
        ("Ivan Petrov", "Ivan Petrova", False),
        ("Ivan Petrov", "Ivan", False),
        ("रवि मेनन", "मेनन रवि", True),
    ],
)
def test_whoever_bears_a_name_of_the_list_is_looked_at(
    db: RehearsedDatabase, listed: str, name: str, is_held: bool
) -> None:
    desk = Desk(db)
    desk.names[desk.ravi.user_id] = name
    id = uuid7()
    desk.db.write(money.watch_name, id, listed, by=desk.omar)

    sent = desk.send(inr(1))

    assert (sent.kind is money.Kind.PENDING) is is_held
    assert [review.why for review in desk.waiting] == ["name"] * is_held
    desk.db.write(money.unwatch_name, id, by=desk.olga)
    assert desk.db.read(money.list_watched_names, by=desk.olga) == []
    assert desk.send(inr(1)).kind is money.Kind.POSTED


def test_whoever_pays_is_looked_at_too(desk: Desk) -> None:
    desk.names[desk.asha.user_id] = "Asha Rao"
    id = uuid7()
    desk.db.write(money.watch_name, id, "Rao", by=desk.omar)
    assert desk.send(inr(1)).kind is money.Kind.PENDING
    with pytest.raises(IdReused):
        desk.db.write(money.watch_name, id, "Kao", by=desk.omar)
    with pytest.raises(NotAllowed):
        desk.db.write(money.watch_name, uuid7(), "Omar", by=desk.ravi)


def test_correction_with_one_operator_only(desk: Desk) -> None:
    proposed = desk.db.write(
        money.propose_correction, uuid7(), desk.ravi.user_id, inr(50_00), "Paid twice", by=desk.omar
    )
    assert desk.has(desk.ravi) == inr(0)
    with pytest.raises(NotAllowed):
        desk.db.write(
            money.decide_correction, make.transfer_id(), proposed.id, "approve", by=desk.omar
        )
    assert desk.has(desk.ravi) == inr(0)


def test_a_correction_is_made_by_another_operator_through_suspense_and_once(desk: Desk) -> None:
    id, by = uuid7(), desk.omar
    args = (id, desk.ravi.user_id, inr(50_00), "Paid twice")
    desk.db.write(money.propose_correction, *args, by=by)
    desk.db.write(money.propose_correction, *args, by=by)

    made = desk.db.write(money.decide_correction, make.transfer_id(), id, "approve", by=desk.olga)
    again = desk.db.write(money.decide_correction, make.transfer_id(), id, "approve", by=desk.olga)

    assert (made, desk.has(desk.ravi)) == (again, inr(50_00))
    [suspense] = [it for it in desk.db.read(money.explain_clearing, by=desk.omar) if it.code == 500]
    assert [(item.transfer_id, item.amount) for item in suspense.items] == [
        (made.transfer_id, inr(-50_00))
    ]
    back = uuid7()
    desk.db.write(
        money.propose_correction, back, desk.ravi.user_id, inr(-50_00), "Cleared", by=desk.olga
    )
    desk.db.write(money.decide_correction, make.transfer_id(), back, "approve", by=desk.omar)
    [suspense] = [it for it in desk.db.read(money.explain_clearing, by=desk.omar) if it.code == 500]
    assert (suspense.items, desk.has(desk.ravi)) == ([], inr(0))
    assert desk.is_clean()


def test_an_id_makes_one_correction_and_no_other_like_it(desk: Desk) -> None:
    one, two, id = uuid7(), uuid7(), make.transfer_id()
    for correction_id in (one, two):
        desk.db.write(
            money.propose_correction, correction_id, desk.ravi.user_id, inr(50_00), "Paid twice",
            by=desk.omar,
        )  # fmt: skip
    desk.db.write(money.decide_correction, id, one, "approve", by=desk.olga)
    with pytest.raises(IdReused):
        desk.db.write(money.decide_correction, id, two, "approve", by=desk.olga)
    assert desk.has(desk.ravi) == inr(50_00)
    assert desk.is_clean()


def test_a_correction_that_cannot_be_made_stays_open_and_may_be_dropped(desk: Desk) -> None:
    id = uuid7()
    desk.db.write(
        money.propose_correction, id, desk.ravi.user_id, inr(-50_00), "Too much", by=desk.omar
    )
    with pytest.raises(money.InsufficientFunds):
        desk.db.write(money.decide_correction, make.transfer_id(), id, "approve", by=desk.olga)
    dropped = desk.db.write(money.decide_correction, make.transfer_id(), id, "reject", by=desk.omar)
    assert (dropped.verdict, dropped.transfer_id) == ("reject", None)
    with pytest.raises(money.HoldResolved):
        desk.db.write(money.decide_correction, make.transfer_id(), id, "approve", by=desk.olga)


def test_a_correction_of_ones_own_wallet_is_for_others(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        desk.db.write(
            money.propose_correction, uuid7(), desk.omar.user_id, inr(1), "Mine", by=desk.omar
        )
    id = uuid7()
    desk.db.write(money.propose_correction, id, desk.olga.user_id, inr(1), "Hers", by=desk.omar)
    with pytest.raises(NotAllowed):
        desk.db.write(money.decide_correction, make.transfer_id(), id, "approve", by=desk.olga)


def test_the_same_answers_come_from_many_at_once(db: RehearsedDatabase) -> None:
    desk = Desk(db)
    works = [
        Work(money.send_money, (make.transfer_id(), desk.ravi.user_id, amount), {"by": desk.asha})
        for amount in (inr(50_00), inr(200_00), inr(300_00), inr(100_00))
    ]
    kinds = [outcome.unwrap().kind for outcome in db.run(works)]
    assert [str(kind) for kind in kinds] == ["posted", "pending", "pending", "posted"]
    assert len(desk.waiting) == 2
    assert desk.is_clean()


def context(desk: Desk, transfer: money.Transfer) -> money.ReviewContext:
    return desk.db.read(money.get_review_context, transfer.id, desk.name_of, by=desk.omar)


def test_operators_see_who_the_two_are_and_what_they_moved_of_late(desk: Desk) -> None:
    joined = desk.db.clock.now
    desk.send(inr(30_00))
    desk.db.clock.advance(2 * 24 * 3600 * 1000)
    desk.send(inr(20_00))
    desk.db.write(money.set_owner, desk.ravi.user_id, tier="full", by=SYSTEM)
    held = desk.send(inr(500_00))

    told = context(desk, held)

    assert (told.above, told.names, told.ref_kind, told.earlier) == (ABOVE, [], None, [])
    payer, payee = told.payer, told.payee
    assert (payer.owner_id, payer.tier, payer.since) == (desk.asha.user_id, "unverified", joined)
    assert (payee.owner_id, payee.tier, payee.since) == (desk.ravi.user_id, "full", joined)
    assert (payer.day.out, payer.day.out_count, payer.day.into_count) == (inr(20_00), 1, 0)
    assert (payer.month.out, payer.month.out_count) == (inr(50_00), 2)
    assert (payer.month.into, payer.month.into_count) == (inr(1_000_00), 1)
    assert (payee.month.into, payee.month.into_count, payee.month.out) == (inr(50_00), 2, inr(0))
    with pytest.raises(NotAllowed):
        desk.db.read(money.get_review_context, held.id, desk.name_of, by=desk.asha)
    with pytest.raises(NotFound):
        desk.db.read(money.get_review_context, make.transfer_id(), desk.name_of, by=desk.omar)


def test_operators_see_which_name_it_was_and_what_was_decided_before(desk: Desk) -> None:
    desk.names[desk.ravi.user_id] = "Iván Petrov"
    desk.db.write(money.watch_name, uuid7(), "Petrov", by=desk.omar)
    desk.db.write(money.watch_name, uuid7(), "Ivanov", by=desk.omar)
    first, second = desk.send(inr(500_00)), desk.send(inr(10_00))
    desk.decide(first, "reject", desk.olga)
    desk.decide(second, "approve", desk.olga)
    desk.db.clock.advance(1)
    desk.decide(second, "approve", desk.omar)
    other = make.owner(desk.db, purse=inr(500_00))
    desk.decide(desk.send(inr(200_00), by=other), "reject", desk.omar)

    told = context(desk, desk.send(inr(5)))

    assert (told.above, told.names) == (None, ["Petrov"])
    both = [desk.olga.user_id, desk.omar.user_id]
    assert [(it.transfer_id, it.amount, it.how, it.by_ids) for it in told.earlier] == [
        (second.id, inr(10_00), "posted", both),
        (first.id, inr(500_00), "voided", both[:1]),
    ]
    assert {it.payer_id for it in told.earlier} == {desk.asha.user_id}


def test_the_line_that_is_told_is_the_one_that_caught_it(desk: Desk) -> None:
    held = desk.send(inr(500_00))
    desk.db.clock.advance(1)
    desk.rule(1)
    assert context(desk, held).above == ABOVE
