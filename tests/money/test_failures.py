"""Processes that die, disks that are full, lines that are cut, servers that are two: the books stay
whole, and the same id gets the same answer."""

import itertools
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from kirana import money
from kirana.money import journal
from kirana.money.flows import standing
from kirana.money.ledger import post
from kirana.money.model import MAX_COUNTER, AccountKey, Code, Group, Move
from kirana.money.tables import accounts
from kirana.platform.db import Q, Tx
from kirana.platform.db.postgres import _WRITER_LOCK, PostgresEngine
from kirana.platform.db.units import Work
from kirana.platform.events import Bus
from kirana.platform.problems import StorageFull
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, Actor, Money, StandingOrderId, TransferId, UserId, uuid7
from tests import postgres
from tests.database import RehearsedDatabase, empty, open_rehearsed
from tests.servers import Server

from . import make
from .make import inr

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.money.test_failures"])
DIED = 9


def opened(url: str) -> RehearsedDatabase:
    db = open_rehearsed(url, Bus())
    db.before_commit.append(money.seal)
    db.rehearses = False
    return db


def send(db: RehearsedDatabase, id: TransferId, payee: UserId, by: Actor) -> money.Transfer:
    return db.write(money.send_money, id, payee, inr(100), by=by)


def in_a_process(target: Callable[..., None], *args: Any) -> int | None:
    process = _processes.Process(target=target, args=args)
    process.start()
    process.join(60)
    return process.exitcode


def die(*_: Any) -> None:
    os._exit(DIED)


def send_and_die(url: str, at: str, id: TransferId, payee: UserId, by: Actor) -> None:
    db = opened(url)
    if at == "in the middle":
        journal.append = die  # in this process alone
    elif at == "before it is sealed":
        db.before_commit.insert(0, die)
    elif at == "before it is committed":
        db.before_commit.append(die)
    else:
        db.after_commit.append(die)
    send(db, id, payee, by)


@pytest.mark.parametrize(
    ("at", "is_there"),
    [
        ("in the middle", False),
        ("before it is sealed", False),
        ("before it is committed", False),
        ("before it is answered", True),
    ],
)
def test_a_process_that_dies_at_any_step_of_a_commit_loses_and_doubles_nothing(
    db: RehearsedDatabase, database_url: str, at: str, is_there: bool
) -> None:
    asha, ravi, id = make.owner(db, purse=inr(500)), make.owner(db), make.transfer_id()

    assert in_a_process(send_and_die, database_url, at, id, ravi.user_id, asha) == DIED

    assert (db.read(money.find_transfer, id) is not None) is is_there
    send(db, id, ravi.user_id, asha)
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(100)
    assert db.read(money.audit) == []


def run_and_die(url: str) -> None:
    db, runs = opened(url), itertools.count()
    go_on = standing._go_on

    def die_at_the_second(*args: Any) -> None:
        go_on(*args)
        if next(runs):
            die()

    standing._go_on = die_at_the_second
    db.write(money.run_standing_orders)


def test_a_process_that_dies_among_coming_payments_makes_each_of_them_once(
    db: RehearsedDatabase, database_url: str
) -> None:
    asha, ravi = make.owner(db, purse=inr(900)), make.owner(db)
    trusted = Actor(asha.user_id, asha.person_id, "system")
    # It is eight in the morning; they are made at nine, and in the other process it is eight too.
    terms = money.Terms(inr(100), "week", date(2027, 1, 15))
    for _ in range(3):
        id = StandingOrderId(uuid7())
        db.write(money.make_standing_order, id, ravi.user_id, terms, by=trusted)
    connection: Any = db.engine.connect()
    connection.execute("UPDATE money_standing_orders SET next_at = next_at - 3600000")
    connection.close()

    assert in_a_process(run_and_die, database_url) == DIED
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(0)
    for _ in range(2):
        db.write(money.run_standing_orders)

    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(300)
    assert db.read(money.audit) == []


def send_each(url: str, ids: list[TransferId], payee: UserId, by: Actor, told: Any) -> None:
    db = opened(url)
    told.put([(sent.id, sent.created_at) for sent in (send(db, id, payee, by) for id in ids)])
    db.close()


def test_two_processes_with_the_same_ids_pay_once_and_answer_alike(
    db: RehearsedDatabase, database_url: str
) -> None:
    asha, ravi = make.owner(db, purse=inr(9000)), make.owner(db)
    ids, told = [make.transfer_id() for _ in range(20)], _processes.Queue()
    both = [
        _processes.Process(target=send_each, args=(database_url, ids, ravi.user_id, asha, told))
        for _ in range(2)
    ]
    for process in both:
        process.start()
    first, second = told.get(timeout=60), told.get(timeout=60)
    for process in both:
        process.join(60)

    assert first == second
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(2000)
    assert db.read(money.audit) == []


def test_after_a_restart_the_same_id_has_the_same_answer(
    db: RehearsedDatabase, database_url: str
) -> None:
    asha, ravi, id, other = make.owner(db), make.owner(db), make.transfer_id(), make.transfer_id()
    with pytest.raises(money.InsufficientFunds):
        send(db, id, ravi.user_id, asha)
    make.top_up(db, asha, inr(900))
    sent = send(db, other, ravi.user_id, asha)
    db.close()

    again = opened(database_url)
    with pytest.raises(money.InsufficientFunds):
        send(again, id, ravi.user_id, asha)
    assert send(again, other, ravi.user_id, asha) == sent
    again.close()


class Cut:
    """A connection that is gone as soon as COMMIT was sent: nobody hears that it holds."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.is_cut = inner, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def execute(self, statement: Any, *args: Any) -> Any:
        done = self.inner.execute(statement, *args)
        if statement == "COMMIT":
            self.is_cut = True
            self.inner.close()
            if isinstance(self.inner, sqlite3.Connection):
                raise sqlite3.OperationalError("database is locked")
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return done


def test_a_connection_that_is_cut_after_commit_was_sent_pays_once(
    db: RehearsedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asha, ravi = make.owner(db, purse=inr(500)), make.owner(db)
    cut = Cut(db._writer)
    db._writer = cut
    monkeypatch.setattr(type(db.engine), "roll_back", lambda self, connection: None)

    sent = send(db, make.transfer_id(), ravi.user_id, asha)

    assert cut.is_cut
    assert db.read(money.find_transfer, sent.id) is not None
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(100)
    assert db.read(money.audit) == []


def test_a_full_disk_refuses_and_the_same_id_passes_when_there_is_room(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "full.db")
    db = opened(f"sqlite:///{tmp_path / 'full.db'}")
    asha, ravi = make.owner(db, purse=inr(900_000)), make.owner(db)
    writer: Any = db._writer
    [pages] = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    sent = 0

    def send_until_it_is_full() -> TransferId:
        nonlocal sent
        while True:
            id = make.transfer_id()
            try:
                send(db, id, ravi.user_id, asha)
            except StorageFull:
                return id
            sent += 1

    id = send_until_it_is_full()
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(100) * sent
    writer.execute("PRAGMA max_page_count = 1000000")
    send(db, id, ravi.user_id, asha)

    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(100) * (sent + 1)
    assert db.read(money.audit) == []
    db.close()


def test_postgresql_tells_of_a_full_disk_alike() -> None:
    told = PostgresEngine("postgresql://nobody@localhost/none").translate(psycopg.errors.DiskFull())
    assert isinstance(told, StorageFull)


def test_where_nothing_can_be_written_nothing_is_and_the_id_is_free(
    db: RehearsedDatabase, database_kind: str, database_url: str
) -> None:
    asha, ravi, id = make.owner(db, purse=inr(500)), make.owner(db), make.transfer_id()
    writer: Any = db._writer
    if database_kind == "sqlite":
        path = database_url.removeprefix("sqlite:///")
        read_only: Any = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        db._writer = read_only
    else:
        writer.execute("SET default_transaction_read_only = on")

    with pytest.raises((sqlite3.OperationalError, psycopg.errors.ReadOnlySqlTransaction)):
        send(db, id, ravi.user_id, asha)
    assert db.read(money.find_transfer, id) is None
    if database_kind == "sqlite":
        read_only.close()
        db._writer = writer
    else:
        writer.execute("SET default_transaction_read_only = off")
    send(db, id, ravi.user_id, asha)

    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(100)


def test_a_foreign_process_that_holds_the_lock_is_waited_for(
    db: RehearsedDatabase, database_kind: str, database_url: str
) -> None:
    asha, ravi = make.owner(db, purse=inr(500)), make.owner(db)
    holds: Any
    if database_kind == "sqlite":
        holds = sqlite3.connect(
            database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
        )
        holds.execute("BEGIN IMMEDIATE")
    else:
        holds = psycopg.connect(database_url)
        holds.execute(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
    letting_go = threading.Timer(0.3, holds.rollback)
    letting_go.start()

    send(db, make.transfer_id(), ravi.user_id, asha)

    assert letting_go.finished.is_set(), "It was let in while somebody else was writing."
    letting_go.join()
    holds.close()
    assert db.read(money.audit) == []


def test_a_writer_that_stands_still_is_let_go_and_begins_anew(postgres_database: str) -> None:
    empty(postgres_database)
    db, paused = opened(postgres_database), opened(postgres_database)
    asha, ravi, id = make.owner(db, purse=inr(500)), make.owner(db), make.transfer_id()
    writer: Any = paused.engine.connect()
    assert writer.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("1min",)
    writer.execute("SET idle_in_transaction_session_timeout = '200ms'")
    paused._writer = writer
    others: list[money.Transfer] = []

    def stand_still(tx: Tx) -> money.Transfer:
        sent = money.send_money(tx, id, ravi.user_id, inr(7), by=asha)
        if not others:
            # In the middle of its commit: the others wait for it, and then go on.
            others.append(send(db, make.transfer_id(), ravi.user_id, asha))
        return sent

    sent = paused.write(stand_still)

    assert sent.created_at == others[0].created_at
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == inr(107)
    assert db.read(money.audit) == []
    for it in (db, paused):
        it.close()


def test_a_backup_that_was_taken_under_load_passes_the_audit(
    db: RehearsedDatabase, database_kind: str, database_url: str, tmp_path: Path
) -> None:
    db.rehearses = False
    people = [make.owner(db, purse=inr(900_000)) for _ in range(4)]
    is_over, sent = threading.Event(), []

    def pay() -> None:
        for payer, payee in itertools.cycle(itertools.permutations(people, 2)):
            if is_over.is_set():
                return
            sent.append(send(db, make.transfer_id(), payee.user_id, payer))

    paying = threading.Thread(target=pay)
    paying.start()
    try:
        while len(sent) < 50:
            pass
        copy = _back_up(database_kind, database_url, tmp_path)
        after = len(sent)
        while len(sent) < after + 10:
            pass
    finally:
        is_over.set()
        paying.join()
    restored = opened(copy)

    assert restored.read(money.audit) == []
    assert restored.read(money.find_transfer, sent[0].id) is not None
    assert restored.read(money.find_transfer, sent[-1].id) is None, "There was no load."
    send(restored, make.transfer_id(), people[0].user_id, people[1])
    assert restored.read(money.audit) == []
    restored.close()


def _back_up(kind: str, url: str, folder: Path) -> str:
    """By the database's own tools."""
    if kind == "sqlite":
        with (
            sqlite3.connect(url.removeprefix("sqlite:///")) as source,
            sqlite3.connect(folder / "copy.db") as copy,
        ):
            source.backup(copy, pages=16, sleep=0.001)
        source.close()
        copy.close()
        return f"sqlite:///{folder / 'copy.db'}"
    binaries = postgres.find_bin()
    assert binaries is not None
    server, name = url.rsplit("/", 1)
    new = f"{server}/{name}_restored"
    dump = subprocess.run([binaries / "pg_dump", url], check=True, capture_output=True).stdout
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}_restored WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}_restored")
    subprocess.run(
        [binaries / "psql", "-q", "-v", "ON_ERROR_STOP=1", new],
        input=dump, check=True, capture_output=True,
    )  # fmt: skip
    return new


def test_a_page_that_the_disk_has_spoilt_is_said_in_a_sentence(tmp_path: Path) -> None:
    server = Server(tmp_path)
    settings = Settings.read(server.environment)
    settings.data_dir.mkdir(parents=True)
    assert server.run("migrate").returncode == 0
    file = settings.data_dir / "kirana.db"
    db = opened(f"sqlite:///{file}")
    asha, ravi = make.owner(db, purse=inr(90_000)), make.owner(db)
    for _ in range(100):
        send(db, make.transfer_id(), ravi.user_id, asha)
    db.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [size] = connection.execute("PRAGMA page_size").fetchone()
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'money_entries'"
        ).fetchone()
    connection.close()
    with file.open("r+b") as spoilt:
        spoilt.seek((page - 1) * size)
        spoilt.write(b"\xa5" * size)

    found = server.run("audit")

    assert found.returncode == 2
    assert found.stderr.startswith("The database is damaged: database disk image is malformed.")
    assert "Traceback" not in found.stderr


def test_a_clock_that_is_set_back_turns_no_time_of_the_books_back(
    db: RehearsedDatabase, database_url: str
) -> None:
    asha, ravi = make.owner(db, purse=inr(500)), make.owner(db)
    db.clock.advance(3_600_000)
    before = send(db, make.transfer_id(), ravi.user_id, asha)
    db.close()

    behind = opened(database_url)  # its clock is an hour behind, and nobody tells it
    after = send(behind, make.transfer_id(), ravi.user_id, asha)

    assert after.created_at == before.created_at
    assert behind.read(money.audit) == []
    behind.close()


def test_512_callers_pay_one_account_and_nothing_is_lost(db: RehearsedDatabase) -> None:
    payers = [make.owner(db, purse=inr(640)) for _ in range(8)]
    shop = make.owner(db)
    works = [
        Work(money.send_money, (make.transfer_id(), shop.user_id, inr(10)), {"by": payers[at % 8]})
        for at in range(512)
    ]

    outcomes = db.run(works)

    assert all(outcome.error is None for outcome in outcomes)
    assert db.read(money.get_wallet, shop.user_id, "INR").balance == inr(5120)
    assert db.read(money.audit) == []


@pytest.mark.parametrize("order", list(itertools.permutations(["capture", "void", "expire"])))
@pytest.mark.parametrize("is_over", [False, True])
def test_capture_void_and_expiry_of_one_hold_have_one_outcome(
    db: RehearsedDatabase, order: tuple[str, ...], is_over: bool
) -> None:
    asha, ravi = make.owner(db, purse=inr(100)), make.owner(db)
    hold = db.write(
        money.hold, make.transfer_id(), payer=asha.user_id, payee=ravi.user_id, amount=inr(100),
        timeout_s=1, by=asha,
    )  # fmt: skip
    db.clock.advance(1000 if is_over else 999)
    works = {
        "capture": Work(money.capture, (make.transfer_id(), hold.id), {"by": ravi}),
        "void": Work(money.void, (make.transfer_id(), hold.id, "canceled"), {"by": ravi}),
        "expire": Work(money.expire_holds, (), {}),
    }

    outcomes = db.run([works[it] for it in order])

    done = [it for it, outcome in zip(order, outcomes, strict=True) if outcome.error is None]
    first = next(it for it in order if it != "expire")
    assert [it for it in done if it != "expire"] == ([] if is_over else [first])
    has = inr(100 if first == "capture" and not is_over else 0)
    assert db.read(money.get_wallet, ravi.user_id, "INR").balance == has
    assert db.read(money.audit) == []


def test_a_wallet_that_is_stopped_or_closed_in_mid_flow_stays_whole(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(300)), make.owner(db)
    holds = [make.transfer_id() for _ in range(2)]
    sides = {"payer": asha.user_id, "payee": ravi.user_id, "amount": inr(100), "by": asha}
    frozen = {"out": True, "into": True, "by": SYSTEM}

    outcomes = db.run(
        [
            *[Work(money.hold, (id,), sides) for id in holds],
            Work(money.freeze_wallet, (asha.user_id, "INR"), frozen),
            Work(money.capture, (make.transfer_id(), holds[0]), {"by": ravi}),
            Work(money.void, (make.transfer_id(), holds[1], "canceled"), {"by": ravi}),
            Work(money.close_wallet, (asha.user_id, "INR"), {"by": SYSTEM}),
            Work(money.close_wallet, (ravi.user_id, "INR"), {"by": SYSTEM}),
        ]
    )

    slugs = [getattr(outcome.error, "slug", "ok") for outcome in outcomes]
    assert slugs == [
        "ok", "ok", "ok", "account-frozen", "ok", "wallet-not-empty", "wallet-not-empty",
    ]  # fmt: skip
    assert db.read(money.audit) == []


def test_what_the_operator_owes_never_moves_into_what_is_between_two(db: RehearsedDatabase) -> None:
    asha, ravi = make.owner(db, purse=inr(300)), make.owner(db)
    move = Move.posted(
        AccountKey(asha.user_id, Code.WALLET, "INR"),
        AccountKey(ravi.user_id, Code.DIRECT, "INR"),
        inr(100),
    )

    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.IntegrityError)):
        db.write(post, Group(make.transfer_id(), (move,), "test", asha.person_id))

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(300)
    assert db.read(money.audit) == []


def test_a_counter_stops_at_its_end_in_the_books_and_in_the_schema(db: RehearsedDatabase) -> None:
    asha = make.owner(db, purse=inr(1))
    given = AccountKey(SYSTEM.user_id, Code.CREDIT_GIVEN, "INR").id

    def drive(tx: Tx, to: int) -> None:
        statement = sa.update(accounts).where(accounts.c.id == sa.bindparam("id_"))
        tx.do(Q(statement.values(debits_posted=sa.bindparam("to"))), id_=given, to=to)

    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.IntegrityError)):
        db.write(drive, MAX_COUNTER + 1)
    db.write(drive, MAX_COUNTER - 5)
    with pytest.raises(money.CounterFull):
        make.top_up(db, asha, inr(6))
    make.top_up(db, asha, inr(5))

    assert db.read(money.get_wallet, asha.user_id, "INR").balance == inr(6)


def test_a_refund_after_a_payout_is_refused_for_want_of_money(db: RehearsedDatabase) -> None:
    buyer, shop = make.owner(db, purse=inr(500)), make.owner(db)
    trusted = Actor(shop.user_id, shop.person_id, "system")
    sent = send(db, make.transfer_id(), shop.user_id, buyer)
    payout = db.write(money.ask_payout, make.transfer_id(), inr(100), by=trusted)
    credit = money.Source.CREDIT
    db.write(money.settle_payout, make.transfer_id(), payout.id, source=credit, by=SYSTEM)

    with pytest.raises(money.InsufficientFunds):
        db.write(money.give_back, make.transfer_id(), sent.id, by=shop)
    make.top_up(db, shop, inr(100))
    back = db.write(money.give_back, make.transfer_id(), sent.id, by=shop)
    with pytest.raises(money.OverRefund):
        db.write(money.refund, make.transfer_id(), back.id, by=buyer)

    assert db.read(money.get_wallet, buyer.user_id, "INR").balance == Money(500, "INR")
    assert db.read(money.audit) == []
