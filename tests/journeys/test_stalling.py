"""A phone that does not read what it is sent is let go, and stops nobody."""

import asyncio
import base64
import os
import socket
from urllib.parse import urlsplit

from kirana.platform.hub import Hub
from tests.live import LiveServer, eventually

PIECE = b'{"t":"eph","words":"' + b"x" * 100_000 + b'"}'


def test_a_client_that_does_not_read_is_let_go_and_others_are_told(live: LiveServer) -> None:
    ravi, meera = live.person("Ravi"), live.person("Meera")
    hers = meera.socket()
    with open_silent(live, ravi.token) as asleep:
        hub: Hub = live.kirana.litestar.state.hub
        eventually(lambda: hub.connections == 2)
        sleeper = next(it for it in hub._connected if it.actor.user_id == ravi.user_id)

        async def tell_much() -> None:
            # More than the buffers of two sockets and the megabyte that may wait.
            for _ in range(200):
                hub.send(sleeper, PIECE)

        asyncio.run_coroutine_threadsafe(tell_much(), live.db.loop).result(timeout=30)

        eventually(lambda: hub.connections == 1)
        assert sleeper.is_gone
        hers.say({"t": "ping"})
        hers.wait_for(t="pong")
        # What was waiting is at most a megabyte and what the kernel took.
        asleep.settimeout(10)
        took = 0
        while part := asleep.recv(1 << 20):
            took += len(part)
        assert took < 200 * len(PIECE)


def open_silent(live: LiveServer, token: str) -> socket.socket:
    """A WebSocket by hand, with a small buffer: after the handshake nobody reads it."""
    host, port = urlsplit(live.url).hostname, urlsplit(live.url).port
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    opened.connect((host, port))
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        (
            f"GET /v1/socket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
    )
    assert opened.recv(12) == b"HTTP/1.1 101"
    return opened
