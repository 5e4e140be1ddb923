"""The books are gone through once a day, and where they stand is published."""

from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from kirana import money
from kirana.app import maintenance
from kirana.money import chain, journal
from kirana.money.proof.sealing import FILE, compare_with, publish, seal_day
from kirana.money.tables import blocks, transfers
from kirana.platform import signatures
from kirana.platform.db import Tx
from kirana.platform.problems import NotAllowed
from kirana.platform.settings import Settings
from kirana.values import SYSTEM
from tests.database import RehearsedDatabase

from . import make
from .make import inr
from .test_audit import behind_its_back, busy_town, tamper

SERVER = "https://kirana.example"


@pytest.fixture
def db(db: RehearsedDatabase) -> RehearsedDatabase:
    db.write(signatures.ensure_key)
    return db


def test_a_day_is_sealed_once_and_published_once(db: RehearsedDatabase, tmp_path: Path) -> None:
    busy_town(db)
    first = db.write(seal_day, "2031-01-31", db.read(money.audit), SERVER)
    make.owner(db, purse=inr(1))
    again = db.write(seal_day, "2031-01-31", [], SERVER)
    for sealed in (first, again):
        publish(tmp_path / FILE, sealed)
    publish(tmp_path / FILE, db.write(seal_day, "2031-02-01", [], SERVER))

    assert again == first
    assert (first.findings, first.first) == (0, None)
    lines = (tmp_path / FILE).read_text().splitlines()
    assert [msgspec.json.decode(line)["day"] for line in lines] == ["2031-01-31", "2031-02-01"]
    assert db.read(compare_with, tmp_path / FILE) == []


def test_what_an_audit_finds_is_told_to_the_operators(db: RehearsedDatabase) -> None:
    operator = make.owner(db)
    db.write(money.appoint_operator, operator.user_id, by=SYSTEM)
    busy_town(db)
    tamper(db, "money_accounts", "version", "version + 1", "code = 100")
    db.write(seal_day, "2031-01-31", db.read(money.audit), SERVER)

    (day,) = db.read(money.list_sealed_days, by=operator)
    assert day.findings == 2
    assert day.first is not None
    assert "version is" in day.first
    with pytest.raises(NotAllowed):
        db.read(money.list_sealed_days, by=make.owner(db))


def test_a_chain_that_was_written_anew_is_found_against_the_file(
    db: RehearsedDatabase, tmp_path: Path
) -> None:
    """Somebody changes a payment and computes every hash again: an audit alone sees nothing."""
    busy_town(db)
    publish(tmp_path / FILE, db.write(seal_day, "2031-01-31", [], SERVER))
    with behind_its_back(db, "money_transfers") as connection:
        connection.execute(
            sa.update(transfers).where(transfers.c.seq == 3).values(purpose="present")
        )
    with behind_its_back(db, "money_blocks") as connection:
        connection.execute(sa.delete(blocks))
    db.write(_seal_anew)

    assert db.read(money.audit) == []
    (found,) = db.read(compare_with, tmp_path / FILE)
    assert "published on 2031-01-31" in str(found)


def _seal_anew(tx: Tx) -> None:
    """One block over everything, as somebody would who has the database."""
    tx.scratch["money.journal"] = {journal.head(tx).seq: journal.read(tx, journal.head(tx).seq)}
    chain.seal(tx)


def test_a_line_of_another_server_is_named(db: RehearsedDatabase, tmp_path: Path) -> None:
    busy_town(db)
    publish(tmp_path / FILE, db.write(seal_day, "2031-01-31", [], SERVER))
    file = tmp_path / FILE
    file.write_text(file.read_text().replace(SERVER, "https://other.example"))

    (found,) = db.read(compare_with, file)
    assert "was not signed by this server" in str(found)


def test_the_command_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data_dir=tmp_path).completed()
    maintenance.migrate(settings)
    with maintenance.opened(settings) as database:
        database.write(signatures.ensure_key)
        make.owner(database, purse=inr(5))
        sealed = database.write(seal_day, "2031-01-31", [], SERVER)
    publish(tmp_path / FILE, sealed)

    assert maintenance.audit(settings, as_json=False, against=tmp_path / FILE) == 0
    assert maintenance.audit(settings, as_json=False, against=tmp_path / "none") == 2
    (tmp_path / FILE).write_text("not a line\n")
    assert maintenance.audit(settings, as_json=False, against=tmp_path / FILE) == 2
    assert "cannot be read" in capsys.readouterr().out
