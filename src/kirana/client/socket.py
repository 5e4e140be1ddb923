"""The socket: it brings the stream as it grows. What it loses, the stream still has."""

import json

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from .problems import ClientProblem
from .wire import Json, canonical

FRAME_BYTES = 8 * 1024 * 1024
SIGNED_OUT = 4401


class SocketClosed(ClientProblem):
    """The socket is closed. `was_open`: it had been open; `is_final`: it will not open again."""

    def __init__(self, why: str, *, was_open: bool, is_final: bool = False) -> None:
        super().__init__(why)
        self.was_open, self.is_final = was_open, is_final


class Socket:
    """An open socket, as an async context manager. Raises: SocketClosed."""

    def __init__(self, url: str, token: str) -> None:
        self._connecting = connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            max_size=FRAME_BYTES,
            ping_interval=30,
        )
        self._connection: ClientConnection | None = None

    async def __aenter__(self) -> "Socket":
        try:
            self._connection = await self._connecting
        except InvalidStatus as error:
            status = error.response.status_code
            raise SocketClosed(
                f"The server answered {status}.", was_open=False, is_final=status == 401
            ) from None
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise SocketClosed(str(error), was_open=False) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def say(self, frame: Json) -> None:
        assert self._connection is not None
        try:
            await self._connection.send(canonical(frame).decode())
        except ConnectionClosed as closed:
            raise _closed(closed) from None

    async def hear(self) -> list[Json]:
        """The next frames: the server may send several in one."""
        assert self._connection is not None
        try:
            text = await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from None
        frames = json.loads(text)
        return frames if isinstance(frames, list) else [frames]


def _closed(closed: ConnectionClosed) -> SocketClosed:
    code = closed.rcvd.code if closed.rcvd else None
    return SocketClosed(str(closed), was_open=True, is_final=code == SIGNED_OUT)
