"""The client's end of a connection, as light as can be: a driver holds ten thousand of them."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

_RESET = struct.pack("ii", 1, 0)


class Line(asyncio.Protocol):
    """A TCP connection that hands over what comes. Cut, it leaves nothing behind in the kernel."""

    def __init__(self) -> None:
        self.lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        wire: socket.socket = transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        if self.lost is not None:
            self.lost()

    def cut(self) -> None:
        self.lost = None
        self.transport.abort()


class WebSocket(Line):
    """Text frames both ways. Source: RFC 6455; the mask is zero, which masks nothing."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        super().__init__()
        self._hear = hear
        self._waiting = b""
        self.is_open = asyncio.get_running_loop().create_future()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if not self.is_open.done():
            self.is_open.set_exception(ConnectionError("The server closed the line."))

    def data_received(self, data: bytes) -> None:
        data = self._waiting + data
        if not self.is_open.done():
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._waiting = head
                return
            if b" 101 " not in head:
                self.is_open.set_exception(ConnectionError(head.decode()))
                return
            self.is_open.set_result(None)
        at = 0
        while len(data) - at >= 2:
            start, size = at + 2, data[at + 1]
            if size == 126:
                start, size = at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
            elif size == 127:
                start, size = at + 10, int.from_bytes(data[at + 2 : at + 10], "big")
            if len(data) < start + size:
                break
            if data[at] == 0x81:
                self._hear(data[start : start + size])
            at = start + size
        self._waiting = data[at:]

    def say(self, text: bytes) -> None:
        size = len(text)
        head = b"\x81" + (bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big"))
        self.transport.write(head + b"\0\0\0\0" + text)


async def open_web_socket(
    port: int, path: str, hear: Callable[[bytes], None], headers: str = ""
) -> WebSocket:
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(lambda: WebSocket(hear), "127.0.0.1", port)
    line.transport.write(
        (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Version: 13\r\n{headers}\r\n"
        ).encode()
    )
    await line.is_open
    return line
