"""Streams reach connections without hole or double, whatever the bell does."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from kirana.platform import hub as hubs
from kirana.platform.bell import Knocked, LocalBell, Missed
from kirana.platform.db import Db, Tx
from kirana.platform.hub import Hub, Member
from kirana.platform.stream import Change, Frames, Ring
from kirana.values import Actor, DeviceId, UserId, uuid7
from tests.database import RehearsedDatabase


@dataclass
class Client:
    """A connection that remembers what it got."""

    actor: Actor
    got: list[dict[str, Any]] = field(default_factory=list)
    is_stalled: bool = False
    closed: str | None = None

    def member(self) -> Member:
        return Member(self.actor, self.push, self.close)

    def push(self, text: bytes) -> bool:
        if not self.is_stalled:
            self.got.append(msgspec.json.decode(text))
        return not self.is_stalled

    def close(self, why: str) -> None:
        self.closed = why

    @property
    def positions(self) -> list[int]:
        return [frame["pos"] for frame in self.got if frame["t"] == "ev"]


class Town:
    """A database, a hub, and a bell that a test may spoil."""

    def __init__(self, database: RehearsedDatabase) -> None:
        self.db = Db(database)
        self.bell = LocalBell()
        self.frames = Frames()
        self.hub = Hub(self.db, self.bell, self.frames)
        self.rings: list[Ring] = []
        database.after_commit.append(lambda tx: self.rings.extend(tx.rings))

    async def tell(self, *users: UserId, hint: bytes | None = None) -> list[Ring]:
        """Publish once; the rings are handed out instead of rung."""
        await self.db.write(publish, list(users), hint)
        rings, self.rings[:] = list(self.rings), []
        return rings

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0.01)
            waits = any(
                feed.waits for member in self.hub._connected for feed in member.feeds.values()
            )
            if not self.hub._tasks and not waits:
                return


def publish(tx: Tx, users: list[UserId], hint: bytes | None) -> None:
    tx.publish(users, Change("thing", uuid7()), hint)


def person() -> Actor:
    user_id = UserId(uuid7())
    return Actor(user_id, user_id)


@pytest.fixture
async def town(db: RehearsedDatabase) -> AsyncIterator[Town]:
    made = Town(db)
    yield made
    await made.hub.stop()
    await made.db.close()


async def test_what_is_rung_arrives_with_its_frame(town: Town) -> None:
    ravi = Client(person())
    town.hub.follow(ravi.member(), ravi.actor.user_id, 0)
    await town.settle()

    town.bell.ring(await town.tell(ravi.actor.user_id, hint=b'{"k":"thing","x":1}'))

    assert ravi.got == [{"t": "ev", "pos": 1, "k": "thing", "x": 1}]


async def test_a_client_that_comes_back_gets_what_it_missed(town: Town) -> None:
    ravi = Client(person())
    for _ in range(3):
        await town.tell(ravi.actor.user_id)

    town.hub.follow(ravi.member(), ravi.actor.user_id, 1)
    await town.settle()

    assert ravi.positions == [2, 3]


@pytest.mark.parametrize("seed", range(5))
async def test_a_bell_that_loses_doubles_and_swaps_changes_nothing(town: Town, seed: int) -> None:
    dice = random.Random(seed)
    ravi = Client(person())
    town.hub.follow(ravi.member(), ravi.actor.user_id, 0)
    waiting: list[Ring] = []
    for _ in range(40):
        waiting += await town.tell(ravi.actor.user_id)
        dice.shuffle(waiting)
        for ring in [waiting.pop() for _ in range(dice.randrange(len(waiting) + 1))]:
            town.bell.ring([ring] * dice.choice([0, 1, 1, 2]))
        if dice.random() < 0.3:
            await asyncio.sleep(0)
    town.bell.ring(await town.tell(ravi.actor.user_id))
    await town.settle()

    assert ravi.positions == list(range(1, 42))


async def test_a_ring_that_overtakes_another_waits_for_it(town: Town) -> None:
    ravi = Client(person())
    member = ravi.member()
    town.hub.follow(member, ravi.actor.user_id, 0)
    await town.settle()
    rings = [
        ring
        for number in range(3)
        for ring in await town.tell(ravi.actor.user_id, hint=b'{"k":"thing","x":%d}' % number)
    ]

    town.bell.ring([rings[2], rings[1]])
    before = list(ravi.got)
    town.bell.ring([rings[0]])

    assert before == []
    assert [(frame["pos"], frame["x"]) for frame in ravi.got] == [(1, 0), (2, 1), (3, 2)]
    assert member.feeds[ravi.actor.user_id].waits is None


async def test_a_gap_that_stays_is_read(town: Town) -> None:
    ravi = Client(person())
    town.hub.follow(ravi.member(), ravi.actor.user_id, 0)
    await town.settle()
    rings = [ring for _ in range(3) for ring in await town.tell(ravi.actor.user_id, hint=b"{}")]

    town.bell.ring([rings[2]])
    await asyncio.sleep(hubs.GAP_S / 2)
    before = list(ravi.got)
    await town.settle()

    assert before == []
    assert ravi.positions == [1, 2, 3]


async def test_what_was_missed_is_looked_up(town: Town) -> None:
    device_id, gone = DeviceId(uuid7()), DeviceId(uuid7())
    ravi, omar = (Client(replace(person(), device_id=it)) for it in (device_id, gone))
    mallory = Client(person())
    fetched: list[str] = []

    async def fetch() -> None:
        fetched.append("mail")

    town.hub._truth = hubs.Truth(
        signed_out=lambda tx, devices: {it for it in devices if it == gone},
        kept_out=lambda tx, people: {it for it in people if it == mallory.actor.user_id},
        with_mail=lambda tx, users, devices: [it for it in devices if it == str(device_id)],
    )
    member = ravi.member()
    member.fetch = fetch
    town.hub.follow(member, ravi.actor.user_id, 0)
    for client in (omar, mallory):
        town.hub.follow(client.member(), client.actor.user_id, 0)
    await town.settle()
    await town.tell(ravi.actor.user_id)

    town.bell.tell(Missed())
    await town.settle()

    assert ravi.positions == [1]
    assert fetched == ["mail"]
    assert (omar.closed, mallory.closed) == ("auth", "suspended")


async def test_a_shops_stream_is_told_apart(town: Town) -> None:
    asha, shop = Client(person()), UserId(uuid7())
    member = asha.member()
    town.hub.follow(member, asha.actor.user_id, 0)
    town.hub.follow(member, shop, 0)
    await town.settle()

    town.bell.ring(await town.tell(shop, asha.actor.user_id))

    assert sorted(str(frame.get("stream", "")) for frame in asha.got) == ["", str(shop)]


async def test_a_stalled_member_is_let_go_and_stops_nobody(town: Town) -> None:
    slow, quick = Client(person(), is_stalled=True), Client(person())
    for client in (slow, quick):
        town.hub.follow(client.member(), client.actor.user_id, 0)
    await town.settle()

    town.bell.ring(await town.tell(slow.actor.user_id, quick.actor.user_id))

    assert slow.closed == "slow"
    assert quick.positions == [1]


async def test_a_lost_ring_is_noticed_by_looking(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "CHECK_S", 0.01)
    ravi = Client(person())
    town.hub.start()
    town.hub.follow(ravi.member(), ravi.actor.user_id, 0)
    await town.settle()

    await town.tell(ravi.actor.user_id)
    for _ in range(100):
        if ravi.positions:
            break
        await asyncio.sleep(0.01)

    assert ravi.positions == [1]


async def test_a_client_from_the_future_starts_afresh(town: Town) -> None:
    ravi = Client(person())
    await town.tell(ravi.actor.user_id)

    town.hub.follow(ravi.member(), ravi.actor.user_id, 99)
    await town.settle()

    assert ravi.got == [{"t": "resync", "head": 1}]


async def test_a_revoked_device_is_let_go(town: Town) -> None:
    ravi = Client(person())
    town.hub.follow(ravi.member(), ravi.actor.user_id, 0)

    town.hub.sign_out(ravi.actor.device_id)

    assert ravi.closed == "auth"


async def test_a_silent_connection_is_let_go_with_its_device(town: Town) -> None:
    ravi = Client(person())
    town.hub.enter(ravi.member())

    town.hub.sign_out(ravi.actor.device_id)

    assert ravi.closed == "auth"


async def test_no_entry_overtakes_what_is_fetched_for_the_device(town: Town) -> None:
    device_id = DeviceId(uuid7())
    ravi = Client(replace(person(), device_id=device_id))
    member = ravi.member()
    arrived = asyncio.Event()

    async def fetch() -> None:
        await arrived.wait()
        ravi.push(b'{"t":"td"}')

    member.fetch = fetch
    town.hub.follow(member, ravi.actor.user_id, 0)
    await town.settle()

    town.bell.tell(Knocked([str(device_id), "elsewhere"]))
    for _ in range(2):
        town.bell.ring(await town.tell(ravi.actor.user_id, hint=b'{"k":"thing"}'))
    for _ in range(5):
        await asyncio.sleep(0.01)
    before = list(ravi.got)
    arrived.set()
    await town.settle()
    town.bell.ring(await town.tell(ravi.actor.user_id, hint=b'{"k":"thing"}'))

    assert before == []
    assert [frame["t"] for frame in ravi.got] == ["td", "ev", "ev", "ev"]
    assert ravi.positions == [1, 2, 3]


async def test_a_knock_during_a_fetch_fetches_again(town: Town) -> None:
    device_id = DeviceId(uuid7())
    ravi, other = (Client(replace(person(), device_id=it)) for it in (device_id, DeviceId(uuid7())))
    fetched: list[Client] = []
    members = [ravi.member(), other.member()]

    async def fetch() -> None:
        fetched.append(ravi)
        if len(fetched) == 1:
            town.bell.tell(Knocked([str(device_id)]))

    async def fetch_of_other() -> None:
        fetched.append(other)

    members[0].fetch, members[1].fetch = fetch, fetch_of_other
    for member in members:
        town.hub.enter(member)

    town.bell.tell(Knocked([str(device_id)]))
    await town.settle()
    town.hub.leave(members[0])
    town.bell.tell(Knocked([str(device_id)]))
    await town.settle()

    assert fetched == [ravi, ravi]


async def test_a_fetch_that_fails_lets_the_connection_go_to_come_back(town: Town) -> None:
    ravi = Client(replace(person(), device_id=DeviceId(uuid7())))
    member = ravi.member()

    async def fail() -> None:
        raise OSError

    member.fetch = fail
    town.hub.enter(member)
    town.bell.tell(Knocked([str(ravi.actor.device_id)]))
    await town.settle()

    assert ravi.closed == "restart"
