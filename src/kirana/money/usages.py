"""What the operator allows, and how much of it has been used. Pure, as `model` is.

A *rule* bounds what an account does in one window. Days, months and years are calendar periods in
the zone of the account's owner; a bucket keeps the moment it began, and never begins earlier.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from .days import local, midnight

_QUARTER_MS = 900_000
"""Wherever people live, midnight is at a whole quarter of an hour of UTC."""
_WALLET, _PARKED, _GOING_OUT, _CASH_IN_HAND, _MEMO = 100, 130, 210, 910, 900
NOT_COUNTED = frozenset(
    {"hand_over", "correction", "dispute", "dispute_won", "exchange", "fee"}
    | {"card", "card_late", "card_refund", "card_refund_failed", "card_ended", "card_not_captured"}
    | {"refund_borne"}
)
"""Purposes of what nobody is held to: moving house, putting a mistake right, changing money into
another currency, fees, and what only passes through a wallet on its way from a card or back."""

PASSED_ON = frozenset({"link_taken"})
"""Purposes of what was set aside for nobody yet and goes to somebody now: counted for its payer
when it was set aside, and for its payee when it arrives. It is given back by paying again."""


class Action(StrEnum):
    """What a rule is about. `confirm` bounds what goes without a PIN."""

    SEND = "send"
    RECEIVE = "receive"
    TOP_UP = "top_up"
    PAY_OUT = "pay_out"
    HOLD_CASH = "hold_cash"
    CONFIRM = "confirm"


class Window(StrEnum):
    """Over what a rule adds up. `new_payee`: to somebody first paid less than `hours` ago."""

    TRANSFER = "transfer"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    BALANCE = "balance"
    NEW_PAYEE = "new_payee"


BUCKETS = (Window.DAY, Window.MONTH, Window.YEAR)


class Rule(NamedTuple):
    """At most so much, or so often. None: no matter."""

    action: Action
    window: Window
    max_minor: int | None
    max_count: int | None = None
    hours: int | None = None


class Bounds(NamedTuple):
    """The rules that an account stands under."""

    zone: str
    rules: tuple[Rule, ...]

    def of(self, action: Action) -> list[Rule]:
        return [rule for rule in self.rules if rule.action is action]

    def find(self, action: Action, window: Window) -> Rule | None:
        return next((r for r in self.rules if r.action is action and r.window is window), None)

    @property
    def knows_payees(self) -> bool:
        """Whether it matters who has been paid before."""
        return any(rule.window is Window.NEW_PAYEE for rule in self.rules)

    def counts(self, action: Action) -> bool:
        """Whether a usage has to be kept."""
        return any(rule.action is action and rule.window in BUCKETS for rule in self.rules)


class Bucket(NamedTuple):
    start: int
    minor: int = 0
    times: int = 0

    def at(self, start: int) -> "Bucket":
        return Bucket(start) if start > self.start else self

    def plus(self, minor: int, times: int) -> "Bucket":
        return Bucket(self.start, self.minor + minor, self.times + times)


class Usage(NamedTuple):
    """How much of its rules an account has used in one action, today, this month, this year."""

    day: Bucket
    month: Bucket
    year: Bucket

    @classmethod
    def begun(cls, now: int, zone: str) -> "Usage":
        return cls(*(Bucket(start) for start in starts(now, zone)))

    def at(self, now: int, zone: str) -> "Usage":
        """As it stands now: a bucket whose period is over begins anew."""
        day, month, year = starts(now, zone)
        return Usage(self.day.at(day), self.month.at(month), self.year.at(year))

    def counted(self, minor: int, times: int, made_at: int) -> "Usage":
        """With what was done at `made_at`, or less it: in the buckets that had begun by then."""
        return Usage(*(b.plus(minor, times) if made_at >= b.start else b for b in self))

    def bucket(self, window: Window) -> Bucket:
        return self[BUCKETS.index(window)]


class Payee(NamedTuple):
    """Since when somebody has been paid from an account, and how much until the cool-down ended."""

    first_at: int
    until: int
    minor: int

    def counted(self, minor: int, made_at: int) -> "Payee":
        is_early = self.first_at <= made_at < self.until
        return self._replace(minor=self.minor + minor) if is_early else self


class Over(NamedTuple):
    """A rule that a payment would break: what is left of it, and when there is more."""

    rule: Rule
    left_minor: int | None
    left_count: int | None
    renews_at: int | None

    def facts(self) -> dict[str, int | str]:
        told: dict[str, int | str | None] = {
            "action": self.rule.action.value,
            "window": self.rule.window.value,
            "max_minor": self.rule.max_minor,
            "left_minor": self.left_minor,
            "left_count": self.left_count,
            "renews_at": self.renews_at,
        }
        return {name: fact for name, fact in told.items() if fact is not None}


def actions_of(debit_code: int, credit_code: int) -> tuple[Action | None, Action | None]:
    """What a move between two accounts is to the one who pays, and to the one who is paid. Money
    that Kirana does not hold is nothing, but for the cash that a courier carries."""
    if credit_code == _CASH_IN_HAND:
        return None, Action.HOLD_CASH
    if credit_code >= _MEMO:
        return None, None
    if debit_code == _WALLET and credit_code in (_WALLET, _PARKED):
        return Action.SEND, Action.RECEIVE
    if debit_code == _WALLET:
        return Action.PAY_OUT, None
    return None, Action.TOP_UP if credit_code == _WALLET else None


def exceeded(rules: Sequence[Rule], usage: Usage, amount: int, zone: str) -> Over | None:
    """The first rule, from the shortest window to the longest, that one more of this would break.
    `usage` is as it stands now."""
    order = list(Window)
    for rule in sorted(rules, key=lambda rule: order.index(rule.window)):
        if rule.window is Window.TRANSFER:
            if rule.max_minor is not None and amount > rule.max_minor:
                return Over(rule, rule.max_minor, None, None)
        elif rule.window in BUCKETS:
            bucket = usage.bucket(rule.window)
            over = _over(rule, bucket, amount, zone)
            if over:
                return over
    return None


def _over(rule: Rule, bucket: Bucket, amount: int, zone: str) -> Over | None:
    left = None if rule.max_minor is None else max(0, rule.max_minor - bucket.minor)
    times = None if rule.max_count is None else max(0, rule.max_count - bucket.times)
    if (left is None or amount <= left) and (times is None or times >= 1):
        return None
    return Over(rule, left, times, renewal(bucket.start, zone, rule.window))


def starts(now: int, zone: str) -> tuple[int, int, int]:
    """When today, this month and this year began there, in epoch milliseconds."""
    return _starts(now // _QUARTER_MS, zone)


@lru_cache(maxsize=4096)
def _starts(quarter: int, zone: str) -> tuple[int, int, int]:
    here = local(quarter * _QUARTER_MS, zone)
    return (
        midnight(here.year, here.month, here.day, zone),
        midnight(here.year, here.month, 1, zone),
        midnight(here.year, 1, 1, zone),
    )


@lru_cache(maxsize=4096)
def renewal(start: int, zone: str, window: Window) -> int:
    """When the period that began at `start` ends there."""
    here = local(start, zone)
    if window is Window.DAY:
        day = here.date() + timedelta(days=1)
        return midnight(day.year, day.month, day.day, zone)
    if window is Window.MONTH:
        return midnight(here.year + here.month // 12, here.month % 12 + 1, 1, zone)
    return midnight(here.year + 1, 1, 1, zone)
