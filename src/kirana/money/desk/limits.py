"""What the operator allows, to whom: rules for each tier and currency, and presets to start from.

Rules are data. Each change is kept with who made it and when, and alters no past answer.
"""

from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import bindparam, delete, insert, select

from kirana.platform.db import Q, Row, Tx, any_of
from kirana.platform.problems import IdReused, NotFound
from kirana.platform.stream import Change
from kirana.values import MAX_AMOUNT_MINOR, Actor, Money, OwnerId, UserId

from ..ledger import open_currency
from ..metering import find_usage, rules_of, unconfirmed_of
from ..model import Account, Code
from ..owners import Tier, confirm_line, find_owner, operators, require_operator
from ..problems import LimitExceeded
from ..tables import accounts, limit_changes, limits, payees, usages
from ..usages import Action, Bounds, Rule, Window, renewal
from ..wallets import get_account, wallet_key

LimitedTier = Literal["unverified", "basic", "full", "merchant", "agent"]
Minor = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Hours = Annotated[int, Meta(ge=1, le=366 * 24)]
NEW_PAYEE_HOURS = 24
_QUARTERS: dict[LimitedTier, int] = {"full": 1, "basic": 4, "unverified": 16}
"""By what the operator's two numbers are divided for each tier."""
_UP: dict[str, LimitedTier] = {"unverified": "basic", "basic": "full"}

_SETS = Q(select(limit_changes).order_by(limit_changes.c.at.desc(), limit_changes.c.id.desc()))
_FIND = Q(select(limit_changes).where(limit_changes.c.id == bindparam("id")))
_CHANGE = Q(insert(limit_changes))
_CLEAR = Q(delete(limits).where(limits.c.currency == bindparam("currency")))
_PUT = Q(insert(limits))
_FORGET = Q(
    delete(usages).where(
        usages.c.account_id.in_(
            select(accounts.c.id).where(any_of(accounts.c.ledger_id, "ledger_ids"))
        )
    )
)

_FORGET_PAYEES = Q(
    delete(payees).where(
        payees.c.until > payees.c.first_at,
        payees.c.account_id.in_(
            select(accounts.c.id).where(any_of(accounts.c.ledger_id, "ledger_ids"))
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max_minor`, or `max_count` times. `action` confirm is about payments without a PIN:
    window transfer is the most that anybody may let go without one, day says that they are added
    up, new_payee what may go to somebody who is paid for the first time. Window new_payee with
    `hours` says what may be sent, together, to somebody first paid less than that ago."""

    tier: LimitedTier
    action: Action
    window: Window
    max_minor: Minor | None = None
    max_count: Count | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class LimitSet:
    """The rules of a currency, where they came from, and who put them there."""

    currency: str
    preset: str | None
    limits: list[Limit]
    by_id: UserId
    at: int


@dataclass(frozen=True, slots=True)
class SourcedLimit(Limit):
    """A figure of a preset: where it is written, and when somebody last looked."""

    source: Annotated[str, Meta(min_length=1)] = field(kw_only=True)
    checked_on: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")] = field(kw_only=True)

    def bare(self) -> Limit:
        told = asdict(self)
        return Limit(**{name: told[name] for name in Limit.__slots__})


@dataclass(frozen=True, slots=True)
class Preset:
    """A starting point for one country. No legal advice, as its `note` says."""

    country: str
    name: str
    currency: str
    note: str
    limits: list[SourcedLimit]


@dataclass(frozen=True, slots=True)
class LimitState:
    """One of one's own limits, and how much of it is left. `renews_at` is when there is more."""

    action: Action
    window: Window
    max_minor: int | None
    max_count: int | None
    hours: int | None
    left_minor: int | None
    left_count: int | None
    renews_at: int | None


@dataclass(frozen=True, slots=True)
class MyLimits:
    """What one may do with a currency here. `above` is what the next tier may."""

    currency: str
    tier: Tier
    items: list[LimitState]
    next_tier: Tier | None
    above: list[Limit]


def set_limits(
    tx: Tx, id: UUID, currency: str, rules: list[Limit], *, preset: str | None = None, by: Actor
) -> LimitSet:
    """Put these rules in the place of the currency's former ones; none: everything is allowed.
    Safe to repeat with the same `id`.

    Raises: NotAllowed unless an operator does it; IdReused.
    """
    require_operator(tx, by=by)
    told = [msgspec.to_builtins(asdict(rule)) for rule in rules]
    if known := tx.one(_FIND, id=id):
        if (known.currency, known.preset, known.rules) != (currency, preset, told):
            raise IdReused(id=str(id))
        return _set_of(known)
    open_currency(tx, currency)
    tx.do(
        _CHANGE, id=id, currency=currency, preset=preset, rules=told, by_id=by.person_id, at=tx.now
    )
    tx.do(_CLEAR, currency=currency)
    tx.many(_PUT, [{**rule, "currency": currency} for rule in told])
    # Usages are an index: those of new rules are made up from the journal when they are needed.
    ledger_ids = [f"{currency}:custody", f"{currency}:memo"]
    tx.do(_FORGET, ledger_ids=ledger_ids)
    tx.do(_FORGET_PAYEES, ledger_ids=ledger_ids)
    tx.publish([UserId(it) for it in operators(tx)], Change("limits", id))
    return LimitSet(currency, preset, rules, by.person_id, tx.now)


def choose_preset(tx: Tx, id: UUID, country: str, *, by: Actor) -> LimitSet:
    """Start from what is known of a country. Raises: NotFound, NotAllowed, IdReused."""
    preset = presets().get(country)
    if preset is None:
        raise NotFound(preset=country)
    rules = [limit.bare() for limit in preset.limits]
    return set_limits(tx, id, preset.currency, rules, preset=country, by=by)


def two_numbers(most_held: int, most_a_day: int) -> list[Limit]:
    """The rules that follow from the most that somebody may hold, and send in a day: a payment may
    be a whole day's, a month ten days'; a basic account has a quarter of it, an unverified one a
    quarter of that. Somebody paid for the first time gets a quarter of a day in their first 24
    hours, and a PIN is asked for."""
    rules = []
    for tier, parts in _QUARTERS.items():
        held, day = most_held // parts, most_a_day // parts
        month = min(day * 10, MAX_AMOUNT_MINOR)
        rules += [
            Limit(tier, Action.RECEIVE, Window.BALANCE, held),
            Limit(tier, Action.SEND, Window.TRANSFER, day),
            Limit(tier, Action.SEND, Window.DAY, day),
            Limit(tier, Action.SEND, Window.MONTH, month),
            Limit(tier, Action.SEND, Window.NEW_PAYEE, day // 4, hours=NEW_PAYEE_HOURS),
            Limit(tier, Action.PAY_OUT, Window.DAY, day),
            Limit(tier, Action.CONFIRM, Window.DAY),
            Limit(tier, Action.CONFIRM, Window.NEW_PAYEE, 0),
        ]
    return rules


def list_limits(tx: Tx, *, by: Actor) -> list[LimitSet]:
    """For operators: the rules in force, by currency. Raises: NotAllowed."""
    require_operator(tx, by=by)
    newest: dict[str, LimitSet] = {}
    for row in tx.all(_SETS):
        newest.setdefault(row.currency, _set_of(row))
    return [newest[code] for code in sorted(newest)]


@cache
def presets() -> dict[str, Preset]:
    """What comes with Kirana, by country."""
    found = sorted(
        file.name
        for file in files(__package__).joinpath("presets").iterdir()
        if file.name.endswith(".json")
    )
    read = files(__package__).joinpath("presets").joinpath
    return {
        name.removesuffix(".json"): msgspec.json.decode(
            read(name).read_bytes(), type=Preset, strict=True
        )
        for name in found
    }


def my_limits(tx: Tx, currency: str, *, by: Actor) -> MyLimits:
    """One's own limits, and what is left of them now."""
    owner = find_owner(tx, by.user_id)
    tier: Tier = owner.tier if owner else "unverified"
    bounds = Bounds(owner.zone if owner else "UTC", rules_of(tx, tier, currency))
    account = get_account(tx, wallet_key(by.user_id, currency))
    line = confirm_line(tx, by.user_id, currency).amount_minor
    items = [_state(tx, rule, bounds, account, line) for rule in bounds.rules]
    order = list(Action), list(Window)
    items.sort(key=lambda it: (order[0].index(it.action), order[1].index(it.window)))
    above = _UP.get(tier)
    return MyLimits(
        currency=currency,
        tier=tier,
        items=items,
        next_tier=above,
        above=[Limit(above, *rule) for rule in rules_of(tx, above, currency)] if above else [],
    )


def require_below_maximum(tx: Tx, owner_id: OwnerId, line: Money) -> None:
    """The line up to which no PIN is needed stays below the operator's. Raises: LimitExceeded."""
    owner = find_owner(tx, owner_id)
    rules = rules_of(tx, owner.tier if owner else "unverified", line.currency)
    most = Bounds("UTC", rules).find(Action.CONFIRM, Window.TRANSFER)
    if most and most.max_minor is not None and line.amount_minor > most.max_minor:
        raise LimitExceeded(
            action="confirm",
            window="transfer",
            max_minor=most.max_minor,
            left_minor=most.max_minor,
            currency=line.currency,
        )


def _state(tx: Tx, rule: Rule, bounds: Bounds, account: Account, line: int) -> LimitState:
    minor, count, renews_at = rule.max_minor, rule.max_count, None
    if rule.action is Action.CONFIRM:
        if rule.window is Window.DAY:
            minor = max(0, line - unconfirmed_of(tx, account, tx.now))
    elif rule.window is Window.BALANCE and minor is not None:
        held = account.balance_minor + account.credits_pending
        minor = max(0, minor - held) if account.code == Code.WALLET else minor
    elif rule.window in (Window.DAY, Window.MONTH, Window.YEAR):
        bucket = find_usage(tx, (account.id, rule.action), bounds, tx.now).bucket(rule.window)
        minor = None if minor is None else max(0, minor - bucket.minor)
        count = None if count is None else max(0, count - bucket.times)
        renews_at = renewal(bucket.start, bounds.zone, rule.window)
    return LimitState(*rule, left_minor=minor, left_count=count, renews_at=renews_at)


def _set_of(row: Row) -> LimitSet:
    rules = [msgspec.convert(rule, Limit) for rule in row.rules]
    return LimitSet(row.currency, row.preset, rules, row.by_id, row.at)
