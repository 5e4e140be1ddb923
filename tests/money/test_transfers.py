"""Sending money."""

import pytest

from kirana import money
from kirana.platform.db import Database
from kirana.platform.problems import IdReused, NotFound
from kirana.values import UserId, uuid7

from . import make
from .make import inr


def test_sending_moves_the_money_from_wallet_to_wallet(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)

    sent = db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(250), by=asha)

    assert (sent.payer_id, sent.payee_id, sent.amount) == (asha.user_id, ravi.user_id, inr(250))
    assert db.read(money.get_wallet, asha.user_id, "INR").available == inr(750)
    assert db.read(money.get_wallet, ravi.user_id, "INR").available == inr(250)


def test_sending_again_with_the_same_id_sends_once(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    id = make.transfer_id()
    first = db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    second = db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    assert second == first
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(250)


@pytest.mark.parametrize("changed", ["amount", "payee", "payer", "ref"])
def test_an_id_that_was_used_for_something_else_is_refused(db: Database, changed: str) -> None:
    asha, ravi = make.owner(db, purse=inr(1000)), make.owner(db)
    meera = make.owner(db, purse=inr(1000))
    id = make.transfer_id()
    db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    with pytest.raises(IdReused) as refused:
        db.write(
            money.send_money,
            id,
            meera.user_id if changed == "payee" else ravi.user_id,
            inr(251) if changed == "amount" else inr(250),
            ref=money.Ref("conversation", uuid7()) if changed == "ref" else None,
            by=meera if changed == "payer" else asha,
        )

    assert refused.value.facts == {"id": str(id)}


def test_a_refusal_is_remembered_even_after_a_top_up(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(100)), make.owner(db)
    id = make.transfer_id()
    with pytest.raises(money.InsufficientFunds) as first:
        db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)
    make.top_up(db, asha, inr(1000))

    with pytest.raises(money.InsufficientFunds) as second:
        db.write(money.send_money, id, ravi.user_id, inr(250), by=asha)

    assert second.value.facts == first.value.facts == {"available_minor": 100, "currency": "INR"}
    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(1100)


def test_money_cannot_be_sent_to_somebody_who_is_not_here(db: Database) -> None:
    asha = make.owner(db, purse=inr(100))

    with pytest.raises(NotFound):
        db.write(money.send_money, make.transfer_id(), UserId(uuid7()), inr(50), by=asha)
