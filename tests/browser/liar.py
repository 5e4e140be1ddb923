"""A server that lies: to one page, or to everybody."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, Route, WebSocketRoute

from tests.servers import Server

Json = dict[str, Any]
Change = Callable[[Json], Json]
"""What is said differently of something."""
PATIENCE_S = 20


class Liar:
    """What one page hears of the server, by socket and by request: `lie` is told of messages
    instead, `forge` of device messages, and `pretend` of anything.
    """

    def __init__(self, page: Page) -> None:
        self.lie: Change = lambda entry: {}
        self.forge: Change = lambda letter: {}
        self.pretend: Change = lambda told: {}
        self.seen: list[Json] = []
        self.held: list[str] | None = None
        """What the socket tells of the stream, while it is kept back."""
        self.ahead_ms = 0
        """How far the clock is ahead that the socket tells."""
        self._page = page
        self._welcome: Json = {}
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/v1/socket$"), self._socket)
        page.route(re.compile(r"/v1/(stream|conversations|device-messages)\b"), self._request)

    def _socket(self, socket: WebSocketRoute) -> None:
        self._sockets.append(socket)
        server = socket.connect_to_server()

        def hear(message: str | bytes) -> None:
            text = json.dumps(self._told(json.loads(message)))
            if self.held is not None and '"t": "ev"' in text:
                self.held.append(text)
            else:
                socket.send(text)

        server.on_message(hear)

    def tell_backwards(self, most: int) -> None:
        """Once so many were kept back: the last one first, and then all of them again."""
        deadline = time.monotonic() + PATIENCE_S
        while self.held is not None and len(self.held) < most:
            assert time.monotonic() < deadline, self.held
            self._page.wait_for_timeout(20)
        held, self.held = self.held or [], None
        for text in [*reversed(held), *held]:
            self._sockets[-1].send(text)

    def tell_time(self) -> None:
        """Greet the page once more, by the clock as it is now."""
        now = self._page.evaluate("Date.now()") + self.ahead_ms
        self._sockets[-1].send(json.dumps({**self._welcome, "now": now}))

    def _request(self, route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
            return
        answer = route.fetch()
        if answer.ok:
            route.fulfill(response=answer, json=self._told(answer.json()))
        else:
            route.fulfill(response=answer)

    def _told(self, said: Any) -> Any:
        if isinstance(said, list):
            return [self._told(it) for it in said]
        if not isinstance(said, dict):
            return said
        told = {name: self._told(it) for name, it in said.items()}
        told.update(self.pretend(told))
        if said.get("t") == "welcome":
            self._welcome = said
            told["now"] += self.ahead_ms
        if said.keys() >= {"n", "sender", "type", "content"}:
            told.update(self.forge(said))
        if "ct" in said and "seq" in said:
            self.seen.append(said)
            told.update(self.lie(said))
        return told


def rewrite(server: Server, statement: str, *values: object) -> None:
    """Change what the server itself knows, behind its back."""
    with closing(sqlite3.connect(server.folder / "data" / "kirana.db", timeout=30)) as database:
        changed = database.execute(statement, values)
        database.commit()
    assert changed.rowcount > 0, statement


def key_of(id: str) -> bytes:
    """An id as the server's rows have it."""
    return UUID(id).bytes


def conversation_of(page: Page) -> str:
    """The id of the conversation that is open."""
    return page.url.rsplit("/", 1)[1].partition("?")[0]
