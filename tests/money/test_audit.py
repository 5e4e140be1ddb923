"""The auditor finds every byte that was changed, and says where."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kirana import money
from kirana.money import journal
from kirana.money.tables import accounts, blocks, entries, holds, reversals, transfers
from kirana.platform.db import Database, Tx
from kirana.platform.events import Bus
from kirana.values import Actor, RequestId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .make import inr


def busy_town(db: Database) -> tuple[Actor, Actor]:
    """Books with one of everything."""
    asha, ravi = make.owner(db, purse=inr(10_000)), make.owner(db)
    sent = make.transfer_id()
    db.write(money.send_money, sent, ravi.user_id, inr(1000), by=asha)
    db.write(money.give_back, make.transfer_id(), sent, inr(300), by=ravi)
    held, voided = make.transfer_id(), make.transfer_id()
    for id in (held, voided):
        db.write(money.hold, id, payer=asha.user_id, payee=ravi.user_id, amount=inr(500), by=asha)
    db.write(money.capture, make.transfer_id(), held, inr(200), keep_rest=True, by=ravi)
    db.write(money.void, make.transfer_id(), voided, "canceled", by=asha)
    asked = RequestId(uuid7())
    db.write(money.request_money, asked, asha.user_id, inr(70), by=ravi)
    db.write(money.pay_request, make.transfer_id(), asked, by=asha)
    with pytest.raises(money.InsufficientFunds):
        db.write(money.send_money, make.transfer_id(), asha.user_id, inr(99_999), by=ravi)
    return asha, ravi


def test_right_books_have_no_findings(db: Database) -> None:
    busy_town(db)

    assert db.read(money.audit) == []


def tamper(db: Database, table: str, column: str, change: str, where: str) -> None:
    """Change a row behind everybody's back, with the schema's own guards off."""
    with behind_its_back(db, table) as connection:
        statement = f"UPDATE {table} SET {column} = {change} WHERE {where}"
        assert connection.exec_driver_sql(statement.replace("%", "%%")).rowcount >= 1


POSTED = "purpose = 'send' AND kind = 'posted'"


@pytest.mark.parametrize(
    ("table", "column", "change", "where", "named"),
    [
        ("money_transfers", "amount_minor", "amount_minor + 1", POSTED, "block 2 "),
        ("money_transfers", "amount_minor", "amount_minor + 1", POSTED, "entry"),
        ("money_transfers", "purpose", "'sent'", POSTED, "block 2 "),
        ("money_transfers", "created_at", "created_at - 1", POSTED, "transfer 2 "),
        ("money_transfers", "problem", "'{}'", "kind = 'refused'", "block"),
        ("money_transfers", "by_id", "id", POSTED, "block 2 "),
        ("money_entries", "balance_after_minor", "1", "version = 2", "entry 2"),
        ("money_entries", "posted_minor", "posted_minor + 1", "version = 1", "entry 1"),
        ("money_entries", "seq", "seq + 1", "version = 3", "entry 3"),
        ("money_accounts", "credits_posted", "credits_posted + 1", "code = 100", "credits_posted"),
        ("money_accounts", "debits_pending", "debits_pending + 1", "code = 100", "debits_pending"),
        ("money_accounts", "version", "version + 1", "code = 100", "version"),
        ("money_holds", "state", "'open'", "state = 'posted'", "hold"),
        ("money_holds", "captured_minor", "1", "state = 'posted'", "hold"),
        ("money_reversals", "reversed_minor", "1", "1 = 1", "reversals"),
        ("money_blocks", "seq_from", "seq_from + 1", "no = 2", "block 2 "),
        ("money_blocks", "hash", "prev_hash", "no = 2", "block 2 "),
        ("money_requests", "amount_minor", "amount_minor + 1", "1 = 1", "request"),
    ],
)  # fmt: skip
def test_one_changed_value_is_found_and_named(
    db: Database, table: str, column: str, change: str, where: str, named: str
) -> None:
    busy_town(db)

    tamper(db, table, column, change, where)

    findings = [str(finding) for finding in db.read(money.audit)]
    assert any(named in finding for finding in findings), findings


COUNTED = ["id", "ledger_id", "debits_pending", "debits_posted", "credits_pending"]
COUNTED += ["credits_posted", "version"]
SEALED = [
    *((table, column.name) for table in (transfers, entries, holds, reversals, blocks)
      for column in table.c),
    *((accounts, name) for name in COUNTED),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), SEALED, ids=lambda it: getattr(it, "name", it))
def test_no_value_of_the_books_can_be_changed_unseen(
    db: Database, table: sa.Table, column: str
) -> None:
    busy_town(db)

    with behind_its_back(db, table.name) as connection:
        keys = list(table.primary_key.columns)
        rows = connection.execute(sa.select(table).order_by(*keys)).fetchall()
        row = rows[len(rows) // 2]
        connection.execute(
            sa.update(table)
            .where(*(key == getattr(row, key.name) for key in keys))
            .values({column: another(table.c[column], getattr(row, column))})
        )

    assert db.read(money.audit), f"{column} of {row}"


def another(column: sa.Column[Any], value: Any) -> Any:
    """Some other value that the column can hold."""
    if isinstance(value, int):
        return value + 1_000_000
    if isinstance(value, str):
        return value + "?"
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    assert value is None
    return {"INTEGER": 5, "BIGINT": 5, "TEXT": "?"}.get(str(column.type), uuid7())


@contextmanager
def behind_its_back(db: Database, table: str) -> Iterator[sa.Connection]:
    """A connection that none of the schema's own guards stop; they are up again afterwards."""
    engine = db.engine.sqlalchemy_engine()
    checks: Sequence[Any] = ()
    with engine.connect() as connection:
        if db.engine.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
            checks = connection.exec_driver_sql(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                f" WHERE contype = 'c' AND conrelid = '{table}'::regclass"
            ).fetchall()
        for name, _ in checks:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        yield connection
        for name, rule in checks:
            add = f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}"
            connection.exec_driver_sql(f"{add.removesuffix(' NOT VALID')} NOT VALID")
        connection.commit()
    engine.dispose()


def test_the_last_block_of_right_books_is_right_and_of_none_too(db: Database) -> None:
    assert db.read(money.audit_last_block) == []
    asha, ravi = busy_town(db)
    assert db.read(money.audit_last_block) == []
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(5), by=asha)
    assert db.read(money.audit_last_block) == []


@pytest.mark.parametrize(
    ("table", "column", "change", "where", "named"),
    [
        ("money_transfers", "amount_minor", "amount_minor + 1", "seq = {last}", "block"),
        ("money_transfers", "purpose", "'gift'", "seq = {last}", "block"),
        ("money_blocks", "hash", "prev_hash", "seq_to = {last}", "block"),
        ("money_blocks", "seq_to", "seq_to + 1", "seq_to = {last}", "gone"),
        ("money_accounts", "credits_posted", "credits_posted + 1", "code = 100", "account"),
        ("money_accounts", "version", "version + 1", "code = 100", "account"),
        ("money_entries", "balance_after_minor", "1", "seq = {last}", "account"),
    ],
)
def test_a_start_sees_what_was_changed_of_the_last_block(
    db: Database, table: str, column: str, change: str, where: str, named: str
) -> None:
    asha, ravi = busy_town(db)
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(5), by=asha)
    last = db.read(journal.head).seq

    tamper(db, table, column, change, where.format(last=last))

    findings = [str(finding) for finding in db.read(money.audit_last_block)]
    assert any(named in finding for finding in findings), findings


def test_broken_books_are_announced_and_right_ones_are_not(db: RehearsedDatabase, bus: Bus) -> None:
    heard: list[money.BooksBroken] = []

    def listen(tx: Tx, event: money.BooksBroken) -> None:
        heard.append(event)

    bus.on(money.BooksBroken, listen)
    busy_town(db)
    db.write(money.report_findings, db.read(money.audit))
    db.deliver()
    assert heard == []

    tamper(db, "money_accounts", "version", "version + 1", "code = 100")
    db.write(money.report_findings, db.read(money.audit))
    db.deliver()

    assert {event.findings for event in heard} == {2}


@pytest.mark.parametrize("table", ["money_entries", "money_blocks"])
def test_a_row_that_is_gone_is_missed(db: Database, table: str) -> None:
    busy_town(db)

    connection: Any = db.engine.connect()
    key = "no" if table == "money_blocks" else "version"
    connection.execute(f"DELETE FROM {table} WHERE {key} = 2")
    connection.close()

    assert db.read(money.audit)


def test_an_unsealed_transfer_is_missed(db: Database) -> None:
    asha, ravi = busy_town(db)
    db.before_commit.remove(money.seal)

    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(5), by=asha)

    [finding] = db.read(money.audit)
    assert "sealed by no block" in str(finding)
    db.before_commit.append(money.seal)
    db.write(money.send_money, make.transfer_id(), ravi.user_id, inr(5), by=asha)
    assert db.read(money.audit) == []
