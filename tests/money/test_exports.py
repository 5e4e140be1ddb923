"""A month of a wallet as a file."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pypdfium2
import pytest

from kirana import money
from kirana.money.proof import exports
from kirana.money.proof.exports import MonthOfWallet, Writer, open_month, read_lines
from kirana.money.proof.exports.beancount import Beancount
from kirana.money.proof.exports.camt import Camt
from kirana.money.proof.exports.pdf import Paper, Pdf
from kirana.money.proof.exports.spreadsheet import Spreadsheet
from kirana.money.proof.statements import StatementLine
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


def month_of(
    db: RehearsedDatabase, by: Actor, month: int, year: int = 2031, code: str = "INR"
) -> MonthOfWallet:
    return db.read(open_month, code, year, month, called, by=by)


def lines_of(db: RehearsedDatabase, of: MonthOfWallet) -> list[StatementLine]:
    return [line for page in pages_of(db, of, called) for line in page.lines]


def pages_of(
    db: RehearsedDatabase, of: MonthOfWallet, name_of: money.NameOf
) -> Iterator[exports.Lines]:
    at = of.first
    while at < of.end:
        page = db.read(read_lines, of, at, name_of)
        yield page
        at = page.lines[-1].line + 1


def written(
    db: RehearsedDatabase, writer: Writer, of: MonthOfWallet, name_of: money.NameOf = called
) -> bytes:
    pieces = [writer.write(page) for page in pages_of(db, of, name_of)]
    return writer.begin() + b"".join(pieces) + writer.end()


def pages(content: bytes) -> list[str]:
    """What somebody copies from each page."""
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_bounded() for page in document]


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
    january, february, march, april = (month_of(db, asha, month) for month in (1, 2, 3, 4))

    assert january.opening == inr(0)
    assert [it.posted.amount_minor for it in lines_of(db, january)] == [100_00, -10_00]
    assert [it.posted.amount_minor for it in lines_of(db, february)] == [-20_50, 50, 0, 0]
    for before, after in ((january, february), (february, march), (march, april)):
        assert before.closing == after.opening
        assert before.end == after.first
    assert lines_of(db, april) == []
    assert april.closing == db.read(money.get_wallet, asha.user_id, "INR").balance


def test_a_month_that_is_not_over_has_what_happened_until_now(
    db: RehearsedDatabase, asha: Actor
) -> None:
    march = month_of(db, asha, 3)

    assert [it.posted for it in lines_of(db, march)] == [inr(1_00)]
    assert march.until == db.read(lambda tx: tx.now) + 1


def test_a_month_is_read_in_pages(
    db: RehearsedDatabase, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = month_of(db, asha, 2)
    formats: list[Callable[[], Writer]] = [
        lambda: Spreadsheet(of), lambda: Camt(of), lambda: Beancount(of)
    ]  # fmt: skip
    whole = [written(db, make_writer(), of) for make_writer in formats]
    monkeypatch.setattr(exports, "PAGE", 1)

    assert len(list(pages_of(db, of, called))) == 4
    assert [written(db, make_writer(), of) for make_writer in formats] == whole


def test_a_spreadsheet_gets_every_line_and_calculates_nothing(
    db: RehearsedDatabase, asha: Actor
) -> None:
    of = month_of(db, asha, 2)
    content = written(db, Spreadsheet(of), of)
    lines = rows(content)

    assert content.count(b"\r\n") == 5
    assert [line["amount"] for line in lines] == ["-20.50", "0.50", "0.00", "0.00"]
    assert [line["balance_after"] for line in lines] == ["69.50", "70.00", "70.00", "70.00"]
    assert [line["on_hold_after"] for line in lines] == ["0.00", "0.00", "7.00", "0.00"]
    assert lines[0]["date"] == "2031-02-01T00:00:00+05:30"
    assert lines[0]["counterparty"].startswith("'=cmd")
    assert lines[1]["kind"] == "posted"


def test_a_program_reads_what_was_booked(db: RehearsedDatabase, asha: Actor) -> None:
    of = month_of(db, asha, 2)
    told = read(written(db, Camt(of), of))

    assert told.warnings == ()
    assert [line.amount for line in told.lines] == [inr(-20_50), inr(50)]
    assert [line.is_reversal for line in told.lines] == [False, True]
    assert {line.booked_on.isoformat() for line in told.lines} == {"2031-02-01"}
    assert of.opening + inr(-20_50) + inr(50) == of.closing
    assert {line.account for line in told.lines} == {of.account.id.hex}


@pytest.mark.parametrize(("code", "minor", "spelled"), [("JPY", 1500, "1500"), ("KWD", 5, "0.005")])
def test_amounts_have_the_decimals_of_their_currency(
    db: RehearsedDatabase, code: str, minor: int, spelled: str
) -> None:
    go_to(db, "2031-01-31T12:00")
    owner = make.owner(db, purse=Money(minor, code))
    of = month_of(db, owner, 1, code=code)

    assert rows(written(db, Spreadsheet(of), of))[0]["amount"] == spelled
    assert read(written(db, Camt(of), of)).lines[0].amount == Money(minor, code)
    assert f"  {spelled} {code}\n" in written(db, Beancount(of), of).decode()


def test_of_a_wallet_that_was_never_used_there_is_an_empty_statement(
    db: RehearsedDatabase,
) -> None:
    owner = make.owner(db)

    of = month_of(db, owner, 12, 2030)

    assert rows(written(db, Spreadsheet(of), of)) == []
    assert b"CLBD" in written(db, Camt(of), of)
    assert balances(written(db, Beancount(of), of).decode()) == {of.account.owner_id.hex: 0}
    assert "Nothing was booked" in pages(written(db, Pdf(of, PAPER), of))[0]


PAPER = Paper("Kirana", "https://kirana.example/app/verify", "en-IN")
_OPEN = re.compile(r"\d{4}-\d\d-\d\d open ([A-Z][\w-]*(?::[A-Z0-9][A-Za-z0-9-]*)+) [A-Z]{3}")
_TRANSACTION = re.compile(r'\d{4}-\d\d-\d\d \*(?: "((?:[^"\\]|\\["\\])*)"){1,2}')
_META = re.compile(r' +[a-z][a-z0-9-]*: "(?:[^"\\]|\\["\\])*"')
_POSTING = re.compile(r"  (\S+)  (-?\d+(?:\.\d+)?) [A-Z]{3}")
_BALANCE = re.compile(r"\d{4}-\d\d-\d\d balance (\S+)  (-?\d+(?:\.\d+)?) [A-Z]{3}")


def balances(text: str) -> dict[str, Decimal]:
    """A small check of what we write, not of all that beancount knows: every line is of a known
    kind, accounts are opened, each transaction adds up to nothing, and each balance is as said."""
    opened: set[str] = set()
    sums: dict[str, Decimal] = {}
    said: dict[str, Decimal] = {}
    open_sum = Decimal(0)
    for line in text.splitlines():
        assert not line or line[0] in ";o" or line[0] == " " or line[:2] == "20", line
        if match := _OPEN.fullmatch(line):
            opened.add(match[1])
        elif match := _POSTING.fullmatch(line):
            assert match[1] in opened
            sums[match[1]] = sums.get(match[1], Decimal(0)) + Decimal(match[2])
            open_sum += Decimal(match[2])
        elif match := _BALANCE.fullmatch(line):
            assert sums.get(match[1], 0) == Decimal(match[2])
            said[match[1].rpartition(":U")[2]] = Decimal(match[2])
        elif _TRANSACTION.fullmatch(line) or not line:
            assert open_sum == 0
        else:
            assert _META.fullmatch(line) or line[0] in ";o", line
    assert open_sum == 0
    return said


def test_beancount_gets_one_transaction_for_what_was_moved_together(
    db: RehearsedDatabase, asha: Actor
) -> None:
    of = month_of(db, asha, 2)
    text = written(db, Beancount(of), of, lambda _, ids: dict.fromkeys(ids, "Ravi")).decode()

    assert balances(text) == {asha.user_id.hex: Decimal("-70.00")}
    assert text.count(' * "Ravi" ') == 2
    assert f"2031-02-01 open Liabilities:Wallets:U{asha.user_id.hex} INR\n" in text
    assert "2031-03-01 balance " in text


def test_a_month_that_has_not_begun_is_balanced_after_its_opening(
    db: RehearsedDatabase, asha: Actor
) -> None:
    of = month_of(db, asha, 5)
    text = written(db, Beancount(of), of).decode()

    assert '2031-05-01 * "Opening balance"' in text
    assert "2031-05-02 balance " in text
    assert written(db, Camt(of), of).decode().count("<Dt>2031-05-01</Dt>") == 2


def test_a_name_cannot_break_out_of_a_beancount_file(db: RehearsedDatabase, asha: Actor) -> None:
    name = 'A"\\\n2031-02-02 close Liabilities:Wallets\u2028; \x00'
    of = month_of(db, asha, 2)
    text = written(db, Beancount(of), of, lambda _, ids: dict.fromkeys(ids, name)).decode()

    assert balances(text) == {asha.user_id.hex: Decimal("-70.00")}
    assert '"A\\"\\\\ 2031-02-02 close Liabilities:Wallets ;"' in text


def test_a_page_says_what_was_before_what_happened_and_what_is_left(
    db: RehearsedDatabase, asha: Actor
) -> None:
    of = month_of(db, asha, 2)
    (page,) = pages(written(db, Pdf(of, PAPER), of, lambda _, ids: dict.fromkeys(ids, "Zoë Ravi")))

    assert "Statement for February 2031" in page
    assert page.index("₹90.00") < page.index("−₹20.50") < page.index("+₹0.50")
    assert "₹70.00" in page
    assert "Zoë Ravi" in page
    assert of.head is not None
    assert of.head.hash in page
    assert "https://kirana.example/app/verify" in page


@pytest.mark.parametrize(
    "name",
    ["श्रीमती क्षत्रिय", "রবীন্দ্রনাথ ঠাকুর", "தமிழ்ச்செல்வன்", "నాగార్జున", "สมชาย", "Łukasz Đặng", "Ελένη Ιβάν"],
)
def test_names_are_written_in_their_letters_and_can_be_copied(
    db: RehearsedDatabase, asha: Actor, name: str
) -> None:
    of = month_of(db, asha, 2)
    (page,) = pages(written(db, Pdf(of, PAPER), of, lambda _, ids: dict.fromkeys(ids, name)))

    assert name in page


def test_a_page_says_so_when_it_has_not_the_letters_of_a_name(
    db: RehearsedDatabase, asha: Actor
) -> None:
    of = month_of(db, asha, 2)
    (page,) = pages(written(db, Pdf(of, PAPER), of, lambda _, ids: dict.fromkeys(ids, "王小明")))
    (ornate,) = pages(written(db, Pdf(of, PAPER), of, lambda _, ids: dict.fromkeys(ids, "Asha 🌸")))

    assert "a name in letters this file has not" in page
    assert "are whole in the spreadsheet" in page
    assert "Asha" in ornate
    assert "this file has not" not in ornate


def test_amounts_and_days_are_written_as_the_reader_does(
    db: RehearsedDatabase, asha: Actor
) -> None:
    of = month_of(db, asha, 2)
    paper = Paper("Kirana", "https://kirana.example/app/verify", "bn-BD")
    (page,) = pages(written(db, Pdf(of, paper), of, lambda _, ids: dict.fromkeys(ids, "Ravi")))

    assert "২০.৫০" in page
    assert "২০৩১" in page


def test_a_long_month_goes_on_on_the_next_page(db: RehearsedDatabase) -> None:
    go_to(db, "2031-01-31T12:00")
    asha, ravi = make.owner(db, purse=inr(100_00)), make.owner(db)
    for _ in range(60):
        pay(db, asha, ravi, 1)
    of = month_of(db, asha, 1)
    told = pages(written(db, Pdf(of, PAPER), of, lambda _, ids: dict.fromkeys(ids, "Ravi")))

    assert len(told) == 3
    assert "3 / 3" in told[2]
    assert "Went out" in told[2]
    assert "−₹0.01" in told[2]
    assert sum(page.count("−₹0.01") for page in told) == 60


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
    page = await asha.get(f"/v1/wallets/INR/months/{month}?format=pdf&language=en-IN")
    assert page.headers["content-type"] == "application/pdf"
    assert "−₹2.50" in pages(page.content)[0]
    ledger = await asha.get(f"/v1/wallets/INR/months/{month}?format=beancount")
    assert list(balances(ledger.text).values()) == [Decimal("-7.50")]


async def test_nobody_makes_files_without_end(app: RunningApp) -> None:
    _, asha = await person(app)
    answers = [(await asha.get("/v1/wallets/INR/months/2031-01")).status_code for _ in range(31)]

    assert set(answers[:30]) == {200}
    assert answers[30] == 429
