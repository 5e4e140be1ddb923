"""Synapse on SQLite, its limits off. It is installed into a virtual environment beside ours.

People are written into its database; rooms are made through its API. A text is an event of the
type that encrypted rooms have. A session is the long poll that Matrix clients keep.
"""

import asyncio
import hashlib
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import httpx
import msgspec

from .processes import free_port, wait_for_port
from .town import Hear, Missing, Town

_PACKAGE = "matrix-synapse==1.163.2"
_HOME = Path(sys.prefix) / "synapse"
_EVENT = "m.room.encrypted"
_FILTER = '{"presence":{"types":[]},"account_data":{"types":[]},"room":{"timeline":{"limit":50}}}'
_CONFIGURATION = """
server_name: localhost
report_stats: false
enable_registration: false
macaroon_secret_key: bench
registration_shared_secret: bench
form_secret: bench
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
pid_file: {folder}/pid
log_config: {folder}/log.yml
trusted_key_servers: []
presence: {{enabled: false}}
soft_file_limit: 0
database: {{name: sqlite3, args: {{database: {folder}/synapse.db}}}}
listeners:
  - {{port: {port}, bind_addresses: [127.0.0.1], type: http, resources: [{{names: [client]}}]}}
rc_message: &free {{per_second: 100000, burst_count: 100000}}
rc_room_creation: *free
rc_joins: {{local: *free, remote: *free}}
rc_joins_per_room: *free
rc_invites: {{per_room: *free, per_user: *free, per_issuer: *free}}
"""
_LOG = "{version: 1, root: {level: ERROR}}"


class Synapse:
    name = "Synapse"
    share: ClassVar[float] = 0.08

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._tokens: dict[str, str] = {}
        self.rooms: dict[str, str] = {}

    def start(self, town: Town) -> None:
        _install()
        folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="kirana-bench-"))
        )
        self._port = free_port()
        configuration = _CONFIGURATION.format(folder=folder, port=self._port)
        (folder / "homeserver.yml").write_text(configuration)
        (folder / "log.yml").write_text(_LOG)
        key = secrets.token_urlsafe(32)[:43]
        (folder / "signing.key").write_text(f"ed25519 a_1 {key}\n")
        self._stack.callback(self._end)
        self._begin(folder)  # makes the tables
        self._end()
        self._fill(folder / "synapse.db", town)
        self._begin(folder)
        asyncio.run(self._make_rooms(town))

    def stop(self) -> None:
        self._stack.close()

    def roots(self) -> list[int]:
        return [self._process.pid]

    async def sign_in(self, person: str, hear: Hear, since: str | None = None) -> "_Session":
        session = _Session(self, self.client(person), hear)
        await session.enter(since)
        return session

    def client(self, person: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}/_matrix/client/v3",
            headers={"Authorization": f"Bearer {self._tokens[person]}"},
            timeout=120,
        )

    def _begin(self, folder: Path) -> None:
        python, what = str(_HOME / "bin/python"), "synapse.app.homeserver"
        command = [python, "-m", what, "-c", str(folder / "homeserver.yml")]
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        wait_for_port(self._port)

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()

    def _fill(self, database: Path, town: Town) -> None:
        now = int(time.time())
        with sqlite3.connect(database) as connection:
            for number, person in enumerate(town.people, 1):
                user, token = f"@{person}:localhost", f"bench-{person}"
                self._tokens[person] = token
                connection.execute(
                    "INSERT INTO users (name, creation_ts) VALUES (?, ?)", (user, now)
                )
                connection.execute(
                    "INSERT INTO profiles (user_id, full_user_id) VALUES (?, ?)", (person, user)
                )
                connection.execute(
                    "INSERT INTO devices (user_id, device_id, hidden) VALUES (?, 'B', ?)",
                    (user, False),
                )
                connection.execute(
                    "INSERT INTO access_tokens (id, user_id, device_id, token)"
                    " VALUES (?, ?, 'B', ?)",
                    (number, user, token),
                )

    async def _make_rooms(self, town: Town) -> None:
        clients = {
            person: self.client(person)
            for person in {it for members in town.rooms.values() for it in members}
        }
        for name, (first, *others) in town.rooms.items():
            body = {
                "preset": "private_chat",
                "is_direct": len(others) == 1,
                "invite": [f"@{other}:localhost" for other in others],
            }
            made = await clients[first].post("/createRoom", json=body)
            self.rooms[name] = made.raise_for_status().json()["room_id"]
            for other in others:
                joined = await clients[other].post(f"/rooms/{self.rooms[name]}/join", json={})
                joined.raise_for_status()
        for client in clients.values():
            await client.aclose()


class _Session:
    def __init__(self, synapse: Synapse, client: httpx.AsyncClient, hear: Hear) -> None:
        self._synapse, self._client, self._hear = synapse, client, hear
        self._turn = count()
        self._since: str | None = None

    @property
    def cursor(self) -> str | None:
        return self._since

    async def enter(self, since: str | None) -> None:
        self._since = since
        await self._sync(0, is_first=since is None)
        self._listening = asyncio.create_task(self._listen())

    async def say(self, room: str, text: str) -> None:
        place = self._synapse.rooms[room]
        content = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": text,
            "session_id": "A" * 43,
            "sender_key": "A" * 43,
            "device_id": "B",
        }
        path = f"/rooms/{place}/send/{_EVENT}/{next(self._turn)}-{secrets.token_hex(4)}"
        (await self._client.put(path, json=content)).raise_for_status()

    def ping(self) -> None:
        """The long poll is one already."""

    def cut(self) -> None:
        self._listening.cancel()

    async def _listen(self) -> None:
        while True:
            await self._sync(30_000)

    async def _sync(self, timeout_ms: int, *, is_first: bool = False) -> None:
        query: dict[str, Any] = {"timeout": timeout_ms, "filter": _FILTER}
        if self._since is not None:
            query["since"] = self._since
        answer = await self._client.get("/sync", params=query)
        told = msgspec.json.decode(answer.raise_for_status().content)
        self._since = told["next_batch"]
        if is_first:
            return
        for room in told.get("rooms", {}).get("join", {}).values():
            for event in room["timeline"]["events"]:
                if event["type"] == _EVENT:
                    self._hear(event["content"]["ciphertext"])


def _install() -> None:
    """Raises: Missing."""
    mark = _HOME / hashlib.sha256(_PACKAGE.encode()).hexdigest()[:16]
    if mark.exists():
        return
    uv = Path(sys.prefix) / "bin/uv"
    made = subprocess.run([sys.executable, "-m", "venv", _HOME], check=False)
    python = str(_HOME / "bin/python")
    got = subprocess.run([uv, "pip", "install", "-q", "--python", python, _PACKAGE], check=False)
    if made.returncode or got.returncode:
        raise Missing(f"{_PACKAGE} could not be installed.")
    mark.touch()
