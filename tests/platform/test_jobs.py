"""Jobs run until they are told to stop, and then they stop."""

import asyncio
from pathlib import Path

import pytest

from kirana.platform.blobs import LocalBlobs
from kirana.platform.db import Db
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
