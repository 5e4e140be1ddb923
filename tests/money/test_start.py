"""A server does not open over books that are not as they were sealed."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kirana import money
from kirana.app import maintenance
from kirana.platform import migrate
from kirana.platform.settings import Settings
from tests.servers import Server

from . import make
from .make import inr


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE money_transfers SET amount_minor = amount_minor + 1 WHERE seq = 2", "block 2"),
        ("UPDATE money_accounts SET credits_posted = credits_posted + 1 WHERE code = 100", "I2"),
        ("DELETE FROM money_blocks WHERE no = 2", "sealed by no block"),
    ],
)
def test_a_start_over_broken_books_is_refused_in_a_sentence(
    tmp_path: Path, change: str, named: str
) -> None:
    server = Server(tmp_path)
    settings = Settings.read(server.environment)
    settings.data_dir.mkdir(parents=True)
    with maintenance.opened(settings) as database:
        migrate.upgrade(database)
        asha, ravi = make.owner(database, purse=inr(500)), make.owner(database)
        database.write(money.send_money, make.transfer_id(), ravi.user_id, inr(5), by=asha)
    server.start()
    server.stop()
    connection = sqlite3.connect(settings.data_dir / "kirana.db")
    connection.execute(change)
    connection.commit()
    connection.close()

    refused = subprocess.run(
        [sys.executable, "-m", "kirana", "serve"],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr.startswith("Kirana stays closed: the books are not as they were sealed.")
    assert named in refused.stderr
    assert "Traceback" not in refused.stderr
