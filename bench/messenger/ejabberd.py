"""ejabberd with its archive (MAM) on PostgreSQL: Debian's package, run in a folder of its own.

The client speaks just enough XMPP. A text is acknowledged by stream management (XEP-0198), which
the server answers after it has archived it; what was missed comes out of the archive (XEP-0313).
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar
from xml.parsers import expat

import psycopg
from tests.postgres import find_bin, run_server

from .kirana import postmaster
from .lines import Line
from .processes import free_port, wait_for_port
from .town import Hear, Missing, Town

_SCHEMA = Path("/usr/share/ejabberd/sql/pg.sql")
_CONFIGURATION = """
hosts: [localhost]
loglevel: error
auth_method: [sql]
auth_password_format: plain
default_db: sql
sql_type: pgsql
sql_server: 127.0.0.1
sql_port: {sql_port}
sql_database: postgres
sql_username: kirana
sql_password: ""
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144, backlog: 2048}}
modules:
  mod_disco: {{}}
  mod_stream_mgmt: {{resume_timeout: 0}}
  mod_mam: {{default: always}}
  mod_muc:
    default_room_options: {{persistent: true, mam: true, presence_broadcast: [], max_users: 500}}
    max_users: 500
"""


class Ejabberd:
    name = "ejabberd"
    share: ClassVar[float] = 0.5

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(self, town: Town) -> None:
        libraries = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin/ejabberd.app"))
        driver = sorted(Path("/usr/lib/erlang/lib").glob("p1_pgsql-*"))
        if not (libraries and driver and shutil.which("erl") and find_bin()):
            raise Missing(
                "apt-get install ejabberd erlang-p1-pgsql postgresql; no service need run."
            )
        folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="kirana-bench-"))
        )
        url = self._stack.enter_context(run_server(is_durable=True))
        with psycopg.connect(url) as connection:
            connection.execute(_SCHEMA.read_bytes())
            connection.cursor().executemany(
                "INSERT INTO users (username, password, serverkey, salt, iterationcount)"
                " VALUES (%s, 'secret', '', '', 0)",
                [(person,) for person in town.people],
            )
        self.port = free_port()
        sql_port = int(url.rpartition(":")[2].partition("/")[0])
        (folder / "ejabberd.yml").write_text(
            _CONFIGURATION.format(sql_port=sql_port, port=self.port)
        )
        process = subprocess.Popen(
            [
                *("erl", "-noinput", "+K", "true", "+P", "250000", "+Q", "65536"),
                *("-mnesia", "dir", f'"{folder}/mnesia"', "-s", "ejabberd"),
            ],
            cwd=folder,
            env={
                **os.environ,
                "ERL_LIBS": str(libraries[0].parents[2]),
                "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
                "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        self._roots = [process.pid, postmaster(url)]
        self.groups: dict[str, list[str]] = {person: [] for person in town.people}
        self.direct: dict[str, list[str]] = {}
        for room, members in town.rooms.items():
            if len(members) == 2:
                self.direct[room] = members
            else:
                for person in members:
                    self.groups[person].append(room)
        wait_for_port(self.port)

    def stop(self) -> None:
        self._stack.close()

    def roots(self) -> list[int]:
        return self._roots

    async def sign_in(self, person: str, hear: Hear, since: str | None = None) -> "_Session":
        _, session = await asyncio.get_running_loop().create_connection(
            lambda: _Session(self, person, hear), "127.0.0.1", self.port
        )
        await session.enter(since)
        return session


class _Session(Line):
    def __init__(self, ejabberd: Ejabberd, person: str, hear: Hear) -> None:
        super().__init__()
        self._ejabberd, self._person, self._hear = ejabberd, person, hear
        self._me = f"{person}@localhost"
        self._cursor = ""
        self._heard = self._depth = 0
        self._body: list[str] | None = None
        self._acknowledged: deque[asyncio.Future[None]] = deque()
        self._next: asyncio.Future[None] | None = None
        self._awaited = ""

    @property
    def cursor(self) -> str:
        return self._cursor

    async def enter(self, since: str | None) -> None:
        await self._open()
        secret = b64encode(f"\0{self._person}\0secret".encode()).decode()
        auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
        await self._ask(f"{auth}{secret}</auth>", "success")
        await self._open()
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>b</resource></bind>"
        await self._ask(f"<iq type='set' id='b'>{bind}</iq>", "iq")
        await self._ask("<enable xmlns='urn:xmpp:sm:3'/>", "enabled")
        self._heard = 0
        if since is not None:
            after = f"<after>{since}</after>" if since else ""
            page = f"<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>{after}</set>"
            query = f"<query xmlns='urn:xmpp:mam:2'>{page}</query>"
            await self._ask(f"<iq type='set' id='m'>{query}</iq>", "iq")
        await self._ask("<presence/>", "presence")
        for room in self._ejabberd.groups[self._person]:
            what = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
            where = f"{room}@conference.localhost/{self._person}"
            await self._ask(f"<presence to='{where}'>{what}</presence>", "subject")

    async def say(self, room: str, text: str) -> None:
        members = self._ejabberd.direct.get(room)
        to = f"{room}@conference.localhost"
        if members:
            to = f"{members[members[0] == self._person]}@localhost"
        kind = "chat" if members else "groupchat"
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._acknowledged.append(stored)
        self._write(
            f"<message to='{to}' type='{kind}' id='{text[:40]}'><body>{text}</body></message>"
            "<r xmlns='urn:xmpp:sm:3'/>"
        )
        await stored

    def ping(self) -> None:
        self._write(" ")

    def data_received(self, data: bytes) -> None:
        self._parser.Parse(data, False)

    async def _open(self) -> None:
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._on_start
        self._parser.EndElementHandler = self._on_end
        self._parser.CharacterDataHandler = self._on_words
        stream = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
        await self._ask(
            f"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' {stream}>",
            "stream:features",
        )

    async def _ask(self, xml: str, answer: str) -> None:
        self._awaited = answer
        self._next = asyncio.get_running_loop().create_future()
        self._write(xml)
        await self._next

    def _write(self, xml: str) -> None:
        self.transport.write(xml.encode())

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if name == "body":
            self._body = []
        elif name in ("stanza-id", "result") and attributes.get("by", self._me) == self._me:
            self._cursor = attributes["id"]
        elif name in ("failure", "error", "stream:error"):
            raise RuntimeError(f"ejabberd answered {name}.")

    def _on_words(self, words: str) -> None:
        if self._body is not None:
            self._body.append(words)

    def _on_end(self, name: str) -> None:
        self._depth -= 1
        if name == "body" and self._body is not None:
            words, self._body = "".join(self._body), None
            self._hear(words)
        if name == self._awaited and self._next is not None and not self._next.done():
            self._next.set_result(None)
        if self._depth != 1:
            return
        match name:
            case "a":
                self._acknowledged.popleft().set_result(None)
            case "r":
                self._write(f"<a xmlns='urn:xmpp:sm:3' h='{self._heard}'/>")
            case "message" | "iq" | "presence":
                self._heard += 1
