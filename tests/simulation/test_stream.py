"""A client that loses its connection at random ends with exactly the state of a fresh load.

Real are the commands, the database, the stream and the hub. The bell is faulty: it loses, doubles
and swaps. A client is the smallest one that is right: it keeps entries by number, and its cursor.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kirana import chat, identity
from kirana.chat.content import Edit, Quote, Reaction, Text
from kirana.platform.bell import LocalBell
from kirana.platform.db import Db, Tx
from kirana.platform.hub import Hub, Member
from kirana.platform.stream import Frames, Ring
from kirana.values import (
    Actor,
    ConversationId,
    EventId,
    MessageId,
    Problem,
    UserId,
    uuid7,
)
from tests.chat import make
from tests.database import RehearsedDatabase

Json = dict[str, Any]


class FaultyBell(LocalBell):
    """Loses, doubles and swaps rings, until it is repaired."""

    def __init__(self, luck: random.Random) -> None:
        super().__init__()
        self.is_faulty = True
        self._luck = luck
        self._late: list[Ring] = []

    def ring(self, rings: Iterable[Ring]) -> None:
        heard = self._late + list(rings)
        self._late = []
        if self.is_faulty:
            heard = [ring for ring in heard if self._luck.random() > 0.15]
            heard += [ring for ring in heard if self._luck.random() < 0.15]
            self._luck.shuffle(heard)
            if heard and self._luck.random() < 0.3:
                self._late.append(heard.pop())
        super().ring(heard)

    def flash(self, users: Iterable[UserId], frame: bytes) -> None:
        if not self.is_faulty or self._luck.random() > 0.3:
            super().flash(users, frame)


class Reader:
    """The part of `Db` that a hub needs, without threads."""

    def __init__(self, database: RehearsedDatabase) -> None:
        self.database = database

    async def read(self, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return self.database.read(query, *args, **kwargs)


@dataclass
class State:
    """What a client keeps: everything else is folded from it."""

    pos: int = 0
    entries: dict[str, dict[int, Json]] = field(default_factory=dict)
    marks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)

    def take_entries(self, conversation: str, entries: Iterable[Json]) -> None:
        kept = self.entries.setdefault(conversation, {})
        for entry in entries:
            kept[entry["seq"]] = entry
            self.heads[conversation] = max(self.heads.get(conversation, 0), entry["seq"])

    def take_mark(self, conversation: str, user: str, delivered: int, read: int) -> None:
        before = self.marks.get((conversation, user), (0, 0))
        self.marks[conversation, user] = max(before[0], delivered), max(before[1], read)

    def shown(self, me: UserId) -> Json:
        """All that a screen would show."""
        return {
            conversation: {
                "messages": fold(entries.values()),
                "holes": sorted(set(range(1, self.heads[conversation] + 1)) - set(entries)),
                "unread": self._unread(conversation, me),
                "marks": {u: m for (c, u), m in sorted(self.marks.items()) if c == conversation},
            }
            for conversation, entries in sorted(self.entries.items())
            if entries
        }

    def _unread(self, conversation: str, me: UserId) -> int:
        read = self.marks.get((conversation, str(me)), (0, 0))[1]
        shown = fold(self.entries[conversation].values())
        return sum(m["seq"] > read and m["from"] != str(me) and not m["is_gone"] for m in shown)


def fold(entries: Iterable[Json]) -> list[Json]:
    """The messages of a conversation as they are now: a pure function of its entries."""
    shown: dict[str, Json] = {}
    for entry in sorted(entries, key=lambda entry: int(entry["seq"])):
        body = entry.get("body")
        target = shown.get(entry.get("target", ""))
        if entry["k"] == "deletion":
            if target is not None:
                target |= {"is_gone": True, "body": None, "is_edited": False, "reactions": {}}
        elif "target" in entry:
            if target is None or target["is_gone"] or body is None:
                continue
            if body["type"] == "edit":
                target |= {"body": body["content"], "is_edited": True}
            elif body["emoji"]:
                target["reactions"][entry["from"]] = body["emoji"]
            else:
                target["reactions"].pop(entry["from"], None)
        else:
            shown[entry["id"]] = {
                "id": entry["id"],
                "seq": entry["seq"],
                "k": entry["k"],
                "from": entry.get("from"),
                "author": entry.get("author"),
                "body": body,
                "is_gone": entry["k"] == "message" and body is None,
                "is_edited": False,
                "reactions": {},
            }
    return list(shown.values())


def plain(value: Any) -> Any:
    """As a client gets it: JSON, taken apart."""
    return msgspec.json.decode(msgspec.json.encode(value))


def fresh_load(db: RehearsedDatabase, by: Actor, page: int) -> tuple[State, Json]:
    """The state of a client that starts with nothing, and what the server itself counts."""
    state, counted = State(), {}
    first = db.read(chat.list_conversations, limit=200, by=by)
    state.pos = first.as_of
    for conversation in first.items:
        place = str(conversation.id)
        load_history(db, by, state, conversation.id, page)
        for mark in conversation.marks:
            state.take_mark(place, str(mark.user_id), mark.delivered_seq, mark.read_seq)
        if state.entries.get(place):
            counted[place] = conversation.unread
    return state, counted


def load_history(
    db: RehearsedDatabase, by: Actor, state: State, conversation: ConversationId, page: int
) -> None:
    before = None
    state.entries[str(conversation)] = {}
    while True:
        part = db.read(chat.list_messages, conversation, before=before, limit=page, by=by)
        state.take_entries(str(conversation), plain(part.items) + plain(part.about))
        if not part.has_before:
            return
        before = part.items[0].seq


class Client:
    """A device that follows one stream."""

    def __init__(self, db: RehearsedDatabase, hub: Hub, by: Actor, page: int) -> None:
        self.db, self.hub, self.by, self.page = db, hub, by, page
        self.state, _ = fresh_load(db, by, page)
        self.waiting: deque[bytes] = deque()
        self.member: Member | None = None
        self.welcome_at = db.clock.now

    def connect(self) -> None:
        if self.member is not None:
            return
        self.member = Member(self.by, self._push, lambda why: None)
        # Marks have no cursor: those that moved since the last welcome are sent again.
        for mark in self.db.read(chat.marks_since, self.welcome_at - 5_000, by=self.by):
            self.waiting.append(chat.receipt_frame(mark))
        # After them, so that who does not get them all asks for all of them again.
        self.waiting.append(b'{"t":"welcome","now":%d}' % self.db.clock.now)
        self.hub.follow(self.member, self.by.user_id, self.state.pos)

    def cut(self) -> None:
        """What was under way is lost."""
        if self.member is not None:
            self.hub.leave(self.member)
            self.member = None
            self.waiting.clear()

    def handle(self, frames: int | None = None) -> None:
        for _ in range(len(self.waiting) if frames is None else min(frames, len(self.waiting))):
            self._take(msgspec.json.decode(self.waiting.popleft()))

    def _push(self, frame: bytes) -> bool:
        self.waiting.append(frame)
        return True

    def _take(self, frame: Json) -> None:
        match frame:
            case {"t": "welcome"}:
                self.welcome_at = frame["now"]
            case {"t": "rcpt"}:
                self.state.take_mark(frame["conv"], frame["user"], frame["d"], frame["r"])
            case {"t": "ev", "pos": pos}:
                assert pos == self.state.pos + 1, "the hub left a hole, or doubled"
                self.state.pos = pos
                if "conv" in frame:
                    if frame["conv"] not in self.state.entries:
                        self._reload("conversation", frame["conv"])
                    self.state.take_entries(frame["conv"], [frame])
                elif frame["k"] in ("conversation", "history"):
                    self._reload(frame["k"], frame["ref"])
            case _:
                raise AssertionError(frame)

    def _reload(self, kind: str, ref: str) -> None:
        shown = self.db.read(chat.get_conversation, ConversationId(UUID(ref)), by=self.by)
        place = str(shown.id)
        if place != ref:
            self.state.entries.pop(ref, None)
        if kind == "history":
            load_history(self.db, self.by, self.state, shown.id, self.page)
        for mark in shown.marks:
            self.state.take_mark(place, str(mark.user_id), mark.delivered_seq, mark.read_seq)


class Town:
    """A shop, two customers and a guest, who talk, and lose their connections."""

    def __init__(self, db: RehearsedDatabase, hub: Hub, bell: FaultyBell, page: int) -> None:
        self.db, self.bell = db, bell
        self.shop = make.shop(db)
        self.meera = make.acting_for(db, self.shop.user_id, make.person(db, "Meera"))
        self.ravi, self.omar = make.person(db), make.person(db, "Omar")
        self.guest: Actor | None = make.guest(db)
        self.places = {
            who.user_id: make.conversation(db, who, self.shop)
            for who in (self.ravi, self.omar, self.guest)
        }
        self.sent: dict[ConversationId, list[tuple[MessageId, Text]]] = {}
        self.clients = [Client(db, hub, by, page) for by in (self.shop, self.ravi, self.omar)]

    def act(self, act: str, n: int, m: int) -> None:
        """One thing that somebody does; what is refused changes nothing."""
        who, place = self._somebody(n)
        sent = self.sent.setdefault(place, [])
        known, said = sent[m % len(sent)] if sent else (MessageId(uuid7()), Text(text="?"))
        try:
            match act:
                case "say":
                    quote = Quote(known) if sent and m % 3 == 0 else None
                    text = Text(text=f"Word {n} {m}", reply_to=quote)
                    self._send(place, text, who)
                case "repeat":
                    self.db.write(chat.send_message, known, place, said, by=who)
                case "edit":
                    new = Text(text=f"Better word {m}")
                    self._send(place, Edit(target_id=known, content=new), who)
                case "react":
                    emoji = ("👍", "❤️", "")[m % 3]
                    self._send(place, Reaction(target_id=known, emoji=emoji), who)
                case "delete":
                    self.db.write(chat.delete_message, known, by=who)
                case "read":
                    moved = self.db.write(chat.mark_read, place, m, by=who)
                    if moved is not None:
                        for told, frame in moved.frames():
                            self.bell.flash(told, frame)
                case "fact":
                    card = chat.FactCard(state="placed", title=f"Order {m}")
                    subject = chat.Subject("order", uuid7())
                    event = EventId(uuid7())
                    self.db.write(
                        chat.post_fact, place, event, "order.placed", subject, who.user_id, card
                    )
                case "join":
                    self._join()
        except Problem:
            pass

    def _send(self, place: ConversationId, content: chat.Content, who: Actor) -> None:
        message = MessageId(uuid7())
        self.db.write(chat.send_message, message, place, content, by=who)
        if isinstance(content, Text):
            self.sent.setdefault(place, []).append((message, content))

    def _somebody(self, n: int) -> tuple[Actor, ConversationId]:
        customers = [who for who in (self.ravi, self.omar, self.guest) if who is not None]
        customer = customers[n % len(customers)]
        who = (customer, customer, self.shop, self.meera)[n // 3 % 4]
        return who, self.places[customer.user_id]

    def _join(self) -> None:
        """The guest turns out to be Omar."""
        if self.guest is None:
            return
        joined = identity.GuestJoined(self.guest.user_id, self.omar.user_id)
        self.db.write(chat.join_guest, joined)
        here, there = self.places[self.guest.user_id], self.places[self.omar.user_id]
        self.sent.setdefault(there, []).extend(self.sent.pop(here, []))
        self.guest = None


ACTS = ["say"] * 6 + ["edit", "react", "delete", "read", "read", "fact", "repeat", "join", "join"]
NETWORK = ["cut", "connect", "connect", "handle", "handle", "wait"]
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTS + NETWORK), st.integers(0, 23), st.integers(0, 40)),
    min_size=20,
    max_size=90,
)


@contextmanager
def ringing(db: RehearsedDatabase, bell: LocalBell) -> Iterator[None]:
    def ring(tx: Tx) -> None:
        bell.ring(tx.rings)

    db.after_commit.append(ring)
    try:
        yield
    finally:
        db.after_commit.remove(ring)


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def play(
    db: RehearsedDatabase, steps: list[tuple[str, int, int]], seed: int, page: int, ends_cut: bool
) -> None:
    bell = FaultyBell(random.Random(seed))
    hub = Hub(cast(Db, Reader(db)), bell, Frames({"message": chat.message_frames}))
    with ringing(db, bell):
        town = Town(db, hub, bell, page)
        for step, n, m in steps:
            client = town.clients[n % len(town.clients)]
            match step:
                case "cut":
                    client.cut()
                case "connect":
                    client.connect()
                case "handle":
                    client.handle(m)
                case "wait":
                    db.clock.advance(1_000 * m)
                    await settle()
                case _:
                    town.act(step, n, m)
                    if m % 2:
                        await asyncio.sleep(0)
        for client in town.clients:
            if ends_cut:
                client.cut()
            client.connect()
        await settle()
        # The next ring makes up for all that were lost.
        bell.is_faulty = False
        for place in (town.places[town.ravi.user_id], town.places[town.omar.user_id]):
            make.message(db, place, "The end", by=town.shop)
        await settle()
        for client in town.clients:
            client.handle()
            if not ends_cut:
                # Lost flashes of marks are made up for at the next resume.
                client.cut()
                client.connect()
                await settle()
                client.handle()
            loaded, counted = fresh_load(db, client.by, page)
            me = client.by.user_id
            assert client.state.pos == loaded.pos
            assert client.state.shown(me) == loaded.shown(me)
            shown = loaded.shown(me)
            assert {place: one["unread"] for place, one in shown.items()} == counted
            assert all(one["holes"] == [] for one in shown.values())
            client.cut()


@settings(
    max_examples=40,
    deadline=None,
    # A failing script is printed as it is: making it shorter takes longer than reading it.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, seed=st.integers(0, 2**32), page=st.integers(1, 30), ends_cut=st.booleans())
def test_a_client_that_loses_its_connection_ends_with_the_state_of_a_fresh_load(
    db: RehearsedDatabase,
    steps: list[tuple[str, int, int]],
    seed: int,
    page: int,
    ends_cut: bool,
) -> None:
    asyncio.run(play(db, steps, seed, page, ends_cut))


def test_what_was_emptied_since_folds_to_the_same(db: RehearsedDatabase) -> None:
    """A client that saw the words and one that came later agree on a deleted message."""
    ravi, asha = make.person(db), make.shop(db)
    place = make.conversation(db, ravi, asha)
    message = make.message(db, place, "My PIN is 4711", by=ravi)
    before, _ = fresh_load(db, asha, 50)

    db.write(chat.delete_message, message, by=ravi)
    after, _ = fresh_load(db, asha, 50)
    deletion = after.entries[str(place)][2]
    before.take_entries(str(place), [deletion])

    assert before.shown(asha.user_id) == after.shown(asha.user_id)
