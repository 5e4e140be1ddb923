"""What operators and agents do, and what is looked at by them."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule

from kirana import money
from kirana.money.topups import Into, Source
from kirana.values import SYSTEM, FeeId, Money, QuoteId, RateId, TransferId, uuid7
from tests.money import make

from .books import AGENT, AMOUNTS, CODES, OPERATORS, PEOPLE, PROOFS, WHOEVER
from .payments import STOPS, Payments

STAFF = st.sampled_from([*OPERATORS, *OPERATORS, *OPERATORS, 0])
"""Mostly operators."""
VERDICTS: Any = st.sampled_from(["approve", "approve", "reject"])
SOURCES = {"credit": Source.CREDIT, "box": Source.CASH, "bank": Source.BANK}
NAMED = st.sampled_from(sorted(SOURCES))
FEES = st.builds(
    money.Fee,
    st.sampled_from([0, 0, 5]),
    st.sampled_from([0, 1, 15_000, 500_000, 1_000_000]),
    st.sampled_from([0, 0, 3]),
    st.sampled_from([None, 2, 40]),
)
RATES = st.sampled_from(["1.75", "0.571", "100", "0.0003", None])


class Desk(Payments):
    quotes = Bundle("quotes")
    payouts = Bundle("payouts")
    corrections = Bundle("corrections")

    @initialize(target=quotes)
    def begin_to_exchange(self) -> Any:
        self.offer_exchange("INR", "1.75", 100_000)
        self.offer_exchange("JPY", "0.571", 100_000)
        return self.quote(0, "JPY", 200, "pay")

    @initialize(target=Payments.transfers)
    def begin_to_look(self) -> Any:
        self.look_at("JPY", 1000, 2)
        return self.send(3, 2, "JPY", 1200, "right", "send")

    @initialize(target=payouts)
    def begin_to_pay_out(self) -> Any:
        self.pay_in(1, "box", "INR", 5000, True)
        self.pay_in(1, "credit", "JPY", 50_000, True)
        return self.ask_payout(3, "JPY", 400, "right")

    @initialize(target=corrections)
    def begin_to_correct(self) -> Any:
        return self.propose(1, "INR", 300, False, OPERATORS[0])

    @rule(code=CODES, fee=FEES)
    def take_fees(self, code: str, fee: money.Fee) -> None:
        self._do(money.set_fee, FeeId(uuid7()), code, "wallet", fee, by=SYSTEM)
        self.oracle.fees[code] = fee.fixed_minor, fee.ppm, fee.low_minor, fee.high_minor

    @rule(target=Payments.transfers, hold=Payments.holds, who=PEOPLE, twice=st.booleans())
    def capture_sale(self, hold: TransferId, who: int, twice: bool) -> Any:
        id, known = make.transfer_id(), self.oracle.holds[hold]
        for _ in range(1 + twice):
            answer = self._do(
                money.capture_sale,
                id,
                hold,
                payee=self._id(known.payee[0]),
                amount=Money(known.amount, known.payee[1]),
                ref=money.Ref("order", hold),
                by=self.people[who],
            )
            self._same(answer, self.oracle.capture_sale(id, hold, who))
        return self._moved(id)

    @rule(pay=CODES, rate=RATES, most=st.sampled_from([0, 500, 100_000]))
    def offer_exchange(self, pay: str, rate: str | None, most: int) -> None:
        get = "JPY" if pay == "INR" else "INR"
        told = None if rate is None else Decimal(rate)
        self._do(money.set_rate, RateId(uuid7()), pay, get, told, by=SYSTEM)
        self._do(money.set_most_short, Money(most, get), by=SYSTEM)
        self.oracle.most_short[get] = most
        if rate is None:
            self.oracle.rates.pop((pay, get), None)
        else:
            self.oracle.rates[pay, get] = Fraction(rate)

    @rule(
        target=quotes, who=PEOPLE, code=CODES, amount=AMOUNTS, side=st.sampled_from(["pay", "get"])
    )
    def quote(self, who: int, code: str, amount: int, side: Literal["pay", "get"]) -> Any:
        id, other = QuoteId(uuid7()), "JPY" if code == "INR" else "INR"
        by = self.people[who]
        answer = self._do(money.make_quote, id, Money(amount, code), side, other, by=by)
        self._same(answer, self.oracle.quote(id, who, amount, code, side, other))
        if answer != "ok":
            return multiple()
        offered = self.oracle.quotes[id]
        assert (self.answer.pay, self.answer.get) == (Money(*offered.pay), Money(*offered.get))
        return id

    @rule(quote=quotes, whoever=WHOEVER, twice=st.booleans())
    def take_quote(self, quote: QuoteId, whoever: int | None, twice: bool) -> None:
        id, known = make.transfer_id(), self.oracle.quotes.get(quote)
        owner = known.owner if known else 0
        who = owner if whoever is None else whoever
        for _ in range(1 + twice):
            answer = self._do(money.take_quote, id, quote, by=self.people[who])
            self._same(answer, self.oracle.take_quote(id, quote, who))

    @rule(who=PEOPLE, code=CODES, amount=AMOUNTS)
    def exchange(self, who: int, code: str, amount: int) -> None:
        quote = self.quote(who, code, amount, "pay")
        if isinstance(quote, UUID):
            self.take_quote(quote, who, False)

    @rule(code=CODES, above=st.sampled_from([None, 0, 900, 5000]), approvals=st.integers(1, 2))
    def look_at(self, code: str, above: int | None, approvals: int) -> None:
        self._do(money.set_review_rule, uuid7(), code, above, approvals, by=SYSTEM)
        if above is None:
            self.oracle.looked_at.pop(code, None)
        else:
            self.oracle.looked_at[code] = above, approvals

    @rule(who=PEOPLE)
    def watch(self, who: int) -> None:
        """Whoever is called so; or no longer."""
        listed = self.db.read(money.list_watched_names, by=SYSTEM)
        name = self._id(who).hex
        if found := [it.id for it in listed if it.name == name]:
            self._do(money.unwatch_name, found[0], by=SYSTEM)
            self.oracle.watched.discard(who)
        else:
            self._do(money.watch_name, uuid7(), name, by=SYSTEM)
            self.oracle.watched.add(who)

    @rule(sent=Payments.transfers, verdict=VERDICTS, who=STAFF)
    def decide(self, sent: TransferId, verdict: Any, who: int) -> None:
        self._decide(sent, verdict, who)

    @rule(target=Payments.transfers, number=st.integers(0, 20), verdict=VERDICTS, who=STAFF)
    def decide_what_waits(self, number: int, verdict: Any, who: int) -> Any:
        waiting = list(self.oracle.reviews)
        waiting = [it for it in waiting if self.oracle.holds[it].state == "open"] or waiting
        if not waiting:
            return multiple()
        return self._moved(self._decide(waiting[number % len(waiting)], verdict, who))

    def _decide(self, sent: TransferId, verdict: Any, who: int) -> TransferId:
        id = make.transfer_id()
        answer = self._do(money.decide_review, id, sent, verdict, by=self.people[who])
        self._same(answer, self.oracle.decide(id, sent, verdict, who))
        return id

    @rule(
        target=corrections, owner=st.sampled_from([0, 1, 2, 3, 5]), code=CODES,
        amount=AMOUNTS, takes=st.booleans(), who=STAFF,
    )  # fmt: skip
    def propose(self, owner: int, code: str, amount: int, takes: bool, who: int) -> Any:
        id, minor = uuid7(), -amount if takes else amount
        args = (id, self._id(owner), Money(minor, code), "A mistake")
        answer = self._do(money.propose_correction, *args, by=self.people[who])
        self._same(answer, self.oracle.propose(id, owner, minor, code, who))
        return id if answer == "ok" else multiple()

    @rule(
        correction=corrections, verdict=VERDICTS, who=STAFF,
        used=st.sampled_from([None, None, 0, 1]),
    )  # fmt: skip
    def correct(self, correction: UUID, verdict: Any, who: int, used: int | None) -> None:
        """Now and then with an id that made another correction."""
        id = make.transfer_id()
        made = [it for it, (what, _) in self.oracle.answers.items() if what[0] == "correction"]
        if used is not None and made:
            id = made[used % len(made)]
        answer = self._do(money.decide_correction, id, correction, verdict, by=self.people[who])
        self._same(answer, self.oracle.correct(id, correction, verdict, who))

    @rule(target=payouts, payer=PEOPLE, code=CODES, amount=AMOUNTS, proof=PROOFS)
    def ask_payout(self, payer: int, code: str, amount: int, proof: str) -> Any:
        id = make.transfer_id()
        self._proving(
            lambda by: self._do(money.ask_payout, id, Money(amount, code), by=by),
            payer,
            proof,
            lambda given: self.oracle.ask_payout(id, (payer, code), amount, given),
        )
        return id if id in self.oracle.holds else multiple()

    @rule(payout=payouts, source=NAMED, who=STAFF, twice=st.booleans())
    def settle(self, payout: TransferId, source: str, who: int, twice: bool) -> None:
        id, by = make.transfer_id(), self.people[who]
        for _ in range(1 + twice):
            answer = self._do(money.settle_payout, id, payout, source=SOURCES[source], by=by)
            self._same(answer, self.oracle.settle(id, payout, source, who))

    @rule(payout=payouts, who=STAFF)
    def refuse(self, payout: TransferId, who: int) -> None:
        id = make.transfer_id()
        answer = self._do(money.refuse_payout, id, payout, by=self.people[who])
        self._same(answer, self.oracle.refuse(id, payout, who))

    @rule(who=PEOPLE, source=NAMED, code=CODES, amount=AMOUNTS, into_float=st.booleans())
    def pay_in(self, who: int, source: str, code: str, amount: int, into_float: bool) -> None:
        """Over the counter; or an agent buys float."""
        id = make.transfer_id()
        owner, purse = (AGENT, (("float", AGENT), code)) if into_float else (who, (who, code))
        answer = self._do(
            money.top_up, id, self._id(owner), Money(amount, code), source=SOURCES[source],
            into=Into.FLOAT if into_float else Into.WALLET, by=self.people[5],
        )  # fmt: skip
        self._same(answer, self.oracle.top_up(id, purse, amount, source))

    @rule(
        target=Payments.transfers, agent=st.sampled_from([AGENT] * 5 + [0]),
        customer=st.sampled_from([0, 1, 2, 3, AGENT]), code=CODES, amount=AMOUNTS, proof=PROOFS,
    )  # fmt: skip
    def cash_in(self, agent: int, customer: int, code: str, amount: int, proof: str) -> Any:
        id = make.transfer_id()
        self._proving(
            lambda by: self._do(money.cash_in, id, self._id(customer), Money(amount, code), by=by),
            agent,
            proof,
            lambda given: self.oracle.cash_in(id, agent, (customer, code), amount, given),
        )
        return self._moved(id)

    @rule(
        target=Payments.transfers, agent=st.sampled_from([AGENT] * 5 + [0]), customer=PEOPLE,
        code=CODES, amount=AMOUNTS, proof=PROOFS,
    )  # fmt: skip
    def cash_out(self, agent: int, customer: int, code: str, amount: int, proof: str) -> Any:
        id = make.transfer_id()
        self._proving(
            lambda by: self._do(money.cash_out, id, self._id(agent), Money(amount, code), by=by),
            customer,
            proof,
            lambda given: self.oracle.cash_out(id, (customer, code), agent, amount, given),
        )
        return self._moved(id)

    @rule(owner=st.sampled_from([2, 2, 5]), stops=STOPS, who=STAFF)
    def stop(self, owner: int, stops: tuple[bool, bool], who: int) -> None:
        """All the wallets of one person, or of an operator, which is not done."""
        out, into = stops
        answer = self._do(
            money.freeze_owner, uuid7(), self._id(owner), stops_out=out, stops_in=into,
            reason="A question", by=self.people[who],
        )  # fmt: skip
        self._same(answer, self.oracle.stop(owner, out=out, into=into, by=who))
