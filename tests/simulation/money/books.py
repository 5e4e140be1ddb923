"""What the machine does with the books, whatever its rules: try, compare, and try all of it again
in other batches."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select

from kirana import money
from kirana.money import tables
from kirana.money.model import OPERATOR, AccountKey, Code
from kirana.platform.db import Q, Tx
from kirana.platform.db.units import Work
from kirana.values import SYSTEM, Actor, Confirmation, Problem, UserId, uuid7
from tests.database import RehearsedDatabase
from tests.money.oracle import Line, Oracle, Purse

CURRENCIES = ("INR", "JPY")
LINES = {"INR": 2000_00, "JPY": 5000}
ZONES = {0: "UTC", 1: "UTC", 2: "Asia/Kolkata", 3: "America/New_York"}
AGENT, OPERATORS = 4, (5, 6)

AMOUNTS = st.one_of(st.sampled_from([1, 100, 999, 1000, 4999, 5001, 250_000]), st.integers(1, 3000))
PART = st.one_of(st.none(), AMOUNTS)
SECONDS = st.sampled_from([None, 1, 60])
PEOPLE = st.integers(0, 3)
CODES = st.sampled_from(CURRENCIES)
PROOFS = st.sampled_from(["right", "right", "right", "wrong", "old"])
WHOEVER = st.sampled_from([None, None, None, 0, 1, 2, 3])
"""None: whoever may do it."""

_ACCOUNTS = Q(
    select(
        tables.accounts.c.id,
        tables.accounts.c.debits_pending,
        tables.accounts.c.debits_posted,
        tables.accounts.c.credits_pending,
        tables.accounts.c.credits_posted,
        tables.accounts.c.version,
    )
)
_KEPT = {
    table.name: Q(select(*table.c).order_by(*table.primary_key))
    for table in (
        tables.transfers,
        tables.entries,
        tables.accounts,
        tables.holds,
        tables.reversals,
        tables.request_ends,
        tables.claims,
        tables.links,
        tables.quotes,
        tables.reviews,
        tables.review_votes,
        tables.corrections,
        tables.standing_orders,
        tables.standing_runs,
        tables.shares,
    )
}
"""What must be the same however steps are put into commits. Blocks are the commits themselves."""

_OPERATORS_OWN = {
    "box": Code.CASH_BOX,
    "bank": Code.BANK,
    "credit": Code.CREDIT_GIVEN,
    "fees": Code.FEES,
    "suspense": Code.SUSPENSE,
    "desk": Code.EXCHANGE,
    "going out": Code.GOING_OUT,
}


class Books(RuleBasedStateMachine):
    """Whatever is done is done to the books and to the oracle, and the answers are compared."""

    opened: ClassVar[Callable[[], RehearsedDatabase]]
    """An empty database; the one before is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.db = type(self).opened()
        self.history: list[tuple[int, Work, str]] = []
        self.cuts = [1]
        self.is_sound, self.is_swept, self.has_waited = True, True, False
        self.last: Problem | None = None
        self.answer: Any = None
        self.oracle = Oracle(LINES.__getitem__, ZONES)
        self.oracle.now = self.db.clock.now
        self.oracle.operators = set(OPERATORS)
        self.oracle.agents = {AGENT}
        self.people = [Actor(id, id) for id in (UserId(uuid7()) for _ in range(7))]
        self.read_lines: dict[Purse, int] = {}
        for who, person in enumerate(self.people):
            zone = ZONES.get(who, "UTC")
            tier = "agent" if who == AGENT else "operator" if who in OPERATORS else "unverified"
            self._do(money.set_owner, person.user_id, tier=tier, zone=zone, by=SYSTEM)

    @invariant()
    def the_books_are_the_same(self) -> None:
        if self.has_waited:
            # Whatever comes next meets what nobody has swept yet.
            self.has_waited = False
            return
        if not self.is_swept:
            self._do(money.expire_holds)
            self.oracle.sweep()
            self.is_swept = True
        self.is_sound, was_sound = False, self.is_sound
        self._compare_accounts()
        self._compare_statements()
        self.is_sound = was_sound

    def teardown(self) -> None:
        try:
            if self.is_sound:
                self.check_the_end()
                self._replay()
        finally:
            self.db.close()

    def check_the_end(self) -> None:
        assert self.db.read(money.audit) == []

    def _do(self, command: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        now, slug = self.db.clock.now, "ok"
        try:
            self.answer = self.db.write(command, *args, **kwargs)
        except Problem as problem:
            self.last, slug = problem, problem.slug
        self.history.append((now, Work(command, args, kwargs), slug))
        return slug

    def _same(self, answer: str, expected: str) -> None:
        self.is_sound = self.is_sound and answer == expected
        assert answer == expected

    def _proving(
        self, act: Callable[[Actor], str], who: int, proof: str, expect: Callable[[str], str]
    ) -> None:
        """Try without a proof; if one is asked for, give it, a wrong one, or one that is old."""
        by = self.people[who]
        answer = act(by)
        self._same(answer, expect("none"))
        if answer == "confirmation-required":
            assert self.last is not None
            challenge = bytes.fromhex(str(self.last.facts["challenge"]))
            at = self.db.clock.now - (121_000 if proof == "old" else 0)
            given = bytes(32) if proof == "wrong" else challenge
            proven = Actor(by.user_id, by.person_id, confirmation=Confirmation("pin", given, at))
            self._same(act(proven), expect(proof))

    def _wait(self, milliseconds: int) -> None:
        self.db.clock.advance(milliseconds)
        self.oracle.now = self.db.clock.now
        self.is_swept, self.has_waited = False, True

    def _id(self, who: int) -> UserId:
        return self.people[who].user_id

    def _compare_accounts(self) -> None:
        found = {
            row.id: (
                row.credits_posted - row.debits_posted,
                row.debits_pending,
                row.credits_pending,
                row.version,
            )
            for row in self.db.read(_all_accounts)
        }
        oracle = self.oracle
        expected = {
            self._account(purse): (
                oracle.has[purse], oracle.aside[purse], oracle.coming[purse], len(lines),
            )
            for purse, lines in oracle.lines.items()
            if lines
        }  # fmt: skip
        assert found == expected

    def _account(self, purse: Purse) -> Any:
        owner, currency = purse
        match owner:
            case int():
                return AccountKey(self._id(owner), Code.WALLET, currency).id
            case ("link", id):
                return AccountKey(OPERATOR, Code.PARKED, currency, id.hex).id
            case ("float", int() as who):
                return AccountKey(self._id(who), Code.AGENT_FLOAT, currency).id
            case ("memo", int() as who):
                return AccountKey(self._id(who), Code.DIRECT, currency).id
        return AccountKey(OPERATOR, _OPERATORS_OWN[owner], currency).id

    def _compare_statements(self) -> None:
        for purse, lines in self.oracle.lines.items():
            owner, currency = purse
            new = len(lines) - self.read_lines.get(purse, 0)
            if not new or not isinstance(owner, int):
                continue
            page = self.db.read(money.list_statement, currency, limit=new, by=self.people[owner])
            told = [
                Line(
                    line.posted.amount_minor,
                    line.pending.amount_minor,
                    line.balance_after.amount_minor,
                    line.on_hold_after.amount_minor,
                    line.coming_after.amount_minor,
                )
                for line in reversed(page.items)
            ]
            assert told == lines[-new:]
            self.read_lines[purse] = len(lines)

    def _replay(self) -> None:
        """All that was tried, put into commits in another way, has the same answers and leaves the
        same books."""
        kept = self.db.read(_snapshot)
        self.db.close()
        self.db = type(self).opened()
        self.db.rehearses = False
        for now, batch in self._batches():
            self.db.clock.now = now
            outcomes = self.db.run([work for work, _ in batch])
            answers = [slug_of(outcome.error) for outcome in outcomes]
            assert answers == [answer for _, answer in batch]
        assert self.db.read(_snapshot) == kept
        assert self.db.read(money.audit) == []

    def _batches(self) -> Iterator[tuple[int, list[tuple[Work, str]]]]:
        """Of one moment each. Sendings that wait in one batch are done together, so that there are
        no two with something else between them."""
        batch: list[tuple[Work, str]] = []
        begun, number = 0, 0
        for now, work, answer in self.history:
            is_sending = work.command is money.send_money
            has_sent = any(it.command is money.send_money for it, _ in batch)
            is_apart = is_sending and has_sent and batch[-1][0].command is not money.send_money
            is_full = len(batch) >= self.cuts[number % len(self.cuts)]
            if batch and (now != begun or is_full or is_apart):
                yield begun, batch
                batch, number = [], number + 1
            begun = now
            batch.append((work, answer))
        if batch:
            yield begun, batch


def slug_of(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    assert isinstance(error, Problem), error
    return error.slug


def _all_accounts(tx: Tx) -> Any:
    return tx.all(_ACCOUNTS)


def _snapshot(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in tx.all(query)] for name, query in _KEPT.items()}
