"""People own their data."""

import pytest

from kirana import money
from kirana.platform.db import Database
from kirana.platform.problems import NotFound
from kirana.values import SYSTEM, RequestId, uuid7

from . import make
from .make import inr


def test_everybody_takes_along_their_own_side(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(900)), make.owner(db)
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(100), by=asha)
    asked = RequestId(uuid7())
    db.write(money.request_money, asked, ravi.user_id, inr(5), by=asha)

    mine = db.read(money.export_user, ravi.user_id)

    [wallet] = mine.wallets
    assert [line.posted for line in wallet.lines] == [inr(100)]
    assert [request.id for request in mine.requests] == [asked]


def test_a_guest_s_money_goes_along_to_the_account_once(db: Database) -> None:
    guest, asha, event = make.owner(db, purse=inr(900)), make.owner(db), uuid7()
    sides = (guest.user_id, asha.user_id)

    for _ in range(2):
        db.write(money.hand_over, *sides, parent=event, by=SYSTEM)

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(900)
    assert db.read(money.get_wallet, guest.user_id, "INR").balance == inr(0)


def test_nobody_is_erased_with_money_in_the_wallet(db: Database) -> None:
    asha = make.owner(db, purse=inr(900))

    with pytest.raises(money.WalletNotEmpty):
        db.write(money.erase_user, asha.user_id)

    assert db.read(money.get_wallet, asha.user_id, "INR").is_closed is False


def test_who_is_gone_can_be_paid_no_more_and_the_books_stay_right(db: Database) -> None:
    asha, ravi = make.owner(db, purse=inr(900)), make.owner(db)
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(900), by=asha)
    asked = RequestId(uuid7())
    db.write(money.request_money, asked, asha.user_id, inr(5), by=ravi)

    db.write(money.erase_user, asha.user_id)

    assert db.read(money.find_request, asked).state == "declined"
    assert db.read(money.get_wallet, asha.user_id, "INR").is_closed
    with pytest.raises(NotFound):
        db.write(money.send_money, make.transfer_id(), asha.user_id, inr(1), by=ravi)
    assert db.read(money.audit) == []
