"""What money should do, written apart from it: plain dictionaries and no cleverness.

One attempt after another. An answer is "ok" or the slug of the refusal.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Purse = tuple[Any, str]
"""An owner and a currency."""

Rules = dict[tuple[str, str], int]
"""What may be done at most: by what and over what. Of `count` rules, how often."""

WEEK_MS = 7 * 24 * 3_600_000

FORGOTTEN = {
    "not-found",
    "id-reused",
    "same-account",
    "amount-out-of-range",
    "confirmation-required",
    "confirmation-wrong",
    "way-off",
    "not-allowed",
}


@dataclass
class Hold:
    payer: Purse
    payee: Purse
    amount: int
    ends_at: int | None
    state: str = "open"
    said: "Said | None" = None
    is_rest: bool = False


@dataclass
class Said:
    """A payment as limits see it: made on a day, so much of it still stands."""

    payer: Purse
    payee: Purse
    day: tuple[int, int, int]
    stands: int
    times: int = 1


@dataclass
class Payment:
    payer: Purse
    payee: Purse
    amount: int
    is_cash: bool = False
    is_refund: bool = False
    refunded: int = 0
    said: Said | None = None


@dataclass
class Ask:
    asker: Any
    payer: Any
    amount: int
    currency: str
    ends_at: int | None
    how: str = "open"


class Oracle:
    def __init__(self, line: Callable[[str], int]) -> None:
        self.now = 0
        self.line = line
        """Above it, payments are confirmed."""
        self.has: dict[Purse, int] = defaultdict(int)
        self.aside: dict[Purse, int] = defaultdict(int)
        self.coming: dict[Purse, int] = defaultdict(int)
        self.lines: dict[Purse, int] = defaultdict(int)
        """How many lines each statement has."""
        self.no_debits: set[Purse] = set()
        self.no_credits: set[Purse] = set()
        self.closed: set[Purse] = set()
        self.holds: dict[Any, Hold] = {}
        self.payments: dict[Any, Payment] = {}
        self.asks: dict[Any, Ask] = {}
        self.answers: dict[Any, tuple[Hashable, str]] = {}
        self.rules: dict[str, Rules] = {}
        """For each currency."""
        self.said: list[Said] = []

    def top_up(self, purse: Purse, amount: int) -> str:
        if purse in self.closed:
            return "account-closed"
        if purse in self.no_credits:
            return "account-frozen"
        if self._too_full(purse, amount):
            return "payee-cannot-receive"
        self._move_in(purse, amount)
        return "ok"

    def send(self, id: Any, payer: Purse, payee: Purse, amount: int, proof: str = "none") -> str:
        def act() -> str:
            if refused := self._may_pay(payer, payee, amount):
                return refused
            if refused := self._proven(amount, payer[1], proof):
                return refused
            self._pay(id, payer, payee, amount)
            self.payments[id].said = self._say(payer, payee, amount)
            return "ok"

        return self._attempt(id, ("send", payer, payee, amount), act)

    def hold(
        self,
        id: Any,
        payer: Purse,
        payee: Purse,
        amount: int,
        seconds: int | None,
        proof: str = "none",
    ) -> str:
        def act() -> str:
            if refused := self._may_pay(payer, payee, amount):
                return refused
            if refused := self._proven(amount, payer[1], proof):
                return refused
            ends_at = None if seconds is None else self.now + seconds * 1000
            self._set_aside(id, payer, payee, amount, ends_at)
            self.holds[id].said = self._say(payer, payee, amount)
            return "ok"

        return self._attempt(id, ("hold", payer, payee, amount, seconds), act)

    def capture(
        self, id: Any, hold_id: Any, amount: int | None, by: Any, rest_id: Any = None
    ) -> str:
        def act() -> str:
            hold = self.holds.get(hold_id)
            if hold is None:
                return "not-found"
            if refused := self._stopped(hold.payer, hold.payee):
                return refused
            if hold.state != "open":
                return "hold-expired" if hold.state == "expired" else "hold-resolved"
            taken = hold.amount if amount is None else amount
            if taken > hold.amount:
                return "over-capture"
            self._let_go(hold, "posted", kept=taken)
            self._pay(id, hold.payer, hold.payee, taken, is_line=False)
            self.payments[id].said = hold.said
            if rest_id is not None and taken < hold.amount:
                self._set_aside(rest_id, hold.payer, hold.payee, hold.amount - taken, hold.ends_at)
                self.holds[rest_id].said = hold.said
                self.holds[rest_id].is_rest = True
                if hold.said:
                    hold.said.stands += hold.amount - taken
            return "ok"

        return self._attempt(id, ("capture", hold_id, amount, by, rest_id is not None), act)

    def void(self, id: Any, hold_id: Any, by: Any) -> str:
        def act() -> str:
            hold = self.holds.get(hold_id)
            if hold is None:
                return "not-found"
            if hold.state != "open":
                return "hold-expired" if hold.state == "expired" else "hold-resolved"
            self._let_go(hold, "voided")
            return "ok"

        return self._attempt(id, ("void", hold_id, by), act)

    def park(self, id: Any, payer: Purse, amount: int, proof: str = "none") -> str:
        parked = (("link", id), payer[1])

        def act() -> str:
            if refused := self._may_spend(payer, parked, amount):
                return refused
            if refused := self._proven(amount, payer[1], proof):
                return refused
            self._set_aside(id, payer, parked, amount, self.now + WEEK_MS)
            self.holds[id].said = self._say(payer, parked, amount)
            return "ok"

        return self._attempt(id, ("park", payer, amount), act)

    def take(self, id: Any, link_id: Any, taker: Any) -> str:
        """The sender has paid when the link was made: only the taker's limits are asked."""
        self.sweep()
        link = self.holds[link_id]
        payee = (taker, link.payer[1])
        if self.answers.get(id) == (("take", link_id, taker), "ok"):
            return "ok"
        if link.state != "open":
            return "hold-expired" if link.state == "expired" else "hold-resolved"

        def act() -> str:
            if payee == link.payer:
                return "same-account"
            if refused := self._stopped(link.payer, payee):
                return refused
            if self._too_much("receive", 1, payee, link.amount):
                return "payee-cannot-receive"
            if self._too_full(payee, link.amount):
                return "payee-cannot-receive"
            said, link.said = link.said, None
            self._let_go(link, "voided")
            link.said = said
            self._pay(id, link.payer, payee, link.amount)
            self._say((None, payee[1]), payee, link.amount)
            return "ok"

        return self._attempt(id, ("take", link_id, taker), act)

    def take_back(self, id: Any, link_id: Any, by: Any) -> str:
        self.sweep()
        link = self.holds[link_id]
        if link.payer[0] != by:
            return "not-found"
        if self.answers.get(id) == (("void", link_id, by), "ok"):
            return "ok"
        if link.state != "open":
            return "hold-expired" if link.state == "expired" else "hold-resolved"
        return self.void(id, link_id, by)

    def refund(self, id: Any, original_id: Any, amount: int | None, by: Any) -> str:
        def act() -> str:
            original = self.payments.get(original_id)
            if original is None and original_id in self.holds:
                hold = self.holds[original_id]
                return self._stopped(hold.payee, hold.payer) or "over-refund"
            if original is None:
                return "not-found"
            payer, payee = original.payee, original.payer
            if not original.is_cash and (refused := self._stopped(payer, payee)):
                return refused
            left = 0 if original.is_refund else original.amount - original.refunded
            back = left if amount is None else amount
            if left == 0 or back > left:
                return "over-refund"
            if original.is_cash:
                original.refunded += back
                self.payments[id] = Payment(payer, payee, back, is_cash=True, is_refund=True)
                return "ok"
            if self._free(payer) < back:
                return "insufficient-funds"
            original.refunded += back
            if original.said:
                original.said.stands -= back
            self._pay(id, payer, payee, back)
            self.payments[id].is_refund = True
            return "ok"

        return self._attempt(id, ("refund", original_id, amount, by), act)

    def ask(
        self, id: Any, asker: Any, payer: Any, amount: int, currency: str, seconds: int | None
    ) -> str:
        if asker == payer:
            return "same-account"
        ends_at = None if seconds is None else self.now + seconds * 1000
        self.asks[id] = Ask(asker, payer, amount, currency, ends_at)
        return "ok"

    def pay(self, id: Any, ask_id: Any, by: Any, proof: str = "none") -> str:
        ask = self.asks[ask_id]
        if ask.payer != by:
            return "not-found"
        payer, payee = (by, ask.currency), (ask.asker, ask.currency)

        def act() -> str:
            if self._state(ask) != "open":
                return "request-ended"
            if refused := self._may_pay(payer, payee, ask.amount):
                return refused
            if refused := self._proven(ask.amount, ask.currency, proof):
                return refused
            self._pay(id, payer, payee, ask.amount)
            self.payments[id].said = self._say(payer, payee, ask.amount)
            ask.how = "paid"
            return "ok"

        return self._attempt(id, ("pay", ask_id, by), act)

    def collect(self, id: Any, ask_id: Any, by: Any) -> str:
        ask = self.asks[ask_id]

        def act() -> str:
            if self._state(ask) != "open":
                return "request-ended"
            ask.how = "paid"
            self.payments[id] = Payment(
                (ask.payer, ask.currency), (ask.asker, ask.currency), ask.amount, is_cash=True
            )
            return "ok"

        return self._attempt(id, ("collect", ask_id, by), act)

    def end(self, ask_id: Any, how: str, by: Any) -> str:
        ask = self.asks[ask_id]
        if by != (ask.payer if how == "declined" else ask.asker):
            return "not-found"
        state = self._state(ask)
        if state not in ("open", how):
            return "request-ended"
        ask.how = how
        return "ok"

    def freeze(self, purse: Purse, *, out: bool, into: bool) -> str:
        if self.lines[purse] == 0:
            return "not-found"
        (self.no_debits.add if out else self.no_debits.discard)(purse)
        (self.no_credits.add if into else self.no_credits.discard)(purse)
        return "ok"

    def close(self, purse: Purse) -> str:
        self.sweep()
        if self.lines[purse] == 0 or purse in self.closed:
            return "ok"
        if self.has[purse] or self.aside[purse] or self.coming[purse]:
            return "wallet-not-empty"
        self.closed.add(purse)
        return "ok"

    def state_of(self, ask_id: Any) -> str:
        return self._state(self.asks[ask_id])

    def sweep(self) -> None:
        for hold in self.holds.values():
            if hold.state == "open" and hold.ends_at is not None and hold.ends_at <= self.now:
                self._let_go(hold, "expired")

    def _attempt(self, id: Any, content: Hashable, act: Callable[[], str]) -> str:
        if id in self.answers:
            before, answer = self.answers[id]
            return answer if before == content else "id-reused"
        self.sweep()  # what is due counts as released, whatever becomes of the attempt
        answer = act()
        if answer not in FORGOTTEN:
            self.answers[id] = (content, answer)
        return answer

    def _may_pay(self, payer: Purse, payee: Purse, amount: int) -> str | None:
        if payer == payee:
            return "same-account"
        if refused := self._may_spend(payer, payee, amount):
            return refused
        if self._too_much("receive", 1, payee, amount) or self._too_full(payee, amount):
            return "payee-cannot-receive"
        return None

    def _may_spend(self, payer: Purse, payee: Purse, amount: int) -> str | None:
        if refused := self._stopped(payer, payee):
            return refused
        if self._free(payer) < amount:
            return "insufficient-funds"
        rules = self.rules.get(payer[1], {})
        if amount > rules.get(("send", "transfer"), amount):
            return "limit-exceeded"
        if self._too_much("send", 0, payer, amount):
            return "limit-exceeded"
        return None

    def _too_much(self, doing: str, side: int, purse: Purse, amount: int) -> bool:
        """Would one more payment be too much, or too many, since the period began?"""
        today = self._today()
        for (what, over), most in self.rules.get(purse[1], {}).items():
            if what != doing or over not in ("day", "month", "year", "day count"):
                continue
            same = {"day": 3, "month": 2, "year": 1, "day count": 3}[over]
            found = [
                said
                for said in self.said
                if (said.payer, said.payee)[side] == purse and said.day[:same] == today[:same]
            ]
            if over == "day count":
                if sum(said.times for said in found) + 1 > most:
                    return True
            elif sum(said.stands for said in found) + amount > most:
                return True
        return False

    def _too_full(self, purse: Purse, amount: int) -> bool:
        most = self.rules.get(purse[1], {}).get(("receive", "balance"))
        return most is not None and self.has[purse] + self.coming[purse] + amount > most

    def _today(self) -> tuple[int, int, int]:
        then = datetime.fromtimestamp(self.now / 1000, UTC)
        return then.year, then.month, then.day

    def _say(self, payer: Purse, payee: Purse, amount: int) -> Said:
        said = Said(payer, payee, self._today(), amount)
        self.said.append(said)
        return said

    def _stopped(self, payer: Purse, payee: Purse) -> str | None:
        if payer in self.closed or payee in self.closed:
            return "account-closed"
        if payer in self.no_debits or payee in self.no_credits:
            return "account-frozen"
        return None

    def _proven(self, amount: int, currency: str, proof: str) -> str | None:
        if amount <= self.line(currency) or proof == "right":
            return None
        return "confirmation-required" if proof == "none" else "confirmation-wrong"

    def _free(self, purse: Purse) -> int:
        return self.has[purse] - self.aside[purse]

    def _move_in(self, purse: Purse, amount: int) -> None:
        self.has[purse] += amount
        self.lines[purse] += 1

    def _pay(self, id: Any, payer: Purse, payee: Purse, amount: int, is_line: bool = True) -> None:
        self.has[payer] -= amount
        self.has[payee] += amount
        if is_line:
            self.lines[payer] += 1
            self.lines[payee] += 1
        self.payments[id] = Payment(payer, payee, amount)

    def _set_aside(
        self, id: Any, payer: Purse, payee: Purse, amount: int, ends_at: int | None
    ) -> None:
        self.aside[payer] += amount
        self.coming[payee] += amount
        self.lines[payer] += 1
        self.lines[payee] += 1
        self.holds[id] = Hold(payer, payee, amount, ends_at)

    def _let_go(self, hold: Hold, state: str, kept: int = 0) -> None:
        if hold.said:
            hold.said.stands -= hold.amount - kept
            if state != "posted" and not hold.is_rest:
                hold.said.times = 0
        self.aside[hold.payer] -= hold.amount
        self.coming[hold.payee] -= hold.amount
        self.lines[hold.payer] += 1
        self.lines[hold.payee] += 1
        hold.state = state

    def _state(self, ask: Ask) -> str:
        if ask.how == "open" and ask.ends_at is not None and ask.ends_at <= self.now:
            return "expired"
        return ask.how
