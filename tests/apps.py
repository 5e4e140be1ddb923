"""The whole application in process, over HTTP, without a socket's port."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
from litestar import Litestar
from litestar.datastructures import State

from kirana import identity
from kirana.app.asgi import Kirana
from kirana.platform.bell import Bell
from kirana.platform.db import Db
from kirana.platform.hub import Hub
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, Actor, DeviceId, UserId, uuid7

from .database import create_schema


class RunningApp:
    """An app that is open. `client(as_=…)` is a program that is signed in as somebody."""

    def __init__(self, kirana: Kirana) -> None:
        self.kirana = kirana
        self._clients: list[httpx.AsyncClient] = []

    @property
    def db(self) -> Db:
        db: Db = self.kirana.litestar.state.db
        return db

    @property
    def hub(self) -> Hub:
        hub: Hub = self.kirana.litestar.state.hub
        return hub

    @property
    def bell(self) -> Bell:
        bell: Bell = self.kirana.litestar.state.bell
        return bell

    async def person(self, name: str = "Ravi") -> UserId:
        """A person who exists."""
        user_id = UserId(uuid7())
        await self.db.write(identity.create_person, user_id, name, by=SYSTEM)
        return user_id

    async def token(self, user_id: UserId) -> str:
        token = identity.new_token()
        device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "test", "program")
        await self.db.write(identity.open_session, device, user_id, by=SYSTEM)
        return token

    async def client(
        self, as_: UserId | None = None, *, acting_for: UserId | None = None
    ) -> httpx.AsyncClient:
        headers = {}
        if as_ is not None:
            headers["Authorization"] = f"Bearer {await self.token(as_)}"
        if acting_for is not None:
            headers["Kirana-Acting-For"] = str(acting_for)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.kirana),
            base_url="http://kirana.test",
            headers=headers,
        )
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


class PooledKirana(Kirana):
    """With the routes of an app that was closed before it: to make them takes most of the time
    of a start. `give_back` when it is closed."""

    _built: ClassVar[dict[bool, list[Litestar]]] = defaultdict(list)
    """With and without the demo town's."""

    def _litestar(self) -> Litestar:
        built = self._built[self.settings.demo]
        if not built:
            return super()._litestar()
        litestar = built.pop()
        litestar.state = State()
        litestar._lifespan_managers[0] = self.lifespan
        return litestar

    def give_back(self) -> None:
        self._built[self.settings.demo].append(self.litestar)


@asynccontextmanager
async def open_app(
    folder: Path, *, database_url: str = "", demo: bool = False, **more: Any
) -> AsyncIterator[RunningApp]:
    """An app on this database, which has its schema; without one, on a new one."""
    settings = Settings(
        data_dir=folder,
        database_url=database_url,
        public_url="http://kirana.test",
        demo=demo,
        **more,
    ).completed()
    kirana = PooledKirana(settings)
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite") and not file.exists():
        create_schema(settings.database_url)
    async with kirana.lifespan(kirana.litestar):
        running = RunningApp(kirana)
        yield running
        await running.close()
    kirana.give_back()


def actor(user_id: UserId) -> Actor:
    return Actor(user_id, user_id)
