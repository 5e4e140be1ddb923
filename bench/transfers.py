"""A transfer through the public API path, beside pgbench's TPC-B on the same disk.

The path: the route's function with a decoded body, limits, ledger, chain, job, stream, a durable
commit and the encoded answer, in process. 512 callers wait for their answers; 1,000 accounts.
"""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec
from tests.postgres import find_bin

from kirana import money
from kirana.app import reactions, wiring
from kirana.money import http
from kirana.platform.database import open_database
from kirana.platform.db import Db, Tx, metadata
from kirana.platform.events import Bus
from kirana.platform.limits import Limits
from kirana.values import SYSTEM, Actor, Money, TransferId, UserId, uuid7

from .measure import Figure, report, rounds

CALLERS = 512
ACCOUNTS = 1000
TRANSFERS = 10 * CALLERS
SCALE = 50
CLIENTS = 8
TRANSACTIONS = 8000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        asyncio.run(_main(Path(folder)))


async def _main(folder: Path) -> None:
    database = open_database(f"sqlite:///{folder / 'kirana.db'}", bus := Bus())
    wiring.wire(bus)
    wiring.close_commits(database)
    engine = database.engine.sqlalchemy_engine()
    metadata.create_all(engine)
    engine.dispose()
    people = [Actor(id, id) for id in (UserId(uuid7()) for _ in range(ACCOUNTS))]
    database.write(_fill_purses, people)
    db = Db(database)
    hot = people[:1]
    parts = {
        "transfer, 1,000 accounts": (lambda: _send_all(db, people, people), TRANSFERS),
        "transfer, everybody pays one account": (lambda: _send_all(db, people, hot), TRANSFERS),
    }
    with _pgbench() as peer:
        if peer:
            parts["pgbench TPC-B (its CPU is elsewhere)"] = (peer, TRANSACTIONS)
        figures = await rounds(parts)
    findings = await db.read(money.audit)
    await db.close()

    report(f"Transfers: {CALLERS} callers wait", figures)
    _compare(figures)
    print("  audit: " + ("clean" if not findings else f"{len(findings)} findings"))


def _compare(figures: list[Figure]) -> None:
    spread, hot, *peer = figures
    print(f"  one account against spread: {spread.wall_ms / hot.wall_ms:.2f}   bar: 0.8")
    if peer:
        print(f"  spread against pgbench: {peer[0].wall_ms / spread.wall_ms:.2f}   bar: 4")
    else:
        print("  pgbench is not installed (apt-get install postgresql): no peer was measured.")


def _fill_purses(tx: Tx, people: list[Actor]) -> None:
    for person in people:
        money.set_owner(tx, person.user_id, by=SYSTEM)
        money.top_up(
            tx,
            TransferId(uuid7()),
            person.user_id,
            Money(10**9, "INR"),
            source=money.Source.CREDIT,
            by=SYSTEM,
        )


async def _send_all(db: Db, payers: list[Actor], payees: list[Actor]) -> None:
    seconds = count()
    limits = Limits(clock=lambda: float(next(seconds)))  # nobody knocks too often

    async def send_in_turn() -> None:
        for _ in range(TRANSFERS // CALLERS):
            payee = random.choice(payees)
            payer = random.choice(payers)
            while payer is payee:
                payer = random.choice(payers)
            body = http.SendMoney(
                TransferId(uuid7()),
                payee.user_id,
                http.Amount(random.randint(1, 1000), "INR"),
                conversation_id=uuid7(),
            )
            sent = await http.send_money.fn(
                data=body, db=db, by=payer, limits=limits, name_of=reactions.names_of
            )
            msgspec.json.encode(sent)

    await asyncio.gather(*(send_in_turn() for _ in range(CALLERS)))


@contextmanager
def _pgbench() -> Iterator[Callable[[], object] | None]:
    """Runs TPC-B on a durable PostgreSQL of its own, where there is one."""
    binaries = find_bin()
    tool = shutil.which("pgbench") or (binaries and str(binaries / "pgbench"))
    if binaries is None or tool is None or not Path(tool).exists():
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="kirana-pgbench-"))
    as_nobody = os.getuid() == 0  # PostgreSQL refuses to run as root
    if as_nobody:
        shutil.chown(folder, "nobody")
    user = "nobody" if as_nobody else None

    def run(*command: str | Path) -> None:
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

    data = folder / "data"
    control = (binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w")
    run(binaries / "initdb", "-D", data, "-U", "kirana", "-A", "trust", "--locale=C.UTF-8")
    run(*control, "-o", f"-k {folder} -h '' -c shared_buffers=256MB", "start")
    where = ("-h", folder, "-U", "kirana", "postgres")
    try:
        run(tool, "-i", "-q", "-s", str(SCALE), *where)
        each = str(TRANSACTIONS // CLIENTS)
        load = (tool, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-t", each, *where)
        yield lambda: asyncio.to_thread(run, *load)
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
