"""Starting the server."""

import socket
import subprocess
import sys
from pathlib import Path

import uvicorn

from kirana import money
from kirana.platform import logs, migrate
from kirana.platform.database import open_database
from kirana.platform.events import Bus
from kirana.platform.settings import Settings
from kirana.platform.websockets import PushingProtocol

from .demo.people import is_filled

_BOOKS_BROKEN = """\
Kirana stays closed: the books are not as they were sealed. Somebody changed the database past it,
or the disk lost something.
  {finding}
`kirana audit` names all that is off. Nothing was changed now; go back to a backup whose audit is
clean.
"""


def serve(settings: Settings, *, with_demo: bool = False, reload: bool = False) -> int:
    """Bring the database up to date and serve until told to stop; the exit code.

    1 when the last sealed block of the ledger, or what it moved, is not as it was.
    """
    logs.configure(as_json=settings.log_json)
    if not _is_free(settings):
        sys.stderr.write(
            f"{settings.host}:{settings.port} cannot be listened on: something else does, or it is "
            "no address of this machine. Set KIRANA_HOST and KIRANA_PORT.\n"
        )
        return 1
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url, Bus())
    migrate.upgrade(database)
    findings = database.read(money.audit_last_block)
    needs_town = with_demo and settings.demo and not database.read(is_filled)
    database.close()
    if findings:
        sys.stderr.write(_BOOKS_BROKEN.format(finding=findings[0]))
        return 1
    if needs_town:
        # A process of its own: what drawing pictures needs of memory goes with it.
        done = subprocess.run([sys.executable, "-m", "kirana", "demo", "--quiet"], check=False)
        if done.returncode:
            return done.returncode
    if not settings.is_local:
        _warn(settings)
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


def _is_free(settings: Settings) -> bool:
    """Whether the port can be had, asked before the database is opened and the town filled."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def _warn(settings: Settings) -> None:
    """What is meant for one's own machine is said aloud when others reach the server."""
    if settings.demo:
        sys.stderr.write("Demo mode: whoever reaches this server may sign in as anybody.\n")
    if settings.show_codes:
        sys.stderr.write("KIRANA_SHOW_CODES is on: sign-in codes are printed to this console.\n")
