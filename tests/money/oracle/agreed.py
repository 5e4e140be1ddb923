"""What people agreed on before: bills that are split, payments from the bank, and coming ones."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kirana.values import TransferId, derived_id

from .desk import Desk
from .payments import Payment, Purse, memo

THREE_DAYS_MS = 72 * 3_600_000


@dataclass
class Claim:
    ask_id: Any
    payer: Any
    payee: Any
    amount: int
    ended_as: str | None = None
    ended_by: Any = None
    received: int = 0


@dataclass
class Standing:
    payer: Any
    payee: Any
    amount: int
    currency: str
    rhythm: str
    first: date
    ends_after: int | None
    ends_on: date | None
    next_on: date | None
    next_at: int | None
    number: int = 0
    is_second_try: bool = False
    state: str = "active"
    last: int | None = None
    """The latest run that was tried."""

    def day(self, number: int) -> date | None:
        """The day of a run; None when there is none."""
        if self.ends_after is not None and number >= self.ends_after:
            return None
        if self.rhythm == "week":
            day = self.first + timedelta(days=7 * number)
        elif self.rhythm == "once":
            if number:
                return None
            day = self.first
        else:
            year, month = self.first.year, self.first.month
            for _ in range(number):
                year, month = (year + 1, 1) if month == 12 else (year, month + 1)
            day = date(year, month, min(self.first.day, monthrange(year, month)[1]))
        return None if self.ends_on and day > self.ends_on else day


class Agreed(Desk):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.claims: dict[Any, Claim] = {}
        self.splits: dict[Any, tuple[Any, list[Any]]] = {}
        """Who paid the bill, and what the others were asked by."""
        self.standing: dict[Any, Standing] = {}
        self.runs: dict[Any, list[str]] = {}

    def claim(self, id: Any, ask_id: Any, by: Any, rail: str) -> str:
        ask = self.asks[ask_id]
        if ask.payer != by:
            return "not-found"
        if self.state_of(ask_id) != "open":
            return "request-ended"
        payer, payee = memo(by, ask.currency), memo(ask.asker, ask.currency)

        def act() -> str:
            if (ask.currency, rail) in self.off:
                return "way-off"
            if refused := self._asks_no_more(ask_id):
                return refused
            self._set_aside(id, payer, payee, ask.left, self.now + THREE_DAYS_MS)
            self.claims[id] = Claim(ask_id, by, ask.asker, ask.left)
            if ask.ends_at is not None:
                ask.ends_at = max(ask.ends_at, self.now + THREE_DAYS_MS)
            return "ok"

        return self._attempt(id, ("claim", ask_id, by, ask.left), act)

    def confirm(self, id: Any, claim_id: Any, received: int | None, by: Any) -> str:
        claim = self.claims[claim_id]
        ask, hold = self.asks[claim.ask_id], self.holds[claim_id]
        if by != claim.payee:
            return "not-found"
        if claim.ended_as == "confirmed" and claim.ended_by == id:
            return "ok" if received in (None, claim.received) else "id-reused"
        if refused := self._is_answered(claim_id):
            return refused
        came = claim.amount if received is None else received

        def act() -> str:
            is_paid = self.state_of(claim.ask_id) == "open" and came >= ask.left
            kept = min(came, claim.amount)
            self._let_go(hold, "posted", kept=kept)
            self.payments[id] = Payment(hold.payer, hold.payee, kept, "direct")
            if came > kept:
                self._enter(hold.payer, hold.payee, posted=came - kept)
            ask.received += kept
            if is_paid:
                ask.how = "paid"
            claim.ended_as, claim.ended_by, claim.received = "confirmed", id, came
            return "ok"

        return self._attempt(id, ("confirm", claim_id, came, by), act)

    def answer(self, id: Any, claim_id: Any, how: str, by: Any) -> str:
        """The payee has not received it, or the payer has not paid."""
        claim = self.claims[claim_id]
        if by != (claim.payee if how == "rejected" else claim.payer):
            return "not-found"
        if claim.ended_as == how and claim.ended_by == id:
            return "ok"
        if refused := self._is_answered(claim_id):
            return refused
        answer = self.void(id, claim_id, by)
        if answer == "ok":
            claim.ended_as, claim.ended_by = how, id
        return answer

    def split(
        self,
        id: Any,
        payer: Any,
        shares: list[tuple[Any, Any, int]],
        code: str,
        seconds: int | None,
    ) -> str:
        """Of each share the id, if it is asked for, who bears it, and how much it is."""
        if (code, "wallet") in self.off:
            return "way-off"
        asked = [(ask_id, who, amount) for ask_id, who, amount in shares if who != payer]
        for ask_id, who, amount in asked:
            self.ask(ask_id, payer, who, amount, code, seconds)
        self.splits[id] = payer, [ask_id for ask_id, *_ in asked]
        return "ok"

    def cancel_split(self, id: Any, by: Any) -> str:
        payer, asked = self.splits[id]
        if by != payer:
            return "not-found"
        for ask_id in asked:
            if self.state_of(ask_id) == "open":
                self.asks[ask_id].how = "canceled"
        return "ok"

    def agree(
        self, id: Any, payer: Purse, payee: Any, amount: int, rhythm: str, first: date,
        ends_after: int | None, ends_on: date | None, proof: str,
    ) -> str:  # fmt: skip
        if payee == payer[0]:
            return "same-account"
        if self._is_off(payer, "wallet"):
            return "way-off"
        if {payer[0], payee} & self.watched:
            return "needs-review"
        if proof != "right":
            return "confirmation-required" if proof == "none" else "confirmation-wrong"
        self.standing[id] = Standing(
            payer[0], payee, amount, payer[1], rhythm, first, ends_after, ends_on, first,
            self._nine(first, payer[0]),
        )  # fmt: skip
        self.runs[id] = []
        return "ok"

    def change(self, id: Any, amount: int, by: Any, proof: str) -> str:
        order = self.standing[id]
        if by != order.payer:
            return "not-found"
        if amount == order.amount:
            return "ok"
        if order.state == "ended":
            return "invalid-input"
        if proof != "right":
            return "confirmation-required" if proof == "none" else "confirmation-wrong"
        order.amount = amount
        return "ok"

    def pause(self, id: Any, by: Any) -> str:
        order = self.standing[id]
        if by != order.payer:
            return "not-found"
        if order.state == "active":
            order.state, order.next_at, order.is_second_try = "paused", None, False
        return "ok"

    def resume(self, id: Any, by: Any) -> str:
        order = self.standing[id]
        if by != order.payer:
            return "not-found"
        if order.state == "paused":
            number = order.number + 1 if order.last == order.number else order.number
            self._next(order, number, self._here(order.payer))
        return "ok"

    def stop_paying(self, id: Any, by: Any) -> str:
        order = self.standing[id]
        if by != order.payer:
            return "not-found"
        order.state, order.next_on, order.next_at = "ended", None, None
        return "ok"

    def run(self) -> None:
        due = [
            (order.next_at, id.bytes, id, order)
            for id, order in self.standing.items()
            if order.next_at is not None and order.next_at <= self.now
        ]
        for *_, id, order in sorted(due, key=lambda it: it[:2]):
            step = "run-again" if order.is_second_try else "run"
            paid_by = TransferId(derived_id(id, step, order.number))
            answer = self._attempt(
                paid_by, ("run", id), lambda it=paid_by, of=order: self._run(it, of)
            )
            self.runs[id].append(answer)
            order.last = order.number
            tomorrow = self._here(order.payer) + timedelta(days=1)
            if answer != "ok" and not order.is_second_try:
                order.is_second_try = True
                order.next_at = self._nine(tomorrow, order.payer)
            else:
                self._next(order, order.number + 1, tomorrow)

    def _run(self, id: Any, order: Standing) -> str:
        payer, payee = (order.payer, order.currency), (order.payee, order.currency)
        if self._is_off(payer, "wallet"):
            return "way-off"
        if refused := self._stopped(payer, payee):
            return refused
        if self._is_looked_at(payer, order.amount, {order.payer, order.payee}):
            return "needs-review"
        if refused := self._may_pay(payer, payee, order.amount):
            return refused
        paid = self._pay(id, payer, payee, order.amount, "send")
        paid.said = self._say([("send", payer), ("receive", payee)], order.amount)
        return "ok"

    def _next(self, order: Standing, number: int, not_before: date) -> None:
        """The first run from this one on whose day is not over."""
        while (day := order.day(number)) is not None and day < not_before:
            number += 1
        order.number, order.is_second_try, order.next_on = number, False, day
        if day is None:
            order.state, order.next_at = "ended", None
        else:
            order.state, order.next_at = "active", self._nine(day, order.payer)

    def _here(self, who: Any) -> date:
        return date(*self._today((who, "")))

    def _nine(self, day: date, who: Any) -> int:
        """At nine in the morning there."""
        moment = datetime.combine(day, time(9), ZoneInfo(self.zones.get(who, "UTC")))
        return int(moment.timestamp() * 1000)

    def _claim_of(self, ask_id: Any) -> Any:
        for id, claim in self.claims.items():
            if claim.ask_id == ask_id and not self._is_answered(id):
                return id
        return None

    def _is_answered(self, claim_id: Any) -> str | None:
        hold = self.holds[claim_id]
        if hold.state == "open" and hold.ends_at is not None and hold.ends_at > self.now:
            return None
        return "hold-expired" if hold.state in ("open", "expired") else "hold-resolved"
