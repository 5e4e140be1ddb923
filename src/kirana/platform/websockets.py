"""uvicorn's WebSocket protocol with a way to write a finished frame at once.

Awaiting sends in turn lets one stalled client stop everybody, and a queue with a task per member
costs three times as much. So the protocol hands its `push` to the application. This leans on
uvicorn's internals: its minor version is pinned, and `tests/platform/test_hub.py` watches.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .hub import WAITING_BYTES

EXTENSION = "kirana.push"


class PushingProtocol(WebSocketsSansIOProtocol):
    """Offers `scope["extensions"]["kirana.push"]`: write this text frame now, or say no."""

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.push
        await super().run_asgi()

    def push(self, text: bytes) -> bool:
        """Whether the frame was taken; not when the client is gone or has too much waiting."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        if self.transport.get_write_buffer_size() > WAITING_BYTES:
            return False
        self.conn.send_text(text)
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True


Push = Callable[[bytes], bool]
