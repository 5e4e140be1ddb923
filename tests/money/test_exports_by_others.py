"""Saved months, read by the tools of those whose formats they are in.

Neither comes with Kirana: the schema of camt.053.001.08 is ISO 20022's and is looked for in
`KIRANA_TEST_CAMT_XSD` or beside the project; `bean-check` is another program, under the GPL, and is
run as one where `KIRANA_TEST_BEAN_CHECK` says that it is, or where it is installed.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
import xmlschema

from kirana import money
from kirana.money.proof.exports import open_month
from kirana.money.proof.exports.beancount import Beancount
from kirana.money.proof.exports.camt import Camt
from kirana.platform.db import Tx
from kirana.values import SYSTEM, Actor, FeeId, Money, OwnerId, QuoteId, RateId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_exports import go_to, month_of, written

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "iso20022" / "camt.053.001.08.xsd"
SCHEMA = Path(os.environ.get("KIRANA_TEST_CAMT_XSD", BESIDE))
BEAN_CHECK = os.environ.get("KIRANA_TEST_BEAN_CHECK") or shutil.which("bean-check")

NAMES = [
    "Ravi",
    "",
    "  ",
    "=1+1",
    'A"\\\n2031-02-02 close',
    "x" * 300,
    "\x00\ud7ff🌸 <&]]>",
    "श्रीमती",
]


def yen(minor: int) -> Money:
    return Money(minor, "JPY")


def called(_: Tx, ids: Iterable[OwnerId]) -> Mapping[OwnerId, str]:
    """Everybody bears one of the names that files have trouble with."""
    return {id: NAMES[id.int % len(NAMES)] for id in ids}


@pytest.fixture
def shop(db: RehearsedDatabase) -> Actor:
    """A month in which everything happened that may be in a statement."""
    go_to(db, "2031-01-31T12:00")
    shop, people = make.owner(db, purse=inr(9_000_00)), [make.owner(db) for _ in range(9)]
    trusted = Actor(shop.user_id, shop.person_id, "system")
    go_to(db, "2031-02-01T12:00")
    make.top_up(db, shop, yen(5_000))
    db.write(money.set_fee, FeeId(uuid7()), "INR", "wallet", money.Fee(ppm=15_000), by=SYSTEM)
    db.write(money.set_rate, RateId(uuid7()), "INR", "JPY", Decimal("1.75"), by=SYSTEM)
    db.write(money.set_most_short, yen(90_000), by=SYSTEM)
    for number, person in enumerate(people):
        make.top_up(db, person, inr(500_00))
        sent = make.transfer_id()
        purpose = ("send", "tip", "donation")[number % 3]
        db.write(
            money.send_money, sent, shop.user_id, inr(100_01 + number), purpose=purpose, by=person
        )
        db.write(money.give_back, make.transfer_id(), sent, inr(50), by=shop)
        hold = db.write(
            money.hold, make.transfer_id(), payer=person.user_id, payee=shop.user_id,
            amount=inr(70_00), ref=money.Ref("order", uuid7()), by=person,
        )  # fmt: skip
        if number % 2:
            db.write(
                money.capture_sale, make.transfer_id(), hold.id, payee=shop.user_id,
                amount=inr(70_00), ref=money.Ref("order", uuid7()), by=shop,
            )  # fmt: skip
    quote = db.write(money.make_quote, QuoteId(uuid7()), inr(100_00), "pay", "JPY", by=shop)
    db.write(money.take_quote, make.transfer_id(), quote.id, by=shop)
    secret = "a-secret-that-nobody-guesses"
    link = db.write(money.make_link, make.transfer_id(), inr(9_00), secret, by=trusted)
    db.write(money.take_link, make.transfer_id(), link.id, secret, by=people[0])
    payout = db.write(money.ask_payout, make.transfer_id(), inr(40_00), by=trusted)
    credit = money.Source.CREDIT
    db.write(money.settle_payout, make.transfer_id(), payout.id, source=credit, by=SYSTEM)
    return shop


@pytest.mark.skipif(not SCHEMA.is_file(), reason="The schema of camt.053.001.08 is not here.")
def test_a_month_is_what_the_schema_of_the_standard_asks_for(
    db: RehearsedDatabase, shop: Actor
) -> None:
    schema = xmlschema.XMLSchema(SCHEMA)
    for code, month in [("INR", 2), ("JPY", 2), ("INR", 1), ("INR", 3), ("EUR", 2)]:
        of = month_of(db, shop, month, code=code)
        text = written(db, Camt(of), of, called).decode()
        assert [str(error.reason) for error in schema.iter_errors(text)] == []


@pytest.mark.skipif(not BEAN_CHECK, reason="bean-check is not here.")
def test_a_month_is_what_beancount_checks(
    db: RehearsedDatabase, shop: Actor, tmp_path: Path
) -> None:
    assert BEAN_CHECK is not None
    for code, month in [("INR", 2), ("JPY", 2), ("INR", 1), ("INR", 3), ("EUR", 2)]:
        of = db.read(open_month, code, 2031, month, called, by=shop)
        file = tmp_path / f"{code}-{month}.beancount"
        file.write_bytes(written(db, Beancount(of), of, called))
        checked = subprocess.run(
            [BEAN_CHECK, "--no-cache", file], capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
