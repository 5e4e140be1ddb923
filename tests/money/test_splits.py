"""A bill that one has paid and several bear."""

import pytest

from kirana import money
from kirana.money import ShareDraft
from kirana.platform.db import Database
from kirana.platform.events import Event
from kirana.platform.problems import IdReused, InvalidInput, NotFound
from kirana.values import Actor, Money, SplitId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

DAY = 24 * 3600 * 1000


def drafts(*shares: tuple[Actor, int]) -> list[ShareDraft]:
    return [ShareDraft(who.user_id, inr(minor)) for who, minor in shares]


def split(db: Database, payee: Actor, minor: int, *shares: tuple[Actor, int]) -> money.Split:
    return db.write(money.split_bill, SplitId(uuid7()), inr(minor), drafts(*shares), by=payee)


def pay(db: Database, bill: money.Split, who: Actor) -> None:
    (share,) = [it for it in bill.shares if it.owner_id == who.user_id]
    assert share.request_id
    db.write(money.pay_request, make.transfer_id(), share.request_id, by=who)


def states(db: Database, bill: money.Split, by: Actor) -> list[str]:
    return [share.state for share in db.read(money.get_split, bill.id, by=by).shares]


def test_a_bill_closes_itself_when_all_have_paid(db: RehearsedDatabase, heard: list[Event]) -> None:
    asha, ravi, meera = make.owner(db), make.owner(db, purse=inr(500)), make.owner(db)
    make.top_up(db, meera, inr(500))
    bill = split(db, asha, 1000, (asha, 334), (ravi, 333), (meera, 333))

    assert [share.state for share in bill.shares] == ["own", "open", "open"]
    pay(db, bill, ravi)
    db.deliver()
    assert states(db, bill, ravi) == ["own", "paid", "open"]
    assert db.read(money.get_split, bill.id, by=asha).closed_at is None
    pay(db, bill, meera)
    db.deliver()

    assert states(db, bill, meera) == ["own", "paid", "paid"]
    assert db.read(money.get_split, bill.id, by=asha).closed_at is not None
    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(666)
    assert [it.name for it in heard if it.name.startswith("split")] == [
        "split.made",
        "split.closed",
    ]


def test_it_closes_too_when_somebody_says_no_and_the_rest_is_taken_back(
    db: RehearsedDatabase,
) -> None:
    asha, ravi, meera = make.owner(db), make.owner(db), make.owner(db)
    bill = split(db, asha, 700, (ravi, 400), (meera, 300))
    first = bill.shares[0].request_id
    assert first
    db.write(money.decline_request, first, by=ravi)

    for _ in range(2):
        db.write(money.cancel_split, bill.id, by=asha)
    db.deliver()

    assert states(db, bill, asha) == ["declined", "canceled"]
    assert db.read(money.get_split, bill.id, by=asha).closed_at is not None


def test_a_share_that_has_run_out_hinders_nobody_from_taking_the_rest_back(
    db: RehearsedDatabase,
) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    bill = db.write(
        money.split_bill, SplitId(uuid7()), inr(700), drafts((ravi, 700)), timeout_s=60, by=asha
    )
    db.clock.advance(60_000)

    with pytest.raises(money.RequestEnded):
        db.write(money.remind_of_split, bill.id, by=asha)
    db.write(money.cancel_split, bill.id, by=asha)
    db.deliver()

    assert states(db, bill, asha) == ["expired"]
    assert db.read(money.get_split, bill.id, by=asha).closed_at is not None


def test_the_same_again_is_the_same_split(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    id, shares = SplitId(uuid7()), drafts((asha, 50), (ravi, 50))

    first = db.write(money.split_bill, id, inr(100), shares, by=asha)
    again = db.write(money.split_bill, id, inr(100), shares, by=asha)

    assert first == again
    assert len(db.read(money.list_requests, by=ravi).items) == 1
    with pytest.raises(IdReused):
        db.write(money.split_bill, id, inr(100), drafts((asha, 40), (ravi, 60)), by=asha)
    with pytest.raises(IdReused):
        db.write(money.split_bill, id, inr(100), shares, by=ravi)


def test_shares_that_make_no_bill_are_refused(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    other = ShareDraft(ravi.user_id, Money(100, "EUR"))
    for shares in (
        [],
        drafts((asha, 100)),
        drafts((ravi, 99)),
        drafts((ravi, 101)),
        drafts((ravi, 50), (ravi, 50)),
        [other],
    ):
        with pytest.raises(InvalidInput):
            db.write(money.split_bill, SplitId(uuid7()), inr(100), shares, by=asha)
    with pytest.raises(NotFound):
        split(db, asha, 100, (make.actor(), 100))

    assert db.read(money.list_requests, by=ravi).items == []


def test_only_those_of_the_bill_see_it_and_only_the_payee_ends_it(db: Database) -> None:
    asha, ravi, omar = make.owner(db), make.owner(db), make.owner(db)
    bill = split(db, asha, 100, (ravi, 100))

    assert db.read(money.get_split, bill.id, by=ravi).total == inr(100)
    with pytest.raises(NotFound):
        db.read(money.get_split, bill.id, by=omar)
    for command in (money.cancel_split, money.remind_of_split):
        with pytest.raises(NotFound):
            db.write(command, bill.id, by=ravi)


def test_who_has_not_answered_is_reminded_at_most_once_a_day(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    asha, ravi, meera = make.owner(db), make.owner(db, purse=inr(500)), make.owner(db)
    bill = split(db, asha, 200, (ravi, 100), (meera, 100))
    pay(db, bill, ravi)

    db.write(money.remind_of_split, bill.id, by=asha)
    with pytest.raises(money.RemindedAlready) as early:
        db.write(money.remind_of_split, bill.id, by=asha)
    db.clock.advance(DAY)
    db.write(money.remind_of_split, bill.id, by=asha)
    db.deliver()

    assert early.value.facts["next_at"] > 0
    reminded = [it for it in heard if isinstance(it, money.RequestReminded)]
    assert [it.payer_id for it in reminded] == [meera.user_id] * 2


def test_a_request_reminds_its_payer_and_no_longer_when_it_has_ended(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    bill = split(db, asha, 100, (ravi, 100))
    request = bill.shares[0].request_id
    assert request
    with pytest.raises(NotFound):
        db.write(money.remind, request, by=ravi)
    assert db.write(money.remind, request, by=asha).reminded_at is not None

    db.write(money.decline_request, request, by=ravi)

    with pytest.raises(money.RequestEnded):
        db.write(money.remind, request, by=asha)
