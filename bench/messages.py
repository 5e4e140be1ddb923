"""A message in a business conversation: sent over the socket and over HTTP, durable, and delivered.

400-byte texts in 50 conversations of one shop, rights checks and fsync on, in process: no network,
but all that the server does with a frame or a request. Beside it the floors: a bare insert with a
commit of its own, and a command that does nothing.
"""

import asyncio
import itertools
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from tests.apps import RunningApp, actor, open_app

from bench.checkout import Caller
from bench.measure import report, rounds
from kirana import business, chat, crm
from kirana.chat import http
from kirana.chat.content import Text
from kirana.platform.db import Tx
from kirana.platform.limits import Limits
from kirana.platform.websockets import EXTENSION
from kirana.values import BusinessId, ConversationId, MessageId, UserId, uuid7

PAIRS = 50
MESSAGES = 4 * PAIRS
WORDS = ("Do you have fresh saffron from Kashmir, and what is half a kilo of long rice? " * 6)[:400]


def main() -> None:
    asyncio.run(_measure())


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        async with open_app(Path(folder)) as app:
            street = Street(app)
            await street.build()
            floor = Floor(Path(folder) / "floor.db")
            await street.send_by_command(MESSAGES)  # warm
            await street.send_by_socket(PAIRS)
            await street.send_by_http(PAIRS)
            bar = "<= 0.5 ms CPU now, 0.35 later"
            figures = await rounds(
                {
                    "floor: bare insert, each with its commit": (
                        lambda: floor.insert(MESSAGES),
                        MESSAGES,
                    ),
                    f"floor: command that does nothing, {PAIRS} waiting": (
                        lambda: street.do_nothing(MESSAGES),
                        MESSAGES,
                    ),
                    f"send_message alone, {PAIRS} waiting": (
                        lambda: street.send_by_command(MESSAGES),
                        MESSAGES,
                    ),
                    f"by the route's function, {PAIRS} waiting": (
                        lambda: street.send_by_route(MESSAGES),
                        MESSAGES,
                    ),
                    f"over the socket and to the shop's socket, {PAIRS} waiting": (
                        lambda: street.send_by_socket(MESSAGES),
                        MESSAGES,
                    ),
                    f"over HTTP, {PAIRS} waiting": (
                        lambda: street.send_by_http(MESSAGES),
                        MESSAGES,
                    ),
                }
            )
            report(
                "Message in a business conversation (400 bytes, SQLite)",
                figures,
                dict.fromkeys((figures[3].name, figures[4].name), bar),
            )
            await street.check()


class Floor:
    """One row with one index, one fsync each: what any durable message costs at least."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE m (id BLOB PRIMARY KEY, body TEXT) STRICT")

    async def insert(self, count: int) -> None:
        for _ in range(count):
            self._connection.execute("INSERT INTO m VALUES (?, ?)", (uuid7().bytes, WORDS))


class Socket:
    """A socket of the application in process. `says` sends a frame and waits for the answer."""

    def __init__(self, app: RunningApp, token: str) -> None:
        self._app, self._token = app.kirana, token
        self._incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._answer: asyncio.Future[bytes] | None = None
        self.delivered = 0

    async def open(self, hello: dict[str, Any]) -> None:
        scope: Any = {
            "type": "websocket",
            "path": "/v1/socket",
            "raw_path": b"/v1/socket",
            "query_string": b"",
            "root_path": "",
            "headers": [
                (b"host", b"kirana.test"),
                (b"authorization", f"Bearer {self._token}".encode()),
            ],
            "client": ("127.0.0.1", 50_000),
            "server": ("kirana.test", 80),
            "scheme": "ws",
            "subprotocols": [],
            "state": {},
            "extensions": {EXTENSION: self._push},
        }
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(scope, self._incoming.get, self._send))
        await self.says({"t": "hello", **hello})

    async def says(self, frame: dict[str, Any]) -> bytes:
        self._answer = asyncio.get_running_loop().create_future()
        text = msgspec.json.encode(frame).decode()
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})
        return await self._answer

    async def close(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._task

    def _push(self, text: bytes) -> bool:
        if text.startswith((b'{"t":"ev"', b'{"stream"')):
            self.delivered += 1
        elif self._answer is not None and not self._answer.done():
            assert not text.startswith(b'{"t":"err"'), text
            self._answer.set_result(text)
        return True

    async def _send(self, message: Any) -> None:
        pass


class Street:
    """A shop with 50 customers who all write, and its owner, whose socket hears them."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self._turn = itertools.count()

    async def build(self) -> None:
        app, owner = self.app, await self.app.person("Asha")
        self.shop_id = BusinessId(UserId(uuid7()))
        draft = business.NewBusiness("Asha Stores", "grocery", "IN", "INR", "Asia/Kolkata")
        await app.db.write(business.open_business, self.shop_id, draft, by=actor(owner))
        await app.db.write(
            crm.save_greeting, self.shop_id, is_on=False, text="Hello", by=actor(owner)
        )
        self.owner = actor(owner)
        self.customers = [actor(await app.person(f"Customer {n}")) for n in range(PAIRS)]
        self.places: list[ConversationId] = []
        for customer in self.customers:
            place = ConversationId(uuid7())
            await app.db.write(
                chat.open_conversation, place, chat.Kind.BUSINESS, self.shop_id, by=customer
            )
            self.places.append(place)
        self.callers: list[Caller] = []
        self.sockets: list[Socket] = []
        for customer in self.customers:
            self.callers.append(Caller(app, await app.token(customer.user_id), []))
            socket = Socket(app, await app.token(customer.user_id))
            await socket.open({})
            self.sockets.append(socket)
        self.shop_socket = Socket(app, await app.token(owner))
        await self.shop_socket.open({"streams": {str(self.shop_id): 0}})

    async def send_by_command(self, count: int) -> None:
        async def go(n: int) -> None:
            for _ in range(count // PAIRS):
                await self.app.db.write(
                    chat.send_message,
                    MessageId(uuid7()),
                    self.places[n],
                    Text(text=WORDS),
                    by=self.customers[n],
                )

        await asyncio.gather(*(go(n) for n in range(PAIRS)))

    async def send_by_route(self, count: int) -> None:
        """The route's function with a decoded body, and the encoded answer: all but HTTP."""
        moments = itertools.count()
        limits = Limits(clock=lambda: float(next(moments)))  # nobody writes too often

        async def go(n: int) -> None:
            for _ in range(count // PAIRS):
                sent = await http.send_message.fn(
                    self.places[n],
                    http.SendMessage(MessageId(uuid7()), Text(text=WORDS)),
                    self.app.db,
                    self.customers[n],
                    limits,
                )
                msgspec.json.encode(sent)

        await asyncio.gather(*(go(n) for n in range(PAIRS)))

    async def send_by_socket(self, count: int) -> None:
        before = self.shop_socket.delivered

        async def go(n: int) -> None:
            for _ in range(count // PAIRS):
                body = {"type": "text", "text": WORDS}
                frame = {"t": "send", "id": uuid7(), "conv": self.places[n], "body": body}
                await self.sockets[n].says(frame)

        await asyncio.gather(*(go(n) for n in range(PAIRS)))
        while self.shop_socket.delivered < before + count:
            await asyncio.sleep(0)

    async def send_by_http(self, count: int) -> None:
        async def go(n: int) -> None:
            for _ in range(count // PAIRS):
                body = {"type": "text", "text": WORDS}
                path = f"/v1/conversations/{self.places[n]}/messages"
                await self.callers[n]("POST", path, {"id": uuid7(), "body": body})

        await asyncio.gather(*(go(n) for n in range(PAIRS)))

    async def do_nothing(self, count: int) -> None:
        async def go() -> None:
            for _ in range(count // PAIRS):
                await self.app.db.write(_nothing)

        await asyncio.gather(*(go() for _ in range(PAIRS)))

    async def check(self) -> None:
        """Nothing was lost, doubled or swapped."""
        by = actor(self.shop_id)
        for place in self.places:
            page = await self.app.db.read(chat.list_messages, place, limit=200, by=by)
            seqs = [item.seq for item in page.items]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            assert len({item.id for item in page.items}) == len(seqs)
        for socket in (*self.sockets, self.shop_socket):
            await socket.close()


def _nothing(tx: Tx) -> None:
    """What letting a command in costs."""
