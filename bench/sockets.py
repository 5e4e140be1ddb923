"""Memory of a socket that is open and idle in the server, beside a bare echo server's."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets
from tests.servers import Server

from kirana import identity
from kirana.app import maintenance
from kirana.platform import migrate
from kirana.platform.settings import Settings
from kirana.values import SYSTEM, DeviceId, UserId, uuid7

SOCKETS = 1000
BARE = """
import asyncio, sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown": return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive": pass
uvicorn.run(app, port=int(sys.argv[1]), ws="websockets-sansio", ws_per_message_deflate=False,
            ws_ping_interval=None, log_level="error", loop="uvloop")
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kirana-bench-") as folder:
        asyncio.run(_main(Path(folder)))


async def _main(folder: Path) -> None:
    server = Server(folder)
    token = _somebody(Settings.read(server.environment))
    server.start()
    assert server.process is not None
    try:
        kirana_kb, per_second = await _measure(
            f"ws://127.0.0.1:{server.port}/v1/socket",
            server.process.pid,
            {"Authorization": f"Bearer {token}"},
            '{"t":"hello","pos":0}',
        )
    finally:
        server.stop()
    bare = subprocess.Popen([sys.executable, "-c", BARE, str(server.port)])
    try:
        await asyncio.sleep(2)
        bare_kb, _ = await _measure(f"ws://127.0.0.1:{server.port}/", bare.pid, {}, None)
    finally:
        bare.terminate()
        bare.wait()
    print(f"\nSockets: {SOCKETS} open and idle")
    print(f"  memory per socket {kirana_kb:6.1f} KB   bar: 40")
    print(f"  a bare echo       {bare_kb:6.1f} KB")
    print(f"  sign-ins (token, socket, welcome) {per_second:.0f} per second")


def _somebody(settings: Settings) -> str:
    settings.data_dir.mkdir(parents=True)
    with maintenance.opened(settings) as database:
        migrate.upgrade(database)
        user_id, token = UserId(uuid7()), identity.new_token()
        database.write(identity.create_person, user_id, "Ravi", by=SYSTEM)
        device = identity.SignIn(DeviceId(uuid7()), identity.hash_token(token), "b", "program")
        database.write(identity.open_session, device, user_id, by=SYSTEM)
    return token


async def _measure(
    url: str, pid: int, headers: dict[str, str], hello: str | None
) -> tuple[float, float]:
    warm = await _open(url, headers, hello, 20)
    before, started = _resident_kb(pid), time.perf_counter()
    opened = await _open(url, headers, hello, SOCKETS)
    per_second = SOCKETS / (time.perf_counter() - started)
    await asyncio.sleep(1)
    taken = (_resident_kb(pid) - before) / SOCKETS
    for connection in [*warm, *opened]:
        await connection.close()
    return taken, per_second


async def _open(
    url: str, headers: dict[str, str], hello: str | None, count: int
) -> list[websockets.ClientConnection]:
    async def one() -> websockets.ClientConnection:
        connection = await websockets.connect(
            url, additional_headers=headers, compression=None, ping_interval=None
        )
        if hello:
            await connection.send(hello)
            await connection.recv()
        return connection

    opened = []
    for _ in range(0, count, 20):
        opened += await asyncio.gather(*(one() for _ in range(20)))
    return opened


def _resident_kb(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
