"""Private messages, whole: in by a socket, kept on the disk, out by other sockets.

50 pairs talk, each of them waiting for the answer before the next text, while 2,000 others keep
their lines. Then groups of 10 and of 256, and a slow chat for the delays. One load, one messenger
after the other; every figure is processor time of the server and its database.
"""

from dataclasses import dataclass

from .messenger.ejabberd import Ejabberd
from .messenger.kirana import Kirana
from .messenger.load import Crowd, at_each, median, percentile
from .messenger.relay import Relay
from .messenger.synapse import Synapse
from .messenger.town import Messenger, Town

TALKERS, IDLE = 100, 2000
EACH = 60
ROUNDS = 3
PER_SECOND, SECONDS = 20, 30


@dataclass(slots=True)
class Figures:
    """Milliseconds of CPU for a text to 2, to 10 and to 256, and for one of few a second, whose
    delay has its half and its slowest hundredth; logins, memory and CPU of idle sockets."""

    name: str
    pair_ms: float
    ten_ms: float
    many_ms: float
    slow_ms: float
    p50_ms: float
    p99_ms: float
    logins_per_cpu_s: float
    socket_kb: float
    idle_percent: float
    check: str


def main() -> None:
    town = Town.of(TALKERS, IDLE, groups={"ten": 10, "many": 256}, missed=False)
    messengers: list[Messenger] = [
        Relay(),
        Kirana(),
        Kirana(on_postgres=True),
        Ejabberd(),
        Synapse(),
    ]
    found: list[Figures] = []

    async def measure(crowd: Crowd) -> None:
        found.append(await _measure(crowd))

    at_each(messengers, town, measure)
    _report(found)


async def _measure(crowd: Crowd) -> Figures:
    share = crowd.messenger.share
    people = crowd.town.people
    await crowd.come(people[:TALKERS])
    before = crowd.resident_kb()
    async with crowd.measured() as logins:
        await crowd.come(people[TALKERS:])
    idle_cores = await crowd.rest(20)
    socket_kb = (crowd.resident_kb() - before) / IDLE

    def named(name: str) -> list[str]:
        return [room for room in crowd.town.rooms if room.startswith(name)]

    def times(count: int) -> int:
        return max(1, round(count * share))

    await crowd.talk(named("pair"), times(EACH // 4))  # warm
    taken: dict[str, list[float]] = {"pair": [], "ten": [], "many": []}
    for _ in range(ROUNDS):
        for name, figures in taken.items():
            figures.append(await crowd.talk(named(name), times(EACH)))
    said = PER_SECOND * SECONDS
    async with crowd.measured() as slow:
        delays = await crowd.chat_slowly(named("pair"), PER_SECOND, SECONDS)
    return Figures(
        crowd.messenger.name,
        median(taken["pair"]),
        median(taken["ten"]),
        median(taken["many"]),
        slow.cpu_s * 1000 / said,
        percentile(delays, 0.5),
        percentile(delays, 0.99),
        IDLE / logins.cpu_s,
        socket_kb,
        100 * idle_cores,
        crowd.check(),
    )


def _report(found: list[Figures]) -> None:
    print(f"\nPrivate messages: 50 pairs beside {IDLE:,} idle, CPU of the server and its database")
    print(
        "                           to 2    to 10   to 256    20/s     p50     p99"
        "   logins  socket   idle"
    )
    for it in found:
        print(
            f"  {it.name:<20}{it.pair_ms:7.2f}ms{it.ten_ms:7.2f}ms{it.many_ms:7.1f}ms"
            f"{it.slow_ms:6.2f}ms{it.p50_ms:6.1f}ms{it.p99_ms:6.0f}ms"
            f"{it.logins_per_cpu_s:6.0f}/s{it.socket_kb:6.0f}KB{it.idle_percent:6.1f}%"
        )
    print("  bar                    0.35ms                           5.0ms    30ms   300/s    40KB")
    if ours := next((it for it in found if it.name == "Kirana"), None):
        for it in found:
            print(
                f"  {it.name + ' : Kirana':<29}{it.pair_ms / ours.pair_ms:6.2f}x to 2"
                f"{it.ten_ms / ours.ten_ms:8.2f}x to 10{it.many_ms / ours.many_ms:8.2f}x to 256"
            )
    for it in found:
        print(f"  {it.name}: {it.check}")
