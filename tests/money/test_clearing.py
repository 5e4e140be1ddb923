"""Each account of the operator's is explained to the last minor unit."""

import pytest

from kirana import money
from kirana.platform.problems import NotAllowed
from kirana.values import SYSTEM, Actor, Money, total
from tests.database import RehearsedDatabase

from . import make
from .make import inr

BANK, CASH_BOX, GOING_OUT = 300, 310, 210


def explained(db: RehearsedDatabase) -> dict[int, money.ClearingAccount]:
    found = db.read(money.explain_clearing, by=SYSTEM)
    for account in found:
        assert total((it.amount for it in account.items), account.currency) == account.balance
    return {account.code: account for account in found}


def test_what_was_paid_in_is_in_the_bank_until_it_is_paid_out(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    first, second = make.transfer_id(), make.transfer_id()
    for id, amount in ((first, inr(700)), (second, inr(500))):
        db.write(money.top_up, id, asha.user_id, amount, source=money.Source.BANK, by=SYSTEM)
    payout = db.write(money.ask_payout, make.transfer_id(), inr(901), by=trusted(asha))

    waiting = explained(db)

    assert [(it.transfer_id, it.amount) for it in waiting[BANK].items] == [
        (first, inr(-700)), (second, inr(-500)),
    ]  # fmt: skip
    assert waiting[GOING_OUT].items == []
    assert [(it.transfer_id, it.amount) for it in waiting[GOING_OUT].waiting] == [
        (payout.id, inr(901))
    ]

    db.write(
        money.settle_payout, make.transfer_id(), payout.id, source=money.Source.BANK, by=SYSTEM
    )

    settled = explained(db)
    assert [(it.transfer_id, it.amount) for it in settled[BANK].items] == [(second, inr(-299))]
    assert (settled[GOING_OUT].items, settled[GOING_OUT].waiting) == ([], [])
    assert db.read(money.audit) == []


def test_a_payout_that_is_sent_back_leaves_nothing(db: RehearsedDatabase) -> None:
    asha = make.owner(db, purse=inr(900))
    payout = db.write(money.ask_payout, make.transfer_id(), inr(900), by=trusted(asha))
    db.write(money.refuse_payout, make.transfer_id(), payout.id, by=SYSTEM)

    going_out = explained(db)[GOING_OUT]

    assert (going_out.items, going_out.waiting, going_out.balance) == ([], [], inr(0))


def test_each_currency_has_accounts_of_its_own(db: RehearsedDatabase) -> None:
    asha = make.owner(db)
    for amount in (inr(700), Money(3, "EUR")):
        db.write(money.top_up, make.transfer_id(), asha.user_id, amount, by=SYSTEM)

    found = db.read(money.explain_clearing, by=SYSTEM)

    assert [(it.code, it.balance) for it in found] == [
        (CASH_BOX, Money(-3, "EUR")), (CASH_BOX, inr(-700)),
    ]  # fmt: skip


def test_it_is_the_operator_s(db: RehearsedDatabase) -> None:
    with pytest.raises(NotAllowed):
        db.read(money.explain_clearing, by=make.owner(db))


def trusted(one: Actor) -> Actor:
    """Without a PIN."""
    return Actor(one.user_id, one.user_id, "system")
