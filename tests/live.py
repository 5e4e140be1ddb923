"""The application on a real port, in a thread: for clients that open sockets."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from kirana import identity
from kirana.platform.db import Db
from kirana.platform.settings import Settings
from kirana.platform.websockets import PushingProtocol
from kirana.values import SYSTEM, DeviceId, UserId, uuid7

from .apps import PooledKirana

Json = dict[str, Any]
PATIENCE_S = 10


def new_id() -> str:
    return str(uuid7())


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it does: what jobs do comes a moment after the answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "It never came to be."
        time.sleep(0.02)


class LiveServer:
    """Kirana on a free port. `write` and `read` reach its database from the test's thread."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        self.settings = replace(settings, port=port, public_url=url).completed()
        self.url = url
        self.kirana = PooledKirana(self.settings)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.kirana,  # type: ignore[arg-type]
                port=port,
                loop="asyncio",
                http="httptools",
                ws=PushingProtocol,
                ws_per_message_deflate=False,
                ws_ping_interval=None,
                access_log=False,
                log_config=None,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="server")
        self._phones: list[Phone] = []

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert self._thread.is_alive(), "The server did not start."
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def stop(self) -> None:
        for phone in self._phones:
            phone.close()
        self._server.should_exit = True
        self._thread.join()
        self.kirana.give_back()

    @property
    def db(self) -> Db:
        db: Db = self.kirana.litestar.state.db
        return db

    def write(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        return self._ask(self.db.write, command, *args, **kwargs)

    def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        return self._ask(self.db.read, query, *args, **kwargs)

    def phone(self) -> "Phone":
        """The phone of somebody who was never here."""
        phone = Phone(self)
        self._phones.append(phone)
        return phone

    def person(self, name: str) -> "Phone":
        """Somebody with an account, signed in on a phone."""
        phone = self.phone()
        phone.user_id = UserId(uuid7())
        self.write(identity.create_person, phone.user_id, name, by=SYSTEM)
        phone.take(self.token(phone.user_id))
        return phone

    def token(self, user_id: UserId) -> str:
        token = identity.new_token()
        device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "test")
        self.write(identity.open_session, device, user_id, by=SYSTEM)
        return token

    def _ask(self, ask: Any, *args: Any, **kwargs: Any) -> Any:
        answer: Future[Any] = asyncio.run_coroutine_threadsafe(ask(*args, **kwargs), self.db.loop)
        return answer.result(timeout=30)


class Phone:
    """A client of one person or guest: requests, and perhaps a socket.

    `acting_for` is the shop that it speaks for, if any.
    """

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.user_id: UserId | None = None
        self.token = ""
        self.http = httpx.Client(base_url=server.url, timeout=30)
        self._sockets: list[Socket] = []

    def take(self, token: str) -> None:
        """Be signed in with this token."""
        self.token = token
        self.http.headers["Authorization"] = f"Bearer {token}"

    def act_for(self, shop_id: str) -> "Phone":
        """The same phone, speaking for a shop."""
        phone = self.server.phone()
        phone.user_id = self.user_id
        phone.take(self.token)
        phone.http.headers["Kirana-Acting-For"] = shop_id
        return phone

    def get(self, path: str, **query: Any) -> Json:
        return self._body(self.http.get(path, params=query))

    def post(self, path: str, body: Json | None = None) -> Json:
        return self._body(self.http.post(path, json=body))

    def put(self, path: str, body: Json | None = None) -> Json:
        return self._body(self.http.put(path, json=body))

    def patch(self, path: str, body: Json) -> Json:
        return self._body(self.http.patch(path, json=body))

    def delete(self, path: str) -> None:
        self._body(self.http.delete(path))

    def refusal(self, method: str, path: str, body: Json | None = None) -> tuple[int, str]:
        """Status and name of the problem that this is answered with."""
        answer = self.http.request(method, path, json=body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        told = answer.json()
        assert told["status"] == answer.status_code
        return answer.status_code, told["type"].removeprefix("/problems/")

    def socket(self, *, says_hello: bool = True, **hello: Any) -> "Socket":
        opened = Socket(self.server.url, self.token, hello if says_hello else None)
        self._sockets.append(opened)
        return opened

    def close(self) -> None:
        for opened in self._sockets:
            opened.close()
        self.http.close()

    def _body(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.method} {answer.url}: {answer.text}"
        return answer.json() if answer.content else None


class Socket:
    """An open socket. `frames` is all that it was told, in order. Without a `hello` it stays
    silent."""

    def __init__(self, url: str, token: str, hello: Json | None) -> None:
        self._open = ExitStack()
        self._connection: ClientConnection = self._open.enter_context(
            connect(
                url.replace("http", "ws", 1) + "/v1/socket",
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
            )
        )
        self.frames: list[Json] = []
        self.welcome: Json = {}
        if hello is not None:
            self.say({"t": "hello", **hello})
            self.welcome = self.wait_for(t="welcome")

    def say(self, frame: Json) -> None:
        self._connection.send(msgspec.json.encode(frame).decode())

    def ask(self, frame: Json) -> Json:
        """Say something, and the answer to it: `ok` or `err`."""
        self.say(frame)
        return self.wait_for(lambda it: it["t"] in ("ok", "err"))

    def ask_for_pong(self) -> bool:
        """Whether it is open still; what was sent before has arrived then."""
        self.say({"t": "ping"})
        return bool(self.wait_for(t="pong"))

    def wait_for(self, fits: Any = None, /, **members: Any) -> Json:
        """The next frame that fits; those before it are kept in `frames`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                text = self._connection.recv(timeout=max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                told = "\n".join(map(str, self.frames[-10:]))
                raise AssertionError(f"No such frame came. The last ones:\n{told}") from None
            frame: Json = msgspec.json.decode(text)
            self.frames.append(frame)
            if (fits is None or fits(frame)) and members.items() <= frame.items():
                return frame

    def wait_for_close(self) -> int:
        """The code with which the server closes."""
        with suppress(ConnectionClosed):
            while True:
                self.frames.append(msgspec.json.decode(self._connection.recv(timeout=PATIENCE_S)))
        code = self._connection.close_code
        assert code is not None
        return code

    def close(self) -> None:
        self._open.close()


@contextmanager
def open_live(folder: Path, database_url: str = "", **settings: Any) -> Iterator[LiveServer]:
    """A server on this database, which has its schema. It shows codes, unless told otherwise."""
    chosen = {"show_codes": True, **settings}
    server = LiveServer(Settings(data_dir=folder, database_url=database_url, **chosen))
    server.start()
    try:
        yield server
    finally:
        server.stop()
