"""What is done with every messenger alike, and the check that nothing was lost, doubled or swapped.

Processor time is that of the server and its database, less what they use while nobody talks.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import uvloop

from . import processes
from .town import Messenger, Missing, Session, Town

TEXT_BYTES = 1267
"""What a text of 400 bytes is as ciphertext: sealed, padded, encrypted and in base64."""
AT_ONCE = 50
PING_EVERY_S = 30
PATIENCE_S = 120


@dataclass(slots=True)
class Measured:
    """CPU is filled in when the block ends."""

    cpu_s: float = 0
    wall_s: float = 0


class Crowd:
    """The people of a town at one messenger: signs them in, makes them talk, and listens."""

    def __init__(self, town: Town, messenger: Messenger) -> None:
        self.town, self.messenger = town, messenger
        self.sessions: dict[str, Session] = {}
        self.idle_cores = 0.0
        self.delays: list[float] = []
        self._said: dict[tuple[str, str], int] = defaultdict(int)
        self._heard: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self._started: dict[str, float] = {}
        self._awaited = self._arrived = 0
        self._all_there = asyncio.Event()

    @asynccontextmanager
    async def measured(self) -> Any:
        figures, roots = Measured(), self.messenger.roots()
        cpu, wall = processes.cpu_s(roots), time.perf_counter()
        yield figures
        figures.wall_s = time.perf_counter() - wall
        figures.cpu_s = processes.cpu_s(roots) - cpu - self.idle_cores * figures.wall_s

    def resident_kb(self) -> int:
        return processes.resident_kb(self.messenger.roots())

    async def come(self, people: list[str]) -> None:
        await _all(people, self._sign_in)

    async def rest(self, seconds: float) -> float:
        """Everybody only keeps their line; how much of a core that takes."""
        self.idle_cores = 0
        await processes.settle(self.messenger.roots())
        sessions = cycle(list(self.sessions.values()))
        async with self.measured() as idle:
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                await asyncio.sleep(PING_EVERY_S / len(self.sessions))
                next(sessions).ping()
        self.idle_cores = idle.cpu_s / idle.wall_s
        return float(self.idle_cores)

    async def talk(self, rooms: list[str], each: int, *, at_once: int = AT_ONCE) -> float:
        """Somebody in each room says `each` texts, one after the other: CPU ms per text."""

        async def one(room: str) -> None:
            for _ in range(each):
                await self.say(room)

        async with self.measured() as figures:
            await _all(rooms, one, at_once)
            await self.all_arrived()
        return float(figures.cpu_s * 1000 / (len(rooms) * each))

    async def chat_slowly(self, rooms: list[str], per_second: int, seconds: int) -> list[float]:
        """A text somewhere every so often: the milliseconds from saying to hearing, sorted."""
        self.delays.clear()
        turn, begun = cycle(rooms), time.perf_counter()
        said = []
        for n in range(per_second * seconds):
            await asyncio.sleep(max(0.0, begun + n / per_second - time.perf_counter()))
            said.append(asyncio.create_task(self.say(next(turn))))
        await asyncio.gather(*said)
        await self.all_arrived()
        return sorted(delay * 1000 for delay in self.delays)

    async def say_in(self, rooms: list[str]) -> None:
        """One text in each room, to whoever is there."""
        await _all(rooms, self.say)

    async def say(self, room: str) -> None:
        sender = self.town.rooms[room][0]
        number = self._said[room, sender]
        self._said[room, sender] += 1
        marker = f"{room}/{sender}/{number}/"
        self._awaited += len(self.town.rooms[room]) - 1
        self._started[marker] = time.perf_counter()
        await self.sessions[sender].say(room, marker.ljust(TEXT_BYTES, "A"))

    async def all_arrived(self) -> None:
        """Returns when all that was said was heard, or after a while: the check then tells."""
        while self._arrived < self._awaited:
            self._all_there.clear()
            try:
                await asyncio.wait_for(self._all_there.wait(), PATIENCE_S)
            except TimeoutError:
                return

    def cut(self, people: list[str]) -> dict[str, str | None]:
        """These lose their lines; what they go on from."""
        cursors = {person: self.sessions[person].cursor for person in people}
        for person in people:
            self.sessions.pop(person).cut()
        return cursors

    async def come_back(self, cursors: dict[str, str | None]) -> None:
        """All at once, with what they missed."""
        await _all(list(cursors), lambda person: self._sign_in(person, cursors[person]))
        await self.all_arrived()

    def check(self) -> str:
        """What was lost, doubled or swapped; "nothing" is how it must be."""
        faults = {"lost": 0, "doubled": 0, "swapped": 0}
        for (room, sender), count in self._said.items():
            for member in self.town.rooms[room]:
                if member != sender:
                    numbers = self._heard[member, room, sender]
                    faults["lost"] += count - len(set(numbers))
                    faults["doubled"] += len(numbers) - len(set(numbers))
                    faults["swapped"] += numbers != sorted(numbers)
        said = ", ".join(f"{count} {name}" for name, count in faults.items() if count)
        return said or f"nothing lost, doubled or swapped of {self._arrived:,}"

    async def _sign_in(self, person: str, since: str | None = None) -> None:
        def hear(text: str) -> None:
            room, sender, number, _ = text.split("/", 3)
            if sender == person:
                return
            self._heard[person, room, sender].append(int(number))
            if started := self._started.get(f"{room}/{sender}/{number}/"):
                self.delays.append(time.perf_counter() - started)
            self._arrived += 1
            if self._arrived >= self._awaited:
                self._all_there.set()

        self.sessions[person] = await self.messenger.sign_in(person, hear, since)


async def _all(
    items: list[str], do: Callable[[str], Awaitable[None]], at_once: int = AT_ONCE
) -> None:
    waiting = iter(items)

    async def worker(turn: Iterator[str]) -> None:
        for item in turn:
            await do(item)

    await asyncio.gather(*(worker(waiting) for _ in range(at_once)))


def at_each(
    messengers: list[Messenger], town: Town, measure: Callable[[Crowd], Awaitable[None]]
) -> None:
    """Start, measure and stop one after the other; who is missing is named and passed over."""
    processes.allow_many_files()
    for messenger in messengers:
        try:
            messenger.start(town)
            uvloop.run(_measured_there(messenger, town, measure))
        except Missing as missing:
            print(f"  {messenger.name}: not measured. {missing}")
        finally:
            messenger.stop()


async def _measured_there(
    messenger: Messenger, town: Town, measure: Callable[[Crowd], Awaitable[None]]
) -> None:
    await processes.settle(messenger.roots())
    await measure(Crowd(town, messenger))


def percentile(sorted_values: list[float], part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]


def median(values: list[float]) -> float:
    return statistics.median(values)
