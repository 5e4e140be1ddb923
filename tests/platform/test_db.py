"""The one writer: what commands may rely on."""

import asyncio
import sqlite3
from collections.abc import Sequence
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Column, bindparam, delete, insert, literal_column, select, update

from kirana.platform.db import (
    Bool,
    Call,
    Db,
    Id,
    Int,
    Json,
    Q,
    Refusal,
    Text,
    Tx,
    any_of,
    batched,
    table,
    upsert,
)
from kirana.platform.db.units import Work
from kirana.platform.stream import Change, heads_of
from kirana.values import Problem, UserId, uuid7
from tests.database import RehearsedDatabase

counters = table(
    "test_counters",
    Column("id", Id, primary_key=True),
    Column("count", Int, nullable=False),
    Column("is_open", Bool),
    Column("facts", Json),
    Column("note", Text),
)
ADD = Q(insert(counters))
FIND = Q(select(counters).where(counters.c.id == bindparam("id")))
SOME = Q(select(counters.c.id).where(any_of(counters.c.id, "ids")).order_by(counters.c.id))
RAISE = Q(
    update(counters)
    .where(counters.c.id == bindparam("id_"))
    .values(count=counters.c.count + bindparam("by"))
    .returning(counters.c.count)
)
SET = Q(
    update(counters)
    .where(counters.c.id == bindparam("id_"), counters.c.count == bindparam("seen"))
    .values(count=bindparam("count"), note=bindparam("note"))
)
MORE = Q(
    upsert(
        counters, ["id"], {"count": counters.c.count + literal_column("excluded.count")}
    ).returning(counters.c.id, counters.c.count)
)
PUT = Q(upsert(counters, ["id"], ["count", "note"]))
KEEP = Q(upsert(counters, ["id"]))
ALL = Q(select(counters))
CLEAR = Q(delete(counters))
FIRST = uuid7()


class Refused(Refusal):
    """No."""

    def remember(self, tx: Tx) -> None:
        tx.do(ADD, id=self.facts["id"], count=-1, note="refused")


class Plain(Problem):
    """Not this."""


def add(tx: Tx, count: int, fail: BaseException | None = None) -> int:
    tx.do(ADD, id=uuid7(), count=count)
    if fail:
        raise fail
    return count


def count_all(tx: Tx) -> list[int]:
    return sorted(row.count for row in tx.all(ALL))


def test_values_come_back_as_they_went_in(db: RehearsedDatabase) -> None:
    def keep(tx: Tx) -> None:
        tx.do(CLEAR)
        tx.do(ADD, id=FIRST, count=2**53, is_open=True, facts={"a": [1, "é"]}, note=None)

    db.write(keep)

    row = db.read(lambda tx: tx.one(FIND, id=FIRST))
    assert (row.id, row.count, row.is_open, row.facts) == (FIRST, 2**53, True, {"a": [1, "é"]})
    assert row.note is None


def test_a_list_of_any_length_is_one_parameter(db: RehearsedDatabase) -> None:
    ids = sorted(uuid7() for _ in range(300))
    db.write(lambda tx: tx.many(ADD, [{"id": i, "count": 0} for i in ids]))

    for length in (0, 1, 2, 5, 17, 65, 300):
        found = db.read(lambda tx, n=length: [row.id for row in tx.all(SOME, ids=ids[:n])])
        assert found == ids[:length]


def test_returning_gives_the_new_row(db: RehearsedDatabase) -> None:
    db.write(lambda tx: tx.do(ADD, id=FIRST, count=1))

    assert db.write(lambda tx: tx.one(RAISE, id_=FIRST, by=2)).count == 3


def test_an_upsert_updates_or_leaves_alone(db: RehearsedDatabase) -> None:
    db.write(lambda tx: tx.do(PUT, id=FIRST, count=1, note="a"))
    db.write(lambda tx: tx.do(PUT, id=FIRST, count=2, note="b"))
    db.write(lambda tx: tx.do(KEEP, id=FIRST, count=9, note="c"))

    row = db.read(lambda tx: tx.one(FIND, id=FIRST))
    assert (row.count, row.note) == (2, "b")


@pytest.mark.parametrize("number", [1, 5, 341, 700])
def test_many_rows_are_raised_at_once_and_give_back_what_they_hold(
    db: RehearsedDatabase, number: int
) -> None:
    ids = [uuid7() for _ in range(number)]
    empty = {"is_open": None, "facts": None, "note": 'it\'s "odd" \\'}

    def raise_all(tx: Tx, by: int) -> dict[UUID, int]:
        rows = [{"id": id, "count": by + n, **empty} for n, id in enumerate(ids)]
        return {row.id: row.count for row in tx.each(MORE, rows)}

    db.write(raise_all, 10)

    assert db.write(raise_all, 1) == {id: 11 + 2 * n for n, id in enumerate(ids)}


def test_an_update_of_many_changes_those_that_are_as_they_were_seen(db: RehearsedDatabase) -> None:
    ids = [uuid7() for _ in range(300)]
    notes = ['it\'s "odd" \\', None, "{NULL,ü}"]
    db.write(lambda tx: tx.many(ADD, [{"id": id, "count": 1} for id in ids]))
    rows = [
        {"id_": id, "seen": 1 + (n == 7), "count": n, "note": notes[n % 3]}
        for n, id in enumerate(ids)
    ]

    db.write(lambda tx: tx.many(SET, rows))

    found = {row.id: (row.count, row.note) for row in db.read(lambda tx: tx.all(ALL))}
    expected = {id: (n, notes[n % 3]) for n, id in enumerate(ids)} | {ids[7]: (1, None)}
    assert found == expected


def test_a_guarded_update_that_misses_a_row_is_stale_and_leaves_no_trace(
    db: RehearsedDatabase,
) -> None:
    db.rehearses = False
    ids = [uuid7() for _ in range(3)]
    db.write(lambda tx: tx.many(ADD, [{"id": id, "count": 1} for id in ids]))
    tries = 0

    def change(tx: Tx) -> None:
        nonlocal tries
        tries += 1
        seen = [2, 1, 1] if tries == 1 else [1, 1, 1]
        rows = [
            {"id_": id, "seen": seen[n], "count": 10 * tries, "note": None}
            for n, id in enumerate(ids)
        ]
        tx.many(SET, rows, is_guarded=True)
        tx.many(ADD, [{"id": uuid7(), "count": 5}])

    db.write(change)

    assert tries == 2
    assert sorted(row.count for row in db.read(lambda tx: tx.all(ALL))) == [5, 20, 20, 20]


def test_after_many_rows_a_statement_still_tells_how_many_it_wrote(db: RehearsedDatabase) -> None:
    db.rehearses = False
    ids = [uuid7() for _ in range(3)]

    def change(tx: Tx) -> tuple[int, int]:
        tx.many(ADD, [{"id": id, "count": 1} for id in ids[:2]])
        hits = tx.do(SET, id_=ids[0], seen=1, count=7, note=None)
        tx.many(ADD, [{"id": ids[2], "count": 3}])
        misses = tx.do(SET, id_=ids[1], seen=2, count=7, note=None)
        return hits, misses

    assert db.write(change) == (1, 0)
    assert sorted(row.count for row in db.read(lambda tx: tx.all(ALL))) == [1, 3, 7]


def test_what_the_database_refuses_of_many_is_raised_to_whoever_wrote_it(
    db: RehearsedDatabase,
) -> None:
    db.rehearses = False
    id = uuid7()
    db.write(lambda tx: tx.many(ADD, [{"id": id, "count": 1}]))
    others = [uuid7(), uuid7()]

    one, wrong, two = db.run(
        [
            Work(lambda tx, it: tx.many(ADD, [{"id": it, "count": 2}]), (it,), {})
            for it in (others[0], id, others[1])
        ]
    )

    assert one.error is None
    assert isinstance(wrong.error, sqlite3.IntegrityError | psycopg.IntegrityError)
    assert two.error is None
    assert {row.id for row in db.read(lambda tx: tx.all(ALL))} == {id, *others}


def test_a_refused_command_leaves_no_trace(db: RehearsedDatabase) -> None:
    with pytest.raises(Plain):
        db.write(add, 1, Plain())

    assert db.read(count_all) == []


def test_a_refusal_can_remember_itself(db: RehearsedDatabase) -> None:
    with pytest.raises(Refused):
        db.write(add, 1, Refused(id=FIRST))

    assert db.read(count_all) == [-1]


def test_a_query_cannot_write(db: RehearsedDatabase) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"):
        db.read(add, 1)


def test_a_missing_value_is_noticed(db: RehearsedDatabase) -> None:
    with pytest.raises(TypeError, match="count"):
        db.write(lambda tx: tx.do(ADD, id=FIRST))


def test_one_bad_command_harms_no_other_in_its_batch(db: RehearsedDatabase) -> None:
    async def go() -> list[object]:
        async_db = Db(db)
        calls = [async_db.write(add, n, ValueError() if n % 3 == 0 else None) for n in range(30)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        await async_db.close()
        return list(answers)

    answers = asyncio.run(go())

    assert [a for a in answers if isinstance(a, int)] == [n for n in range(30) if n % 3]
    assert db.read(count_all) == [n for n in range(30) if n % 3]


def many(tx: Tx, calls: Sequence[Call]) -> list[int | Problem]:
    tx.many(ADD, [{"id": uuid7(), "count": call.args[0]} for call in calls])
    return [Plain() if call.args[0] == 7 else call.args[0] for call in calls]


@batched(many)
def add_batched(tx: Tx, count: int) -> int:
    return add(tx, count)


def test_waiting_calls_of_a_batched_command_are_done_at_once(db: RehearsedDatabase) -> None:
    async def go() -> list[object]:
        async_db = Db(db)
        answers = await asyncio.gather(
            *(async_db.write(add_batched, n) for n in range(10)), return_exceptions=True
        )
        await async_db.close()
        return list(answers)

    answers = asyncio.run(go())

    assert isinstance(answers.pop(7), Plain)
    assert answers == [0, 1, 2, 3, 4, 5, 6, 8, 9]


def test_a_lane_does_what_no_lane_does(db: RehearsedDatabase) -> None:
    works = [Work(add, (n,), {}, uuid7() if n % 3 else None) for n in range(300)]

    outcomes = db.run(works)

    assert [outcome.result for outcome in outcomes] == list(range(300))
    assert db.read(count_all) == list(range(300))


def test_time_never_goes_back(db: RehearsedDatabase) -> None:
    before = db.write(lambda tx: tx.now)
    db.clock.advance(-5000)

    assert db.write(lambda tx: tx.now) >= before


def test_a_list_of_values_is_looked_up_in_the_index() -> None:
    for dialect in ("sqlite", "postgresql"):
        assert "= 1" not in SOME.on(dialect).sql


def test_what_has_to_be_undone_is_undone_whatever_was_done_beside_it(
    db: RehearsedDatabase,
) -> None:
    db.rehearses = False
    good = [Work(add, (n,), {}) for n in range(3)]
    bad = [Work(add, (100,), {"fail": Plain()}), Work(add, (101,), {"fail": ZeroDivisionError()})]
    told = Work(_tell_and_fail, (), {})
    mute = Work(_refuse, (FIRST,), {})

    outcomes = db.run([good[0], bad[0], good[1], told, mute, bad[1], good[2]])

    kinds = [outcome.error and type(outcome.error) for outcome in outcomes]
    assert kinds == [None, Plain, None, Plain, Refused, ZeroDivisionError, None]
    assert db.read(count_all) == [-1, 0, 1, 2]
    assert db.read(heads_of, [UserId(FIRST)]) == {}


def _tell_and_fail(tx: Tx) -> None:
    tx.publish([UserId(FIRST)], Change("thing", FIRST))
    raise Plain


def _refuse(tx: Tx, id: UUID) -> None:
    raise Refused(id=id)
