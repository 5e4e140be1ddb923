"""Bills that are split, what is paid from the bank, and payments that come by themselves."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule

from kirana import money
from kirana.money.flows.calendars import Rhythm, today
from kirana.values import (
    SYSTEM,
    Actor,
    Money,
    PaymentAddressId,
    RequestId,
    SplitId,
    StandingOrderId,
    TransferId,
    derived_id,
    uuid7,
)
from tests.money import make

from .books import AMOUNTS, CODES, PEOPLE, PROOFS, SECONDS, WHOEVER, ZONES
from .desk import Desk
from .payments import SCREEN, Payments

RHYTHMS: Any = st.sampled_from(["once", "week", "week", "month"])


class Agreed(Desk):
    claims = Bundle("claims")
    splits = Bundle("splits")
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.addresses = []
        for who in ZONES:
            id, person = PaymentAddressId(uuid7()), self._id(who)
            details = {"vpa": f"person{who}@bank", "name": "A Person"}
            trusted = Actor(person, person, "system")
            self._do(money.set_address, id, "upi", details, by=trusted)
            self.addresses.append(id)

    @initialize(target=claims)
    def begin_to_claim(self) -> Any:
        return self.claim(self.ask(0, 3, "INR", 2500, None), None, False)

    @initialize(target=splits)
    def begin_to_split(self) -> Any:
        return self.split(0, "INR", None, {0: 100, 1: 200, 2: 300})

    @initialize(target=orders)
    def begin_to_agree(self) -> Any:
        return self.agree(1, 0, "JPY", 250, "week", 1, None, None, "right")

    @rule(target=claims, ask=Payments.asks, whoever=WHOEVER, twice=st.booleans())
    def claim(self, ask: RequestId, whoever: int | None, twice: bool) -> Any:
        known = self.oracle.asks[ask]
        if known.currency != "INR":
            return multiple()  # of yen no bank says anything here
        id, address = make.transfer_id(), self.addresses[known.asker]
        who = known.payer if whoever is None else whoever
        for _ in range(1 + twice):
            answer = self._do(money.make_claim, id, ask, address, by=self.people[who])
            self._same(answer, self.oracle.claim(id, ask, who, "upi"))
        return id if id in self.oracle.claims else multiple()

    @rule(
        target=Payments.transfers, claim=claims, more=st.sampled_from([None, None, -1, -100, 0, 7]),
        other=st.sampled_from([None, None, None, 0]), twice=st.booleans(),
    )  # fmt: skip
    def confirm(self, claim: TransferId, more: int | None, other: int | None, twice: bool) -> Any:
        """All of it came, or less, or more; mostly it is the payee who says so."""
        id, known = make.transfer_id(), self.oracle.claims[claim]
        who = known.payee if other is None else other
        received = None if more is None else max(1, known.amount + more)
        told = None if received is None else Money(received, "INR")
        for _ in range(1 + twice):
            answer = self._do(money.confirm_claim, id, claim, told, by=self.people[who])
            self._same(answer, self.oracle.confirm(id, claim, received, who))
        return self._moved(id)

    @rule(
        claim=claims, whoever=WHOEVER, how=st.sampled_from(["rejected", "taken back"]),
        twice=st.booleans(),
    )  # fmt: skip
    def answer_claim(self, claim: TransferId, whoever: int | None, how: str, twice: bool) -> None:
        id, known = make.transfer_id(), self.oracle.claims[claim]
        side = known.payee if how == "rejected" else known.payer
        who = side if whoever is None else whoever
        command = money.reject_claim if how == "rejected" else money.take_back_claim
        for _ in range(1 + twice):
            answer = self._do(command, id, claim, by=self.people[who])
            self._same(answer, self.oracle.answer(id, claim, how, who))

    @rule(
        target=splits, payer=PEOPLE, code=CODES, seconds=SECONDS,
        parts=st.dictionaries(PEOPLE, AMOUNTS, min_size=2, max_size=4),
    )  # fmt: skip
    def split(self, payer: int, code: str, seconds: int | None, parts: dict[int, int]) -> Any:
        id = SplitId(uuid7())
        drafts = [money.ShareDraft(self._id(who), Money(it, code)) for who, it in parts.items()]
        bill = Money(sum(parts.values()), code)
        by = self.people[payer]
        answer = self._do(money.split_bill, id, bill, drafts, timeout_s=seconds, by=by)
        asked = [
            (RequestId(derived_id(id, "share", position)), who, amount)
            for position, (who, amount) in enumerate(parts.items())
        ]
        self._same(answer, self.oracle.split(id, payer, asked, code, seconds))
        return id if answer == "ok" else multiple()

    @rule(target=Payments.asks, split=splits)
    def come_to_a_share(self, split: SplitId) -> Any:
        """What is asked of it is paid, declined and claimed like any request."""
        return multiple(*self.oracle.splits[split][1])

    @rule(split=splits, whoever=WHOEVER, twice=st.booleans())
    def cancel_split(self, split: SplitId, whoever: int | None, twice: bool) -> None:
        who = self.oracle.splits[split][0] if whoever is None else whoever
        for _ in range(1 + twice):
            answer = self._do(money.cancel_split, split, by=self.people[who])
            self._same(answer, self.oracle.cancel_split(split, who))

    @rule(
        target=orders, payer=PEOPLE, payee=PEOPLE, code=CODES, amount=AMOUNTS, rhythm=RHYTHMS,
        days=st.sampled_from([0, 1, 16]), ends_after=st.sampled_from([None, 1, 3]),
        lasts=st.sampled_from([None, 0, 40]), proof=PROOFS,
    )  # fmt: skip
    def agree(
        self, payer: int, payee: int, code: str, amount: int, rhythm: Rhythm, days: int,
        ends_after: int | None, lasts: int | None, proof: str,
    ) -> Any:  # fmt: skip
        id = StandingOrderId(uuid7())
        first: date = today(self.db.clock.now, ZONES[payer]) + timedelta(days=days)
        ends_on = None if lasts is None else first + timedelta(days=lasts)
        terms = money.Terms(Money(amount, code), rhythm, first, ends_after, ends_on)
        self._proving(
            lambda by: self._do(
                money.make_standing_order, id, self._id(payee), terms, screen=SCREEN, by=by
            ),
            payer,
            proof,
            lambda given: self.oracle.agree(
                id, (payer, code), payee, amount, rhythm, first, ends_after, ends_on, given
            ),
        )
        return id if id in self.oracle.standing else multiple()

    @rule(order=orders, amount=AMOUNTS, other=st.sampled_from([None, None, 0]), proof=PROOFS)
    def change(self, order: StandingOrderId, amount: int, other: int | None, proof: str) -> None:
        known = self.oracle.standing[order]
        who = known.payer if other is None else other
        self._proving(
            lambda by: self._do(
                money.change_standing_order, order, Money(amount, known.currency), by=by
            ),
            who,
            proof,
            lambda given: self.oracle.change(order, amount, who, given),
        )

    @rule(order=orders, how=st.sampled_from(["pause", "resume", "resume", "end"]), who=PEOPLE)
    def pause(self, order: StandingOrderId, how: str, who: int) -> None:
        command, expect = {
            "pause": (money.pause_standing_order, self.oracle.pause),
            "resume": (money.resume_standing_order, self.oracle.resume),
            "end": (money.end_standing_order, self.oracle.stop_paying),
        }[how]
        who = self.oracle.standing[order].payer if how == "resume" else who
        self._same(self._do(command, order, by=self.people[who]), expect(order, who))

    @rule()
    def run_what_is_due(self) -> None:
        self._do(money.run_standing_orders, SCREEN)
        self.oracle.run()

    @rule(hours=st.sampled_from([24, 7 * 24, 31 * 24]))
    def wait_and_run(self, hours: int) -> None:
        self._wait(hours * 3_600_000)
        self.has_waited = False
        self.run_what_is_due()

    def check_the_end(self) -> None:
        super().check_the_end()
        for id, order in self.oracle.standing.items():
            by = self.people[order.payer]
            told = self.db.read(money.get_standing_order, id, by=by)
            runs = self.db.read(money.list_standing_runs, id, by=by)
            assert (told.state, told.next_at) == (order.state, order.next_at)
            assert [run.problem or "ok" for run in runs] == self.oracle.runs[id]
        for id, claim in self.oracle.claims.items():
            claimed = self.db.read(money.get_claim, id, by=self.people[claim.payer])
            is_over = self.oracle.holds[id].ends_at <= self.oracle.now
            ended_as = (claim.ended_as or ("expired" if is_over else "open")).replace(" ", "_")
            assert (claimed.state, claimed.received.amount_minor) == (ended_as, claim.received)
        self._do(money.expire_requests)
        for id, (payer, asked) in self.oracle.splits.items():
            bill = self.db.read(money.get_split, id, by=self.people[payer])
            states = [share.state for share in bill.asked]
            assert states == [self.oracle.state_of(it) for it in asked]

    @rule(code=CODES)
    def look_at_the_desk(self, code: str) -> None:
        """How the operator stands in a currency is what was exchanged."""
        [*found] = [
            it
            for it in self.db.read(money.get_desk, by=SYSTEM).positions
            if it.held.currency == code
        ]
        for position in found:
            assert position.held.amount_minor == self.oracle.has["desk", code]
