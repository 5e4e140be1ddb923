"""The bell between processes: what crosses, what does not, and what happens when NATS is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nats.aio.client import Client

from kirana.platform import nats_bell
from kirana.platform.bell import Fleeting, KeptOut, Knocked, Missed, RightsChanged, SignedOut, Word
from kirana.platform.nats_bell import FRAME_BYTES, NatsBell
from kirana.platform.roll import Roll
from kirana.platform.stream import Change, Ring
from kirana.values import UserId, uuid7
from tests.nats import certificate, run_server


@dataclass
class Process:
    """A process, as its bell sees it: what it heard, in order."""

    bell: NatsBell
    rings: list[Ring] = field(default_factory=list)
    flashes: list[tuple[UserId, Fleeting]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    missed: int = 0
    moved: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bell.listen(self)
        for kind in (Knocked, SignedOut, KeptOut, RightsChanged):
            self.bell.listen_to(kind, self.words.append)
        self.roll = Roll(self.bell, self.moved.append)
        self.bell.listen_to(Missed, self._on_missed)

    def _on_missed(self, _: Missed) -> None:
        self.missed += 1
        self.roll.ask()

    def on_ring(self, ring: Ring) -> None:
        self.rings.append(ring)

    def on_flash(self, user_id: UserId, frame: Fleeting) -> None:
        self.flashes.append((user_id, frame))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def processes(url: str, count: int = 2, *, wait: bool = True) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        made = [Process(NatsBell(url)) for _ in range(count)]
        for one in made:
            one.bell.start()
            stack.push_async_callback(one.bell.stop)
        if wait:
            for one in made:
                await until(lambda one=one: one.missed > 0)
        yield made


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_bell, "AGAIN_S", 0.05)


def ring_of(user_id: UserId, pos: int = 1, hint: bytes | None = b'{"k":"thing"}') -> Ring:
    return Ring(user_id, pos, Change("thing", uuid7(), 3), hint)


async def test_a_ring_crosses_with_its_frame_and_is_heard_once_at_home() -> None:
    ravi, omar = UserId(uuid7()), UserId(uuid7())
    with run_server() as server:
        async with processes(server.url) as (here, there):
            await there.bell.hear(ravi)
            rings = [ring_of(ravi, 1), ring_of(omar, 1), ring_of(ravi, 2, None)]
            here.bell.ring(rings)
            await until(lambda: len(there.rings) == 2)
            await asyncio.sleep(0.05)

    assert there.rings == [rings[0], rings[2]]
    assert here.rings == rings


async def test_whoever_is_heard_misses_nothing_from_then_on() -> None:
    with run_server() as server:
        async with processes(server.url) as (here, there):
            for number in range(100):
                ravi = UserId(uuid7())
                await there.bell.hear(ravi)
                here.bell.ring([ring_of(ravi, number)])
            await until(lambda: len(there.rings) == 100)


async def test_a_long_frame_stays_at_home() -> None:
    ravi = UserId(uuid7())
    long, longest = b"x" * (FRAME_BYTES + 1), b"x" * FRAME_BYTES
    with run_server() as server:
        async with processes(server.url) as (here, there):
            await there.bell.hear(ravi)
            here.bell.ring([ring_of(ravi, 1, long), ring_of(ravi, 2, longest)])
            await until(lambda: len(there.rings) == 2)

    assert [ring.hint for ring in there.rings] == [None, longest]
    assert here.rings[0].hint == long


async def test_flashes_and_words_cross() -> None:
    ravi = UserId(uuid7())
    said = [Knocked(["a", "b"]), SignedOut("a"), KeptOut("r"), RightsChanged()]
    with run_server() as server:
        async with processes(server.url) as (here, there):
            await there.bell.hear(ravi)
            here.bell.flash([ravi, UserId(uuid7())], b'{"k":"typing"}')
            for word in said:
                here.bell.tell(word)
            await until(lambda: bool(there.flashes) and len(there.words) == 4)

    assert there.flashes == [(ravi, b'{"k":"typing"}')]
    assert there.words == here.words == said


async def test_who_has_gone_is_not_heard() -> None:
    ravi, omar = UserId(uuid7()), UserId(uuid7())
    with run_server() as server:
        async with processes(server.url) as (here, there):
            await there.bell.hear(ravi)
            there.bell.stop_hearing(ravi)
            await there.bell.hear(omar)
            here.bell.ring([ring_of(ravi), ring_of(omar)])
            await until(lambda: bool(there.rings))

    assert [ring.user_id for ring in there.rings] == [omar]


async def test_it_starts_without_nats_and_everybody_looks_when_it_comes() -> None:
    ravi = UserId(uuid7())
    with run_server() as server:
        server.stop()
        async with processes(server.url, wait=False) as (here, there):
            await there.bell.hear(ravi)
            here.bell.ring([ring_of(ravi, 1)])
            assert len(here.rings) == 1
            server.start()
            await until(lambda: here.missed > 0 and there.missed > 0)
            here.bell.ring([ring_of(ravi, 2)])
            await until(lambda: bool(there.rings))

    assert [ring.pos for ring in there.rings] == [2]


async def test_after_nats_was_away_everybody_looks_and_hears_again() -> None:
    ravi = UserId(uuid7())
    with run_server() as server:
        async with processes(server.url) as (here, there):
            await there.bell.hear(ravi)
            server.stop()
            await until(lambda: not here.bell.is_connected and not there.bell.is_connected)
            here.bell.ring([ring_of(ravi, 1)])
            before = here.missed + there.missed
            server.start()
            # Whoever comes back last tells the other too that something may have been missed.
            await until(lambda: here.missed + there.missed >= before + 3)
            here.bell.ring([ring_of(ravi, 2)])
            await until(lambda: bool(there.rings))

    assert [ring.pos for ring in here.rings] == [1, 2]


async def test_processes_know_who_is_connected_elsewhere() -> None:
    ravi = str(uuid7())
    with run_server() as server:
        async with processes(server.url) as (here, there):
            there.roll.come(ravi)
            await until(lambda: here.roll.has(ravi))
            assert not there.roll.has(ravi)
            async with processes(server.url, 1) as (late,):
                await until(lambda: late.roll.has(ravi))
                there.roll.go(ravi)
                await until(lambda: not here.roll.has(ravi) and not late.roll.has(ravi))
                late.roll.come(ravi)
                await until(lambda: here.roll.has(ravi))
                late.roll.close()
                await until(lambda: not here.roll.has(ravi))

    assert here.moved == [ravi] * 4


async def test_what_is_not_understood_is_passed_over() -> None:
    ravi = UserId(uuid7())
    with run_server() as server:
        async with processes(server.url) as (here, there):
            await there.bell.hear(ravi)
            stranger = Client()
            await stranger.connect(server.url)
            for subject in ("kirana.all", f"kirana.user.{ravi.hex}"):
                await stranger.publish(subject, b"\xff nonsense")
            await stranger.close()
            here.bell.ring([ring_of(ravi)])
            here.bell.tell(RightsChanged())
            await until(lambda: bool(there.rings) and bool(there.words))


async def test_the_url_carries_name_and_password() -> None:
    options = ("--user", "kirana", "--pass", "secret")
    with run_server(*options, login="kirana:secret@") as server:
        async with processes(server.url) as (here, there):
            here.bell.tell(RightsChanged())
            await until(lambda: bool(there.words))
        wrong = server.url.replace("secret", "other")
        async with processes(wrong, 1, wait=False) as (stranger,):
            await asyncio.sleep(0.3)
            assert not stranger.bell.is_connected


async def test_tls_is_spoken_with_whoever_can_show_a_certificate_and_with_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    options = ("--tls", "--tlscert", str(cert), "--tlskey", str(key))
    with run_server(*options, scheme="tls") as server:
        async with processes(server.url, 1, wait=False) as (stranger,):
            await asyncio.sleep(0.3)
            assert not stranger.bell.is_connected
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        async with processes(server.url) as (here, there):
            here.bell.tell(RightsChanged())
            await until(lambda: bool(there.words))


async def test_whoever_asks_for_tls_tells_nothing_in_the_clear() -> None:
    with run_server("--user", "kirana", "--pass", "secret") as server:
        url = f"tls://kirana:secret@localhost:{server.port}"
        async with processes(url, 1, wait=False) as (one,):
            await asyncio.sleep(0.3)
            assert not one.bell.is_connected
