"""A server as its operator runs it: a process of its own with a folder of its own."""

import fcntl
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

SHARED = "KIRANA_TEST_SHARED"
"""Names the folder that all processes of a test run share. The demo town lies there as the first
server that has one built it: to build it takes half a minute."""


class Server:
    """`kirana serve` on a free port. Start, stop, kill and start again."""

    def __init__(self, folder: Path, *, demo: bool = False, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._demo = demo
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("KIRANA_")},
            "KIRANA_PORT": str(self.port),
            "KIRANA_DATA_DIR": str(folder / "data"),
            "KIRANA_DEMO": "1" if demo else "0",
            "KIRANA_SHOW_CODES": "1",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._codes_taken: Counter[str] = Counter()

    def start(self, wait_s: float = 90) -> None:
        data = Path(self.environment["KIRANA_DATA_DIR"])
        if self._demo and not data.exists():
            with _one_at_a_time() as town:
                if not town.exists():
                    self._start(wait_s)
                    _copy(data, town)
                    return
                shutil.copytree(town, data)
        self._start(wait_s)

    def _start(self, wait_s: float) -> None:
        command = [sys.executable, "-m", "kirana", "serve"]
        if self._demo:
            command.append("--with-demo")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/v1/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
            if self.process.poll() is not None:
                break
        raise RuntimeError(f"The server did not start:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """As when the power goes."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`kirana ARGUMENTS` beside the server."""
        return subprocess.run(
            [sys.executable, "-m", "kirana", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def code_for(self, address: str) -> str:
        """The newest code that was printed for `address`, and none that was taken before."""
        printed = re.compile(rf"Code for {re.escape(address)}: +(\d{{6}})")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            codes: list[str] = printed.findall(self.log.read_text())
            if len(codes) > self._codes_taken[address]:
                self._codes_taken[address] = len(codes)
                return codes[-1]
            time.sleep(0.05)
        raise AssertionError(f"No new code for {address}:\n{self.log.read_text()[-2000:]}")


@contextmanager
def _one_at_a_time() -> Iterator[Path]:
    """Where the town lies or will lie; who else wants it waits."""
    folder = Path(os.environ[SHARED])
    with (folder / "town.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / "town"


def _copy(data: Path, town: Path) -> None:
    """Of the files of a server that runs."""
    shutil.copytree(data / "files", town / "files")
    with (
        closing(sqlite3.connect(data / "kirana.db")) as source,
        closing(sqlite3.connect(town / "kirana.db")) as copy,
    ):
        source.backup(copy)
