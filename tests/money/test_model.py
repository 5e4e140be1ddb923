"""What is decided, without a database."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kirana.money.decision import decide
from kirana.money.model import (
    MAX_COUNTER,
    Account,
    AccountKey,
    Books,
    Code,
    Flag,
    Group,
    Kind,
    Move,
    Original,
    Outcome,
    Reason,
    Ref,
    Refused,
    fingerprint,
    move_id,
)
from kirana.money.problems import LedgerRefusal, problem_of
from kirana.values import MAX_AMOUNT_MINOR, Money, TransferId, UserId, uuid7

WHO = UserId(uuid7())
PEOPLE = [uuid7() for _ in range(3)]
GIFT = AccountKey(UUID(int=0), Code.CREDIT_GIVEN, "INR")


def wallet(number: int, currency: str = "INR") -> AccountKey:
    return AccountKey(PEOPLE[number], Code.WALLET, currency)


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def group(*moves: Move, id: TransferId | None = None) -> Group:
    return Group(id or TransferId(uuid7()), moves, "test", WHO)


def load(groups: Sequence[Group], before: Books | None = None, now: int = 0) -> Books:
    """The books that a pass over `groups` finds, after the pass that left `before`."""
    books = Books(now, 1, {})
    if before:
        originals = {
            row.id: Original.of(row) for row in before.rows if row.kind in ("posted", "post")
        }
        books = replace(
            before,
            now=now,
            originals=originals | before.originals,
            rows=[],
            entries=[],
            transfers=[],
        )
    for key in (key for g in groups for move in g.moves for key in (move.debit, move.credit)):
        if key:
            books.accounts.setdefault(key.id, Account.opened(key))
    return books


def run(*groups: Group, now: int = 0) -> tuple[Books, list[Outcome]]:
    books = load(groups, now=now)
    return books, decide(books, groups)


def reasons(outcomes: Sequence[Outcome]) -> list[str]:
    return [o.reason.value if isinstance(o, Refused) else "ok" for o in outcomes]


def gift(number: int, minor: int) -> Group:
    return group(Move.posted(GIFT, wallet(number), inr(minor)))


def test_of_six_holds_of_a_thousand_on_five_thousand_five_pass() -> None:
    holds = [group(Move.pending(wallet(0), wallet(1), inr(1000), 60)) for _ in range(6)]

    _, outcomes = run(gift(0, 5000), *holds)

    assert reasons(outcomes) == ["ok"] * 6 + ["insufficient-funds"]


def test_later_moves_of_a_group_see_the_earlier_ones() -> None:
    passing_on = group(
        Move.posted(wallet(0), wallet(1), inr(100)), Move.posted(wallet(1), wallet(2), inr(100))
    )

    books, outcomes = run(gift(0, 100), passing_on)

    assert reasons(outcomes) == ["ok", "ok"]
    assert books.accounts[wallet(2).id].balance_minor == 100


def test_a_group_that_fails_at_its_end_has_not_begun() -> None:
    failing = group(
        Move.posted(wallet(0), wallet(1), inr(100)), Move.posted(wallet(1), wallet(2), inr(101))
    )

    books, outcomes = run(gift(0, 100), failing)

    assert reasons(outcomes) == ["ok", "insufficient-funds"]
    assert books.accounts[wallet(0).id].balance_minor == 100
    assert books.accounts[wallet(1).id].version == 0
    assert [row.kind for row in books.rows] == ["posted", "refused"]
    assert len(books.entries) == 2


def test_a_group_may_span_two_currencies_and_a_move_may_not() -> None:
    yen = AccountKey(UUID(int=0), Code.CREDIT_GIVEN, "JPY")
    exchange = group(
        Move.posted(wallet(0), GIFT, inr(100)),
        Move.posted(yen, wallet(0, "JPY"), Money(170, "JPY")),
    )

    books, outcomes = run(gift(0, 100), exchange)

    assert reasons(outcomes) == ["ok", "ok"]
    assert books.accounts[wallet(0, "JPY").id].balance_minor == 170
    with pytest.raises(AssertionError):
        run(gift(0, 100), group(Move.posted(wallet(0), wallet(1, "JPY"), inr(1))))


def test_a_part_can_be_taken_and_the_rest_kept_until_the_same_moment() -> None:
    held = group(Move.pending(wallet(0), wallet(1), inr(1000), 60))
    part = group(Move.post(held.id, inr(300)), Move.keep_rest(held.id))
    rest = group(Move.post(move_id(part.id, 1)))

    books, outcomes = run(gift(0, 1000), held, part, rest, now=5)

    assert reasons(outcomes) == ["ok"] * 4
    assert books.holds[move_id(part.id, 1)].expires_at == 60_005
    assert books.accounts[wallet(1).id].balance_minor == 1000


def test_nothing_is_kept_where_all_was_taken() -> None:
    held = group(Move.pending(wallet(0), wallet(1), inr(1000), 60))
    all_of_it = group(Move.post(held.id), Move.keep_rest(held.id))

    _, outcomes = run(gift(0, 1000), held, all_of_it)

    assert isinstance(outcomes[2], tuple)
    assert [transfer.kind for transfer in outcomes[2]] == [Kind.POST]


@pytest.mark.parametrize(("waited_ms", "expected"), [(999, "ok"), (1000, "hold-expired")])
def test_a_hold_counts_as_expired_from_its_last_millisecond(waited_ms: int, expected: str) -> None:
    held = group(Move.pending(wallet(0), wallet(1), inr(10), 1))
    before, _ = run(gift(0, 10), held)
    take = group(Move.post(held.id))

    outcomes = decide(load([take], before, now=waited_ms), [take])

    assert reasons(outcomes) == [expected]


def test_what_expires_is_free_for_the_payment_that_finds_it() -> None:
    held = group(Move.pending(wallet(0), wallet(1), inr(10), 1))
    before, _ = run(gift(0, 10), held)
    spend = group(Move.posted(wallet(0), wallet(2), inr(10)))
    books = load([spend], before, now=1000)

    outcomes = decide(books, [spend])

    assert reasons(outcomes) == ["ok"]
    assert [row.kind for row in books.rows] == ["expire", "posted"]


def test_a_wallet_holds_what_a_browser_can_count() -> None:
    most = gift(0, MAX_AMOUNT_MINOR)

    _, outcomes = run(most, gift(0, 1), gift(1, 1))

    assert reasons(outcomes) == ["ok", "counter-full", "ok"]


def test_no_counter_passes_its_end() -> None:
    full = Account.opened(GIFT)._replace(debits_posted=MAX_COUNTER - 5, version=9)
    groups = [gift(0, 6), gift(0, 5)]
    books = load(groups)
    books.accounts[GIFT.id] = full

    assert reasons(decide(books, groups)) == ["counter-full", "ok"]


def test_a_frozen_wallet_still_lets_go() -> None:
    held, other = (group(Move.pending(wallet(0), wallet(1), inr(10), None)) for _ in range(2))
    before, _ = run(gift(0, 20), held, other)
    frozen = before.accounts[wallet(0).id]
    frozen = frozen._replace(flags=frozen.flags | Flag.DEBITS_FROZEN | Flag.CREDITS_FROZEN)
    before.accounts[frozen.id] = frozen
    groups = [group(Move.post(held.id)), group(Move.void(other.id)), gift(0, 1)]

    outcomes = decide(load(groups, before), groups)

    assert reasons(outcomes) == ["account-frozen", "ok", "account-frozen"]


def test_every_reason_is_a_problem_and_the_remembered_ones_can_be_told_again() -> None:
    for reason in Reason:
        refused = Refused(reason, some="fact", more=1)

        problem = problem_of(refused, gift(0, 1))

        assert (problem.slug, problem.facts) == (reason.value, {"some": "fact", "more": 1})
        assert isinstance(problem, LedgerRefusal) == refused.is_remembered
        assert Refused.restored(refused.stored()).facts == refused.facts


def test_a_fingerprint_changes_with_everything_but_the_proof() -> None:
    id = TransferId(uuid7())
    one = group(Move.posted(wallet(0), wallet(1), inr(5)), id=id)

    others = [
        replace(one, by_id=UserId(uuid7())),
        replace(one, purpose="other"),
        replace(one, ref=Ref("order", id)),
        replace(one, effective_at=1),
        replace(one, moves=(Move.posted(wallet(0), wallet(1), inr(6)),)),
        replace(one, moves=(Move.posted(wallet(0), wallet(2), inr(5)),)),
        replace(one, moves=(Move.pending(wallet(0), wallet(1), inr(5), None),)),
        replace(one, moves=one.moves * 2),
    ]

    assert len({fingerprint(g) for g in [one, *others]}) == len(others) + 1
    assert fingerprint(replace(one)) == fingerprint(one)


@st.composite
def stories(draw: st.DrawFn) -> list[Group]:
    """Groups of every kind that refer to each other, some with an id that was used before."""
    groups = [gift(n, draw(st.integers(1, 2000))) for n in range(2)]
    ids = st.deferred(lambda: st.sampled_from([g.id for g in groups]))
    people, minor = st.integers(0, 2), st.integers(1, 1500)
    part = st.one_of(st.none(), minor.map(inr))
    pair = st.tuples(people, people).filter(lambda p: p[0] != p[1])
    moves = st.one_of(
        st.builds(lambda p, m: Move.posted(wallet(p[0]), wallet(p[1]), inr(m)), pair, minor),
        st.builds(lambda p, m: Move.pending(wallet(p[0]), wallet(p[1]), inr(m), 60), pair, minor),
        st.builds(Move.post, ids, part),
        st.builds(Move.void, ids),
        st.builds(Move.reverse, ids, part),
    )
    for _ in range(draw(st.integers(1, 12))):
        steps = draw(st.lists(moves, min_size=1, max_size=3))
        id = draw(ids) if draw(st.integers(0, 5)) == 0 else None
        groups.append(group(*steps, id=id))
    return groups


@settings(deadline=None)
@given(stories(), st.lists(st.integers(1, 5), min_size=14, max_size=14))
def test_every_way_of_cutting_into_batches_writes_the_same_books(
    story: list[Group], cuts: list[int]
) -> None:
    whole, expected = run(*story)

    rows, entries, outcomes = [], [], []
    books: Books | None = None
    rest = list(story)
    for size in cuts:
        batch, rest = rest[:size], rest[size:]
        books = load(batch, books)
        outcomes += decide(books, batch)
        rows += books.rows
        entries += books.entries

    assert (rows, entries) == (whole.rows, whole.entries)
    assert reasons(outcomes) == reasons(expected)


@settings(deadline=None)
@given(stories())
def test_money_is_neither_made_nor_lost(story: list[Group]) -> None:
    books, _ = run(*story)

    accounts = books.accounts.values()
    assert sum(account.balance_minor for account in accounts) == 0
    assert sum(a.credits_pending for a in accounts) == sum(a.debits_pending for a in accounts)
    assert all(a.available_minor >= 0 for a in accounts if a.code == Code.WALLET)
