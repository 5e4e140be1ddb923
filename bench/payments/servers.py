"""PostgreSQL as a peer: how much processor time it took, and pgbench on a server of its own."""

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.postgres import find_bin

SCALE = 50
CLIENTS = 8


def server_of(url: str) -> int:
    """The process of a server on this machine."""
    with psycopg.connect(url) as connection:
        [folder] = connection.execute("SHOW data_directory").fetchone() or ("",)
    return int((Path(folder) / "postmaster.pid").read_text().split()[0])


def cpu_of(server: int) -> float:
    """Seconds of processor time of a process, of all that it has begun, and of those that ended."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if folder.name.isdigit() and server in (int(folder.name), int(fields[1])):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def pgbench() -> Iterator[Callable[[int], float] | None]:
    """Runs so many transactions of TPC-B on a durable server, where there is one, and answers the
    processor time that both sides took."""
    binaries = find_bin()
    tool = shutil.which("pgbench") or (binaries and str(binaries / "pgbench"))
    if binaries is None or tool is None or not Path(tool).exists():
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="kirana-pgbench-"))
    user = "nobody" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    if user:
        shutil.chown(folder, user)

    def run(*command: str | Path) -> None:
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

    data = folder / "data"
    control = (binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w")
    run(binaries / "initdb", "-D", data, "-U", "kirana", "-A", "trust", "--locale=C.UTF-8")
    run(*control, "-o", f"-k {folder} -h '' -c shared_buffers=256MB", "start")
    where = ("-h", folder, "-U", "kirana", "postgres")
    server = int((data / "postmaster.pid").read_text().split()[0])

    def transact(number: int) -> float:
        each = str(number // CLIENTS)
        before = cpu_of(server) + _cpu_of_children()
        run(tool, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-t", each, *where)
        time.sleep(0.1)  # until the server has counted those that have just ended
        return cpu_of(server) + _cpu_of_children() - before

    try:
        run(tool, "-i", "-q", "-s", str(SCALE), *where)
        yield transact
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
