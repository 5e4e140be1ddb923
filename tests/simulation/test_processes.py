"""Two server processes on one PostgreSQL and one NATS keep the promises that one process keeps.

People talk through both while lines are cut, a process is killed, and NATS goes away and comes
back. The client is that of `test_stream`: it keeps entries by number, and its cursor.
"""

import asyncio
import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import psycopg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kirana import chat, identity
from kirana.platform.database import open_database
from kirana.platform.db import Database
from kirana.platform.events import Bus
from kirana.values import (
    SYSTEM,
    Actor,
    ConversationId,
    DeviceId,
    UserId,
    user_name,
    uuid7,
)
from tests import nats
from tests.chat import make
from tests.chat.keys import make as keys
from tests.crypto import CryptoDevice
from tests.database import RehearsedDatabase
from tests.servers import Server

from .test_stream import State, fresh_load

Json = dict[str, Any]
PATIENCE_S = 60
SOON_S = 8
"""Well under the 20 seconds after which a process compares anyway."""
TALK_S = 12
_numbers = itertools.count()


@dataclass
class Town:
    """The processes, and what stands behind them."""

    servers: list[Server]
    nats: nats.NatsServer
    db: Database

    def read(self, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.db.read(query, *args, **kwargs)


@pytest.fixture
def town(postgres_server: str, tmp_path: Path) -> Iterator[Town]:
    name = f"processes_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = postgres_server.replace("/postgres", f"/{name}")
    with nats.run_server() as bell:
        servers = []
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            servers.append(
                Server(
                    folder,
                    KIRANA_DATA_DIR=str(tmp_path / "data"),
                    KIRANA_DATABASE_URL=url,
                    KIRANA_NATS_URL=bell.url,
                )
            )
        try:
            with ThreadPoolExecutor() as pool:
                # Both at once, on an empty database: one of them makes the tables.
                list(pool.map(Server.start, servers))
            db = open_database(url, Bus())
            yield Town(servers, bell, db)
            db.close()
        finally:
            for server in servers:
                server.stop()
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Line:
    """A connection to one of the processes, and whoever listens to it."""

    socket: ClientConnection
    listening: asyncio.Task[None]


class Device:
    """Somebody's device. It says things until they are acknowledged, through whichever process."""

    def __init__(self, town: Town, by: Actor, token: str) -> None:
        self.town, self.by, self.token = town, by, token
        self.state, _ = fresh_load(cast(RehearsedDatabase, town.db), by, 200)
        self.frames: list[Json] = []
        self.line: Line | None = None
        self.answers: dict[str, asyncio.Future[Json]] = {}
        self.acknowledged: dict[str, tuple[str, int]] = {}
        self.closed_because: str | None = None

    async def connect(self, server: Server) -> None:
        await self.cut()
        socket = await connect(
            server.url.replace("http", "ws", 1) + "/v1/socket",
            additional_headers={"Authorization": f"Bearer {self.token}"},
            compression=None,
            open_timeout=5,
        )
        self.line = Line(socket, asyncio.create_task(self._listen(socket)))
        await self.say({"t": "hello", "pos": self.state.pos})

    async def cut(self) -> None:
        """Without a word; what was under way is lost."""
        line, self.line = self.line, None
        if line is not None:
            line.listening.cancel()
            line.socket.transport.abort()
            await asyncio.gather(line.listening, return_exceptions=True)
        for waiting in self.answers.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError())

    async def say(self, frame: Json) -> None:
        if self.line is None:
            raise ConnectionError
        try:
            await self.line.socket.send(msgspec.json.encode(frame).decode())
        except ConnectionClosed:
            raise ConnectionError from None

    async def ask(self, frame: Json) -> Json:
        """Say something that has an id, and the answer to it."""
        answer = self.answers[frame["id"]] = asyncio.get_running_loop().create_future()
        try:
            await self.say(frame)
            return await asyncio.wait_for(answer, 10)
        finally:
            self.answers.pop(frame["id"], None)

    async def until(self, holds: Callable[[], bool], seconds: float = PATIENCE_S) -> float:
        begun = time.monotonic()
        while not holds():
            assert time.monotonic() < begun + seconds, (self.by.user_id, self.frames[-3:])
            await asyncio.sleep(0.02)
        return time.monotonic() - begun

    async def _listen(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                self._take(msgspec.json.decode(text))
        for waiting in self.answers.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError())

    def _take(self, frame: Json) -> None:
        self.frames.append(frame)
        match frame:
            case {"t": "ok" | "err", "id": id} if id in self.answers:
                if not self.answers[id].done():
                    self.answers[id].set_result(frame)
            case {"t": "ev", "pos": pos}:
                assert pos == self.state.pos + 1, "A hole, or a double."
                self.state.pos = pos
                if "conv" in frame:
                    entry = {k: v for k, v in frame.items() if k not in ("t", "pos")}
                    self.state.take_entries(frame["conv"], [entry])
            case {"t": "bye", "why": why}:
                self.closed_because = why


class People:
    """Four people: each two of them talk in private, and all of them in a group."""

    def __init__(self, town: Town) -> None:
        db = cast(RehearsedDatabase, town.db)
        actors, tokens = [], []
        for number in range(4):
            user_id, token = UserId(uuid7()), identity.new_token()
            device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token))
            db.write(identity.create_person, user_id, f"Person {number}", by=SYSTEM)
            db.write(identity.open_session, device, user_id, by=SYSTEM)
            by = db.read(identity.resolve, token)
            keys.Person(db, by, CryptoDevice(user_id, str(by.device_id))).upload()
            actors.append(by)
            tokens.append(token)
        self.places: dict[ConversationId, list[Actor]] = {
            make.private(db, one, other): [one, other]
            for one, other in itertools.combinations(actors, 2)
        }
        self.group = make.group(db, *actors)
        self.places[self.group] = actors
        self.revs = {it: make.rev_of(db, it, some[0]) for it, some in self.places.items()}
        self.devices = [Device(town, by, token) for by, token in zip(actors, tokens, strict=True)]

    def words(self, place: ConversationId, text: str, id: str | None = None) -> Json:
        return {
            "t": "send",
            "id": id or str(uuid7()),
            "conv": str(place),
            "ct": make.ciphertext(text),
            "com": make.commitment(text),
            "rev": self.revs[place],
        }

    def places_of(self, device: Device) -> list[ConversationId]:
        return [place for place, members in self.places.items() if device.by in members]


async def talk(device: Device, people: People, luck: random.Random, until: float) -> None:
    """Say one thing after the other, each until it is acknowledged; lines break meanwhile."""
    while time.monotonic() < until:
        place = luck.choice(people.places_of(device))
        frame = people.words(place, f"{luck.random()}")
        while frame["id"] not in device.acknowledged:
            try:
                if device.line is None or luck.random() < 0.04:
                    await device.connect(luck.choice(device.town.servers))
                asking = asyncio.create_task(device.ask(frame))
                if luck.random() < 0.04:
                    await asyncio.sleep(luck.uniform(0, 0.02))
                    await device.cut()
                answer = await asking
            except (OSError, TimeoutError, ConnectionClosed, httpx.HTTPError):
                await device.cut()
                await asyncio.sleep(luck.uniform(0.02, 0.2))
                continue
            assert answer["t"] == "ok", answer
            device.acknowledged[frame["id"]] = str(place), answer["seq"]
        await asyncio.sleep(luck.uniform(0, 0.01))


async def trouble(town: Town) -> None:
    """NATS goes and comes back, twice; a process dies and comes back."""
    for kill in (True, False):
        await asyncio.sleep(1.5)
        town.nats.stop()
        await asyncio.sleep(1.5)
        if kill:
            town.servers[0].kill()
            await asyncio.to_thread(town.servers[0].start)
        await asyncio.to_thread(town.nats.start)


@pytest.mark.slow
async def test_two_processes_lose_double_and_swap_nothing(town: Town) -> None:
    """A1, A2 and A4 of the messaging brief."""
    people = People(town)
    luck = random.Random(int(os.environ.get("KIRANA_TEST_SEED", "20261130")))
    async with AsyncExitStack() as stack:
        for device in people.devices:
            stack.push_async_callback(device.cut)
        until = time.monotonic() + TALK_S
        talking = [
            talk(device, people, random.Random(luck.random()), until) for device in people.devices
        ]
        await asyncio.gather(trouble(town), *talking)
        for number, device in enumerate(people.devices):
            await device.connect(town.servers[number % 2])
        await _all_say(people, "The end")
        for device in people.devices:
            await device.until(lambda d=device: d.state.pos >= _head(town, d))
    sent = {id: where for device in people.devices for id, where in device.acknowledged.items()}

    assert len(sent) > 200, "That was no load."
    for device in people.devices:
        loaded, _ = fresh_load(cast(RehearsedDatabase, town.db), device.by, 200)
        assert device.state.pos == loaded.pos
        assert device.state.entries == _with_entries(loaded)
        for entries in device.state.entries.values():
            assert sorted(entries) == list(range(1, max(entries) + 1))
        mine = {str(place) for place in people.places_of(device)}
        heard = {
            entry["id"]: (place, seq)
            for place, entries in device.state.entries.items()
            for seq, entry in entries.items()
            if entry["k"] == "message"
        }
        assert heard == {id: where for id, where in sent.items() if where[0] in mine}


@pytest.mark.slow
async def test_what_one_process_does_the_other_knows(town: Town) -> None:
    """A3, and what crosses between the processes beside messages."""
    people = People(town)
    here, there = town.servers
    async with AsyncExitStack() as stack:
        for device, server in zip(people.devices, (here, there, here, there), strict=True):
            stack.push_async_callback(device.cut)
            await device.connect(server)

        await _check_repeats(town, people, stack)
        await _check_rings(people)
        await _check_knocks(town, people)
        await _check_nats_away(town, people)
        await _check_signing_out(town, people.devices[3], there)


async def _check_repeats(town: Town, people: People, stack: AsyncExitStack) -> None:
    """The same id on both processes at once: one row, one answer; other words are refused."""
    asha = people.devices[0]
    twin = Device(town, asha.by, asha.token)
    stack.push_async_callback(twin.cut)
    await twin.connect(town.servers[1])
    for number in range(20):
        frame = people.words(people.group, f"Twice {number}")
        first, second = await asyncio.gather(asha.ask(frame), twin.ask(frame))
        other = await twin.ask(people.words(people.group, "Other words", frame["id"]))
        assert first == second
        assert first["t"] == "ok"
        assert (other["t"], other["code"]) == ("err", "id-reused")
    await twin.cut()
    shown = await asyncio.to_thread(
        town.read, chat.list_messages, people.group, limit=200, by=asha.by
    )
    assert sum(entry.k == "message" for entry in shown.items) == 20


async def _check_rings(people: People) -> None:
    """Words and what is fleeting are there at once, at the other process."""
    asha, ravi = people.devices[:2]
    place = next(p for p, m in people.places.items() if m == [asha.by, ravi.by])
    frame = people.words(place, "Hello")
    await asha.ask(frame)
    assert await ravi.until(lambda: frame["id"] in _ids(ravi)) < SOON_S
    await asha.say({"t": "typing", "conv": str(place)})
    await ravi.until(lambda: any(it.get("k") == "typing" for it in ravi.frames), SOON_S)
    await ravi.say({"t": "watch", "users": [str(asha.by.user_id)]})
    await ravi.until(lambda: _presence(ravi, asha) is True, SOON_S)
    await asha.cut()
    await ravi.until(lambda: _presence(ravi, asha) is False, SOON_S)
    await asha.connect(asha.town.servers[0])
    await ravi.until(lambda: _presence(ravi, asha) is True, SOON_S)


async def _check_knocks(town: Town, people: People) -> None:
    asha, ravi = people.devices[:2]
    await _send_to_device(asha, ravi, "first", town.servers[0])
    await ravi.until(lambda: _mail(ravi) == ["first"], SOON_S)


async def _check_nats_away(town: Town, people: People) -> None:
    """What was said meanwhile is there as soon as NATS is, without waiting for the comparison."""
    asha, ravi, omar, _ = people.devices
    place = people.group
    town.nats.stop()
    await asyncio.sleep(0.5)
    frame = people.words(place, "Is anybody there?")
    await asha.ask(frame)
    await omar.until(lambda: frame["id"] in _ids(omar), SOON_S)
    await _send_to_device(asha, ravi, "second", town.servers[0])
    await asyncio.sleep(0.5)
    assert frame["id"] not in _ids(ravi)
    await asyncio.to_thread(town.nats.start)
    assert await ravi.until(lambda: frame["id"] in _ids(ravi)) < SOON_S
    await ravi.until(lambda: _mail(ravi) == ["first", "second"], SOON_S)


async def _check_signing_out(town: Town, device: Device, there: Server) -> None:
    """Through the other process; its socket is closed and its token believed no more."""
    headers = {"Authorization": f"Bearer {device.token}"}
    here = next(server for server in town.servers if server is not there)
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        assert (await client.get(f"{there.url}/v1/me")).status_code == 200
        assert (await client.delete(f"{here.url}/v1/sessions/current")).status_code < 300
        await device.until(lambda: device.closed_because == "auth", SOON_S)
        assert (await client.get(f"{there.url}/v1/me")).status_code == 401


async def _all_say(people: People, words: str) -> None:
    for place, members in people.places.items():
        device = next(it for it in people.devices if it.by == members[0])
        frame = people.words(place, words)
        answer = await device.ask(frame)
        assert answer["t"] == "ok", answer
        device.acknowledged[frame["id"]] = str(place), answer["seq"]


def _ids(device: Device) -> set[str]:
    return {it["id"] for some in device.state.entries.values() for it in some.values()}


def _head(town: Town, device: Device) -> int:
    pos: int = town.read(chat.list_conversations, limit=1, by=device.by).as_of
    return pos


def _with_entries(state: State) -> dict[str, dict[int, Json]]:
    return {place: entries for place, entries in state.entries.items() if entries}


def _presence(watching: Device, watched: Device) -> bool | None:
    """What it was told last."""
    told = [
        it
        for it in watching.frames
        if it.get("k") == "presence" and it["user"] == str(watched.by.user_id)
    ]
    return bool(told[-1].get("online")) if told else None


def _mail(device: Device) -> list[str]:
    """What came for the device alone, each once."""
    items = {
        item["n"]: item["content"]["words"]
        for frame in device.frames
        if frame["t"] == "td"
        for item in frame["items"]
    }
    return [items[n] for n in sorted(items)]


async def _send_to_device(sender: Device, to: Device, words: str, server: Server) -> None:
    path = f"{server.url}/v1/device-messages/{uuid7()}?type=m.dummy"
    content = {user_name(to.by.user_id): {"*": {"words": words}}}
    headers = {"Authorization": f"Bearer {sender.token}"}
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        answer = await client.put(path, json={"messages": content})
    assert answer.status_code == 200, answer.text
