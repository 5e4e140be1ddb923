"""Several writers on one PostgreSQL: sends in lanes beside one another, and among them commands
that have the world to themselves. What is raced here is all that rests on there being one writer.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import bindparam, select

from kirana import chat
from kirana.chat.content import Reaction, Text
from kirana.chat.tables import conversations, messages
from kirana.platform import stream
from kirana.platform.database import open_database
from kirana.platform.db import Database, Q, Row, Tx
from kirana.platform.db.units import Outcome, Work
from kirana.platform.events import Bus
from kirana.platform.problems import IdReused
from kirana.values import Actor, ConversationId, EventId, MessageId, UserId, uuid7
from tests.database import RehearsedDatabase, empty, open_rehearsed

from . import make

WRITERS = 4
ROUNDS = 30
MAY_WRITE = {
    "chat_attachments",
    "chat_conversations",
    "chat_members",
    "chat_messages",
    "platform_jobs",
    "stream_entries",
    "stream_heads",
}
"""Of the first four only rows of the lane's conversation; to the jobs it only adds."""

_HEADS = Q(select(conversations.c.id, conversations.c.seq))
_ROWS = Q(
    select(
        messages.c.conversation_id,
        messages.c.seq,
        messages.c.id,
        messages.c.sender_id,
        messages.c.created_at,
    ).order_by(messages.c.conversation_id, messages.c.seq)
)
_STREAMS = Q(select(stream.heads.c.user_id, stream.heads.c.pos))
_ENTRIES = Q(
    select(stream.entries.c.pos, stream.entries.c.ref, stream.entries.c.seq)
    .where(stream.entries.c.user_id == bindparam("user_id"))
    .order_by(stream.entries.c.pos)
)


@pytest.fixture
def url(postgres_database: str) -> str:
    empty(postgres_database)
    return postgres_database


@pytest.fixture
def db(url: str) -> Iterator[RehearsedDatabase]:
    """For what goes before."""
    database = open_rehearsed(url, Bus())
    database.clock.now = int(time.time() * 1000)
    yield database
    database.close()


@pytest.fixture
def writers(url: str) -> Iterator[list[Database]]:
    """As each process has one."""
    made = [open_database(url, Bus()) for _ in range(WRITERS)]
    yield made
    for one in made:
        one.close()


class World:
    """Six friends, a group and all pairs of them, and a shop that each of them talks to."""

    def __init__(self, db: RehearsedDatabase) -> None:
        self.people = [make.person(db, f"Person {number}") for number in range(6)]
        self.shop = make.shop(db)
        self.places: list[tuple[ConversationId, list[Actor], bool]] = []
        self.revs: dict[ConversationId, str] = {}
        for number, one in enumerate(self.people):
            self._add(db, make.conversation(db, one, self.shop), [one, self.shop], False)
            for other in self.people[:number]:
                self._add(db, make.private(db, one, other), [one, other], True)
        self._add(db, make.group(db, *self.people), self.people, True)

    def _add(
        self, db: RehearsedDatabase, place: ConversationId, members: list[Actor], is_private: bool
    ) -> None:
        self.places.append((place, members, is_private))
        if is_private:
            self.revs[place] = make.rev_of(db, place, members[0])

    def send(self, luck: random.Random, id: MessageId | None = None) -> Work:
        """Something that somebody says somewhere; the same id says the same."""
        id = id or MessageId(uuid7())
        luck = random.Random(id.int) if luck.random() < 0.1 else luck
        place, members, is_private = luck.choice(self.places)
        return self._said(id, place, luck.choice(members), is_private)

    def _said(self, id: MessageId, place: ConversationId, by: Actor, is_private: bool) -> Work:
        words = f"Words {id}"
        if is_private:
            content: Any = make.seal(words, self.revs[place])
            return Work(chat.send_sealed, (id, place, content), {"by": by}, place)
        return Work(chat.send_message, (id, place, make.text(words)), {"by": by}, place)

    def alone(self, luck: random.Random) -> Work:
        """Something that is not done in a lane."""
        place, members, is_private = luck.choice(self.places)
        if is_private or luck.random() < 0.5:
            return Work(chat.mark_read, (place, luck.randint(1, 40)), {"by": luck.choice(members)})
        card = chat.FactCard(state="placed", title="Order")
        fact = (place, EventId(uuid7()), "order.placed", chat.Subject("order", uuid7()))
        return Work(chat.post_fact, (*fact, members[0].user_id, card), {})


def side_by_side(writers: list[Database], do: Callable[[int, Database], Any]) -> list[Any]:
    """Each writer in a thread of its own, all at once."""
    start = threading.Barrier(len(writers))

    def one(number: int) -> Any:
        start.wait()
        return do(number, writers[number])

    with ThreadPoolExecutor(len(writers)) as pool:
        return list(pool.map(one, range(len(writers))))


@pytest.mark.parametrize("seed", range(3))
def test_writers_in_lanes_leave_no_hole_and_no_double(
    db: RehearsedDatabase, writers: list[Database], seed: int
) -> None:
    world = World(db)
    before = {row.id: row.seq for row in db.read(lambda tx: tx.all(_HEADS))}
    done: list[tuple[Work, Outcome]] = []

    def write(number: int, database: Database) -> None:
        luck = random.Random(100 * seed + number)
        mine: list[Work] = []
        for _ in range(ROUNDS):
            works = [world.send(luck) for _ in range(luck.choice([1, 1, 3, 12]))]
            works += luck.sample(mine, min(len(mine), luck.choice([0, 0, 2])))
            works += [work for work, _ in luck.sample(done, min(len(done), 1)) if work.lane]
            if luck.random() < 0.3:
                works.insert(luck.randrange(len(works) + 1), world.alone(luck))
            mine += [work for work in works if work.lane]
            done.extend(zip(works, database.run(works), strict=True))

    side_by_side(writers, write)

    rows = db.read(lambda tx: tx.all(_ROWS))
    sent = {row.id: row for row in rows}
    answers: dict[UUID, set[tuple[UUID, int, int]]] = defaultdict(set)
    for work, outcome in done:
        answer = outcome.unwrap()
        if work.lane is not None:
            answers[work.args[0]].add((answer.conversation_id, answer.seq, answer.created_at))
    assert len(answers) > WRITERS * ROUNDS
    assert {id: {_told(sent[id])} for id in answers} == answers
    _check_numbers(rows, {row.id: row.seq for row in db.read(lambda tx: tx.all(_HEADS))}, before)
    _check_streams(db, world, rows)


def _told(row: Row) -> tuple[UUID, int, int]:
    return row.conversation_id, row.seq, row.created_at


def _check_numbers(rows: list[Row], heads: dict[UUID, int], before: dict[UUID, int]) -> None:
    """Every number once, and times that go the same way."""
    by_place: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.conversation_id].append(row)
    for place, head in heads.items():
        some = [row for row in by_place[place] if row.seq > before[place]]
        assert [row.seq for row in some] == list(range(before[place] + 1, head + 1))
        assert all(one.created_at <= other.created_at for one, other in pairwise(some))


def _check_streams(db: RehearsedDatabase, world: World, rows: list[Row]) -> None:
    """Everybody is told of everything, once, and for each conversation in its order."""
    heads = {row.user_id: row.pos for row in db.read(lambda tx: tx.all(_STREAMS))}
    for who in [*world.people, world.shop]:
        entries = db.read(lambda tx, who=who: tx.all(_ENTRIES, user_id=who.user_id))
        assert [entry.pos for entry in entries] == list(range(1, heads[who.user_id] + 1))
        for place, members, _ in world.places:
            if who not in members:
                continue
            told = [entry.seq for entry in entries if entry.ref == place and entry.seq is not None]
            assert told == [row.seq for row in rows if row.conversation_id == place]


def test_an_id_that_two_lanes_want_belongs_to_one(
    db: RehearsedDatabase, writers: list[Database]
) -> None:
    world = World(db)
    ids = [MessageId(uuid7()) for _ in range(40)]

    def write(number: int, database: Database) -> list[Outcome]:
        """Everybody wants all of them for a conversation of their own, in another order."""
        place, members, is_private = world.places[number]
        mine = random.Random(number).sample(ids, len(ids))
        works = [world._said(id, place, members[0], is_private) for id in mine]
        found = database.run(works[:20]) + [database.run([it])[0] for it in works[20:]]
        return [found[mine.index(id)] for id in ids]

    outcomes = side_by_side(writers, write)

    for some in zip(*outcomes, strict=True):
        refused = [it.error for it in some if it.error is not None]
        assert len(refused) == WRITERS - 1
        assert all(isinstance(error, IdReused) for error in refused)
    rows = db.read(lambda tx: tx.all(_ROWS))
    _check_streams(db, world, rows)


def test_lanes_do_not_wait_for_each_other_and_everybody_else_does(
    db: RehearsedDatabase, writers: list[Database]
) -> None:
    world = World(db)
    here, (there, others, is_private) = world.places[0][0], world.places[1]
    is_in, may_go = threading.Event(), threading.Event()
    order: list[str] = []

    def linger(tx: Tx) -> None:
        is_in.set()
        assert may_go.wait(20)
        order.append("first")

    def note(tx: Tx, name: str) -> None:
        order.append(name)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(writers[0].write_in, here, linger)
        assert is_in.wait(20)
        # Another lane goes by; the same lane, and who wants the world, have to wait.
        said = world._said(MessageId(uuid7()), there, others[0], is_private)
        assert writers[1].run([said])[0].error is None
        order.append("other lane")
        waiting = [pool.submit(writers[2].write_in, here, note, "same lane")]
        waiting.append(pool.submit(writers[3].write, note, "alone"))
        _until_waiting(writers[1], 2)
        may_go.set()
        for it in [first, *waiting]:
            it.result(20)

    assert order[:2] == ["other lane", "first"]
    assert sorted(order[2:]) == ["alone", "same lane"]


def _until_waiting(database: Database, count: int) -> None:
    """Until so many wait for an advisory lock of this database."""
    with psycopg.connect(database.engine.url) as connection:  # type: ignore[attr-defined]
        for _ in range(400):
            row = connection.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND "
                "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchone()
            if row is not None and row[0] >= count:
                return
            time.sleep(0.05)
    raise AssertionError("Nobody waited.")


def test_a_batch_with_a_bad_command_keeps_the_others(
    db: RehearsedDatabase, writers: list[Database]
) -> None:
    world = World(db)
    luck = random.Random(1)
    works = [world.send(luck) for _ in range(5)]
    works.insert(2, Work(_fail, (), {}, works[0].lane))

    outcomes = writers[0].run(works)

    assert isinstance(outcomes[2].error, ZeroDivisionError)
    assert [it.error for it in outcomes[:2] + outcomes[3:]] == [None] * 5


def _fail(tx: Tx) -> None:
    raise ZeroDivisionError


def test_a_lane_writes_what_it_guards_and_nothing_else(
    db: RehearsedDatabase, writers: list[Database]
) -> None:
    one, other, stranger = (make.person(db, name) for name in ("Ravi", "Meera", "Omar"))
    shop = make.shop(db)
    place, counter = make.private(db, one, other), make.conversation(db, one, shop)
    group = make.group(db, one, other)
    asked = ConversationId(uuid7())
    db.write(chat.open_conversation, asked, chat.Kind.PRIVATE, one.user_id, by=stranger)
    said = make.message(db, counter, by=one)
    written: set[str] = set()
    writers[0].before_commit.append(lambda tx: written.update(_written(tx)))

    def seal(where: ConversationId, by: Actor, **more: Any) -> Work:
        content = make.seal("Words", make.rev_of(db, where, by), **more)
        return Work(chat.send_sealed, (MessageId(uuid7()), where, content), {"by": by}, where)

    def say(content: chat.Content, by: Actor) -> Work:
        args = (MessageId(uuid7()), counter, content)
        return Work(chat.send_message, args, {"by": by}, counter)

    for work in (
        seal(place, one, ttl_s=60),
        seal(group, other, is_quiet=True),
        seal(asked, stranger),
        say(Text(text="Is it fresh?"), one),
        say(make.edit(said, "Was it fresh?"), one),
        say(Reaction(target_id=said, emoji="👍"), shop),
    ):
        assert writers[0].run([work])[0].error is None
    # Whoever answers a request has accepted it.
    assert writers[0].run([seal(asked, one)])[0].error is None

    assert {"chat_messages", "stream_entries", "chat_members"} <= written
    assert written <= MAY_WRITE


def _written(tx: Tx) -> list[str]:
    """The tables that this transaction has written to, by PostgreSQL's own count."""
    rows = tx._connection.execute(
        "SELECT relname FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
    ).fetchall()
    return [row[0] for row in rows]


def test_times_are_the_databases_for_every_writer(
    db: RehearsedDatabase, writers: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = uuid7()
    seen: list[int] = []
    monkeypatch.setattr(writers[0], "_clock", lambda: int(time.time() * 1000) + 3_600_000)

    for number in range(20):
        seen.append(writers[number % 2].write_in(lane, lambda tx: tx.now))
        time.sleep(0.002)

    assert seen == sorted(seen)
    assert abs(seen[-1] - time.time() * 1000) < 60_000
    assert abs(writers[0].read(lambda tx: tx.now) - time.time() * 1000) < 60_000


def test_nobody_needs_a_head_to_be_there(db: RehearsedDatabase, writers: list[Database]) -> None:
    """New users are raised by whoever comes first."""
    users = [UserId(uuid7()) for _ in range(20)]

    def write(number: int, database: Database) -> None:
        luck = random.Random(number)
        for _ in range(10):
            some = luck.sample(users, 5)
            change = stream.Change("thing", uuid7())
            database.write_in(uuid7(), lambda tx, s=some, c=change: tx.publish(s, c))

    side_by_side(writers, write)

    heads = {row.user_id: row.pos for row in db.read(lambda tx: tx.all(_STREAMS))}
    assert sum(heads.values()) == WRITERS * 10 * 5
    for user_id, head in heads.items():
        entries = db.read(lambda tx, u=user_id: tx.all(_ENTRIES, user_id=u))
        assert [entry.pos for entry in entries] == list(range(1, head + 1))
