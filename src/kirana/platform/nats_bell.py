"""The bell between processes, on NATS.

This process rings for its own at once and does not wait for NATS, which may be away at any time.
Each user has a subject, heard by the processes where they are connected; what every process is
told has one more. When the connection is there, or there again, everybody looks at the truth.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kirana.values import UserId

from .bell import (
    Fleeting,
    KeptOut,
    Knocked,
    LocalBell,
    Missed,
    Present,
    RightsChanged,
    SignedOut,
    WhoIsThere,
    Word,
)
from .db.transaction import Change, Ring

FRAME_BYTES = 8_000
"""A longer frame is not sent along: whoever is rung reads it."""
AGAIN_S = 1.0
QUEUE = 20_000
"""With more than this waiting, it is thrown away, and everybody told to look."""
_ALL = "kirana.all"

log = structlog.get_logger()


class _Rung(msgspec.Struct, frozen=True, array_like=True, tag="rung", tag_field="w"):
    pos: int
    change: Change
    hint: bytes | None


class _Flashed(msgspec.Struct, frozen=True, array_like=True, tag="flashed", tag_field="w"):
    frame: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode_said = msgspec.msgpack.Decoder(_Rung | _Flashed).decode
_decode_word = msgspec.msgpack.Decoder(
    Knocked | SignedOut | KeptOut | RightsChanged | Missed | Present | WhoIsThere
).decode


class _Client(Client):
    """What the library does not do. This leans on its inside; `tests/platform/test_nats_bell.py`
    watches."""

    async def settle(self) -> None:
        """When this returns, the server has done all that it was told. The library's own `flush`
        may overtake a subscription."""
        await self._flush_pending(force_flush=True)
        await self.flush()

    def _connect_command(self) -> bytes:
        """Asked for TLS, say no password to a server that does not speak it."""
        server = self._current_server
        assert server is not None
        if server.uri.scheme == "tls" and not self._server_info.get("tls_required"):
            raise ConnectionError("This NATS server speaks no TLS.")
        return super()._connect_command()


@dataclass(slots=True)
class _Line:
    """What is heard of one user, and through which connection."""

    client: _Client | None = None
    subscription: Subscription | None = None


class NatsBell(LocalBell):
    """Rings within this process and, as long as NATS is there, in the others."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._servers = [part.strip() for part in url.split(",")]
        self._client: _Client | None = None
        self._lines: dict[UserId, _Line] = {}
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._has_mail = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    def start(self) -> None:
        self._spawn(self._stay_connected())
        self._spawn(self._send())

    async def stop(self) -> None:
        """Send what was said, and hang up."""
        client, self._client = self._client, None
        if client is not None:
            while self._outbox:
                await client.publish(*self._outbox.popleft())
            await client.close()
        tasks = set(self._tasks)
        waiting = tasks
        while waiting:
            # The library may swallow it in the midst of connecting: said again until it is heard.
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=1)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def hear(self, user_id: UserId) -> None:
        line = self._lines.setdefault(user_id, _Line())
        client = self._client
        if client is None or line.client is client:
            return
        try:
            await self._subscribe(user_id, line, client)
            await client.settle()
        except Exception as error:
            # The connection is going: all is looked at when it is back.
            log.info("nats_lost", error=repr(error))

    def stop_hearing(self, user_id: UserId) -> None:
        line = self._lines.pop(user_id, None)
        if line is not None and line.subscription is not None:
            self._spawn(_unsubscribe(line.subscription))

    def ring(self, rings: Iterable[Ring]) -> None:
        told = list(rings)
        super().ring(told)
        for ring in told:
            hint = ring.hint if ring.hint is None or len(ring.hint) <= FRAME_BYTES else None
            self._post(_subject(ring.user_id), _encode(_Rung(ring.pos, ring.change, hint)))

    def flash(self, users: Iterable[UserId], frame: Fleeting) -> None:
        told = list(users)
        super().flash(told, frame)
        message = _encode(_Flashed(frame))
        for user_id in told:
            self._post(_subject(user_id), message)

    def tell(self, word: Word) -> None:
        super().tell(word)
        self._post(_ALL, _encode(word))

    def _post(self, subject: str, message: bytes) -> None:
        if self._client is None:
            return
        if len(self._outbox) >= QUEUE:
            self._outbox.clear()
            self._outbox.append((_ALL, _encode(Missed())))
        self._outbox.append((subject, message))
        self._has_mail.set()

    async def _send(self) -> None:
        while True:
            await self._has_mail.wait()
            self._has_mail.clear()
            while self._outbox and (client := self._client) is not None:
                try:
                    await client.publish(*self._outbox.popleft())
                except Exception as error:
                    log.info("nats_lost", error=repr(error))
                    await client.close()

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._connected()
            except Exception as error:
                log.warning("nats_unreachable", error=repr(error))
            await asyncio.sleep(AGAIN_S)

    async def _connected(self) -> None:
        """From a connection to its end. Raises what keeps it from being made."""
        client, ended = _Client(), asyncio.Event()

        async def note(error: Exception) -> None:
            log.info("nats_error", error=repr(error))

        async def end() -> None:
            if self._client is client:
                self._client = None
            ended.set()

        try:
            await client.connect(
                self._servers,
                name="kirana",
                no_echo=True,
                allow_reconnect=False,
                connect_timeout=5,
                ping_interval=10,
                error_cb=note,
                closed_cb=end,
            )
            self._client = client
            self._outbox.clear()
            await client.subscribe(_ALL, cb=self._on_word)
            for user_id, line in list(self._lines.items()):
                await self._subscribe(user_id, line, client)
            await client.settle()
            log.info("nats_connected")
            self.tell(Missed())
            await ended.wait()
        finally:
            await end()
            await client.close()
        log.warning("nats_lost")

    async def _subscribe(self, user_id: UserId, line: _Line, client: _Client) -> None:
        if line.client is client:
            return
        line.client = client

        async def on_said(message: Msg) -> None:
            self._on_said(user_id, message.data)

        line.subscription = await client.subscribe(_subject(user_id), cb=on_said)
        if self._lines.get(user_id) is not line:
            await line.subscription.unsubscribe()

    def _on_said(self, user_id: UserId, data: bytes) -> None:
        try:
            said = _decode_said(data)
        except msgspec.MsgspecError:
            log.warning("nats_not_understood")
            return
        if isinstance(said, _Flashed):
            super().flash([user_id], said.frame)
        else:
            super().ring([Ring(user_id, said.pos, said.change, said.hint)])

    async def _on_word(self, message: Msg) -> None:
        try:
            word = _decode_word(message.data)
        except msgspec.MsgspecError:
            log.warning("nats_not_understood")
            return
        super().tell(word)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _unsubscribe(subscription: Subscription) -> None:
    try:
        await subscription.unsubscribe()
    except Exception as error:
        log.info("nats_lost", error=repr(error))


def _subject(user_id: UUID) -> str:
    return f"kirana.user.{user_id.hex}"
