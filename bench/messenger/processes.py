"""What a server and its database use: processor time and memory of a tree of processes."""

import asyncio
import os
import resource
import socket
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
_QUIET_CORES = 0.04


def cpu_s(roots: Sequence[int]) -> float:
    """Seconds of processor time that these and their children have used, the ended ones too."""
    return sum(sum(map(int, stat[11:15])) for stat in _tree(roots).values()) * _TICK_S


def resident_kb(roots: Sequence[int]) -> int:
    return sum(int(stat[21]) for stat in _tree(roots).values()) * _PAGE_KB


async def settle(roots: Sequence[int], most_s: float = 120) -> None:
    """Wait until a server has done what its start left it to do."""
    quiet = 0
    for _ in range(int(most_s)):
        before = cpu_s(roots)
        await asyncio.sleep(1)
        quiet = quiet + 1 if cpu_s(roots) - before < _QUIET_CORES else 0
        if quiet == 2:
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, most_s: float = 300) -> None:
    deadline = time.monotonic() + most_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def allow_many_files() -> int:
    """Let this process and those that it starts hold as many sockets as the system permits."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (65_536, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
        except (ValueError, OSError):
            continue
        return wanted
    return hard


def _tree(roots: Sequence[int]) -> dict[int, list[str]]:
    """The fields of /proc/PID/stat from the third on, of the roots and all below them."""
    stats: dict[int, list[str]] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            stats[int(folder.name)] = fields
            children[int(fields[1])].append(int(folder.name))
    found: dict[int, list[str]] = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid in stats and pid not in found:
            found[pid] = stats[pid]
            waiting += children[pid]
    return found
