"""Private conversations under chance: the stream leads to the state of a fresh load, and nobody is
served what they should not see.

Real are the commands, the database, the stream and the hub; the bell is faulty. Beside them runs a
model that knows only who came and who went, and when. Words are in the "ciphertext" for all to see:
whatever somebody is served, the model must have let them read.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, select, update

from kirana import chat
from kirana.chat import tables
from kirana.identity.tables import users
from kirana.platform.db import Db, Q
from kirana.platform.hub import Hub, Member
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Frames
from kirana.values import Actor, ConversationId, EventId, MessageId, Problem, UserId, uuid7
from tests.chat import make
from tests.database import RehearsedDatabase
from tests.simulation.test_stream import FaultyBell, Reader, plain, ringing, settle

Json = dict[str, Any]

_SEQ = Q(select(tables.conversations.c.seq).where(tables.conversations.c.id == bindparam("id")))
_ROWS = Q(
    select(
        tables.messages.c.seq,
        tables.messages.c.id,
        tables.messages.c.content,
        tables.messages.c.content_hash,
        tables.messages.c.expires_at,
        tables.messages.c.k,
    )
    .where(tables.messages.c.conversation_id == bindparam("id"))
    .order_by(tables.messages.c.seq)
)
_LINK_DEVICE = Q(
    update(users).where(users.c.id == bindparam("id_")).values(devices_rev=users.c.devices_rev + 1)
)


@dataclass
class Talk:
    """What a client knows of one conversation."""

    entries: dict[int, Json] = field(default_factory=dict)
    about: Json = field(default_factory=dict)
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)


class Device:
    """The smallest client that is right, of one person."""

    def __init__(self, db: RehearsedDatabase, hub: Hub, by: Actor, page: int) -> None:
        self.db, self.hub, self.by, self.page = db, hub, by, page
        self.talks: dict[str, Talk] = {}
        self.waiting: deque[bytes] = deque()
        self.member: Member | None = None
        self.served: list[Json] = []
        self.hidden: set[str] = set()
        self.pos = 0
        self.welcome_at = db.clock.now
        self.load()

    def load(self) -> None:
        first = self.db.read(chat.list_conversations, limit=200, by=self.by)
        self.pos = first.as_of
        for shown in first.items:
            self._know(shown)
            self._load_history(shown.id)

    def connect(self) -> None:
        if self.member is None:
            self.member = Member(self.by, self._push, lambda why: None)
            for mark in self.db.read(chat.marks_since, self.welcome_at - 5_000, by=self.by):
                self.waiting.append(chat.receipt_frame(mark))
            self.waiting.append(b'{"t":"welcome","now":%d}' % self.db.clock.now)
            self.hub.follow(self.member, self.by.user_id, self.pos)

    def cut(self) -> None:
        if self.member is not None:
            self.hub.leave(self.member)
            self.member = None
            self.waiting.clear()

    def handle(self, frames: int | None = None) -> None:
        for _ in range(len(self.waiting) if frames is None else min(frames, len(self.waiting))):
            self._take(msgspec.json.decode(self.waiting.popleft()))

    def shown(self) -> Json:
        """All that a screen would show now."""
        return {
            place: {
                "messages": self._fold(talk),
                "holes": sorted(
                    set(range(talk.about["since"], max(talk.entries, default=0) + 1))
                    - set(talk.entries)
                ),
                "about": talk.about,
                "unread": self._unread(talk),
                "marks": {u: m for u, m in sorted(talk.marks.items()) if m != (0, 0)},
            }
            for place, talk in sorted(self.talks.items())
        }

    def counted(self) -> dict[str, int]:
        items = self.db.read(chat.list_conversations, limit=200, by=self.by).items
        return {str(shown.id): shown.unread for shown in items}

    def _fold(self, talk: Talk) -> list[Json]:
        gone = {entry["target"] for entry in talk.entries.values() if entry["k"] == "deletion"}
        folded = []
        for _, entry in sorted(talk.entries.items()):
            is_over = entry.get("expires_at", 2**62) <= self.db.clock.now
            is_gone = is_over or entry["id"] in gone or entry["id"] in self.hidden
            content = None if is_gone else entry.get("ct") or entry.get("body")
            folded.append(
                {key: entry.get(key) for key in ("seq", "id", "k", "from", "quiet", "target")}
                | {"content": content}
            )
        return folded

    def _unread(self, talk: Talk) -> int:
        me = str(self.by.user_id)
        read = talk.marks.get(me, (0, 0))[1]
        return sum(
            one["seq"] > read
            and one["k"] in ("message", "fact")
            and one["content"] is not None
            and not one["quiet"]
            and one["from"] != me
            for one in self._fold(talk)
        )

    def _push(self, frame: bytes) -> bool:
        self.waiting.append(frame)
        return True

    def _take(self, frame: Json) -> None:
        match frame:
            case {"t": "welcome"}:
                self.welcome_at = frame["now"]
            case {"t": "rcpt"}:
                if talk := self.talks.get(frame["conv"]):
                    self._mark(talk, frame["user"], frame["d"], frame["r"])
            case {"t": "ev", "pos": pos}:
                assert pos == self.pos + 1, "the hub left a hole, or doubled"
                self.pos = pos
                self._apply(frame)
            case _:
                raise AssertionError(frame)

    def _apply(self, frame: Json) -> None:
        if "conv" in frame:
            place = frame["conv"]
            if place not in self.talks or frame["k"] == "change":
                self._reload(place)
            if talk := self.talks.get(place):
                self._keep(talk, frame)
        elif frame["k"] == "conversation":
            self._reload(frame["ref"])
        elif frame["k"] == "history":
            if frame["ref"] in self.talks:
                self.talks[frame["ref"]].entries.clear()
                self._load_history(ConversationId(UUID(frame["ref"])))
        elif frame["k"] == "hidden":
            self.hidden.add(frame["ref"])

    def _reload(self, place: str) -> None:
        try:
            shown = self.db.read(chat.get_conversation, ConversationId(UUID(place)), by=self.by)
        except NotFound:
            self.talks.pop(place, None)
            return
        is_new = place not in self.talks
        talk = self._know(shown)
        if is_new or talk.about["since"] not in talk.entries:
            self._load_history(shown.id)

    def _know(self, shown: chat.Conversation) -> Talk:
        talk = self.talks.setdefault(str(shown.id), Talk())
        members = {str(one.user_id): (one.role, one.state, one.joined_seq) for one in shown.members}
        _, _, since = members.get(str(self.by.user_id), ("member", "joined", 1))
        talk.about = {
            "since": since,
            "state": shown.state,
            "role": shown.role,
            "timer_s": shown.timer_s,
            "members": members,
        }
        talk.entries = {seq: one for seq, one in talk.entries.items() if seq >= since}
        for mark in shown.marks:
            self._mark(talk, str(mark.user_id), mark.delivered_seq, mark.read_seq)
        here = {user for user, one in members.items() if one[1] == "joined"}
        talk.marks = {user: mark for user, mark in talk.marks.items() if user in here}
        if shown.settings is not None:
            self.served.append(plain(shown.settings))
        return talk

    def _load_history(self, place: ConversationId) -> None:
        talk, before = self.talks[str(place)], None
        while True:
            part = self.db.read(
                chat.list_messages, place, before=before, limit=self.page, by=self.by
            )
            for entry in plain(part.items) + plain(part.about):
                self._keep(talk, entry)
            if not part.has_before:
                return
            before = part.items[0].seq

    def _keep(self, talk: Talk, entry: Json) -> None:
        self.served.append(entry)
        if entry["seq"] >= talk.about["since"]:
            talk.entries[entry["seq"]] = entry
        if entry.get("hidden"):
            self.hidden.add(entry["id"])

    def _mark(self, talk: Talk, user: str, delivered: int, read: int) -> None:
        before = talk.marks.get(user, (0, 0))
        talk.marks[user] = max(before[0], delivered), max(before[1], read)


@dataclass(eq=False)
class Sent:
    """A message that was acknowledged."""

    place: ConversationId
    by: Actor
    id: MessageId
    sealed: chat.Sealed
    answer: chat.Sent
    is_deleted: bool = False


class World:
    """Four people, a group, two who are friends, and a stranger who asks; and what must hold."""

    def __init__(self, db: RehearsedDatabase, bell: FaultyBell, luck: random.Random) -> None:
        self.db, self.bell, self.luck = db, bell, luck
        self.people = [make.person(db, name) for name in ("Ravi", "Meera", "Omar", "Lina")]
        ravi, meera, omar, lina = self.people
        self.group = make.group(db, ravi, meera, omar)
        self.places = [self.group, make.private(db, ravi, meera), ConversationId(uuid7())]
        db.write(chat.open_conversation, self.places[2], chat.Kind.PRIVATE, meera.user_id, by=lina)
        self.here = {
            self.places[0]: {one.user_id for one in (ravi, meera, omar)},
            self.places[1]: {one.user_id for one in (ravi, meera)},
            self.places[2]: {one.user_id for one in (lina, meera)},
        }
        self.devices = dict.fromkeys((one.user_id for one in self.people), 0)
        self.readers: dict[tuple[ConversationId, int], set[UserId]] = {}
        self.audiences: dict[tuple[ConversationId, str], object] = {}
        self.revs: list[tuple[ConversationId, str]] = []
        self.sent: list[Sent] = []
        self.words = 0
        self.link: str | None = None

    def act(self, act: str) -> None:
        """One thing that somebody does; what is refused changes nothing."""
        who, other = self.luck.choice(self.people), self.luck.choice(self.people)
        place = self.luck.choice([self.group, self.group, *self.places])
        before = set(self.here[place])
        first_for = before
        try:
            match act:
                case "send":
                    self._send(place, who, self._rev(place, who))
                case "send stale":
                    if self.revs:
                        self._send(*self._old(who))
                case "repeat":
                    self._repeat()
                case "reuse":
                    self._reuse(who)
                case "delete":
                    self._delete(who)
                case "add":
                    role = self.luck.choice([None, None, chat.Role.ADMIN, chat.Role.MEMBER])
                    self.db.write(chat.put_member, place, other.user_id, role, by=who)
                    self.here[place].add(other.user_id)
                    first_for = self.here[place]
                case "remove" | "leave":
                    gone = who if act == "leave" else other
                    self.db.write(chat.remove_member, place, gone.user_id, by=who)
                    self.here[place].discard(gone.user_id)
                case "accept":
                    self.db.write(chat.accept_request, place, by=who)
                    self.here[place].add(who.user_id)
                    first_for = self.here[place]
                case "refuse":
                    self.db.write(chat.refuse_request, place, by=who)
                    self.here[place].discard(who.user_id)
                case "invite":
                    code = chat.new_invitation_code()
                    self.link = self.db.write(chat.invite, place, code, by=who).code
                case "follow link":
                    if self.link:
                        self.db.write(chat.accept_invitation, self.link, by=who)
                        place = self.group
                        self.here[place].add(who.user_id)
                        first_for = self.here[place]
                case "device":
                    self.db.write(lambda tx: tx.do(_LINK_DEVICE, id_=who.user_id))
                    self.devices[who.user_id] += 1
                case "read":
                    moved = self.db.write(chat.mark_read, place, self._seq(place), by=who)
                    if moved is not None:
                        for told, frame in moved.frames():
                            self.bell.flash(told, frame)
                case "hide":
                    if self.sent:
                        self.db.write(chat.hide_message, self.luck.choice(self.sent).id, by=who)
                case "timer":
                    timer_s = self.luck.choice([0, 86_400])
                    self.db.write(chat.set_timer, place, timer_s, by=who)
                case "fact":
                    if {who.user_id} <= before:
                        card = chat.FactCard(state="paid")
                        subject = chat.Subject("transfer", uuid7())
                        name, event = "transfer.posted", EventId(uuid7())
                        self.db.write(
                            chat.post_fact, place, event, name, subject, who.user_id, card
                        )
                case "expire":
                    self.db.write(chat.expire_messages)
        except Problem:
            pass
        self._note(first_for)

    def _note(self, first_for: set[UserId]) -> None:
        """Who may read what was numbered just now. The first is also for who went by it."""
        for place in self.places:
            known = max((seq for where, seq in self.readers if where == place), default=0)
            for n, seq in enumerate(range(known + 1, self._seq(place) + 1)):
                may = first_for | self.here[place] if n == 0 else self.here[place]
                self.readers[place, seq] = set(may)

    def _audience(self, place: ConversationId) -> object:
        return frozenset((user_id, self.devices[user_id]) for user_id in self.here[place])

    def _rev(self, place: ConversationId, who: Actor) -> str:
        rev = make.rev_of(self.db, place, who)
        # One view never means two audiences.
        known = self.audiences.setdefault((place, rev), self._audience(place))
        assert known == self._audience(place)
        self.revs.append((place, rev))
        return rev

    def _old(self, who: Actor) -> tuple[ConversationId, Actor, str]:
        place, rev = self.luck.choice(self.revs)
        return place, who, rev

    def _send(self, place: ConversationId, who: Actor, rev: str) -> None:
        self.words += 1
        ttl_s = self.luck.choice([None, None, 1, 60])
        sealed = make.seal(f"word {self.words}", rev, ttl_s=ttl_s, is_quiet=self.words % 7 == 0)
        if place == self.group and self.luck.random() < 0.3:
            sealed = make.seal(f"settings {self.words}", rev, slot="settings")
        message = MessageId(uuid7())
        answer = self.db.write(chat.send_sealed, message, place, sealed, by=who)
        self.sent.append(Sent(place, who, message, sealed, answer))
        # It was taken, so it was encrypted for exactly those who are here, on these devices.
        assert self.audiences[place, rev] == self._audience(place)

    def _repeat(self) -> None:
        if self.sent:
            old = self.luck.choice(self.sent)
            again = self.db.write(chat.send_sealed, old.id, old.place, old.sealed, by=old.by)
            assert again == old.answer

    def _reuse(self, who: Actor) -> None:
        if self.sent:
            old = self.luck.choice(self.sent)
            try:
                sealed = make.seal("something else", old.sealed.rev)
                self.db.write(chat.send_sealed, old.id, old.place, sealed, by=who)
            except IdReused:
                return
            raise AssertionError("An id was taken twice.")

    def _delete(self, who: Actor) -> None:
        mine = [one for one in self.sent if one.by == who]
        if mine:
            gone = self.luck.choice(mine)
            self.db.write(chat.delete_message, gone.id, by=who)
            gone.is_deleted = True

    def _seq(self, place: ConversationId) -> int:
        row = self.db.read(lambda tx: tx.one(_SEQ, id=place))
        assert row is not None
        seq: int = row.seq
        return seq

    def check_served(self, device: Device) -> None:
        """Nothing that this person was ever served was not for them."""
        for entry in device.served:
            place = ConversationId(UUID(entry["conv"]))
            assert device.by.user_id in self.readers[place, entry["seq"]], entry

    def peek(self, device: Device) -> None:
        """Read all that one is given, also where one is no member any more."""
        for place in self.places:
            try:
                part = self.db.read(chat.list_messages, place, limit=1_000, by=device.by)
            except NotFound:
                continue
            device.served += plain(part.items) + plain(part.about)

    def check_rows(self) -> None:
        """Numbers are whole; what was deleted or has disappeared is gone."""
        self.db.write(chat.expire_messages)
        deleted = {one.id for one in self.sent if one.is_deleted}
        for place in self.places:
            rows = self.db.read(lambda tx, place=place: tx.all(_ROWS, id=place))
            assert [row.seq for row in rows] == list(range(1, self._seq(place) + 1))
            for row in rows:
                is_over = row.expires_at is not None and row.expires_at <= self.db.clock.now
                if row.id in deleted or is_over:
                    assert row.content is None
                elif row.k != "deletion":
                    assert row.content is not None
                assert row.k == "deletion" or row.content_hash is not None
        known = [(one.place, one.answer.seq) for one in self.sent]
        assert len(known) == len(set(known))


ACTS = ["send"] * 8 + ["send stale"] * 3 + ["repeat"] * 3 + ["add"] * 3 + ["remove"] * 2 + [
    "leave", "accept", "accept", "refuse", "invite", "follow link", "device", "reuse", "delete",
    "delete", "read", "read", "hide", "timer", "fact", "expire",
]  # fmt: skip
NETWORK: list[str] = ["cut", "connect", "connect", "handle", "handle", "wait", "peek"]


async def play(db: RehearsedDatabase, seed: int) -> None:
    luck = random.Random(seed)
    bell = FaultyBell(random.Random(seed + 1))
    hub = Hub(cast(Db, Reader(db)), bell, Frames({"message": chat.message_frames}))
    page, ends_cut = luck.randint(1, 20), luck.random() < 0.5
    with ringing(db, bell):
        world = World(db, bell, luck)
        devices = [Device(db, hub, who, page) for who in world.people]
        for _ in range(luck.randint(30, 110)):
            step: str = luck.choice(ACTS + NETWORK)
            device = luck.choice(devices)
            match step:
                case "cut":
                    device.cut()
                case "connect":
                    device.connect()
                case "handle":
                    device.handle(luck.randint(0, 20))
                case "peek":
                    world.peek(device)
                case "wait":
                    db.clock.advance(luck.choice([500, 2_000, 61_000]))
                    await settle()
                case _:
                    world.act(step)
                    if luck.random() < 0.5:
                        await asyncio.sleep(0)
        await end(db, hub, bell, world, devices, page, ends_cut=ends_cut)


async def end(
    db: RehearsedDatabase,
    hub: Hub,
    bell: FaultyBell,
    world: World,
    devices: list[Device],
    page: int,
    *,
    ends_cut: bool,
) -> None:
    if ends_cut:
        for device in devices:
            device.cut()
    for device in devices:
        device.connect()
    await settle()
    bell.is_faulty = False
    shop = make.shop(db)
    for who in world.people:  # The next ring makes up for all that were lost.
        make.message(db, make.conversation(db, who, shop), "The end", by=shop)
    await settle()
    world.check_rows()
    for device in devices:
        device.handle()
        device.cut()
        device.connect()
        await settle()
        device.handle()
        fresh = Device(db, hub, device.by, page)
        fresh.handle()
        assert device.pos == fresh.pos
        for one in (device, fresh):
            one.talks = {p: t for p, t in one.talks.items() if p in map(str, world.places)}
            one.served = [it for it in one.served if it["conv"] in map(str, world.places)]
        assert device.shown() == fresh.shown()
        counted = {p: n for p, n in fresh.counted().items() if p in fresh.talks}
        assert {place: one["unread"] for place, one in fresh.shown().items()} == counted
        assert all(one["holes"] == [] for one in fresh.shown().values())
        world.peek(device)
        world.check_served(device)
        world.check_served(fresh)
        device.cut()


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_the_stream_leads_to_a_fresh_load_and_nobody_is_served_what_is_not_for_them(
    db: RehearsedDatabase, seed: int
) -> None:
    asyncio.run(play(db, seed))
