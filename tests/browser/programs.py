"""Devices that run the Python client, beside the browsers."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import httpx

from kirana.client import Client, Message
from kirana.values import uuid7
from tests.servers import Server

T = TypeVar("T")
PATIENCE_S = 60


class Program:
    """A device that runs the Python client, and follows what comes.

    It has a thread of its own: the browser's tests keep an event loop in this one.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="program")
        self._thread.start()
        self._stack = AsyncExitStack()
        self.client: Client
        self.told: list[Message] = []

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def sign_in(self, address: str, name: str | None = None, *, device: str = "Program") -> None:
        """A device of whoever has that address; with a name, of somebody who is new."""
        with httpx.Client(base_url=self._server.url, timeout=60) as http:
            asked = {"id": str(uuid7()), "address": address}
            http.post("/v1/codes", json=asked).raise_for_status()
            proof = {**asked, "id": str(uuid7()), "code": self._server.code_for(address)}
            answer = http.post(
                "/v1/sessions", json={**proof, "device_name": device, "wants": "token"}
            )
            token = answer.raise_for_status().json()["token"]
            if name:
                bearer = {"Authorization": f"Bearer {token}"}
                http.patch("/v1/me", json={"name": name}, headers=bearer).raise_for_status()
        self.do(self._open(token))

    async def _open(self, token: str) -> None:
        file = self._folder / f"{uuid7()}.db"
        self.client = await Client.open(self._server.url, token, file)
        await self._stack.enter_async_context(self.client)
        await self.client.start()

    def follow(self) -> None:
        self.do(self._follow())

    async def _follow(self) -> None:
        await self.client.pull()
        self.client.follow()
        listening = asyncio.create_task(self._listen())
        self._stack.callback(listening.cancel)

    async def _listen(self) -> None:
        async for message in self.client.messages():
            self.told.append(message)

    def until(self, look: Callable[[], T]) -> T:
        """What it sees, as soon as it is something."""
        return self.do(self._until(look))

    async def _until(self, look: Callable[[], T]) -> T:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := look()):
                await asyncio.sleep(0.05)
        return found

    def hears(self, conv: str, **content: Any) -> Message:
        """The message of this conversation that says just that."""

        def look() -> Message | None:
            for message in reversed(self.client.history.page(conv, limit=200)):
                said = message.content or {}
                if all(said.get(name) == value for name, value in content.items()):
                    return message
            return None

        found = self.until(look)
        assert found is not None
        return found

    def close(self) -> None:
        self.do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


Starter = Callable[[], Program]
