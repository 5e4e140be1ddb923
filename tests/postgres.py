"""A PostgreSQL server for the tests: a cluster of its own in a temporary folder."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def find_bin() -> Path | None:
    """The folder with initdb and postgres, wherever the distribution keeps it."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        candidates.insert(0, Path(found).resolve().parent)
    return next((c for c in candidates if (c / "initdb").exists()), None)


@contextmanager
def run_server(*, is_durable: bool = False) -> Iterator[str]:
    """The URL of a running server; it is gone afterwards. Tests need no durable one."""
    binaries = find_bin()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="kirana-pg-"))
    switch = _user_switch(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "kirana",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ],
        check=True,
        capture_output=True,
        preexec_fn=switch,
    )
    server = subprocess.Popen(
        [
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-h",
            "127.0.0.1",
            "-k",
            folder,
            "-c",
            f"fsync={'on' if is_durable else 'off'}",
            "-c",
            "max_connections=200",
            "-c",
            "shared_buffers=64MB",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=switch,
    )
    url = f"postgresql://kirana@127.0.0.1:{port}/postgres"
    try:
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not start.")


def _user_switch(folder: Path) -> Callable[[], None] | None:
    """PostgreSQL refuses to run as root: then it runs as `nobody`."""
    if os.getuid() != 0:
        return None
    nobody = 65534
    os.chown(folder, nobody, nobody)

    def switch() -> None:
        os.setgid(nobody)
        os.setuid(nobody)

    return switch
