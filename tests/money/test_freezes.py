"""An operator stops somebody's payments for a while."""

import pytest

from kirana import money
from kirana.platform.problems import IdReused, NotAllowed
from kirana.values import SYSTEM, Actor, Money, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


@pytest.fixture
def omar(db: RehearsedDatabase) -> Actor:
    omar = make.owner(db)
    db.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    return omar


def freeze(
    db: RehearsedDatabase, whom: Actor, omar: Actor, *, out: bool = False, into: bool = False
) -> money.Freeze:
    return db.write(
        money.freeze_owner,
        uuid7(),
        whom.user_id,
        stops_out=out,
        stops_in=into,
        reason="A stolen telephone",
        by=omar,
    )


def send(db: RehearsedDatabase, payer: Actor, payee: Actor) -> None:
    db.write(money.send_money, make.transfer_id(), payee.user_id, inr(10), by=payer)


def test_what_goes_out_is_stopped_and_what_comes_in_goes_on(
    db: RehearsedDatabase, omar: Actor
) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db, purse=inr(1000))

    freeze(db, asha, omar, out=True)

    with pytest.raises(money.AccountFrozen) as refused:
        send(db, asha, ravi)
    assert refused.value.facts == {"side": "payer"}
    send(db, ravi, asha)
    freeze(db, asha, omar, into=True)
    send(db, asha, ravi)
    with pytest.raises(money.AccountFrozen):
        send(db, ravi, asha)
    freeze(db, asha, omar)
    send(db, ravi, asha)
    assert db.read(money.find_freeze, asha.user_id) is None
    assert db.read(money.audit) == []


def test_what_is_set_aside_still_goes_back(db: RehearsedDatabase, omar: Actor) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db, purse=inr(1))
    holds = [make.transfer_id(), make.transfer_id()]
    for id in holds:
        db.write(
            money.hold,
            id,
            payer=asha.user_id,
            payee=ravi.user_id,
            amount=inr(100),
            timeout_s=60,
            by=asha,
        )
    freeze(db, asha, omar, out=True, into=True)

    with pytest.raises(money.AccountFrozen):
        db.write(money.capture, make.transfer_id(), holds[0], by=ravi)
    db.write(money.void, make.transfer_id(), holds[0], "canceled", by=ravi)
    db.clock.advance(60_000)
    db.write(money.expire_holds)

    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(1000)


def test_who_stopped_it_and_why_is_kept(db: RehearsedDatabase, omar: Actor) -> None:
    asha = make.owner(db, purse=inr(1000))
    id = uuid7()

    def act(reason: str, by: Actor) -> money.Freeze:
        return db.write(
            money.freeze_owner,
            id,
            asha.user_id,
            stops_out=True,
            stops_in=False,
            reason=reason,
            by=by,
        )

    made = act("A stolen telephone", omar)

    assert act("A stolen telephone", omar) == made
    with pytest.raises(IdReused):
        act("Another", omar)
    [listed] = db.read(money.list_freezes, by=omar)
    assert (listed.owner_id, listed.reason, listed.by_id) == (
        asha.user_id,
        "A stolen telephone",
        omar.user_id,
    )


def test_only_operators_stop_payments_and_not_each_others(
    db: RehearsedDatabase, omar: Actor
) -> None:
    asha, olga = make.owner(db), make.owner(db)
    db.write(money.appoint_operator, olga.user_id, by=SYSTEM)

    for whom, by in ((omar, asha), (olga, omar)):
        with pytest.raises(NotAllowed):
            freeze(db, whom, by, out=True)
    with pytest.raises(NotAllowed):
        db.read(money.list_freezes, by=asha)


def test_it_holds_for_a_wallet_in_another_currency_that_is_opened_later(
    db: RehearsedDatabase, omar: Actor
) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=Money(1000, "USD"))
    freeze(db, asha, omar, out=True)
    db.clock.advance(1)
    db.write(money.send_money, make.transfer_id(), asha.user_id, Money(500, "USD"), by=ravi)
    with pytest.raises(money.AccountFrozen):
        db.write(money.send_money, make.transfer_id(), ravi.user_id, Money(10, "USD"), by=asha)

    freeze(db, asha, omar)
    db.write(money.send_money, make.transfer_id(), ravi.user_id, Money(10, "USD"), by=asha)
    db.clock.advance(1)
    freeze(db, asha, omar, into=True)
    with pytest.raises(money.AccountFrozen):
        make.top_up(db, asha, Money(10, "EUR"))
    assert db.read(money.audit) == []
