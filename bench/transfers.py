"""Transfers through the public API path, on both databases, beside what others do with the same.

The path: the route's function with a decoded body, limits, ledger, chain, job, stream, a durable
commit and the encoded answer, in process. 1, 32 and 512 callers wait for their answers; 1,000
accounts pay each other, or all pay one. Beside it, in the same run: pgbench's TPC-B, on SQLite the
same statements without Kirana, on PostgreSQL a pool with a transaction for each transfer.
"""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
from tests.postgres import find_bin, run_server

from kirana import money
from kirana.app import reactions, wiring
from kirana.money import http
from kirana.platform.database import open_database
from kirana.platform.db import Db, Tx, metadata
from kirana.platform.events import Bus
from kirana.platform.limits import Limits
from kirana.values import SYSTEM, Actor, Money, TransferId, UserId, uuid7

from .measure import Figure, report, rounds
from .payments.floor import record
from .payments.pool import CONNECTIONS, Pool
from .payments.servers import cpu_of, pgbench, server_of

ACCOUNTS = 1000
CALLERS = 512
EACH = {1: 300, 32: 40, CALLERS: 10}
"""How many each of so many callers sends."""
POOLED = 1600
TRANSACTIONS = 8000

Part = tuple[Callable[[], Awaitable[float | None]], int]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        asyncio.run(_main(Path(folder)))


async def _main(folder: Path) -> None:
    parts: dict[str, Part] = {}
    async with AsyncExitStack() as stack:
        books = await _open(stack, f"sqlite:///{folder / 'kirana.db'}", "SQLite")
        parts |= books.parts()
        others: list[_Books] = []
        if find_bin():
            url = stack.enter_context(run_server(is_durable=True))
            others.append(await _open(stack, url, "PostgreSQL"))
            parts |= others[0].parts()
            parts |= await _pooled(stack, url)
        if transact := stack.enter_context(pgbench()):
            parts["pgbench TPC-B, 8 clients"] = (
                lambda: asyncio.to_thread(transact, TRANSACTIONS),
                TRANSACTIONS,
            )
        figures = {figure.name: figure for figure in await rounds(parts)}
        figures["floor"] = await _floor(books, folder)
        findings = [it for one in (books, *others) for it in await one.db.read(money.audit)]
    report("Transfers", list(figures.values()))
    _compare(figures)
    print("  audit: " + ("clean" if not findings else f"{len(findings)} findings"))


class _Books:
    """A database with people who have money."""

    def __init__(self, db: Db, people: list[Actor], name: str, server: int | None) -> None:
        self.db, self.people, self.name, self.server = db, people, name, server

    def parts(self) -> dict[str, Part]:
        waiting = {f"{n} wait": (n, self.people) for n in EACH}
        waiting[f"{CALLERS} wait, all pay one"] = (CALLERS, self.people[:1])
        return {
            f"{self.name}, {name}": (partial(self.send_all, n, payees), n * EACH[n])
            for name, (n, payees) in waiting.items()
        }

    async def send_all(self, callers: int, payees: Sequence[Actor]) -> float | None:
        before = cpu_of(self.server) if self.server else 0.0
        await _send_all(self.db, self.people, payees, callers)
        return cpu_of(self.server) - before if self.server else None


async def _open(stack: AsyncExitStack, url: str, name: str) -> _Books:
    database = open_database(url, bus := Bus())
    wiring.wire(bus)
    wiring.close_commits(database)
    engine = database.engine.sqlalchemy_engine()
    metadata.create_all(engine)
    engine.dispose()
    people = [Actor(id, id) for id in (UserId(uuid7()) for _ in range(ACCOUNTS))]
    database.write(_fill_purses, people)
    db = Db(database)
    stack.push_async_callback(db.close)
    return _Books(db, people, name, server_of(url) if url.startswith("postgresql") else None)


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


async def _send_all(db: Db, payers: Sequence[Actor], payees: Sequence[Actor], callers: int) -> None:
    seconds = count()
    limits = Limits(clock=lambda: float(next(seconds)))  # nobody knocks too often

    async def send_in_turn() -> None:
        for _ in range(EACH[callers]):
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

    await asyncio.gather(*(send_in_turn() for _ in range(callers)))


async def _pooled(stack: AsyncExitStack, url: str) -> dict[str, Part]:
    """A database of its own beside Kirana's, with the same tables and people of its own."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE pooled")
    url = url.removesuffix("/postgres") + "/pooled"
    database = open_database(url, Bus())
    wiring.close_commits(database)
    engine = database.engine.sqlalchemy_engine()
    metadata.create_all(engine)
    engine.dispose()
    people = [Actor(id, id) for id in (UserId(uuid7()) for _ in range(ACCOUNTS))]
    database.write(_fill_purses, people)
    database.close()
    owners = [person.user_id for person in people]
    server, pool = server_of(url), await Pool.connect(url, first=ACCOUNTS + 1)
    stack.push_async_callback(pool.close)

    async def send_all(payees: Sequence[UserId]) -> float:
        before = cpu_of(server)
        await pool.send_all(owners, payees, POOLED)
        return cpu_of(server) - before

    name = f"PostgreSQL, a pool of {CONNECTIONS}"
    return {
        name: (lambda: send_all(owners), POOLED),
        f"{name}, all pay one": (lambda: send_all(owners[:1]), POOLED),
    }


async def _floor(books: _Books, folder: Path) -> Figure:
    end = record(books.db.database, folder)
    await books.send_all(CALLERS, books.people)
    replay = end()

    async def run() -> None:
        replay()

    [figure] = await rounds({"SQLite, the bare statements": (run, CALLERS * EACH[CALLERS])}, 1)
    return figure


def _compare(figures: dict[str, Figure]) -> None:
    def ratio(name: str, peer: str, bar: str = "", *, of_cpu: bool = False) -> None:
        if name in figures and peer in figures:
            one, two = figures[name], figures[peer]
            value = two.cpu_ms / one.cpu_ms if of_cpu else two.wall_ms / one.wall_ms
            print(f"  {name} against {peer}: {value:.2f}{bar and f'   bar: {bar}'}")

    many, hot = f", {CALLERS} wait", f", {CALLERS} wait, all pay one"
    pool, tpcb = f"PostgreSQL, a pool of {CONNECTIONS}", "pgbench TPC-B, 8 clients"
    print("\n  By the clock")
    ratio(f"SQLite{many}", tpcb, "4")
    ratio(f"SQLite{hot}", f"SQLite{many}", "0.8")
    ratio(f"PostgreSQL{many}", pool, "3")
    ratio(f"PostgreSQL{hot}", f"{pool}, all pay one", "15")
    print("  By processor time")
    ratio(f"SQLite{many}", tpcb, of_cpu=True)
    ratio("floor", tpcb, of_cpu=True)
    ratio(f"PostgreSQL{many}", pool, of_cpu=True)
    if tpcb not in figures:
        print("  PostgreSQL is not installed (apt-get install postgresql): no peer was measured.")
