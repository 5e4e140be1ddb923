"""Jobs run until they are told to stop, and then they stop; several processes share them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from kirana.platform import jobs
from kirana.platform.blobs import LocalBlobs
from kirana.platform.database import open_database
from kirana.platform.db import Db, Q, Tx
from kirana.platform.events import Bus
from kirana.platform.jobs import Outside, Runner
from kirana.platform.settings import Settings
from tests.database import RehearsedDatabase


@pytest.mark.parametrize("turns", range(6))
async def test_being_told_of_work_while_stopping_does_not_keep_it_going(
    db: RehearsedDatabase, bus: Bus, tmp_path: Path, turns: int
) -> None:
    door = Db(db)
    runner = Runner(door, bus, Outside(door, Settings(), LocalBlobs(tmp_path)))
    runner.start()
    await asyncio.sleep(0.2)

    runner._wake.set()
    for _ in range(turns):
        await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await runner.stop()
    await door.close()


def test_two_jobs_of_one_name_are_a_mistake() -> None:
    bus, work, others = Bus(), Work(), Work()

    bus.outside_jobs(work.call, work.call)

    with pytest.raises(LookupError):
        bus.outside_jobs(others.call)


_ROWS = Q(select(jobs.jobs))


class Work:
    """Jobs that count how often they run, and how many at a time."""

    def __init__(self) -> None:
        self.called: list[int] = []
        self.failed: list[int] = []
        self.at_once = self.most = 0

    async def call(self, outside: Outside, number: int, seconds: float) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(seconds)
        self.at_once -= 1
        self.called.append(number)

    def fail(self, tx: Tx, number: int) -> None:
        self.failed.append(number)
        raise ZeroDivisionError


@pytest.fixture
async def processes(database_url: str, tmp_path: Path) -> AsyncIterator[Callable[[Work], list[Db]]]:
    """Three of them on one database, each with a runner."""
    async with AsyncExitStack() as stack:

        def start(work: Work) -> list[Db]:
            doors = []
            for _ in range(3):
                bus = Bus()
                bus.outside_jobs(work.call)
                bus.jobs(work.fail)
                door = Db(open_database(database_url, bus))
                runner = Runner(door, bus, Outside(door, Settings(), LocalBlobs(tmp_path)))
                stack.push_async_callback(door.close)
                stack.push_async_callback(runner.stop)
                runner.start()
                doors.append(door)
            return doors

        yield start


async def test_a_call_is_made_by_one_process_however_long_it_takes(
    processes: Callable[[Work], list[Db]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LEASE_MS", 1_500)
    monkeypatch.setattr(jobs, "RENEW_S", 0.2)
    work = Work()
    doors = processes(work)

    await doors[0].write(lambda tx: tx.enqueue(work.call, number=1, seconds=4.0))
    for _ in range(200):
        if work.called and not await doors[1].read(jobs.list_due):
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)

    assert work.called == [1]
    assert work.most == 1


async def test_many_jobs_are_each_done_once(processes: Callable[[Work], list[Db]]) -> None:
    work = Work()
    doors = processes(work)

    for number in range(60):
        await doors[number % 3].write(
            lambda tx, n=number: tx.enqueue(work.call, number=n, seconds=0.01)
        )
    for _ in range(200):
        if len(work.called) >= 60:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)

    assert sorted(work.called) == list(range(60))


async def test_a_failure_is_counted_once_and_waits_for_all(
    processes: Callable[[Work], list[Db]],
) -> None:
    work = Work()
    doors = processes(work)

    await doors[0].write(lambda tx: tx.enqueue(work.fail, number=1))
    async with asyncio.timeout(20):
        while not work.failed:
            await asyncio.sleep(0.02)
    # The least that it waits is half a second: every runner has looked by then.
    await asyncio.sleep(0.3)
    rows = await doors[1].read(lambda tx: tx.all(_ROWS))

    assert [row.attempts for row in rows] == [1]
