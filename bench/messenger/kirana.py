"""Kirana, as `kirana serve` runs it. Texts travel as ciphertext, which the server cannot read."""

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import msgspec
import psycopg
from tests.postgres import find_bin, run_server
from tests.servers import Server

from kirana import chat, identity
from kirana.app import maintenance
from kirana.platform import migrate
from kirana.platform.db import Tx
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, Actor, ConversationId, DeviceId, UserId, uuid7

from .lines import WebSocket, open_web_socket
from .town import Hear, Missing, Town

_COM = "A" * 43


class _Frame(msgspec.Struct):
    t: str
    id: UUID | None = None
    pos: int | None = None
    ct: str | None = None
    code: str | None = None


class _Ciphertext(msgspec.Struct):
    ciphertext: str
    algorithm: str = "m.megolm.v1.aes-sha2"
    session_id: str = "A" * 43


class _Send(msgspec.Struct, tag_field="t", tag="send"):
    id: UUID
    conv: UUID
    ct: str
    rev: str
    com: str = _COM


_frame = msgspec.json.Decoder(_Frame).decode
_ciphertext = msgspec.json.Decoder(_Ciphertext).decode
_encode = msgspec.json.encode


class Kirana:
    share: ClassVar[float] = 1.0

    def __init__(self, *, on_postgres: bool = False) -> None:
        self.name = "Kirana on PostgreSQL" if on_postgres else "Kirana"
        self._on_postgres = on_postgres
        self._stack = ExitStack()
        self._database: list[int] = []
        self.tokens: dict[str, str] = {}
        self.places: dict[str, tuple[ConversationId, str]] = {}
        """The id of a room, and for whom a message to it is encrypted."""

    def start(self, town: Town) -> None:
        folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="kirana-bench-"))
        )
        settings: dict[str, str] = {}
        if self._on_postgres:
            if find_bin() is None:
                raise Missing("PostgreSQL is not installed (apt-get install postgresql).")
            url = self._stack.enter_context(run_server(is_durable=True))
            settings["KIRANA_DATABASE_URL"] = url
            self._database = [postmaster(url)]
        self._server = Server(folder, demo=False, **settings)
        with maintenance.opened(Settings.read(self._server.environment)) as database:
            migrate.upgrade(database)
            database.write(self._fill, town)
        self._server.start()
        self._stack.callback(self._server.stop)

    def stop(self) -> None:
        self._stack.close()

    def roots(self) -> list[int]:
        assert self._server.process is not None
        return [self._server.process.pid, *self._database]

    async def sign_in(self, person: str, hear: Hear, since: str | None = None) -> "_Session":
        session = _Session(self, hear)
        await session.open(self._server.port, self.tokens[person], since)
        return session

    def _fill(self, tx: Tx, town: Town) -> None:
        people: dict[str, Actor] = {}
        for name in town.people:
            user_id, token = UserId(uuid7()), identity.new_token()
            identity.create_person(tx, user_id, name, by=SYSTEM)
            device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "b", "program")
            identity.open_session(tx, device, user_id, by=SYSTEM)
            people[name], self.tokens[name] = Actor(user_id, user_id), token
        for room, (first, *others) in town.rooms.items():
            place, by = ConversationId(uuid7()), people[first]
            for other in others:
                identity.save_contact(tx, by.user_id, by=people[other])
            if len(others) == 1:
                other_id = people[others[0]].user_id
                opened = chat.open_conversation(tx, place, chat.Kind.PRIVATE, other_id, by=by)
            else:
                opened = chat.open_group(tx, place, [people[it].user_id for it in others], by=by)
            assert opened.rev is not None
            self.places[room] = place, opened.rev


class _Session:
    __slots__ = ("_hear", "_kirana", "_line", "_pos", "_said", "_welcome")

    def __init__(self, kirana: Kirana, hear: Hear) -> None:
        self._kirana, self._hear = kirana, hear
        self._said: dict[UUID, asyncio.Future[None]] = {}
        self._welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pos = 0

    @property
    def cursor(self) -> str:
        return str(self._pos)

    async def open(self, port: int, token: str, since: str | None) -> None:
        authorization = f"Authorization: Bearer {token}\r\n"
        self._line: WebSocket = await open_web_socket(
            port, "/v1/socket", self._on_text, authorization
        )
        self._pos = int(since or 0)
        self._line.say(_encode({"t": "hello", "pos": int(since)} if since else {"t": "hello"}))
        await self._welcome

    async def say(self, room: str, text: str) -> None:
        place, rev = self._kirana.places[room]
        ct = _encode(_Ciphertext(text)).decode()
        message_id = uuid7()
        stored = self._said[message_id] = asyncio.get_running_loop().create_future()
        self._line.say(_encode(_Send(message_id, place, ct, rev)))
        await stored

    def ping(self) -> None:
        self._line.say(b'{"t":"ping"}')

    def acknowledge(self) -> None:
        self._line.say(b'{"t":"ack","pos":%d}' % self._pos)

    def cut(self) -> None:
        self._line.cut()

    def _on_text(self, text: bytes) -> None:
        frame = _frame(text)
        match frame.t:
            case "ev" if frame.pos is not None:
                self._pos = frame.pos
                if frame.ct is not None:
                    self._hear(_ciphertext(frame.ct).ciphertext)
            case "ok" if frame.id is not None:
                self._said.pop(frame.id).set_result(None)
            case "welcome":
                self._pos = self._pos or frame.pos or 0
                self._welcome.set_result(None)
            case "err" | "bye":
                raise RuntimeError(text.decode())


def postmaster(url: str) -> int:
    """The process id of the server at `url`."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
