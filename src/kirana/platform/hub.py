"""Who is connected to this process, and how their streams reach them without hole or double.

A bell only hints. For each connection and stream the hub keeps `next`: a ring at `next` is
delivered, a lower one dropped, and a higher one, or one without a frame, makes it read the stream
from the database.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

from kirana.values import Actor, UserId

from .bell import Bell, Fleeting
from .db import Db, Tx
from .stream import Change, Frames, Ring, frame, heads_of, read_stream

WAITING_BYTES = 1_000_000
"""With more than this waiting a client is closed; it comes back and resumes by its cursor."""
CHECK_S = 20.0
RIGHTS = frozenset({"user"})
"""What is told to somebody when it changes whose streams they may follow."""

Allowed = Callable[[Tx, UserId], Collection[UserId]]
"""Whose streams a person may follow beside their own."""

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Feed:
    """One stream as one connection follows it."""

    next: int
    is_reading: bool = False
    is_behind: bool = False


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

    def __init__(
        self, db: Db, bell: Bell, frames: Frames, allowed: Allowed = lambda tx, user_id: ()
    ) -> None:
        self._db, self.frames, self._allowed = db, frames, allowed
        self._connected: set[Member] = set()
        self._members: dict[UserId, set[Member]] = defaultdict(set)
        self._devices: dict[str, set[Member]] = defaultdict(set)
        self._waiting: dict[UserId, set[asyncio.Event]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()
        bell.listen(self._on_ring, self._on_flash, self._on_knock)

    @property
    def connections(self) -> int:
        return len(self._connected)

    def is_online(self, user_id: UserId) -> bool:
        return user_id in self._members

    def is_connected(self, device_id: object) -> bool:
        """Whether this device has a connection to this process. Safe to ask from any thread."""
        return str(device_id) in self._devices

    def start(self) -> None:
        self._spawn(self._compare_heads())

    async def stop(self) -> None:
        """Let everybody go, to come back after the restart."""
        for member in list(self._connected):
            self._drop(member, "restart")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for(self, user_id: UserId, seconds: float) -> None:
        """Return when something is told to `user_id`, or after `seconds`."""
        told = asyncio.Event()
        self._waiting[user_id].add(told)
        try:
            async with asyncio.timeout(seconds):
                await told.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[user_id].discard(told)
            if not self._waiting[user_id]:
                del self._waiting[user_id]

    def enter(self, member: Member) -> None:
        """From now on `member` is let go when its device is signed out, whatever it follows."""
        self._connected.add(member)
        self._devices[str(member.actor.device_id)].add(member)

    def follow(self, member: Member, user_id: UserId, after: int) -> None:
        """Bring `member` what `user_id`'s stream has after `after`, and then what comes."""
        self.enter(member)
        member.feeds[user_id] = Feed(after + 1)
        self._members[user_id].add(member)
        self._read(member, user_id)

    def leave(self, member: Member) -> None:
        member.is_gone = True
        self._connected.discard(member)
        device = str(member.actor.device_id)
        self._devices[device].discard(member)
        if not self._devices[device]:
            del self._devices[device]
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
        """Close the connections of a revoked device."""
        for member in list(self._connected):
            if member.actor.device_id == device_id:
                self._drop(member, "auth")

    def send(self, member: Member, text: bytes) -> None:
        """Write a frame, or let a stalled member go."""
        if not member.is_gone and not member.push(text):
            self._drop(member, "slow")

    def _on_flash(self, user_id: UserId, text: Fleeting) -> None:
        for member in list(self._members.get(user_id, ())):
            self.send(member, text)

    def _on_knock(self, device: str) -> None:
        for member in list(self._devices.get(device, ())):
            if member.fetch is not None:
                self.expect(member)

    async def _deliver(self, member: Member) -> None:
        try:
            await self.collect(member)
        except Exception:
            log.exception("mail_interrupted")
            self._drop(member, "restart")

    def _on_ring(self, ring: Ring) -> None:
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
            needs_reading = ring.hint is None and ring.change.kind in self.frames.queries
            is_late = feed.is_reading or member.is_waiting_for_mail or ring.pos > feed.next
            if is_late or needs_reading:
                self._read(member, ring.user_id)
                continue
            if text is None:
                text = frame(ring.pos, ring.change, ring.hint)
            feed.next = ring.pos + 1
            self.send(member, self._addressed(member, ring.user_id, text))

    def _read(self, member: Member, user_id: UserId) -> None:
        feed = member.feeds[user_id]
        if feed.is_reading:
            feed.is_behind = True
            return
        feed.is_reading = True
        self._spawn(self._catch_up(member, user_id, feed))

    async def _catch_up(self, member: Member, user_id: UserId, feed: Feed) -> None:
        try:
            while user_id in member.feeds:
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
        kept = {own, *await self._db.read(self._allowed, own)}
        for user_id in [it for it in member.feeds if it not in kept]:
            self._unfollow(member, user_id)

    def _unfollow(self, member: Member, user_id: UserId) -> None:
        del member.feeds[user_id]
        members = self._members.get(user_id)
        if members is not None:
            members.discard(member)
            if not members:
                del self._members[user_id]

    def _addressed(self, member: Member, user_id: UserId, text: bytes) -> bytes:
        if user_id == member.actor.user_id:
            return text
        return b'{"stream":"%s",' % str(user_id).encode() + text[1:]

    def _drop(self, member: Member, why: str) -> None:
        if not member.is_gone:
            self.leave(member)
            member.close(why)

    async def _compare_heads(self) -> None:
        """A ring may be lost, and another process may have written: look at the truth."""
        while True:
            await asyncio.sleep(CHECK_S)
            users = list(self._members)
            if not users:
                continue
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


__all__ = ["CHECK_S", "WAITING_BYTES", "Change", "Feed", "Hub", "Member"]
