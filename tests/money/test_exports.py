"""A month of a wallet as a file."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import httpx
import pytest

from kirana import money
from kirana.money.exports import Format, read_month, write_month
from kirana.money.rails.bankfiles import read
from kirana.platform.db import Tx
from kirana.values import Actor, Money, OwnerId
from tests.apps import RunningApp
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_http import person, sending


def called(_: Tx, ids: Iterable[OwnerId]) -> Mapping[OwnerId, str]:
    return dict.fromkeys(ids, "=cmd|'/C calc'!A0 & \x01 sons")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def go_to(db: RehearsedDatabase, text: str) -> None:
    db.clock.advance(at(text) - db.clock())


def pay(db: RehearsedDatabase, payer: Actor, payee: Actor, minor: int) -> money.Transfer:
    return db.write(money.send_money, make.transfer_id(), payee.user_id, inr(minor), by=payer)


def file(db: RehearsedDatabase, by: Actor, month: int, format: Format, year: int = 2031) -> bytes:
    return write_month(db.read(read_month, "INR", year, month, called, by=by), format)


def rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def asha(db: RehearsedDatabase) -> Actor:
    """Has paid at the end of January and in February, and got something back."""
    go_to(db, "2031-01-31T12:00")
    asha, ravi = make.owner(db, purse=inr(100_00)), make.owner(db, purse=inr(5_00))
    pay(db, asha, ravi, 10_00)
    # Where she lives it is February by now.
    go_to(db, "2031-01-31T18:30")
    db.write(money.set_zone, asha.user_id, "Asia/Kolkata")
    sent = pay(db, asha, ravi, 20_50)
    db.write(money.give_back, make.transfer_id(), sent.id, inr(50), by=ravi)
    hold = db.write(
        money.hold, make.transfer_id(), payer=asha.user_id, payee=ravi.user_id, amount=inr(7_00),
        by=asha,
    )  # fmt: skip
    db.write(money.void, make.transfer_id(), hold.id, "canceled", by=asha)
    go_to(db, "2031-03-01T12:00")
    pay(db, ravi, asha, 1_00)
    return asha


def test_the_months_follow_each_other_in_the_owners_zone(
    db: RehearsedDatabase, asha: Actor
) -> None:
    january, february, march, april = (
        db.read(read_month, "INR", 2031, month, called, by=asha) for month in (1, 2, 3, 4)
    )

    assert january.opening == inr(0)
    assert [line.posted.amount_minor for line in january.lines] == [100_00, -10_00]
    assert [line.posted.amount_minor for line in february.lines] == [-20_50, 50, 0, 0]
    for before, after in ((january, february), (february, march), (march, april)):
        assert before.closing == after.opening
    assert april.lines == []
    assert april.closing == db.read(money.get_wallet, asha.user_id, "INR").balance


def test_a_spreadsheet_gets_every_line_and_calculates_nothing(
    db: RehearsedDatabase, asha: Actor
) -> None:
    content = file(db, asha, 2, "csv")
    lines = rows(content)

    assert content.count(b"\r\n") == 5
    assert [line["amount"] for line in lines] == ["-20.50", "0.50", "0.00", "0.00"]
    assert [line["balance_after"] for line in lines] == ["69.50", "70.00", "70.00", "70.00"]
    assert [line["on_hold_after"] for line in lines] == ["0.00", "0.00", "7.00", "0.00"]
    assert lines[0]["date"] == "2031-02-01T00:00:00+05:30"
    assert lines[0]["counterparty"].startswith("'=cmd")
    assert lines[1]["kind"] == "posted"


def test_a_program_reads_what_was_booked(db: RehearsedDatabase, asha: Actor) -> None:
    of = db.read(read_month, "INR", 2031, 2, called, by=asha)
    told = read(write_month(of, "camt"))

    assert told.warnings == ()
    assert [line.amount for line in told.lines] == [inr(-20_50), inr(50)]
    assert [line.is_reversal for line in told.lines] == [False, True]
    assert {line.booked_on.isoformat() for line in told.lines} == {"2031-02-01"}
    assert of.opening + inr(-20_50) + inr(50) == of.closing
    assert {line.account for line in told.lines} == {of.account.id.hex}


@pytest.mark.parametrize(("code", "minor", "written"), [("JPY", 1500, "1500"), ("KWD", 5, "0.005")])
def test_amounts_have_the_decimals_of_their_currency(
    db: RehearsedDatabase, code: str, minor: int, written: str
) -> None:
    go_to(db, "2031-01-31T12:00")
    owner = make.owner(db, purse=Money(minor, code))
    of = db.read(read_month, code, 2031, 1, called, by=owner)

    assert rows(write_month(of, "csv"))[0]["amount"] == written
    assert read(write_month(of, "camt")).lines[0].amount == Money(minor, code)


def test_of_a_wallet_that_was_never_used_there_is_an_empty_statement(
    db: RehearsedDatabase,
) -> None:
    owner = make.owner(db)

    assert rows(file(db, owner, 12, "csv", 2030)) == []
    assert b"CLBD" in file(db, owner, 12, "camt", 2030)


async def test_one_saves_only_ones_own(app: RunningApp) -> None:
    _, asha = await person(app, 1000)
    ravi_id, ravi = await person(app)
    await asha.post("/v1/transfers", json=sending(ravi_id, 250))
    month = f"{datetime.now(UTC):%Y-%m}"

    async def lines(client: httpx.AsyncClient) -> list[str]:
        answer = await client.get(f"/v1/wallets/INR/months/{month}")
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="kirana-INR-{month}.csv"'
        )
        return [line["amount"] for line in rows(answer.content)]

    assert await lines(asha) == ["10.00", "-2.50"]
    assert await lines(ravi) == ["2.50"]
    camt = await asha.get(f"/v1/wallets/INR/months/{month}?format=camt")
    assert len(read(camt.content).lines) == 2


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-01", "2026-1", "1999-01", "x"])
async def test_a_month_that_is_none_is_refused(app: RunningApp, month: str) -> None:
    _, asha = await person(app)
    assert (await asha.get(f"/v1/wallets/INR/months/{month}")).status_code == 422
    assert (await asha.get("/v1/wallets/XYZ/months/2026-01")).status_code == 422
