"""What moves between wallets, is set aside for others, asked for, and parked in links."""

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Purse = tuple[Any, str]
"""An owner and a currency. Who is no number is no person: a link, a float, an account of the
operator's."""

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
"""Answers that use no id up."""

UNBOUNDED = {"credit", "fees", "desk", "suspense", "box", "bank"}
"""Accounts of the operator's that may be below zero. What is in the cash box and in the bank stands
there below zero too, and cannot be more than there is."""


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
    """A payment as limits see it: who did what on which day, and how much of it still stands."""

    sides: list[tuple[str, Purse, tuple[int, int, int]]]
    stands: int
    times: int = 1


@dataclass
class Payment:
    payer: Purse
    payee: Purse
    amount: int
    purpose: str = "send"
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
    received: int = 0
    """From bank to bank."""

    @property
    def left(self) -> int:
        return self.amount - self.received


class Line(NamedTuple):
    """A line of a statement."""

    posted: int
    pending: int
    balance: int
    on_hold: int
    coming: int


def memo(who: Any, currency: str) -> Purse:
    """What is between two people, from bank to bank or in cash."""
    return ("memo", who), currency


class Payments:
    def __init__(self, line: Callable[[str], int], zones: dict[Any, str]) -> None:
        self.now = 0
        self.line = line
        """Above it, payments are confirmed."""
        self.zones = zones
        """Where people live."""
        self.ruled: set[Any] = set(zones)
        """Who stands under the rules."""
        self.has: dict[Purse, int] = defaultdict(int)
        self.aside: dict[Purse, int] = defaultdict(int)
        self.coming: dict[Purse, int] = defaultdict(int)
        self.lines: dict[Purse, list[Line]] = defaultdict(list)
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
        self.off: set[tuple[str, str]] = set()
        """Currencies and ways that are switched off."""
        self.looked_at: dict[str, tuple[int, int]] = {}
        """Above how much a payment is looked at, and by how many."""
        self.watched: set[Any] = set()
        """Whose payments are looked at whatever they are."""
        self.reviews: dict[Any, int] = {}
        """How many have to say yes to what waits."""

    def send(
        self,
        id: Any,
        payer: Purse,
        payee: Purse,
        amount: int,
        proof: str = "none",
        purpose: str = "send",
    ) -> str:
        def act() -> str:
            if self._is_off(payer, "wallet"):
                return "way-off"
            if refused := self._may_pay(payer, payee, amount):
                return refused
            if refused := self._proven(amount, payer[1], proof):
                return refused
            said = self._say([("send", payer), ("receive", payee)], amount)
            if self._is_looked_at(payer, amount, {payer[0], payee[0]}):
                self._set_aside(id, payer, payee, amount, self.now + 2 * WEEK_MS)
                self.holds[id].said = said
                self.reviews[id] = self.looked_at.get(payer[1], (0, 1))[1]
            else:
                self._pay(id, payer, payee, amount, purpose).said = said
            return "ok"

        return self._attempt(id, ("send", payer, payee, amount, purpose), act)

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
            self.holds[id].said = self._say([("send", payer), ("receive", payee)], amount)
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
                return _over(hold)
            taken = hold.amount if amount is None else amount
            if taken > hold.amount:
                return "over-capture"
            self._take(id, hold, taken)
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
                return _over(hold)
            self._let_go(hold, "voided")
            return "ok"

        return self._attempt(id, ("void", hold_id, by), act)

    def park(self, id: Any, payer: Purse, amount: int, proof: str = "none") -> str:
        parked = (("link", id), payer[1])

        def act() -> str:
            if self._is_off(payer, "wallet"):
                return "way-off"
            if refused := self._stopped(payer, parked):
                return refused
            if self._is_looked_at(payer, amount, {payer[0]}):
                return "needs-review"
            if refused := self._may_spend("send", payer, amount):
                return refused
            if refused := self._proven(amount, payer[1], proof):
                return refused
            self._set_aside(id, payer, parked, amount, self.now + WEEK_MS)
            self.holds[id].said = self._say([("send", payer)], amount)
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
            return _over(link)

        def act() -> str:
            if payee == link.payer:
                return "same-account"
            if refused := self._stopped(link.payer, payee):
                return refused
            if self._too_much("receive", payee, link.amount) or self._too_full(payee, link.amount):
                return "payee-cannot-receive"
            said, link.said = link.said, None
            self._let_go(link, "voided")
            link.said = said
            self._pay(id, link.payer, payee, link.amount, "link_taken")
            self._say([("receive", payee)], link.amount)
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
            return _over(link)
        return self.void(id, link_id, by)

    def refund(
        self, id: Any, original_id: Any, amount: int | None, by: Any, line: str | None = None
    ) -> str:
        """With a `line` it is the payee who gives back, and confirms what is above their own: with
        this proof."""

        def act() -> str:
            original = self.payments.get(original_id)
            if original is None and original_id in self.holds:
                hold = self.holds[original_id]
                return self._stopped(hold.payee, hold.payer) or "over-refund"
            if original is None:
                return "not-found"
            payer, payee = original.payee, original.payer
            if refused := self._stopped(payer, payee):
                return refused
            left = 0 if original.is_refund else original.amount - original.refunded
            back = left if amount is None else amount
            if left == 0 or back > left:
                return "over-refund"
            if self._short(payer, payee, back):
                return "insufficient-funds"
            if line is not None and (refused := self._proven(back, payer[1], line)):
                return refused
            original.refunded += back
            if original.said:
                original.said.stands -= back
            self._pay(id, payer, payee, back, "refund").is_refund = True
            return "ok"

        return self._attempt(id, ("refund", original_id, amount, by), act)

    def give_back(self, id: Any, original_id: Any, amount: int | None, by: Any, proof: str) -> str:
        """Whoever was paid gives it back. The money of orders goes back from the order."""
        original = self.payments.get(original_id)
        sides = [original.payer[0], original.payee[0]] if original else []
        if original_id in self.holds:
            hold = self.holds[original_id]
            sides = [hold.payer[0], hold.payee[0]]
        sides = [who[1] if isinstance(who, tuple) and who[0] == "memo" else who for who in sides]
        if by not in sides:
            return "not-found"
        between_people = {"send", "tip", "donation", "request", "cash_in", "cash_out"}
        if sides[1] != by or (original and original.purpose not in between_people):
            return "not-allowed"
        if original is None and original_id not in self.reviews:
            return "not-allowed"
        return self.refund(id, original_id, amount, by, proof)

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
            if self._is_off(payer, "wallet"):
                return "way-off"
            if refused := self._asks_no_more(ask_id):
                return refused
            if refused := self._stopped(payer, payee):
                return refused
            if self._is_looked_at(payer, ask.left, {by, ask.asker}):
                return "needs-review"
            if refused := self._may_pay(payer, payee, ask.left):
                return refused
            if refused := self._proven(ask.left, ask.currency, proof):
                return refused
            paid = self._pay(id, payer, payee, ask.left, "request")
            paid.said = self._say([("send", payer), ("receive", payee)], ask.left)
            ask.how = "paid"
            return "ok"

        return self._attempt(id, ("pay", ask_id, by, ask.left), act)

    def collect(self, id: Any, ask_id: Any, by: Any) -> str:
        ask = self.asks[ask_id]

        def act() -> str:
            if (ask.currency, "cash") in self.off:
                return "way-off"
            if refused := self._asks_no_more(ask_id):
                return refused
            ask.how = "paid"
            payer, payee = memo(ask.payer, ask.currency), memo(ask.asker, ask.currency)
            self._pay(id, payer, payee, ask.left, "cash")
            return "ok"

        return self._attempt(id, ("collect", ask_id, by, ask.left), act, is_used_up=False)

    def end(self, ask_id: Any, how: str, by: Any) -> str:
        ask = self.asks[ask_id]
        if by != (ask.payer if how == "declined" else ask.asker):
            return "not-found"
        state = self.state_of(ask_id)
        if state not in ("open", how):
            return "request-ended"
        ask.how = how
        return "ok"

    def freeze(self, purse: Purse, *, out: bool, into: bool) -> str:
        if not self.lines[purse]:
            return "not-found"
        (self.no_debits.add if out else self.no_debits.discard)(purse)
        (self.no_credits.add if into else self.no_credits.discard)(purse)
        return "ok"

    def close(self, purse: Purse) -> str:
        self.sweep()
        if not self.lines[purse] or purse in self.closed:
            return "ok"
        if self.has[purse] or self.aside[purse] or self.coming[purse]:
            return "wallet-not-empty"
        self.closed.add(purse)
        return "ok"

    def state_of(self, ask_id: Any) -> str:
        ask = self.asks[ask_id]
        if ask.how == "open" and ask.ends_at is not None and ask.ends_at <= self.now:
            return "expired"
        return ask.how

    def sweep(self) -> None:
        due = [
            (hold.ends_at, id.bytes, hold)
            for id, hold in self.holds.items()
            if hold.state == "open" and hold.ends_at is not None and hold.ends_at <= self.now
        ]
        for *_, hold in sorted(due, key=lambda it: it[:2]):
            self._let_go(hold, "expired")

    def _attempt(
        self, id: Any, content: Hashable, act: Callable[[], str], *, is_used_up: bool = True
    ) -> str:
        if id in self.answers:
            before, answer = self.answers[id]
            return answer if before == content else "id-reused"
        self.sweep()  # what is due counts as released, whatever becomes of the attempt
        answer = act()
        if answer == "ok" or (is_used_up and answer not in FORGOTTEN):
            self.answers[id] = (content, answer)
        return answer

    def _asks_no_more(self, ask_id: Any) -> str | None:
        if self.state_of(ask_id) != "open":
            return "request-ended"
        return "claim-open" if self._claim_of(ask_id) else None

    def _claim_of(self, ask_id: Any) -> Any:
        """What the payer says to have paid, unanswered: see `Agreed`."""
        return None

    def _may_pay(self, payer: Purse, payee: Purse, amount: int) -> str | None:
        if payer == payee:
            return "same-account"
        if refused := self._stopped(payer, payee):
            return refused
        if refused := self._may_spend("send", payer, amount):
            return refused
        if self._too_much("receive", payee, amount) or self._too_full(payee, amount):
            return "payee-cannot-receive"
        return None

    def _may_spend(self, doing: str, payer: Purse, amount: int) -> str | None:
        if self._free(payer) < amount:
            return "insufficient-funds"
        if self._too_much(doing, payer, amount):
            return "limit-exceeded"
        return None

    def _too_much(self, doing: str, purse: Purse, amount: int) -> bool:
        """Would it be too much, or one more too many since the period began?"""
        if purse[0] not in self.ruled:
            return False
        rules, today = self.rules.get(purse[1], {}), self._today(purse)
        if amount > rules.get((doing, "transfer"), amount):
            return True
        for (what, over), most in rules.items():
            if what != doing or over not in ("day", "month", "year", "day count"):
                continue
            same = {"day": 3, "month": 2, "year": 1, "day count": 3}[over]
            found = [
                said
                for said in self.said
                for did, whose, day in said.sides
                if (did, whose, day[:same]) == (doing, purse, today[:same])
            ]
            if over == "day count":
                if sum(said.times for said in found) + 1 > most:
                    return True
            elif sum(said.stands for said in found) + amount > most:
                return True
        return False

    def _too_full(self, purse: Purse, amount: int) -> bool:
        if purse[0] not in self.ruled:
            return False
        most = self.rules.get(purse[1], {}).get(("receive", "balance"))
        return most is not None and self.has[purse] + self.coming[purse] + amount > most

    def _today(self, purse: Purse) -> tuple[int, int, int]:
        zone = ZoneInfo(self.zones.get(purse[0], "UTC"))
        then = datetime.fromtimestamp(self.now / 1000, zone)
        return then.year, then.month, then.day

    def _say(self, sides: list[tuple[str, Purse]], amount: int) -> Said:
        said = Said([(did, whose, self._today(whose)) for did, whose in sides], amount)
        self.said.append(said)
        return said

    def _stopped(self, payer: Purse, payee: Purse) -> str | None:
        if payer in self.closed or payee in self.closed:
            return "account-closed"
        if payer in self.no_debits or payee in self.no_credits:
            return "account-frozen"
        return None

    def _is_off(self, payer: Purse, way: str) -> bool:
        return (payer[1], way) in self.off

    def _is_looked_at(self, payer: Purse, amount: int, who: set[Any]) -> bool:
        above, _ = self.looked_at.get(payer[1], (amount, 0))
        return amount > above or bool(who & self.watched)

    def _proven(self, amount: int, currency: str, proof: str) -> str | None:
        if amount <= self.line(currency) or proof == "right":
            return None
        return "confirmation-required" if proof == "none" else "confirmation-wrong"

    def _free(self, purse: Purse) -> int:
        return self.has[purse] - self.aside[purse]

    def _short(self, payer: Purse, payee: Purse, amount: int) -> bool:
        """Is there too little where it comes from; or in the cash box that it is taken out of?"""
        is_memo = isinstance(payer[0], tuple) and payer[0][0] == "memo"
        if payer[0] not in UNBOUNDED and not is_memo and self._free(payer) < amount:
            return True
        return payee[0] in ("box", "bank") and self.has[payee] + self.coming[payee] + amount > 0

    def _pay(self, id: Any, payer: Purse, payee: Purse, amount: int, purpose: str) -> Payment:
        self._enter(payer, payee, posted=amount)
        self.payments[id] = Payment(payer, payee, amount, purpose)
        return self.payments[id]

    def _set_aside(
        self, id: Any, payer: Purse, payee: Purse, amount: int, ends_at: int | None
    ) -> None:
        self._enter(payer, payee, pending=amount)
        self.holds[id] = Hold(payer, payee, amount, ends_at)

    def _take(self, id: Any, hold: Hold, taken: int, purpose: str = "purchase") -> None:
        self._let_go(hold, "posted", kept=taken)
        self.payments[id] = Payment(hold.payer, hold.payee, taken, purpose, said=hold.said)

    def _let_go(self, hold: Hold, state: str, kept: int = 0) -> None:
        if hold.said:
            hold.said.stands -= hold.amount - kept
            if state != "posted" and not hold.is_rest:
                hold.said.times = 0
        self._enter(hold.payer, hold.payee, posted=kept, pending=-hold.amount)
        hold.state = state

    def _enter(self, payer: Purse, payee: Purse, posted: int = 0, pending: int = 0) -> None:
        self.has[payer] -= posted
        self.aside[payer] += pending
        self._write(payer, -posted, -pending)
        self.has[payee] += posted
        self.coming[payee] += pending
        self._write(payee, posted, pending)

    def _write(self, purse: Purse, posted: int, pending: int) -> None:
        stands = self.has[purse], self.aside[purse], self.coming[purse]
        self.lines[purse].append(Line(posted, pending, *stands))


def _over(hold: Hold) -> str:
    return "hold-expired" if hold.state == "expired" else "hold-resolved"
