"""Money set aside."""

import pytest

from kirana import money
from kirana.platform.db import Database
from kirana.platform.problems import NotFound
from kirana.values import Actor, Money, TransferId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def hold(db: Database, payer: Actor, payee: Actor, amount: Money) -> TransferId:
    id = make.transfer_id()
    db.write(
        money.hold, id, payer=payer.user_id, payee=payee.user_id, amount=amount, ref=None,
        timeout_s=60, by=payer,
    )  # fmt: skip
    return id


def test_a_hold_takes_from_what_is_available_and_not_from_the_balance(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)

    hold(db, asha, ravi, inr(400))

    payer = db.read(money.get_wallet, asha.user_id, "INR")
    assert (payer.balance, payer.on_hold, payer.available) == (inr(1000), inr(400), inr(600))
    assert db.read(money.get_wallet, ravi.user_id, "INR").coming == inr(400)


def test_a_capture_of_a_part_gives_the_rest_back(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    held = hold(db, asha, ravi, inr(400))

    taken, rest = db.write(money.capture, make.transfer_id(), held, inr(250), by=ravi)

    assert (taken.amount, taken.hold_id, rest) == (inr(250), held, None)
    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(750)
    assert db.read(money.get_wallet, ravi.user_id, "INR").available == inr(250)


def test_the_rest_can_stay_set_aside_and_be_taken_later(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    held = hold(db, asha, ravi, inr(400))

    _, rest = db.write(money.capture, make.transfer_id(), held, inr(250), keep_rest=True, by=ravi)
    assert rest is not None
    db.write(money.capture, make.transfer_id(), rest.id, by=ravi)

    assert rest.amount == inr(150)
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(400)


def test_a_hold_is_resolved_once(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    held = hold(db, asha, ravi, inr(400))
    db.write(money.void, make.transfer_id(), held, "canceled", by=ravi)

    with pytest.raises(money.HoldResolved) as refused:
        db.write(money.capture, make.transfer_id(), held, by=ravi)

    assert refused.value.facts == {"state": "voided"}


def test_a_hold_whose_time_is_over_goes_back_by_itself(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    held = hold(db, asha, ravi, inr(400))
    db.clock.advance(60_000)

    db.write(money.expire_holds)

    found = db.read(money.find_transfer, held)
    assert found is not None
    assert found.state == "expired"
    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(1000)
    with pytest.raises(money.HoldExpired):
        db.write(money.capture, make.transfer_id(), held, by=ravi)


def test_more_than_was_held_cannot_be_taken_nor_another_currency(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    held = hold(db, asha, ravi, inr(400))

    with pytest.raises(money.OverCapture):
        db.write(money.capture, make.transfer_id(), held, inr(401), by=ravi)
    with pytest.raises(money.AmountOutOfRange):
        db.write(money.capture, make.transfer_id(), held, Money(400, "USD"), by=ravi)
    with pytest.raises(NotFound):
        db.write(money.capture, make.transfer_id(), TransferId(uuid7()), by=ravi)


def test_what_was_given_back_never_exceeds_what_was_taken(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    held, taken = hold(db, asha, ravi, inr(400)), make.transfer_id()
    db.write(money.capture, taken, held, by=ravi)
    db.write(money.refund, make.transfer_id(), taken, inr(300), by=ravi)

    with pytest.raises(money.OverRefund) as refused:
        db.write(money.refund, make.transfer_id(), taken, inr(101), by=ravi)
    back = db.write(money.refund, make.transfer_id(), taken, by=ravi)

    assert refused.value.facts == {"refundable_minor": 100}
    assert back.amount == inr(100)
    with pytest.raises(money.OverRefund):
        db.write(money.refund, make.transfer_id(), back.id, by=asha)


def test_transfers_of_a_thing_are_listed_with_their_captures_and_refunds(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    order, held, taken = money.Ref("order", uuid7()), make.transfer_id(), make.transfer_id()
    db.write(
        money.hold, held, payer=asha.user_id, payee=ravi.user_id, amount=inr(9), ref=order, by=asha
    )
    db.write(money.capture, taken, held, by=ravi)
    db.write(money.refund, make.transfer_id(), taken, inr(4), by=ravi)

    found = db.read(money.list_transfers, order)

    assert [(t.kind, t.state, t.refunded) for t in found] == [
        (money.Kind.PENDING, "posted", inr(0)),
        (money.Kind.POST, "posted", inr(4)),
        (money.Kind.POSTED, "posted", inr(0)),
    ]
