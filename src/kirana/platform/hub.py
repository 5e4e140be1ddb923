"""Who is connected to this process, and how their streams reach them without hole or double.

A bell only hints. For each connection and stream the hub keeps `next`: a ring at `next` is
delivered and a lower one dropped. A higher one waits a moment for those before it, since processes
ring after their commits; then, and for one without a frame, the hub reads the stream from the
database. Now and then, and when the bell says that something was missed, it looks at the truth.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from kirana.values import Actor, DeviceId, UserId

from .bell import Bell, Fleeting, KeptOut, Knocked, Missed, SignedOut
from .db import Db, Tx
from .roll import Roll
from .stream import Change, Frames, Ring, frame, heads_of, read_stream

WAITING_BYTES = 1_000_000
"""With more than this waiting a client is closed; it comes back and resumes by its cursor."""
CHECK_S = 20.0
GAP_S = 0.1
"""So long a ring waits for those before it."""
RIGHTS = frozenset({"user"})
"""What is told to somebody when it changes whose streams they may follow."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the rooms above know of those who are connected."""

    allowed: Callable[[Tx, UserId], Collection[UserId]] = lambda tx, user_id: ()
    """Whose streams a person may follow beside their own."""
    signed_out: Callable[[Tx, Sequence[DeviceId]], Collection[DeviceId]] = lambda tx, devices: ()
    """Which of these devices were signed out."""
    kept_out: Callable[[Tx, Sequence[UserId]], Collection[UserId]] = lambda tx, people: ()
    """Which of these people are kept out."""
    with_mail: Callable[[Tx, Sequence[UserId], Sequence[str]], Collection[str]] = (
        lambda tx, users, devices: ()
    )
    """For which of these devices, of these users, something waits."""


log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Feed:
    """One stream as one connection follows it."""

    next: int
    is_reading: bool = False
    is_behind: bool = False
    early: dict[int, Ring] = field(default_factory=dict)
    """Rings that came before those before them."""
    waits: asyncio.TimerHandle | None = None


@dataclass(slots=True, eq=False)
class Member:
    """One connection."""

    actor: Actor
    push: Callable[[bytes], bool]
    close: Callable[[str], None]
    fetch: Callable[[], Awaitable[None]] | None = None
    """Brings what waits for this device alone. No later entry of a stream overtakes it."""
    feeds: dict[UserId, Feed] = field(default_factory=dict)
    has_mail: bool = False
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_gone: bool = False

    @property
    def is_waiting_for_mail(self) -> bool:
        return self.has_mail or self.fetching.locked()


class Hub:
    """Delivers rings to the connections of this process. Lives on the event loop."""

    def __init__(self, db: Db, bell: Bell, frames: Frames, truth: Truth | None = None) -> None:
        self._db, self._bell, self.frames = db, bell, frames
        self._truth = truth or Truth()
        self._connected: set[Member] = set()
        self._members: dict[UserId, set[Member]] = defaultdict(set)
        self._devices: dict[str, set[Member]] = defaultdict(set)
        self._waiting: dict[UserId, set[asyncio.Event]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved: list[Callable[[UserId], None]] = []
        self._roll = Roll(bell, self._on_moved)
        bell.listen(self)
        bell.listen_to(Knocked, self._on_knock)
        bell.listen_to(SignedOut, self._on_signed_out)
        bell.listen_to(KeptOut, self._on_kept_out)
        bell.listen_to(Missed, self._on_missed)

    @property
    def connections(self) -> int:
        return len(self._connected)

    def is_online(self, user_id: UserId) -> bool:
        """Whether somebody follows this stream, at whichever process."""
        return user_id in self._members or self._roll.has(str(user_id))

    def is_connected(self, device_id: object) -> bool:
        """Whether this device has a connection to a process. Safe to ask from any thread."""
        return str(device_id) in self._devices or self._roll.has(str(device_id))

    def on_moved(self, listener: Callable[[UserId], None]) -> None:
        """Let `listener` know who comes to another process, or goes."""
        self._moved.append(listener)

    def start(self) -> None:
        self._spawn(self._look_again())
        self._spawn(self._roll.run())

    async def stop(self) -> None:
        """Let everybody go, to come back after the restart."""
        for member in list(self._connected):
            self._drop(member, "restart")
        self._roll.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @asynccontextmanager
    async def listening(self, user_id: UserId) -> AsyncIterator[asyncio.Event]:
        """An event that is set when something is told to `user_id` from now on."""
        told = asyncio.Event()
        self._waiting[user_id].add(told)
        try:
            await self._bell.hear(user_id)
            yield told
        finally:
            self._waiting[user_id].discard(told)
            if not self._waiting[user_id]:
                del self._waiting[user_id]
            self._hear_less(user_id)

    def enter(self, member: Member) -> None:
        """From now on `member` is let go when its device is signed out, whatever it follows."""
        self._connected.add(member)
        device = str(member.actor.device_id)
        if device not in self._devices and member.actor.device_id is not None:
            self._roll.come(device)
        self._devices[device].add(member)

    def follow(self, member: Member, user_id: UserId, after: int) -> None:
        """Bring `member` what `user_id`'s stream has after `after`, and then what comes."""
        self.enter(member)
        member.feeds[user_id] = Feed(after + 1)
        if user_id not in self._members:
            self._roll.come(str(user_id))
        self._members[user_id].add(member)
        self._read(member, user_id)

    def leave(self, member: Member) -> None:
        member.is_gone = True
        self._connected.discard(member)
        device = str(member.actor.device_id)
        if device in self._devices:
            self._devices[device].discard(member)
            if not self._devices[device]:
                del self._devices[device]
                if member.actor.device_id is not None:
                    self._roll.go(device)
        for user_id in list(member.feeds):
            self._unfollow(member, user_id)

    async def collect(self, member: Member) -> None:
        """Bring `member` what waits for its device alone; when this returns, it was brought."""
        async with member.fetching:
            while member.has_mail and member.fetch is not None and not member.is_gone:
                member.has_mail = False
                await member.fetch()

    def expect(self, member: Member) -> None:
        """Something waits for the device of `member`: bring it, in its own time."""
        member.has_mail = True
        self._spawn(self._deliver(member))

    def sign_out(self, device_id: object) -> None:
        """Close the connections of a revoked device, wherever they are."""
        self._bell.tell(SignedOut(str(device_id)))

    def let_go(self, person_id: UserId) -> None:
        """Close the connections of somebody who is kept out from now on, wherever they are."""
        self._bell.tell(KeptOut(str(person_id)))

    def send(self, member: Member, text: bytes) -> None:
        """Write a frame, or let a stalled member go."""
        if not member.is_gone and not member.push(text):
            self._drop(member, "slow")

    def on_flash(self, user_id: UserId, text: Fleeting) -> None:
        for member in list(self._members.get(user_id, ())):
            self.send(member, text)

    def _on_knock(self, knocked: Knocked) -> None:
        for device in knocked.devices:
            for member in list(self._devices.get(device, ())):
                if member.fetch is not None:
                    self.expect(member)

    def _on_signed_out(self, word: SignedOut) -> None:
        for member in list(self._devices.get(word.device, ())):
            self._drop(member, "auth")

    def _on_kept_out(self, word: KeptOut) -> None:
        for member in list(self._connected):
            if str(member.actor.person_id) == word.person:
                self._drop(member, "suspended")

    def _on_missed(self, _: Missed) -> None:
        self._roll.ask()
        for told in [it for some in self._waiting.values() for it in some]:
            told.set()
        self._spawn(self._look())

    def _on_moved(self, name: str) -> None:
        for listener in self._moved:
            listener(UserId(UUID(name)))

    async def _deliver(self, member: Member) -> None:
        try:
            await self.collect(member)
        except Exception:
            log.exception("mail_interrupted")
            self._drop(member, "restart")

    def on_ring(self, ring: Ring) -> None:
        for told in self._waiting.get(ring.user_id, ()):
            told.set()
        members = self._members.get(ring.user_id)
        if not members:
            return
        text: bytes | None = None
        for member in list(members):
            feed = member.feeds[ring.user_id]
            if ring.change.kind in RIGHTS and len(member.feeds) > 1:
                self._spawn(self._review(member))
            if ring.pos < feed.next:
                continue
            if feed.is_reading or member.is_waiting_for_mail or self._needs_reading(ring):
                self._read(member, ring.user_id)
            elif ring.pos > feed.next:
                self._keep(member, feed, ring)
            else:
                if text is None:
                    text = frame(ring.pos, ring.change, ring.hint)
                feed.next = ring.pos + 1
                self.send(member, self._addressed(member, ring.user_id, text))
                if feed.early:
                    self._go_on(member, feed)

    def _needs_reading(self, ring: Ring) -> bool:
        return ring.hint is None and ring.change.kind in self.frames.queries

    def _keep(self, member: Member, feed: Feed, ring: Ring) -> None:
        """Until those before it have come, or too much time has gone by."""
        feed.early[ring.pos] = ring
        if feed.waits is None:
            loop = asyncio.get_running_loop()
            feed.waits = loop.call_later(GAP_S, self._stop_waiting, member, feed, ring.user_id)

    def _go_on(self, member: Member, feed: Feed) -> None:
        """Deliver what waited for the one before it."""
        while (ring := feed.early.pop(feed.next, None)) is not None:
            feed.next += 1
            text = frame(ring.pos, ring.change, ring.hint)
            self.send(member, self._addressed(member, ring.user_id, text))
        if not feed.early:
            _forget_early(feed)

    def _stop_waiting(self, member: Member, feed: Feed, user_id: UserId) -> None:
        feed.waits = None
        if member.feeds.get(user_id) is feed:
            self._read(member, user_id)

    def _read(self, member: Member, user_id: UserId) -> None:
        feed = member.feeds[user_id]
        # They were rung after their commits: what is read from now on has them.
        _forget_early(feed)
        if feed.is_reading:
            feed.is_behind = True
            return
        feed.is_reading = True
        self._spawn(self._catch_up(member, user_id, feed))

    async def _catch_up(self, member: Member, user_id: UserId, feed: Feed) -> None:
        try:
            await self._bell.hear(user_id)
            while member.feeds.get(user_id) is feed:
                feed.is_behind = False
                page = await self._db.read(read_stream, user_id, feed.next - 1, self.frames)
                if member.is_waiting_for_mail:
                    # A message's key was sent before the message.
                    await self.collect(member)
                if page.resync:
                    feed.next = page.pos + 1
                    text = b'{"t":"resync","head":%d}' % page.pos
                    self.send(member, self._addressed(member, user_id, text))
                for raw in page.frames:
                    self.send(member, self._addressed(member, user_id, bytes(raw)))
                feed.next = max(feed.next, page.pos + 1)
                if not page.has_more and not feed.is_behind:
                    break
        except Exception:
            log.exception("stream_interrupted")
            self._drop(member, "restart")
        finally:
            feed.is_reading = False

    async def _review(self, member: Member) -> None:
        """Take away the streams that somebody may follow no more."""
        own = member.actor.person_id
        kept = {own, *await self._db.read(self._truth.allowed, own)}
        for user_id in [it for it in member.feeds if it not in kept]:
            self._unfollow(member, user_id)

    def _unfollow(self, member: Member, user_id: UserId) -> None:
        _forget_early(member.feeds.pop(user_id))
        members = self._members.get(user_id)
        if members is not None:
            members.discard(member)
            if not members:
                del self._members[user_id]
                self._roll.go(str(user_id))
                self._hear_less(user_id)

    def _hear_less(self, user_id: UserId) -> None:
        if user_id not in self._members and user_id not in self._waiting:
            self._bell.stop_hearing(user_id)

    def _addressed(self, member: Member, user_id: UserId, text: bytes) -> bytes:
        if user_id == member.actor.user_id:
            return text
        return b'{"stream":"%s",' % str(user_id).encode() + text[1:]

    def _drop(self, member: Member, why: str) -> None:
        if not member.is_gone:
            self.leave(member)
            member.close(why)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            await self._look()

    async def _look(self) -> None:
        """Compare with the truth: what was rung, knocked or said may not have arrived."""
        try:
            if self._connected:
                await self._compare()
        except Exception:
            log.exception("not_looked")

    async def _compare(self) -> None:
        users, devices = list(self._members), list(self._devices)
        ids = [it.actor.device_id for it in self._connected if it.actor.device_id is not None]
        for device_id in await self._db.read(self._truth.signed_out, ids):
            self._on_signed_out(SignedOut(str(device_id)))
        people = list({it.actor.person_id for it in self._connected})
        for person_id in await self._db.read(self._truth.kept_out, people):
            self._on_kept_out(KeptOut(str(person_id)))
        for device in await self._db.read(self._truth.with_mail, users, devices):
            self._on_knock(Knocked([device]))
        for user_id, pos in (await self._db.read(heads_of, users)).items():
            for member in list(self._members.get(user_id, ())):
                if len(member.feeds) > 1 and user_id == member.actor.person_id:
                    await self._review(member)
                if user_id in member.feeds and pos >= member.feeds[user_id].next:
                    self._read(member, user_id)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _forget_early(feed: Feed) -> None:
    feed.early.clear()
    if feed.waits is not None:
        feed.waits.cancel()
        feed.waits = None


__all__ = ["CHECK_S", "GAP_S", "WAITING_BYTES", "Change", "Feed", "Hub", "Member", "Truth"]
