"""Starting the server."""

import subprocess
import sys
from pathlib import Path

import uvicorn

from kirana.platform import logs, migrate
from kirana.platform.database import open_database
from kirana.platform.events import Bus
from kirana.platform.settings import Settings
from kirana.platform.websockets import PushingProtocol

from .demo.people import is_filled


def serve(settings: Settings, *, with_demo: bool = False, reload: bool = False) -> int:
    """Bring the database up to date and serve until told to stop; the exit code."""
    logs.configure(as_json=settings.log_json)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url, Bus())
    migrate.upgrade(database)
    needs_town = with_demo and settings.demo and not database.read(is_filled)
    database.close()
    if needs_town:
        # A process of its own: what drawing pictures needs of memory goes with it.
        done = subprocess.run([sys.executable, "-m", "kirana", "demo", "--quiet"], check=False)
        if done.returncode:
            return done.returncode
    sys.stderr.write(f"Kirana is open: {settings.public_url}/\n")
    uvicorn.run(
        "kirana.app.asgi:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws=PushingProtocol,
        ws_max_size=256 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
        proxy_headers=True,
        server_header=False,
        reload=reload,
        reload_dirs=[str(Path(__file__).parents[1])] if reload else None,
    )
    return 0
