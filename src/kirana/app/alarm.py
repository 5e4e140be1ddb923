"""Once a second: who sleeps while something has come for them?"""

import asyncio

import structlog

from kirana import chat
from kirana.platform.db import Db
from kirana.platform.hub import Hub

EVERY_S = 1.0
LOOK_BACK_MS = 600_000
"""What came shortly before the server stopped may not have been told."""

log = structlog.get_logger()


class Alarm:
    """Joins what the database knows, whose stream has grown, with who is connected."""

    def __init__(self, db: Db, hub: Hub) -> None:
        self._db, self._hub = db, hub
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        sweep = chat.Sweep(await self._db.read(lambda tx: tx.now) - LOOK_BACK_MS)
        while True:
            try:
                if await self._db.read(chat.has_grown, sweep):
                    sweep = await self._db.write(chat.tell_sleeping, sweep, self._hub.is_connected)
            except Exception:
                log.exception("sleepers_not_told")
            await asyncio.sleep(EVERY_S)
