"""What operators and agents do: fees, exchange, reviews, corrections, payouts, cash, stops."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from .payments import Payments, Purse, _over

DAY_MS = 24 * 3_600_000
DECIMALS = {"INR": 2, "JPY": 0}

Fee = tuple[int, int, int, int | None]
"""Fixed, millionths, least and most."""


@dataclass
class Quote:
    owner: Any
    pay: tuple[int, str]
    get: tuple[int, str]
    ends_at: int
    is_taken: bool = False


@dataclass
class Correction:
    owner: Any
    amount: int
    currency: str
    by: Any
    verdict: str | None = None
    decided_by: Any = None


class Desk(Payments):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.operators: set[Any] = set()
        self.agents: set[Any] = set()
        self.fees: dict[str, Fee] = {}
        self.rates: dict[tuple[str, str], Fraction] = {}
        self.most_short: dict[str, int] = {}
        self.quotes: dict[Any, Quote] = {}
        self.votes: dict[Any, dict[Any, str]] = {}
        self.corrections: dict[Any, Correction] = {}
        self.payouts: set[Any] = set()
        self.settled: dict[Any, str] = {}
        """Out of what a payout was paid."""
        self.stopped_owners: dict[Any, tuple[bool, bool]] = {}

    def top_up(self, id: Any, purse: Purse, amount: int, source: str = "credit") -> str:
        def act() -> str:
            if refused := self._stopped((source, purse[1]), purse):
                return refused
            if self._too_much("top_up", purse, amount) or self._too_full(purse, amount):
                return "payee-cannot-receive"
            paid = self._pay(id, (source, purse[1]), purse, amount, "top_up")
            paid.said = self._say([("top_up", purse)], amount)
            return "ok"

        return self._attempt(id, ("top up", purse, amount, source), act)

    def fee_of(self, amount: int, currency: str) -> int:
        fixed, ppm, low, high = self.fees.get(currency, (0, 0, 0, None))
        part = floor(Fraction(amount * ppm, 1_000_000) + Fraction(1, 2))
        fee = max(fixed + part, low)
        return min(fee if high is None else min(fee, high), amount)

    def capture_sale(self, id: Any, hold_id: Any, by: Any) -> str:
        def act() -> str:
            hold = self.holds[hold_id]
            if refused := self._stopped(hold.payer, hold.payee):
                return refused
            if hold.state != "open":
                return _over(hold)
            self._take(id, hold, hold.amount)
            currency = hold.payee[1]
            if fee := self.fee_of(hold.amount, currency):
                self._enter(hold.payee, ("fees", currency), posted=fee)
            return "ok"

        return self._attempt(id, ("sale", hold_id, by), act, is_used_up=False)

    def quote(self, id: Any, owner: Any, amount: int, currency: str, side: str, other: str) -> str:
        pay_in, get_in = (currency, other) if side == "pay" else (other, currency)
        rate = self.rates.get((pay_in, get_in))
        if rate is None:
            return "no-rate"
        minor = rate * 10 ** DECIMALS[get_in] / 10 ** DECIMALS[pay_in]
        pay, get = (
            (amount, floor(amount * minor)) if side == "pay" else (ceil(amount / minor), amount)
        )
        if pay < 1 or get < 1:
            return "amount-out-of-range"
        self.quotes = {
            known: quote
            for known, quote in self.quotes.items()
            if quote.owner != owner or quote.is_taken or quote.ends_at >= self.now - DAY_MS
        }
        self.quotes[id] = Quote(owner, (pay, pay_in), (get, get_in), self.now + 60_000)
        return "ok"

    def take_quote(self, id: Any, quote_id: Any, by: Any) -> str:
        quote = self.quotes.get(quote_id)
        if quote is None or quote.owner != by:
            return "not-found"
        (pay, pay_in), (get, get_in) = quote.pay, quote.get

        def act() -> str:
            assert quote is not None
            if quote.is_taken or quote.ends_at <= self.now:
                return "quote-expired"
            if get > self.has["desk", get_in] + self.most_short.get(get_in, 0):
                return "exchange-short"
            payer, payee = (by, pay_in), (by, get_in)
            if refused := self._stopped(payer, ("desk", pay_in)):
                return refused
            if self._free(payer) < pay:
                return "insufficient-funds"
            if refused := self._stopped(("desk", get_in), payee):
                return refused
            if self._too_full(payee, get):
                return "limit-exceeded"
            self._enter(payer, ("desk", pay_in), posted=pay)
            self._enter(("desk", get_in), payee, posted=get)
            quote.is_taken = True
            return "ok"

        return self._attempt(id, ("exchange", quote_id, by), act)

    def decide(self, id: Any, waiting_id: Any, verdict: str, by: Any) -> str:
        if by not in self.operators:
            return "not-allowed"
        self.sweep()
        if waiting_id not in self.reviews:
            return "not-found"
        hold, votes = self.holds[waiting_id], self.votes.setdefault(waiting_id, {})
        if by in (hold.payer[0], hold.payee[0]):
            return "not-allowed"
        if by in votes:
            return "ok" if votes[by] == verdict else "hold-resolved"
        if hold.state != "open":
            return _over(hold)
        answer = "ok"
        if verdict == "reject":
            answer = self.void(id, waiting_id, by)
        elif len(votes) + 1 >= self.reviews[waiting_id]:
            answer = self.capture(id, waiting_id, None, by)
            if answer == "ok":
                self.payments[id].purpose = "send"
        if answer == "ok":
            votes[by] = verdict
        return answer

    def propose(self, id: Any, owner: Any, amount: int, currency: str, by: Any) -> str:
        if by not in self.operators or owner == by:
            return "not-allowed"
        self.corrections[id] = Correction(owner, amount, currency, by)
        return "ok"

    def correct(self, id: Any, correction_id: Any, verdict: str, by: Any) -> str:
        if by not in self.operators:
            return "not-allowed"
        it = self.corrections[correction_id]
        if it.verdict is not None:
            return "ok" if (it.verdict, it.decided_by) == (verdict, by) else "hold-resolved"

        def act() -> str:
            suspense, wallet = ("suspense", it.currency), (it.owner, it.currency)
            payer, payee = (suspense, wallet) if it.amount > 0 else (wallet, suspense)
            if refused := self._stopped(payer, payee):
                return refused
            if self._short(payer, payee, abs(it.amount)):
                return "insufficient-funds"
            self._enter(payer, payee, posted=abs(it.amount))
            return "ok"

        if verdict == "approve":
            if by in (it.by, it.owner):
                return "not-allowed"
            answer = self._attempt(id, ("correction", correction_id, by), act)
            if answer != "ok":
                return answer
        it.verdict, it.decided_by = verdict, by
        return "ok"

    def ask_payout(self, id: Any, payer: Purse, amount: int, proof: str) -> str:
        going_out = ("going out", payer[1])

        def act() -> str:
            if refused := self._stopped(payer, going_out):
                return refused
            if refused := self._may_spend("pay_out", payer, amount):
                return refused
            if refused := self._proven(self.line(payer[1]) + 1, payer[1], proof):
                return refused
            self._set_aside(id, payer, going_out, amount, None)
            self.holds[id].said = self._say([("pay_out", payer)], amount)
            self.payouts.add(id)
            return "ok"

        return self._attempt(id, ("payout", payer, amount), act)

    def settle(self, id: Any, payout_id: Any, source: str, by: Any) -> str:
        if by not in self.operators:
            return "not-allowed"

        def act() -> str:
            hold = self.holds[payout_id]
            if refused := self._stopped(hold.payer, hold.payee):
                return refused
            if hold.state != "open":
                return _over(hold)
            out = source, hold.payee[1]
            if out[0] in ("box", "bank") and self.has[out] + hold.amount > 0:
                return "insufficient-funds"
            self._let_go(hold, "posted", kept=hold.amount)
            self._enter(hold.payee, out, posted=hold.amount)
            self.settled[payout_id] = source
            return "ok"

        return self._attempt(id, ("settle", payout_id, source, by), act)

    def refuse(self, id: Any, payout_id: Any, by: Any) -> str:
        """What had been paid out already has come back."""
        if by not in self.operators:
            return "not-allowed"
        if payout_id not in self.settled:
            return self.void(id, payout_id, by)

        def act() -> str:
            hold = self.holds[payout_id]
            if hold.state == "returned":
                return "over-refund"
            if refused := self._stopped(hold.payee, hold.payer):
                return refused
            out = self.settled[payout_id], hold.payee[1]
            self._enter(out, hold.payee, posted=hold.amount)
            self._enter(hold.payee, hold.payer, posted=hold.amount)
            assert hold.said is not None
            hold.said.stands -= hold.amount
            hold.state = "returned"
            return "ok"

        return self._attempt(id, ("returned", payout_id, by), act)

    def cash_in(self, id: Any, agent: Any, customer: Purse, amount: int, proof: str) -> str:
        if agent not in self.agents:
            return "not-allowed"
        if agent == customer[0]:
            return "same-account"
        float_ = (("float", agent), customer[1])

        def act() -> str:
            if self._is_off(customer, "agent"):
                return "way-off"
            if refused := self._stopped(float_, customer):
                return refused
            if self._free(float_) < amount:
                return "insufficient-funds"
            if self._too_much("top_up", customer, amount) or self._too_full(customer, amount):
                return "payee-cannot-receive"
            if refused := self._proven(amount, customer[1], proof):
                return refused
            paid = self._pay(id, float_, customer, amount, "cash_in")
            paid.said = self._say([("top_up", customer)], amount)
            return "ok"

        return self._attempt(id, ("cash in", agent, customer, amount), act)

    def cash_out(self, id: Any, customer: Purse, agent: Any, amount: int, proof: str) -> str:
        if agent not in self.agents:
            return "not-found"
        if agent == customer[0]:
            return "same-account"
        float_ = (("float", agent), customer[1])

        def act() -> str:
            if self._is_off(customer, "agent"):
                return "way-off"
            if refused := self._stopped(customer, float_):
                return refused
            if refused := self._may_spend("pay_out", customer, amount):
                return refused
            if refused := self._proven(self.line(customer[1]) + 1, customer[1], proof):
                return refused
            paid = self._pay(id, customer, float_, amount, "cash_out")
            paid.said = self._say([("pay_out", customer)], amount)
            return "ok"

        return self._attempt(id, ("cash out", customer, agent, amount), act)

    def _stopped(self, payer: Purse, payee: Purse) -> str | None:
        for purse in (payer, payee):
            if purse[0] in self.stopped_owners and not self.lines[purse]:
                out, into = self.stopped_owners[purse[0]]
                (self.no_debits.add if out else self.no_debits.discard)(purse)
                (self.no_credits.add if into else self.no_credits.discard)(purse)
        return super()._stopped(payer, payee)

    def stop(self, owner: Any, *, out: bool, into: bool, by: Any) -> str:
        """All the wallets that somebody has, and those that they open later."""
        if by not in self.operators or owner in self.operators:
            return "not-allowed"
        self.stopped_owners[owner] = out, into
        for purse in [purse for purse in self.lines if purse[0] == owner]:
            self.freeze(purse, out=out, into=into)
        return "ok"
