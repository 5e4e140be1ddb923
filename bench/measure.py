"""How to measure: processor time of this process, in interleaved rounds, and the median."""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """CPU and wall time of one operation, in milliseconds."""

    name: str
    cpu_ms: float
    wall_ms: float

    def __str__(self) -> str:
        return f"{self.name:<58} {self.cpu_ms:9.3f} ms CPU {1000 / self.wall_ms:9.0f} per second"


async def rounds(
    parts: dict[str, tuple[Callable[[], Awaitable[float | None]], int]], times: int = 3
) -> list[Figure]:
    """Run each part `times` times in turn; a part is a coroutine function and how many
    operations one call of it is. It returns the seconds of CPU that others took for it, if any."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in parts}
    for _ in range(times):
        for name, (run, operations) in parts.items():
            cpu, wall = time.process_time(), time.perf_counter()
            elsewhere = await run() or 0.0
            taken[name].append(
                (
                    (time.process_time() - cpu + elsewhere) * 1000 / operations,
                    (time.perf_counter() - wall) * 1000 / operations,
                )
            )
    return [
        Figure(
            name,
            statistics.median(cpu for cpu, _ in figures),
            statistics.median(wall for _, wall in figures),
        )
        for name, figures in taken.items()
    ]


def report(title: str, figures: list[Figure], bars: dict[str, str] | None = None) -> None:
    """Print the figures under a title, each with its bar."""
    print(f"\n{title}")
    for figure in figures:
        bar = (bars or {}).get(figure.name)
        print(f"  {figure}" + (f"   bar: {bar}" if bar else ""))
