"""What somebody is told by itself: once, of everything, until they have seen it."""

import pytest

from kirana import notices
from kirana.notices.notices import KEPT_MS
from kirana.platform import stream
from kirana.platform.problems import NotFound
from kirana.values import Actor, Money, UserId, uuid7
from tests.database import RehearsedDatabase


def somebody() -> Actor:
    id = UserId(uuid7())
    return Actor(id, id)


def unseen(db: RehearsedDatabase, who: Actor) -> list[notices.Notice]:
    return db.read(notices.list_notices, by=who)


def head(db: RehearsedDatabase, who: Actor) -> int:
    return db.read(stream.head_of, who.user_id)


def test_one_is_told_once_of_one_thing_and_again_of_the_next(db: RehearsedDatabase) -> None:
    asha, link, other = somebody(), uuid7(), uuid7()
    parent, amount = uuid7(), Money(250, "INR")
    for _ in range(2):
        db.write(
            notices.tell, parent, asha.user_id, "link.returned", link, other_id=other, amount=amount
        )  # fmt: skip
    assert head(db, asha) == 1
    db.clock.advance(1000)
    db.write(notices.tell, uuid7(), asha.user_id, "books.broken", link, why="I9")

    second, first = unseen(db, asha)
    assert (first.kind, first.subject_id, first.other_id, first.amount) == (
        "link.returned", link, other, amount
    )  # fmt: skip
    assert (second.kind, second.other_id, second.amount, second.why) == (
        "books.broken", None, None, "I9"
    )  # fmt: skip


def test_what_was_seen_is_told_no_more_on_any_device(db: RehearsedDatabase) -> None:
    asha, ravi = somebody(), somebody()
    for who in (asha, ravi):
        db.write(notices.tell, uuid7(), who.user_id, "link.returned", uuid7())
    [notice] = unseen(db, asha)

    with pytest.raises(NotFound):
        db.write(notices.mark_seen, notice.id, by=ravi)
    seen = db.write(notices.mark_seen, notice.id, by=asha)
    again = db.write(notices.mark_seen, notice.id, by=asha)

    assert seen == again
    assert seen.seen_at == db.clock.now
    assert (unseen(db, asha), len(unseen(db, ravi)), head(db, asha)) == ([], 1, 2)
    assert db.read(notices.list_new, asha.user_id, 0) == []


def test_what_was_done_needs_nobody_to_be_told_any_more(db: RehearsedDatabase) -> None:
    asha, ravi, parent, payment = somebody(), somebody(), uuid7(), uuid7()
    for who in (asha, ravi):
        db.write(notices.tell, parent, who.user_id, "review.needed", payment)
        db.write(notices.tell, uuid7(), who.user_id, "review.needed", uuid7())

    db.write(notices.settle, "review.needed", payment)

    for who in (asha, ravi):
        [left] = unseen(db, who)
        assert left.subject_id != payment
        assert head(db, who) == 3


def test_what_is_old_is_forgotten_and_with_the_user_all_is(db: RehearsedDatabase) -> None:
    asha, ravi = somebody(), somebody()
    for who in (asha, ravi):
        db.write(notices.tell, uuid7(), who.user_id, "link.returned", uuid7())
    db.clock.advance(KEPT_MS)
    assert db.write(notices.forget_notices) == 0

    db.write(notices.erase_user, asha.user_id)
    assert (unseen(db, asha), len(db.read(notices.export_user, ravi.user_id))) == ([], 1)
    db.clock.advance(1)
    assert db.write(notices.forget_notices) == 1
    assert db.read(notices.export_user, ravi.user_id) == []
