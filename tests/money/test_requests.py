"""Asking for money."""

import pytest

from kirana import money
from kirana.platform.db import Database
from kirana.platform.problems import IdReused, NotFound
from kirana.values import Actor, RequestId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def asked(db: Database, asker: Actor, payer: Actor, minor: int = 300) -> RequestId:
    id = RequestId(uuid7())
    db.write(money.request_money, id, payer.user_id, inr(minor), by=asker)
    return id


def test_a_request_moves_nothing_until_it_is_paid(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=inr(1000))

    id = asked(db, asha, ravi)
    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(0)
    paid = db.write(money.pay_request, make.transfer_id(), id, by=ravi)

    request = db.read(money.get_request, id, by=asha)
    assert (request.state, request.transfer_id) == ("paid", paid.id)
    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(300)


def test_a_request_is_paid_once(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=inr(1000))
    id, first = asked(db, asha, ravi), make.transfer_id()
    db.write(money.pay_request, first, id, by=ravi)

    again = db.write(money.pay_request, first, id, by=ravi)
    with pytest.raises(money.RequestEnded):
        db.write(money.pay_request, make.transfer_id(), id, by=ravi)

    assert again.id == first
    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(300)


def test_a_refused_attempt_uses_up_its_own_id_and_not_the_request(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=inr(10))
    id, attempt = asked(db, asha, ravi), make.transfer_id()
    with pytest.raises(money.InsufficientFunds):
        db.write(money.pay_request, attempt, id, by=ravi)
    make.top_up(db, ravi, inr(1000))

    with pytest.raises(money.InsufficientFunds):
        db.write(money.pay_request, attempt, id, by=ravi)
    db.write(money.pay_request, make.transfer_id(), id, by=ravi)

    assert db.read(money.get_request, id, by=ravi).state == "paid"


@pytest.mark.parametrize("how", ["declined", "canceled", "expired"])
def test_a_request_ends_once(db: RehearsedDatabase, how: str) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=inr(1000))
    id = RequestId(uuid7())
    db.write(
        money.ask, id, asker=asha.user_id, payer=ravi.user_id, amount=inr(5), timeout_s=60, by=asha
    )
    if how == "declined":
        db.write(money.decline_request, id, by=ravi)
        db.write(money.decline_request, id, by=ravi)
    elif how == "canceled":
        db.write(money.take_back_request, id, by=asha)
        db.write(money.take_back_request, id, by=asha)
    else:
        db.clock.advance(60_000)
        assert db.write(money.expire_requests) == 1

    with pytest.raises(money.RequestEnded) as refused:
        db.write(money.pay_request, make.transfer_id(), id, by=ravi)

    assert refused.value.facts == {"how": how}
    assert db.read(money.get_request, id, by=ravi).state == how
    assert db.write(money.expire_requests) == 0


def test_a_request_counts_as_expired_before_anybody_swept_it(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db, purse=inr(1000))
    id = RequestId(uuid7())
    db.write(
        money.ask, id, asker=asha.user_id, payer=ravi.user_id, amount=inr(5), timeout_s=60, by=asha
    )
    db.clock.advance(60_000)

    with pytest.raises(money.RequestEnded):
        db.write(money.pay_request, make.transfer_id(), id, by=ravi)
    with pytest.raises(money.RequestEnded):
        db.write(money.decline_request, id, by=ravi)


def test_strangers_see_and_touch_nothing(db: Database) -> None:
    asha, ravi, meera = make.owner(db), make.owner(db), make.owner(db, purse=inr(1000))
    id = asked(db, asha, ravi)

    for command in (money.decline_request, money.take_back_request):
        with pytest.raises(NotFound):
            db.write(command, id, by=meera)
    with pytest.raises(NotFound):
        db.write(money.pay_request, make.transfer_id(), id, by=meera)
    with pytest.raises(NotFound):
        db.read(money.get_request, id, by=meera)


def test_the_same_id_with_another_amount_is_refused(db: Database) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    id = asked(db, asha, ravi, 300)

    with pytest.raises(IdReused):
        db.write(money.request_money, id, ravi.user_id, inr(301), by=asha)


def test_what_one_asked_and_was_asked_is_listed_page_by_page(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db), make.owner(db)
    ids = []
    for n in range(5):
        ids.append(asked(db, asha, ravi, n + 1))
        db.clock.advance(n % 2)

    first = db.read(money.list_requests, limit=3, by=ravi)
    assert first.next is not None
    second = db.read(money.list_requests, before=first.items[-1].id, limit=3, by=ravi)

    found = [request.id for request in [*first.items, *second.items]]
    assert sorted(found) == sorted(ids)
    assert second.next is None
