"""The ledger against an oracle of plain dictionaries, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from kirana import money
from kirana.platform.db import Tx
from kirana.platform.db.units import Work
from kirana.values import (
    SYSTEM,
    Actor,
    Confirmation,
    Money,
    Problem,
    RequestId,
    TransferId,
    derived_id,
    uuid7,
)
from tests.database import RehearsedDatabase
from tests.money import make
from tests.money.oracle import Oracle

CURRENCIES = ("INR", "JPY")
LINES = {"INR": 2000_00, "JPY": 5000}
SECRET = "a-secret-that-is-known-to-all"
AMOUNTS = st.one_of(st.sampled_from([1, 100, 999, 1000, 4999, 5001, 250_000]), st.integers(1, 3000))
PART = st.one_of(st.none(), AMOUNTS)
SECONDS = st.sampled_from([None, 1, 60])
PEOPLE = st.integers(0, 3)
CODES = st.sampled_from(CURRENCIES)
PROOFS = st.sampled_from(["right", "wrong", "old"])

RULES = st.sampled_from(
    [
        ("send", "transfer"),
        ("send", "day"),
        ("send", "day count"),
        ("send", "month"),
        ("send", "year"),
        ("receive", "day"),
        ("receive", "balance"),
    ]
)

Attempt = Callable[[], str]


class Ledger(RuleBasedStateMachine):
    """Every rule does one thing to the books and to the oracle, and compares the answers."""

    db: RehearsedDatabase

    transfers = Bundle("transfers")
    holds = Bundle("holds")
    asks = Bundle("asks")
    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.people = [make.owner(self.db) for _ in range(4)]
        self.oracle = Oracle(LINES.__getitem__)
        self.oracle.now = self.db.clock.now
        for code in CURRENCIES:
            self.db.write(money.set_limits, uuid7(), code, [], by=SYSTEM)

    @initialize(rupees=st.lists(st.sampled_from([900, 20_000, 900_000]), min_size=4, max_size=4))
    def begin(self, rupees: list[int]) -> None:
        for who, amount in enumerate(rupees):
            self.top_up(who, "INR", amount)
        self.top_up(0, "JPY", 20_000)

    @rule(who=PEOPLE, code=CODES, amount=AMOUNTS)
    def top_up(self, who: int, code: str, amount: int) -> None:
        answer = self._do(
            money.top_up,
            make.transfer_id(),
            self._id(who),
            Money(amount, code),
            source=money.Source.CREDIT,
            by=SYSTEM,
        )
        assert answer == self.oracle.top_up((who, code), amount)

    @rule(target=transfers, payer=PEOPLE, payee=PEOPLE, code=CODES, amount=AMOUNTS, proof=PROOFS)
    def send(self, payer: int, payee: int, code: str, amount: int, proof: str) -> TransferId:
        id = make.transfer_id()
        self._send(id, payer, payee, code, amount, proof)
        return id

    @rule(id=transfers, payer=PEOPLE, payee=PEOPLE, code=CODES, amount=AMOUNTS)
    def send_again(self, id: TransferId, payer: int, payee: int, code: str, amount: int) -> None:
        """With an id that was used: mostly for something else."""
        self._send(id, payer, payee, code, amount, "right")

    @rule(
        payer=PEOPLE,
        code=CODES,
        sendings=st.lists(st.tuples(PEOPLE, AMOUNTS, st.integers(0, 5)), min_size=2, max_size=8),
        cut=st.integers(1, 8),
    )
    def send_many(
        self, payer: int, code: str, sendings: list[tuple[int, int, int]], cut: int
    ) -> None:
        """Cut into commits in any way, many sendings have the outcome of one after another; some
        of them share an id."""
        ids = [make.transfer_id() for _ in range(6)]
        expected, works = [], []
        for payee, amount, id in sendings:
            expected.append(self.oracle.send(ids[id], (payer, code), (payee, code), amount, "none"))
            args = (ids[id], self._id(payee), Money(amount, code))
            works.append(Work(money.send_money, args, {"by": self.people[payer]}))
        outcomes = [
            outcome
            for at in range(0, len(works), cut)
            for outcome in self.db.run(works[at : at + cut])
        ]
        assert [_slug(outcome.error) for outcome in outcomes] == expected

    @rule(
        target=holds, payer=PEOPLE, payee=PEOPLE, code=CODES, amount=AMOUNTS, seconds=SECONDS,
        proof=PROOFS,
    )  # fmt: skip
    def hold(
        self, payer: int, payee: int, code: str, amount: int, seconds: int | None, proof: str
    ) -> Any:
        id = make.transfer_id()

        def act(by: Actor) -> str:
            return self._do(
                money.hold,
                id,
                payer=self._id(payer),
                payee=self._id(payee),
                amount=Money(amount, code),
                timeout_s=seconds,
                by=by,
            )

        self._proving(
            act,
            payer,
            proof,
            lambda given: self.oracle.hold(
                id, (payer, code), (payee, code), amount, seconds, given
            ),
        )
        return id if id in self.oracle.holds else multiple()

    @rule(target=transfers, hold=holds, amount=PART, who=PEOPLE, code=CODES)
    def capture(self, hold: TransferId, amount: int | None, who: int, code: str) -> TransferId:
        id = make.transfer_id()
        self._capture(id, hold, amount, who, code, keep_rest=False)
        return id

    @rule(target=holds, hold=holds, amount=PART, who=PEOPLE, code=CODES)
    def capture_and_keep(self, hold: TransferId, amount: int | None, who: int, code: str) -> Any:
        id = make.transfer_id()
        self._capture(id, hold, amount, who, code, keep_rest=True)
        rest = TransferId(derived_id(id, "move", 1))
        return rest if rest in self.oracle.holds else multiple()

    @rule(hold=transfers, who=PEOPLE)
    def capture_what_is_no_hold(self, hold: TransferId, who: int) -> None:
        self._capture(make.transfer_id(), hold, None, who, "INR", keep_rest=False)

    @rule(hold=holds, who=PEOPLE, twice=st.booleans())
    def void(self, hold: TransferId, who: int, twice: bool) -> None:
        id = make.transfer_id()
        for _ in range(1 + twice):
            answer = self._do(money.void, id, hold, "canceled", by=self.people[who])
            assert answer == self.oracle.void(id, hold, who)

    @rule(target=transfers, original=transfers, amount=PART, who=PEOPLE, twice=st.booleans())
    def refund(self, original: TransferId, amount: int | None, who: int, twice: bool) -> TransferId:
        id = make.transfer_id()
        known = self.oracle.payments.get(original)
        back = Money(amount, known.payer[1] if known else "INR") if amount else None
        for _ in range(1 + twice):
            answer = self._do(money.refund, id, original, back, by=self.people[who])
            assert answer == self.oracle.refund(id, original, amount, who)
        return id

    @rule(hold=holds, who=PEOPLE)
    def refund_a_hold(self, hold: TransferId, who: int) -> None:
        id = make.transfer_id()
        answer = self._do(money.refund, id, hold, by=self.people[who])
        assert answer == self.oracle.refund(id, hold, None, who)

    @rule(target=links, payer=PEOPLE, code=CODES, amount=AMOUNTS, proof=PROOFS)
    def park(self, payer: int, code: str, amount: int, proof: str) -> Any:
        id = make.transfer_id()
        self._proving(
            lambda by: self._do(money.make_link, id, Money(amount, code), SECRET, by=by),
            payer,
            proof,
            lambda given: self.oracle.park(id, (payer, code), amount, given),
        )
        return id if id in self.oracle.holds else multiple()

    @rule(link=links, who=PEOPLE, twice=st.booleans())
    def take(self, link: TransferId, who: int, twice: bool) -> None:
        id = make.transfer_id()
        for _ in range(1 + twice):
            answer = self._do(money.take_link, id, link, SECRET, by=self.people[who])
            assert answer == self.oracle.take(id, link, who)

    @rule(link=links, who=PEOPLE, twice=st.booleans())
    def take_a_link_back(self, link: TransferId, who: int, twice: bool) -> None:
        id = make.transfer_id()
        for _ in range(1 + twice):
            answer = self._do(money.take_back_link, id, link, by=self.people[who])
            assert answer == self.oracle.take_back(id, link, who)

    @rule(target=asks, asker=PEOPLE, payer=PEOPLE, code=CODES, amount=AMOUNTS, seconds=SECONDS)
    def ask(self, asker: int, payer: int, code: str, amount: int, seconds: int | None) -> Any:
        id = RequestId(uuid7())
        answer = self._do(
            money.ask,
            id,
            asker=self._id(asker),
            payer=self._id(payer),
            amount=Money(amount, code),
            timeout_s=seconds,
            by=self.people[asker],
        )
        assert answer == self.oracle.ask(id, asker, payer, amount, code, seconds)
        return id if answer == "ok" else multiple()

    @rule(target=transfers, ask=asks, who=PEOPLE, proof=PROOFS)
    def pay(self, ask: RequestId, who: int, proof: str) -> TransferId:
        id = make.transfer_id()
        self._proving(
            lambda by: self._do(money.pay_request, id, ask, by=by),
            who,
            proof,
            lambda given: self.oracle.pay(id, ask, who, given),
        )
        return id

    @rule(target=transfers, ask=asks, who=PEOPLE)
    def collect_cash(self, ask: RequestId, who: int) -> TransferId:
        id = TransferId(derived_id(ask, "cash"))
        answer = self._do(money.collect_cash, ask, by=self.people[who])
        assert answer == self.oracle.collect(id, ask, who)
        return id

    @rule(ask=asks, who=PEOPLE)
    def decline(self, ask: RequestId, who: int) -> None:
        answer = self._do(money.decline_request, ask, by=self.people[who])
        assert answer == self.oracle.end(ask, "declined", who)

    @rule(ask=asks, who=PEOPLE)
    def take_back(self, ask: RequestId, who: int) -> None:
        answer = self._do(money.take_back_request, ask, by=self.people[who])
        assert answer == self.oracle.end(ask, "canceled", who)

    @rule(code=CODES, out=st.booleans(), into=st.booleans())
    def freeze(self, code: str, out: bool, into: bool) -> None:
        """Of one person, so that the others go on."""
        answer = self._do(money.freeze_wallet, self._id(3), code, out=out, into=into, by=SYSTEM)
        assert answer == self.oracle.freeze((3, code), out=out, into=into)

    @rule(code=CODES, rules=st.dictionaries(RULES, AMOUNTS, max_size=4))
    def allow(self, code: str, rules: dict[tuple[str, str], int]) -> None:
        """Other rules from now on; what was done before them counts too."""
        limits = []
        for action in ("send", "receive"):
            for window in ("transfer", "day", "month", "year", "balance"):
                minor = rules.get((action, window))
                times = rules.get((action, f"{window} count"))
                if (minor, times) != (None, None):
                    limits.append(
                        money.Limit(
                            "unverified", money.Action(action), money.Window(window), minor, times
                        )
                    )
        self.db.write(money.set_limits, uuid7(), code, limits, by=SYSTEM)
        self.oracle.rules[code] = rules

    @rule(days=st.sampled_from([1, 31]))
    def wait_for_days(self, days: int) -> None:
        self.db.clock.advance(days * 24 * 3_600_000)
        self.oracle.now = self.db.clock.now

    @rule()
    def close(self) -> None:
        answer = self._do(money.close_wallet, self._id(1), "JPY", by=SYSTEM)
        assert answer == self.oracle.close((1, "JPY"))

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.db.clock.advance(seconds * 1000)
        self.oracle.now = self.db.clock.now

    @rule()
    def sweep(self) -> None:
        self._sweep()
        self.db.write(money.expire_requests)

    @invariant()
    def the_wallets_are_the_same(self) -> None:
        self._sweep()
        for (who, code), wallet in self.db.read(self._look).items():
            purse, oracle = (who, code), self.oracle
            counted = (wallet.balance, wallet.on_hold, wallet.coming)
            expected = (oracle.has[purse], oracle.aside[purse], oracle.coming[purse])
            assert counted == tuple(Money(amount, code) for amount in expected)

    def teardown(self) -> None:
        for who, person in enumerate(self.people):
            for code in CURRENCIES:
                page = self.db.read(money.list_statement, code, limit=200, by=person)
                assert len(page.items) == min(200, self.oracle.lines[who, code])
                if page.items:
                    assert page.items[0].balance_after.amount_minor == self.oracle.has[who, code]
        for id in self.oracle.asks:
            assert self.db.read(money.find_request, id).state == self.oracle.state_of(id)
        assert self.db.read(money.audit) == []

    def _look(self, tx: Tx) -> dict[tuple[int, str], money.Wallet]:
        return {
            (who, code): money.get_wallet(tx, person.user_id, code)
            for who, person in enumerate(self.people)
            for code in CURRENCIES
        }

    def _send(
        self, id: TransferId, payer: int, payee: int, code: str, amount: int, proof: str
    ) -> None:
        self._proving(
            lambda by: self._do(money.send_money, id, self._id(payee), Money(amount, code), by=by),
            payer,
            proof,
            lambda given: self.oracle.send(id, (payer, code), (payee, code), amount, given),
        )

    def _capture(
        self, id: TransferId, hold: TransferId, amount: int | None, who: int, code: str,
        *, keep_rest: bool,
    ) -> None:  # fmt: skip
        known = self.oracle.holds.get(hold)
        code = known.payer[1] if known else code
        part = Money(amount, code) if amount else None
        rest = TransferId(derived_id(id, "move", 1)) if keep_rest else None
        by = self.people[who]
        for _ in range(2):
            answer = self._do(money.capture, id, hold, part, keep_rest=keep_rest, by=by)
            assert answer == self.oracle.capture(id, hold, amount, who, rest)

    def _proving(
        self, act: Callable[[Actor], str], who: int, proof: str, expect: Callable[[str], str]
    ) -> None:
        """Try without a proof; if one is asked for, give it, a wrong one, or one that is old."""
        by = self.people[who]
        answer = act(by)
        assert answer == expect("none")
        if answer == "confirmation-required":
            challenge = bytes.fromhex(str(self.last.facts["challenge"]))
            at = self.db.clock.now - (121_000 if proof == "old" else 0)
            given = bytes(32) if proof == "wrong" else challenge
            proven = Actor(by.user_id, by.person_id, confirmation=Confirmation("pin", given, at))
            assert act(proven) == expect(proof)

    def _do(self, command: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        try:
            self.db.write(command, *args, **kwargs)
        except Problem as problem:
            self.last = problem
            return problem.slug
        return "ok"

    def _sweep(self) -> None:
        self.db.write(money.expire_holds)
        self.oracle.sweep()

    def _id(self, who: int) -> Any:
        return self.people[who].user_id


def _slug(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    assert isinstance(error, Problem), error
    return error.slug


def _simulate(db: RehearsedDatabase, *, examples: int, steps: int) -> None:
    db.before_commit.append(money.seal)
    run_state_machine_as_test(
        type("LedgerOnThisDatabase", (Ledger,), {"db": db}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_the_ledger_does_what_the_oracle_says(db: RehearsedDatabase) -> None:
    _simulate(db, examples=15, steps=30)


@pytest.mark.slow
def test_the_ledger_does_what_the_oracle_says_for_ten_thousand_steps(
    db: RehearsedDatabase,
) -> None:
    db.rehearses = False
    _simulate(db, examples=150, steps=70)
