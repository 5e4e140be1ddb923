"""Routes: one's own limits, and the operator's rules."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import get, put
from msgspec import Meta

from kirana.platform.db import Db, Tx
from kirana.platform.http import problems
from kirana.platform.problems import IdReused, InvalidInput, NotAllowed, NotFound, NotSignedIn
from kirana.values import MAX_AMOUNT_MINOR, Actor

from ..edge import currency_code, invalid, version_7
from . import freezes
from . import limits as rules

MOST_RULES = 200
LargeMinor = Annotated[int, Meta(ge=1, le=MAX_AMOUNT_MINOR)]


@dataclass(frozen=True, slots=True)
class TwoNumbers:
    """The most that a fully verified person may hold, and send in a day: the rest follows."""

    most_held_minor: LargeMinor
    most_a_day_minor: LargeMinor


@dataclass(frozen=True, slots=True)
class SetLimits:
    """One of the three: a preset's country, two numbers, or every rule. No rules: no limits."""

    id: UUID
    preset: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    numbers: TwoNumbers | None = None
    limits: Annotated[list[rules.Limit], Meta(max_length=MOST_RULES)] | None = None


@dataclass(frozen=True, slots=True)
class SetFreeze:
    """Why is for the operators. Neither stopped: all goes on."""

    id: UUID
    stops_out: bool
    stops_in: bool
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True)
class OperatorLimits:
    """The rules in force, and the presets that come with Kirana."""

    items: list[rules.LimitSet]
    presets: list[rules.Preset]


@get("/v1/wallets/{currency:str}/limits", raises=problems(NotSignedIn, InvalidInput))
async def get_my_limits(currency: str, db: Db, by: Actor) -> rules.MyLimits:
    """What one may pay and hold, what is left of it, and what the next tier may."""
    return await db.read(rules.my_limits, currency_code(currency), by=by)


@get("/v1/limits", raises=problems(NotSignedIn, NotAllowed))
async def list_limits(db: Db, by: Actor) -> OperatorLimits:
    """For operators: the rules in force, and what one may start from."""
    found = await db.read(rules.list_limits, by=by)
    return OperatorLimits(found, list(rules.presets().values()))


@put(
    "/v1/limits/{currency:str}",
    raises=problems(NotSignedIn, NotAllowed, NotFound, IdReused, InvalidInput),
)
async def put_limits(currency: str, data: SetLimits, db: Db, by: Actor) -> rules.LimitSet:
    """For operators: change the rules of a currency. Who did so, and when, is kept."""
    return await db.write(_set_limits, currency_code(currency), data, by=by)


@get("/v1/freezes", raises=problems(NotSignedIn, NotAllowed))
async def list_freezes(db: Db, by: Actor) -> list[freezes.Freeze]:
    """For operators: whose payments are stopped now, the latest first."""
    return await db.read(freezes.list_freezes, by=by)


@put(
    "/v1/freezes/{owner_id:uuid}",
    raises=problems(NotSignedIn, NotAllowed, NotFound, IdReused, InvalidInput),
)
async def put_freeze(owner_id: UUID, data: SetFreeze, db: Db, by: Actor) -> freezes.Freeze:
    """For operators: stop what goes out of somebody's wallets, what comes in, or neither any more.
    What is set aside still goes back."""
    return await db.write(
        freezes.freeze_owner,
        version_7(data.id),
        owner_id,
        stops_out=data.stops_out,
        stops_in=data.stops_in,
        reason=data.reason.strip(),
        by=by,
    )


def _set_limits(tx: Tx, currency: str, data: SetLimits, *, by: Actor) -> rules.LimitSet:
    id = version_7(data.id)
    given = [it for it in (data.preset, data.numbers, data.limits) if it is not None]
    if len(given) != 1:
        raise invalid("limits", "Give a preset, two numbers, or the limits.")
    if data.preset is not None:
        preset = rules.presets().get(data.preset)
        if preset and preset.currency != currency:
            raise invalid("preset", f"This preset is for {preset.currency}.")
        return rules.choose_preset(tx, id, data.preset, by=by)
    if data.numbers is not None:
        numbers = data.numbers
        following = rules.two_numbers(numbers.most_held_minor, numbers.most_a_day_minor)
        return rules.set_limits(tx, id, currency, following, by=by)
    given_rules = data.limits or []
    if len({(rule.tier, rule.action, rule.window) for rule in given_rules}) < len(given_rules):
        raise invalid("limits", "Two limits are about the same.")
    return rules.set_limits(tx, id, currency, given_rules, by=by)


routes: list[Any] = [get_my_limits, list_limits, put_limits, list_freezes, put_freeze]
