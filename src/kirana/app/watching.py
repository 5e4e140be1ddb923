"""Who watches whether whom is here: only while a chat that shows it is open."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Coroutine, Sequence
from typing import Any

import structlog

from kirana import chat
from kirana.platform.db import Db
from kirana.platform.hub import Hub, Member
from kirana.values import UserId

log = structlog.get_logger()


class Watching:
    """What each connection watches. Lives on the event loop, in memory alone."""

    def __init__(self, db: Db, hub: Hub) -> None:
        self._db, self._hub = db, hub
        self._watchers: dict[UserId, set[Member]] = defaultdict(set)
        self._watched: dict[Member, Collection[UserId]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        hub.on_moved(self.changed)

    async def watch(self, member: Member, user_ids: Sequence[UserId]) -> None:
        """From now on tell `member` of these and of nobody else; how it is now, at once."""
        self.forget(member)
        self._watched[member] = user_ids
        for user_id in user_ids:
            self._watchers[user_id].add(member)
        await self._tell(member, user_ids)

    def forget(self, member: Member) -> None:
        for user_id in self._watched.pop(member, ()):
            self._watchers[user_id].discard(member)
            if not self._watchers[user_id]:
                del self._watchers[user_id]

    def changed(self, user_id: UserId) -> None:
        """This one has come or gone."""
        for member in list(self._watchers.get(user_id, ())):
            self._spawn(self._tell(member, [user_id]))

    async def _tell(self, member: Member, user_ids: Sequence[UserId]) -> None:
        visible = await self._db.read(chat.visible_presence, user_ids, by=member.actor)
        for user_id in user_ids:
            frame = (
                chat.presence_frame(
                    user_id, is_online=self._hub.is_online(user_id), seen_at=visible[user_id]
                )
                if user_id in visible
                else chat.presence_frame(user_id)
            )
            self._hub.send(member, frame)

    def _spawn(self, telling: Coroutine[Any, Any, None]) -> None:
        async def go() -> None:
            try:
                await telling
            except Exception:
                log.exception("presence_not_told")

        task = asyncio.get_running_loop().create_task(go())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
