"""What the operator takes for a sale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana import money
from kirana.platform.problems import IdReused, NotAllowed
from kirana.values import SYSTEM, Actor, FeeId, Money, TransferId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr

CENT_AND_A_HALF = money.Fee(fixed_minor=1_00, ppm=15_000)


@pytest.fixture
def omar(db: RehearsedDatabase) -> Actor:
    omar = make.owner(db)
    db.write(money.appoint_operator, omar.user_id, by=SYSTEM)
    return omar


def set_fee(db: RehearsedDatabase, fee: money.Fee, by: Actor, id: FeeId | None = None) -> None:
    db.write(money.set_fee, id or FeeId(uuid7()), "INR", "wallet", fee, by=by)


class Sale:
    """₹100 that a buyer has set aside for a shop."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.db, self.id = db, make.transfer_id()
        self.shop, self.buyer = make.owner(db), make.owner(db, purse=inr(100_00))
        self.hold_id, self.ref = make.transfer_id(), money.Ref("order", uuid7())
        db.write(
            money.hold, self.hold_id, payer=self.buyer.user_id, payee=self.shop.user_id,
            amount=inr(100_00), ref=self.ref, by=self.buyer,
        )  # fmt: skip

    def capture(self) -> money.Transfer:
        return self.db.write(
            money.capture_sale, self.id, self.hold_id, payee=self.shop.user_id,
            amount=inr(100_00), ref=self.ref, by=self.shop,
        )  # fmt: skip

    @property
    def shop_has(self) -> Money:
        return self.db.read(money.get_wallet, self.shop.user_id, "INR").balance


def test_the_shop_is_paid_and_pays_the_fee_in_one_step(db: RehearsedDatabase, omar: Actor) -> None:
    set_fee(db, CENT_AND_A_HALF, omar)
    sale = Sale(db)

    taken = sale.capture()

    assert (taken.amount, sale.shop_has) == (inr(100_00), inr(97_50))
    *_, fee = db.read(money.list_transfers, sale.ref)
    assert (fee.purpose, fee.amount, fee.payer_id) == ("fee", inr(2_50), sale.shop.user_id)
    assert [line.purpose for line in db.read(money.list_statement, "INR", by=sale.shop).items] == [
        "fee", "purchase", "purchase",
    ]  # fmt: skip
    assert db.read(money.audit) == []


def test_without_a_fee_nothing_is_taken(db: RehearsedDatabase, omar: Actor) -> None:
    sale = Sale(db)
    sale.capture()
    assert sale.shop_has == inr(100_00)
    set_fee(db, CENT_AND_A_HALF, omar)
    set_fee(db, money.Fee(), omar)
    assert db.read(money.list_fees) == []
    other = Sale(db)
    other.capture()
    assert other.shop_has == inr(100_00)


def test_a_repeat_after_the_fee_changed_takes_what_was_taken(
    db: RehearsedDatabase, omar: Actor
) -> None:
    set_fee(db, CENT_AND_A_HALF, omar)
    sale = Sale(db)
    first = sale.capture()
    set_fee(db, money.Fee(ppm=500_000), omar)
    assert sale.capture() == first
    assert sale.shop_has == inr(97_50)


def test_a_shop_whose_payments_out_are_stopped_still_sells(
    db: RehearsedDatabase, omar: Actor
) -> None:
    set_fee(db, CENT_AND_A_HALF, omar)
    sale = Sale(db)
    make.top_up(db, sale.shop, inr(1))
    db.write(money.freeze_wallet, sale.shop.user_id, "INR", out=True, into=False, by=omar)
    sale.capture()
    assert sale.shop_has == inr(97_51)


def test_fees_count_against_no_limit(db: RehearsedDatabase, omar: Actor) -> None:
    set_fee(db, CENT_AND_A_HALF, omar)
    none_out = money.Limit(
        tier="unverified", action=money.Action.PAY_OUT, window=money.Window.DAY, max_minor=0
    )
    db.write(money.set_limits, uuid7(), "INR", [none_out], by=omar)
    sale = Sale(db)
    sale.capture()
    assert sale.shop_has == inr(97_50)
    assert db.read(money.audit) == []


def test_what_is_given_back_brings_no_fee_back(db: RehearsedDatabase, omar: Actor) -> None:
    set_fee(db, CENT_AND_A_HALF, omar)
    sale = Sale(db)
    taken = sale.capture()
    refund = (make.transfer_id(), TransferId(taken.id))
    with pytest.raises(money.InsufficientFunds):
        db.write(money.refund, *refund, by=sale.shop)
    db.write(money.refund, make.transfer_id(), taken.id, inr(97_50), by=sale.shop)
    assert sale.shop_has == inr(0)
    assert db.read(money.audit) == []


def test_only_an_operator_sets_fees_and_each_change_once(
    db: RehearsedDatabase, omar: Actor
) -> None:
    with pytest.raises(NotAllowed):
        set_fee(db, CENT_AND_A_HALF, make.owner(db))
    id = FeeId(uuid7())
    set_fee(db, CENT_AND_A_HALF, omar, id)
    set_fee(db, CENT_AND_A_HALF, omar, id)
    with pytest.raises(IdReused):
        set_fee(db, money.Fee(), omar, id)
    assert db.read(money.list_fees) == [money.SaleFee("INR", "wallet", CENT_AND_A_HALF)]


@pytest.mark.parametrize(
    ("fee", "amount", "taken"),
    [
        (money.Fee(ppm=15_000), 1, 0),
        (money.Fee(ppm=15_000), 33, 0),
        (money.Fee(ppm=15_000), 34, 1),
        (money.Fee(ppm=500_000), 1, 1),
        (money.Fee(fixed_minor=30, ppm=29_000), 100_00, 320),
        (money.Fee(fixed_minor=30), 20, 20),
        (money.Fee(low_minor=50), 1000, 50),
        (money.Fee(ppm=100_000, high_minor=99), 1000, 99),
        (money.Fee(low_minor=50, high_minor=40), 1000, 40),
        (money.Fee(ppm=1_000_000), 2**53 - 1, 2**53 - 1),
    ],
)
def test_a_fee_is_whole_minor_units(fee: money.Fee, amount: int, taken: int) -> None:
    assert fee.of(inr(amount)) == inr(taken)


@given(st.builds(money.Fee, *[st.integers(0, 10**6)] * 3), st.integers(1, 2**53 - 1))
def test_no_fee_is_more_than_the_sale(fee: money.Fee, amount: int) -> None:
    assert 0 <= fee.of(inr(amount)).amount_minor <= amount
