"""What the routes of money share: what they refuse before a command runs."""

from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from msgspec import Meta

from kirana.platform.limits import Limits, Rate
from kirana.platform.problems import InvalidInput
from kirana.values import MAX_AMOUNT_MINOR, Actor, Money, UnknownCurrency

Id = TypeVar("Id", bound=UUID)
AmountMinor = Annotated[int, Meta(ge=1, le=MAX_AMOUNT_MINOR)]
CurrencyText = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]

TRIES_PER_PERSON = Rate(60, 1)
"""Refusals are rows, so nobody may make them without end."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole minor units, of an ISO 4217 currency."""

    amount_minor: AmountMinor
    currency: CurrencyText

    def money(self) -> Money:
        try:
            return Money(self.amount_minor, self.currency)
        except UnknownCurrency as unknown:
            raise invalid("amount.currency", str(unknown)) from unknown


def slow_down(limits: Limits, by: Actor) -> None:
    limits.take("money", by.person_id, TRIES_PER_PERSON)


def version_7(id: Id) -> Id:
    """Ids of version 8 are the server's own: nobody outside may occupy one."""
    if id.version != 7:
        raise invalid("id", "An id is a UUID of version 7.")
    return id


def currency_code(text: str) -> str:
    try:
        return Money(0, text).currency
    except UnknownCurrency as unknown:
        raise invalid("currency", str(unknown)) from unknown


def invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
