"""Many sockets that are open and idle, and what happens when all of them are cut at once.

Each of the crowd misses a message and comes back with its cursor, 50 at a time. Beside it the bare
relay and ejabberd; memory is that of the server and its database.
"""

import time
from dataclasses import dataclass

from .messenger.ejabberd import Ejabberd
from .messenger.kirana import Kirana
from .messenger.load import Crowd, at_each
from .messenger.relay import Relay
from .messenger.town import Town

TALKERS = 50
SIZES = (2000, 10_000)


@dataclass(slots=True)
class Figures:
    name: str
    socket_kb: float
    idle_percent: float
    login_ms: float
    back_ms: float
    back_s: float
    check: str


def main() -> None:
    for size in SIZES:
        town = Town.of(TALKERS, size, groups={}, missed=True)
        found: list[Figures] = []

        async def measure(crowd: Crowd, found: list[Figures] = found) -> None:
            found.append(await _measure(crowd))

        at_each([Relay(), Kirana(), Ejabberd()], town, measure)
        _report(size, found)


async def _measure(crowd: Crowd) -> Figures:
    talkers, others = crowd.town.people[:TALKERS], crowd.town.people[TALKERS:]
    await crowd.come(talkers)
    before = crowd.resident_kb()
    async with crowd.measured() as logins:
        await crowd.come(others)
    idle_cores = await crowd.rest(20)
    grown_kb = crowd.resident_kb() - before
    cursors = crowd.cut(others)
    missed = [room for room in crowd.town.rooms if room.startswith("missed")]
    await crowd.say_in(missed)
    started = time.perf_counter()
    async with crowd.measured() as back:
        await crowd.come_back(cursors)
    return Figures(
        crowd.messenger.name,
        grown_kb / len(others),
        100 * idle_cores,
        logins.cpu_s * 1000 / len(others),
        back.cpu_s * 1000 / len(others),
        time.perf_counter() - started,
        crowd.check(),
    )


def _report(size: int, found: list[Figures]) -> None:
    print(f"\nCrowd: {size:,} idle sockets, cut, and back with a cursor and one message missed")
    print("                      socket     idle      login        back   all have it after")
    for it in found:
        print(
            f"  {it.name:<20}{it.socket_kb:6.1f}KB{it.idle_percent:7.1f}%{it.login_ms:9.2f}ms"
            f"{it.back_ms:10.2f}ms{it.back_s:10.1f}s   {it.check}"
        )
    print("  bar                   40.0KB" + ("    2.0%" if size == SIZES[0] else ""))
