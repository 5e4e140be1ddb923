"""Payments between people, holds, requests, links; limits, stops, and time that passes."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule

from kirana import money
from kirana.platform.db.units import Work
from kirana.values import SYSTEM, Actor, Money, RequestId, TransferId, derived_id, uuid7
from tests.money import make

from .books import (
    AMOUNTS,
    CODES,
    PART,
    PEOPLE,
    PROOFS,
    SECONDS,
    WHOEVER,
    Books,
    slug_of,
)

SECRET = "a-secret-that-is-known-to-all"
HOUR_MS = 3_600_000
MOMENTS = st.sampled_from([0, 15 * 24, 42 * 24 + 20, 57 * 24, 288 * 24 + 20, 350 * 24, 408 * 24])
"""Hours after the clock's first: days on which somewhere a month or year ends, clocks are set, or
it is 29 February."""
RULES = st.sampled_from(
    [
        ("send", "transfer"),
        ("send", "day"),
        ("send", "day count"),
        ("send", "month"),
        ("send", "year"),
        ("receive", "day"),
        ("receive", "balance"),
        ("top_up", "day"),
        ("top_up", "transfer"),
        ("pay_out", "day"),
        ("pay_out", "month"),
    ]
)
STOPS = st.sampled_from([(False, False), (False, False), (True, False), (False, True)])
PURPOSES = st.sampled_from(["send", "send", "tip", "donation"])
WAYS = {
    "wallet": ("wallet", "kirana"),
    "agent": ("wallet", "agent"),
    "cash": ("direct", "cash"),
    "upi": ("direct", "upi"),
}


def name_of(tx: Any, ids: Any) -> dict[Any, str]:
    """Whoever is watched is watched by their id."""
    return {id: id.hex for id in ids}


SCREEN = money.NameList(name_of)


class Payments(Books):
    tried = Bundle("tried")
    """Ids that were used."""
    transfers = Bundle("transfers")
    """Those of them that moved money, or wait for somebody to look at them."""
    holds = Bundle("holds")
    asks = Bundle("asks")
    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        for who in range(4):
            self.top_up(who, "JPY", 20_000)

    @initialize(
        hours=MOMENTS,
        rupees=st.lists(st.sampled_from([3000, 50_000, 900_000]), min_size=4, max_size=4),
        cuts=st.lists(st.integers(1, 24), min_size=1, max_size=6),
    )
    def begin(self, hours: int, rupees: list[int], cuts: list[int]) -> None:
        self.cuts = cuts
        for who, amount in enumerate(rupees):
            self.top_up(who, "INR", amount)
        self._wait(hours * HOUR_MS)

    @initialize(target=holds, amount=AMOUNTS)
    def begin_to_hold(self, amount: int) -> Any:
        return self.hold(0, 1, "JPY", min(amount, 5000), None, "right")

    @initialize(target=asks)
    def begin_to_ask(self) -> Any:
        return self.ask(1, 2, "INR", 500, None)

    @initialize(target=links)
    def begin_to_park(self) -> Any:
        return self.park(2, "JPY", 700, "right")

    @initialize(target=transfers)
    def begin_to_send(self) -> Any:
        return multiple(*[self._send_one(who, (who + 1) % 4, "JPY", 300) for who in range(4)])

    @rule(who=PEOPLE, code=CODES, amount=AMOUNTS)
    def top_up(self, who: int, code: str, amount: int) -> None:
        id = make.transfer_id()
        answer = self._do(
            money.top_up, id, self._id(who), Money(amount, code), source=money.Source.CREDIT,
            by=SYSTEM,
        )  # fmt: skip
        self._same(answer, self.oracle.top_up(id, (who, code), amount))

    @rule(
        target=transfers, payer=PEOPLE, payee=st.sampled_from([0, 1, 2, 3, 5]), code=CODES,
        amount=AMOUNTS, proof=PROOFS, purpose=PURPOSES,
    )  # fmt: skip
    def send(self, payer: int, payee: int, code: str, amount: int, proof: str, purpose: str) -> Any:
        id = make.transfer_id()
        self._send(id, payer, payee, code, amount, proof, purpose)
        return self._moved(id)

    @rule(
        target=tried, payer=PEOPLE, payee=PEOPLE, code=CODES, amount=AMOUNTS, proof=PROOFS
    )  # fmt: skip
    def try_to_send(self, payer: int, payee: int, code: str, amount: int, proof: str) -> TransferId:
        id = make.transfer_id()
        self._send(id, payer, payee, code, amount, proof, "send")
        return id

    @rule(
        id=st.one_of(tried, transfers, holds), payer=PEOPLE, payee=PEOPLE, code=CODES,
        amount=AMOUNTS, purpose=PURPOSES,
    )  # fmt: skip
    def send_again(
        self, id: TransferId, payer: int, payee: int, code: str, amount: int, purpose: str
    ) -> None:
        """With an id that was used: mostly for something else."""
        if id.version == 7:  # no other comes from outside
            self._send(id, payer, payee, code, amount, "right", purpose)

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
            works.append(Work(money.send_money, args, {"screen": SCREEN, "by": self.people[payer]}))
        outcomes = [
            slug_of(outcome.error)
            for at in range(0, len(works), cut)
            for outcome in self.db.run(works[at : at + cut])
        ]
        now = self.db.clock.now
        self.history += [(now, work, it) for work, it in zip(works, outcomes, strict=True)]
        for answer, it in zip(outcomes, expected, strict=True):
            self._same(answer, it)

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

        def expect(given: str) -> str:
            return self.oracle.hold(id, (payer, code), (payee, code), amount, seconds, given)

        self._proving(act, payer, proof, expect)
        return id if id in self.oracle.holds else multiple()

    @rule(
        target=transfers, hold=st.one_of(holds, holds, holds, tried), amount=PART, who=PEOPLE,
        code=CODES,
    )  # fmt: skip
    def capture(self, hold: TransferId, amount: int | None, who: int, code: str) -> Any:
        id = make.transfer_id()
        if hold not in self.oracle.reviews:
            self._capture(id, hold, amount, who, code, keep_rest=False)
        return self._moved(id)

    @rule(target=holds, hold=holds, amount=PART, who=PEOPLE, code=CODES)
    def capture_and_keep(self, hold: TransferId, amount: int | None, who: int, code: str) -> Any:
        id = make.transfer_id()
        self._capture(id, hold, amount, who, code, keep_rest=True)
        rest = TransferId(derived_id(id, "move", 1))
        return rest if rest in self.oracle.holds else multiple()

    @rule(hold=holds, who=PEOPLE, twice=st.booleans())
    def void(self, hold: TransferId, who: int, twice: bool) -> None:
        id = make.transfer_id()
        for _ in range(1 + twice):
            answer = self._do(money.void, id, hold, "canceled", by=self.people[who])
            self._same(answer, self.oracle.void(id, hold, who))

    @rule(
        target=transfers, original=st.one_of(transfers, transfers, holds, tried), amount=PART,
        who=PEOPLE, twice=st.booleans(),
    )  # fmt: skip
    def refund(self, original: TransferId, amount: int | None, who: int, twice: bool) -> Any:
        id = make.transfer_id()
        back = self._part(original, amount)
        for _ in range(1 + twice):
            answer = self._do(money.refund, id, original, back, by=self.people[who])
            self._same(answer, self.oracle.refund(id, original, amount, who))
        return self._moved(id)

    @rule(target=transfers, original=transfers, amount=PART, whoever=WHOEVER, proof=PROOFS)
    def give_back(
        self, original: TransferId, amount: int | None, whoever: int | None, proof: str
    ) -> Any:
        id, back = make.transfer_id(), self._part(original, amount)
        known = self.oracle.payments.get(original)
        payee = known.payee[0] if known and known.payee[0] in range(4) else 0
        who = payee if whoever is None else whoever
        self._proving(
            lambda by: self._do(money.give_back, id, original, back, by=by),
            who,
            proof,
            lambda given: self.oracle.give_back(id, original, amount, who, given),
        )
        return self._moved(id)

    @rule(target=links, payer=PEOPLE, code=CODES, amount=AMOUNTS, proof=PROOFS)
    def park(self, payer: int, code: str, amount: int, proof: str) -> Any:
        id = make.transfer_id()
        self._proving(
            lambda by: self._do(
                money.make_link, id, Money(amount, code), SECRET, screen=SCREEN, by=by
            ),
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
            self._same(answer, self.oracle.take(id, link, who))

    @rule(link=links, whoever=WHOEVER, twice=st.booleans())
    def take_a_link_back(self, link: TransferId, whoever: int | None, twice: bool) -> None:
        id = make.transfer_id()
        who = self.oracle.holds[link].payer[0] if whoever is None else whoever
        for _ in range(1 + twice):
            answer = self._do(money.take_back_link, id, link, by=self.people[who])
            self._same(answer, self.oracle.take_back(id, link, who))

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
        self._same(answer, self.oracle.ask(id, asker, payer, amount, code, seconds))
        return id if answer == "ok" else multiple()

    @rule(target=transfers, ask=asks, whoever=WHOEVER, proof=PROOFS)
    def pay(self, ask: RequestId, whoever: int | None, proof: str) -> Any:
        id = make.transfer_id()
        who = self.oracle.asks[ask].payer if whoever is None else whoever
        self._proving(
            lambda by: self._do(money.pay_request, id, ask, screen=SCREEN, by=by),
            who,
            proof,
            lambda given: self.oracle.pay(id, ask, who, given),
        )
        return self._moved(id)

    @rule(target=transfers, ask=asks, who=PEOPLE)
    def collect_cash(self, ask: RequestId, who: int) -> Any:
        id = TransferId(derived_id(ask, "cash"))
        answer = self._do(money.collect_cash, ask, by=self.people[who])
        self._same(answer, self.oracle.collect(id, ask, who))
        return self._moved(id)

    @rule(ask=asks, whoever=WHOEVER)
    def decline(self, ask: RequestId, whoever: int | None) -> None:
        who = self.oracle.asks[ask].payer if whoever is None else whoever
        answer = self._do(money.decline_request, ask, by=self.people[who])
        self._same(answer, self.oracle.end(ask, "declined", who))

    @rule(ask=asks, whoever=WHOEVER)
    def take_back(self, ask: RequestId, whoever: int | None) -> None:
        who = self.oracle.asks[ask].asker if whoever is None else whoever
        answer = self._do(money.take_back_request, ask, by=self.people[who])
        self._same(answer, self.oracle.end(ask, "canceled", who))

    @rule(code=CODES, stops=STOPS)
    def freeze(self, code: str, stops: tuple[bool, bool]) -> None:
        """Of one person, so that the others go on."""
        out, into = stops
        answer = self._do(money.freeze_wallet, self._id(3), code, out=out, into=into, by=SYSTEM)
        self._same(answer, self.oracle.freeze((3, code), out=out, into=into))

    @rule(code=CODES, rules=st.dictionaries(RULES, AMOUNTS, max_size=4))
    def allow(self, code: str, rules: dict[tuple[str, str], int]) -> None:
        """Other rules from now on; what was done before them counts too."""
        limits = []
        for action in ("send", "receive", "top_up", "pay_out"):
            for window in ("transfer", "day", "month", "year", "balance"):
                minor = rules.get((action, window))
                times = rules.get((action, f"{window} count"))
                if (minor, times) != (None, None):
                    limits.append(
                        money.Limit(
                            "unverified", money.Action(action), money.Window(window), minor, times
                        )
                    )
        self._do(money.set_limits, uuid7(), code, limits, by=SYSTEM)
        self.oracle.rules[code] = rules

    @rule(code=CODES, way=st.sampled_from(sorted(WAYS)), is_on=st.sampled_from([True, True, False]))
    def switch(self, code: str, way: str, is_on: bool) -> None:
        self._do(money.switch_way, code, WAYS[way], enabled=is_on, by=SYSTEM)
        (self.oracle.off.discard if is_on else self.oracle.off.add)((code, way))

    @rule(hours=st.sampled_from([1, 24, 24, 3 * 24, 7 * 24, 14 * 24, 31 * 24]))
    def wait_long(self, hours: int) -> None:
        self._wait(hours * HOUR_MS)

    @rule(who=PEOPLE, code=CODES)
    def close(self, who: int, code: str) -> None:
        answer = self._do(money.close_wallet, self._id(who), code, by=SYSTEM)
        self._same(answer, self.oracle.close((who, code)))

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self._wait(seconds * 1000)

    @rule()
    def sweep(self) -> None:
        self._do(money.expire_requests)

    @rule(number=st.integers(0, 10_000))
    def repeat_anything(self, number: int) -> None:
        """What was done once, or refused for good, is answered alike for ever and done no more."""
        told = [
            (work, answer)
            for _, work, answer in self.history
            if work.command in _ONCE and answer not in _NOT_FOR_GOOD
        ]
        if told:
            work, answer = told[number % len(told)]
            # Nobody asks the oracle: nothing may change.
            self._same(self._do(work.command, *work.args, **work.kwargs), answer)

    def check_the_end(self) -> None:
        super().check_the_end()
        for id in self.oracle.asks:
            assert self.db.read(money.find_request, id).state == self.oracle.state_of(id)

    def _part(self, of: TransferId, amount: int | None) -> Money | None:
        known = self.oracle.payments.get(of) or self.oracle.holds.get(of)
        return Money(amount, known.payer[1] if known else "INR") if amount else None

    def _send(
        self, id: TransferId, payer: int, payee: int, code: str, amount: int, proof: str,
        purpose: str,
    ) -> None:  # fmt: skip
        self._proving(
            lambda by: self._do(
                money.send_money, id, self._id(payee), Money(amount, code), purpose=purpose,
                screen=SCREEN, by=by,
            ),
            payer,
            proof,
            lambda given: self.oracle.send(
                id, (payer, code), (payee, code), amount, given, purpose
            ),
        )  # fmt: skip

    def _send_one(self, payer: int, payee: int, code: str, amount: int) -> TransferId:
        id = make.transfer_id()
        self._send(id, payer, payee, code, amount, "right", "send")
        return id

    def _moved(self, id: TransferId) -> Any:
        oracle = self.oracle
        return id if id in oracle.payments or id in oracle.reviews else multiple()

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
            self._same(answer, self.oracle.capture(id, hold, amount, who, rest))


_ONCE: set[Callable[..., Any]] = {
    money.send_money,
    money.hold,
    money.capture,
    money.void,
    money.refund,
    money.top_up,
    money.ask_payout,
    money.cash_in,
    money.cash_out,
}
_NOT_FOR_GOOD = {
    "not-found", "id-reused", "same-account", "amount-out-of-range", "confirmation-required",
    "confirmation-wrong", "way-off", "not-allowed",
}  # fmt: skip
