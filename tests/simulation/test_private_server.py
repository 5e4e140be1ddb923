"""The laws of `test_private_talk`, over the real server: lost requests and answers, crashes,
devices that come and go. Fewer seeds, since all of the server is in it."""

import asyncio
import random
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from kirana import identity
from kirana.client import Client, ClientProblem, Unreachable
from kirana.client.api import HttpApi
from kirana.client.problems import Unreadable
from kirana.client.store import Store
from kirana.values import SYSTEM, DeviceId, UserId, uuid7
from tests.apps import RunningApp, actor

from .test_private_talk import Crash

Json = dict[str, Any]
STEPS = 30


class FaultyHttp(HttpApi):
    """The way to the real server, which loses what goes there or what comes back."""

    def __init__(self, app: RunningApp, token: str, luck: random.Random) -> None:
        transport = httpx.ASGITransport(app=app.kirana)
        super().__init__("http://kirana.test", token, transport=transport)
        self.luck, self.is_faulty = luck, False

    async def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
        chance = self.luck.random() if self.is_faulty else 1.0
        if chance < 0.03:
            raise Unreachable("The request was lost.")
        if chance < 0.045:
            raise Crash
        answer = await super().call(method, path, body, **rest)
        if chance < 0.06:
            raise Crash
        if chance < 0.09:
            raise Unreachable("The answer was lost.")
        return answer


class Town:
    """Two people and their devices at one running server."""

    def __init__(self, app: RunningApp, folder: Path, seed: int) -> None:
        self.app, self.folder, self.luck = app, folder, random.Random(seed)
        self.clients: dict[str, Client] = {}
        self.revoked: dict[str, int] = {}
        """Devices that were signed out, and the last number before or while they were."""
        self.words: dict[str, str] = {}

    async def device(self, user: UserId) -> Client:
        token = identity.new_token()
        device = DeviceId(uuid7())
        hash = identity.hash_token(token)
        await self.app.db.write(
            identity.open_session, identity.SignIn(device, hash, "test"), user, by=SYSTEM
        )
        return self.open(str(user), str(device), FaultyHttp(self.app, token, self.luck))

    def open(self, user: str, device: str, api: HttpApi) -> Client:
        store = Store(self.folder / f"{device}.device", is_durable=False)
        client = self.clients[device] = Client(store, api, user, device)
        return client

    def crash(self, client: Client) -> None:
        client.store.close()
        api = client.api
        assert isinstance(api, HttpApi)
        self.open(client.user_id, client.device_id, api)

    async def act(self, client: Client, talk: str) -> None:
        kind = self.luck.choices(("say", "pull", "link", "revoke"), (6, 5, 1, 0.7))[0]
        try:
            if kind == "say":
                id, text = str(uuid7()), f"words {len(self.words)}"
                self.words[id] = text
                await client.say(talk, text, id=id)
            elif kind == "pull":
                await client.machine.start()
                await client.pull()
            elif kind == "link" and len(self.clients) < 6:
                key = client.identity.recovery_key()
                if key is not None:
                    further = await self.device(UserId(UUID(client.user_id)))
                    await further.recover(key)
            elif kind == "revoke":
                await self.revoke(client, talk)
        except Crash:
            self.crash(client)
        except ClientProblem:
            pass

    async def revoke(self, client: Client, talk: str) -> None:
        for device, other in self.clients.items():
            mine = other.user_id == client.user_id and device != client.device_id
            if mine and device not in self.revoked and other.identity.recovery_key() is None:
                me = actor(UserId(UUID(client.user_id)))
                await self.app.db.write(identity.revoke_device, DeviceId(UUID(device)), by=me)
                self.revoked[device] = 2**53
                api = client.api
                assert isinstance(api, FaultyHttp)
                told = await HttpApi.call(api, "GET", f"/v1/conversations/{talk}")
                self.revoked[device] = told["seq"]
                return

    def live(self) -> list[Client]:
        return [it for device, it in self.clients.items() if device not in self.revoked]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
async def test_who_should_read_reads_once_on_the_real_server(
    app: RunningApp, tmp_path: Path, seed: int
) -> None:
    town = Town(app, tmp_path, seed)
    asha, ravi = [await town.device(await app.person(name)) for name in ("Asha", "Ravi")]
    for one, other in ((asha, ravi), (ravi, asha)):
        await one.call("PUT", f"/v1/contacts/{other.user_id}", {})
        await one.begin()
        await one.pull()
    talk = (await asha.talk_with(ravi.user_id)).id
    for client in town.live():
        client.api.is_faulty = True  # type: ignore[attr-defined]

    for _ in range(STEPS):
        chosen = town.luck.sample(town.live(), min(2, len(town.live())))
        await asyncio.gather(*(town.act(client, talk) for client in chosen))

    for client in list(town.clients.values()):
        client.api.is_faulty = False  # type: ignore[attr-defined]
    for client in town.live():
        if client.store.get("confirmed_at") is None:
            first = next(
                it
                for it in town.clients.values()
                if it.user_id == client.user_id and it.identity.recovery_key()
            )
            await client.recover(str(first.identity.recovery_key()))
        await client.machine.start()
    for _ in range(3):
        for client in town.live():
            await client.pull()
            await client.read_history(talk, limit=200)

    any_client = next(iter(town.live()))
    page = await any_client.call("GET", f"/v1/conversations/{talk}/messages", query={"limit": 200})
    entries = sorted((it for it in page["items"] if "ct" in it), key=lambda it: int(it["seq"]))
    ids = [entry["id"] for entry in entries]
    assert len(ids) == len(set(ids)) > 0
    for client in town.live():
        assert client.outbox.waiting() == []
        shown = [it for it in client.history.page(talk, limit=200) if it.k == "message"]
        assert [it.id for it in shown] == ids
        since = client.store.get("confirmed_at")
        for message in shown:
            if message.ts > since or message.content is not None:
                assert message.content is not None, (message.unread, message.detail)
                assert message.text == town.words[message.id]
    for device, last in town.revoked.items():
        for entry in entries:
            if entry["seq"] > last:
                with pytest.raises(Unreadable):
                    town.clients[device].machine.sessions.decrypt(talk, entry["ct"])
    for client in town.clients.values():
        client.store.close()
