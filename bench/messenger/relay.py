"""The floor: a relay that knows no rights, no content and no rules.

A frame comes in by the same socket protocol, is kept with a pointer for each member in one commit
with all that wait, and goes out. `python -m bench.messenger.relay PORT FOLDER` is the server.
"""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import uvicorn

from kirana.platform.websockets import EXTENSION, Push, PushingProtocol

from .lines import WebSocket, open_web_socket
from .processes import free_port, wait_for_port
from .town import Hear, Town


class _Frame(msgspec.Struct):
    """`n` is a number that the sender gave, to the server `pos` is that of the stream."""

    t: str
    n: int = 0
    pos: int = 0
    room: str = ""
    text: str = ""


_decode = msgspec.json.Decoder(_Frame).decode
_encode = msgspec.json.encode


class Relay:
    name = "bare relay"
    share: ClassVar[float] = 1.0

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(self, town: Town) -> None:
        folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="kirana-bench-"))
        )
        (folder / "rooms.json").write_bytes(_encode(town.rooms))
        self._port = free_port()
        command = [sys.executable, "-m", "bench.messenger.relay", str(self._port), str(folder)]
        self._process = subprocess.Popen(command)
        self._stack.callback(self._process.wait)
        self._stack.callback(self._process.terminate)
        wait_for_port(self._port)

    def stop(self) -> None:
        self._stack.close()

    def roots(self) -> list[int]:
        return [self._process.pid]

    async def sign_in(self, person: str, hear: Hear, since: str | None = None) -> "_Session":
        session = _Session(hear)
        await session.open(self._port, person, since)
        return session


class _Session:
    __slots__ = ("_hear", "_line", "_numbers", "_pos", "_said", "_welcome")

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._numbers = count()
        self._said: dict[int, asyncio.Future[None]] = {}
        self._welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def cursor(self) -> str:
        return str(self._pos)

    async def open(self, port: int, person: str, since: str | None) -> None:
        self._pos = int(since or 0)
        self._line: WebSocket = await open_web_socket(port, f"/{person}", self._on_text)
        self._line.say(_encode(_Frame("hello", pos=-1 if since is None else self._pos)))
        await self._welcome

    async def say(self, room: str, text: str) -> None:
        number = next(self._numbers)
        stored = self._said[number] = asyncio.get_running_loop().create_future()
        self._line.say(_encode(_Frame("send", n=number, room=room, text=text)))
        await stored

    def ping(self) -> None:
        self._line.say(b'{"t":"ping"}')

    def cut(self) -> None:
        self._line.cut()

    def _on_text(self, text: bytes) -> None:
        frame = _decode(text)
        match frame.t:
            case "ev":
                self._pos = frame.pos
                self._hear(frame.text)
            case "ok":
                self._said.pop(frame.n).set_result(None)
            case "welcome":
                self._pos = self._pos or frame.pos
                self._welcome.set_result(None)


class _Server:
    def __init__(self, folder: Path) -> None:
        self._rooms: dict[str, list[str]] = msgspec.json.decode(
            (folder / "rooms.json").read_bytes()
        )
        self._sockets: dict[str, Push] = {}
        self._heads: dict[str, int] = defaultdict(int)
        self._waiting: list[tuple[_Frame, Push]] = []
        self._is_writing = False
        self._db = sqlite3.connect(
            folder / "relay.db", isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, room TEXT, text TEXT)")
        self._db.execute(
            "CREATE TABLE entries (person TEXT, pos INTEGER, message_id INTEGER,"
            " PRIMARY KEY (person, pos)) WITHOUT ROWID"
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await receive()
        await send({"type": "websocket.accept"})
        person, push = scope["path"][1:], scope["extensions"][EXTENSION]
        while (message := await receive())["type"] == "websocket.receive":
            frame = _decode(message["text"])
            match frame.t:
                case "hello":
                    push(_encode(_Frame("welcome", pos=self._heads[person])))
                    if frame.pos >= 0:
                        self._resume(person, frame.pos, push)
                    self._sockets[person] = push
                case "send":
                    self._waiting.append((frame, push))
                    if not self._is_writing:
                        self._is_writing = True
                        asyncio.get_running_loop().create_task(self._write())
                case "ping":
                    push(b'{"t":"pong"}')
        self._sockets.pop(person, None)

    def _resume(self, person: str, after: int, push: Push) -> None:
        rows = self._db.execute(
            "SELECT pos, text FROM entries JOIN messages ON id = message_id"
            " WHERE person = ? AND pos > ? ORDER BY pos",
            (person, after),
        )
        for pos, text in rows:
            push(_encode(_Frame("ev", pos=pos, text=text)))

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            entries: list[list[tuple[str, int]]] = []
            for frame, _ in batch:
                told = []
                for member in self._rooms[frame.room]:
                    self._heads[member] += 1
                    told.append((member, self._heads[member]))
                entries.append(told)
            await asyncio.get_running_loop().run_in_executor(None, self._keep, batch, entries)
            for (frame, push), told in zip(batch, entries, strict=True):
                push(_encode(_Frame("ok", n=frame.n)))
                for member, pos in told:
                    if socket := self._sockets.get(member):
                        socket(_encode(_Frame("ev", pos=pos, text=frame.text)))
            await asyncio.sleep(0)
        self._is_writing = False

    def _keep(self, batch: list[tuple[_Frame, Push]], entries: list[list[tuple[str, int]]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for (frame, _), told in zip(batch, entries, strict=True):
            kept = self._db.execute(
                "INSERT INTO messages (room, text) VALUES (?, ?)", (frame.room, frame.text)
            )
            self._db.executemany(
                "INSERT INTO entries VALUES (?, ?, ?)",
                [(member, pos, kept.lastrowid) for member, pos in told],
            )
        self._db.execute("COMMIT")


if __name__ == "__main__":
    uvicorn.run(
        _Server(Path(sys.argv[2])),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws=PushingProtocol,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        access_log=False,
        log_level="error",
    )
