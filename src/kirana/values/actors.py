"""Who is acting."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from .ids import DeviceId, UserId


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person has just proven, for one purpose, that it is really them."""

    method: Literal["pin", "passkey"]
    challenge: bytes
    """What was confirmed: the SHA-256 of that one purpose."""
    at: int
    renewed_at: int | None = None
    """When the PIN took the place of a forgotten one, or the passkey came beside a PIN."""


class Mandate(StrEnum):
    """How far somebody may go with the money of the shop that they act for. Each step includes
    those before it."""

    NOTHING = "nothing"
    """Looks on."""
    ASK = "ask"
    """Asks others for money, and declines."""
    GIVE_BACK = "give_back"
    """Returns what the shop was paid."""
    SPEND = "spend"
    """All: sends, pays, takes out."""

    def includes(self, other: "Mandate") -> bool:
        return _STEPS.index(self) >= _STEPS.index(other)


_STEPS = tuple(Mandate)


@dataclass(frozen=True, slots=True)
class Actor:
    """The user a command acts as, and the person behind it.

    The two differ when somebody of a shop's team acts for the shop: then `user_id` is the shop's.
    """

    user_id: UserId
    person_id: UserId
    kind: Literal["person", "guest", "system"] = "person"
    device_id: DeviceId | None = None
    confirmation: Confirmation | None = None
    shop_mandate: Mandate = Mandate.NOTHING
    """How far the person may go with the shop's money. Of one's own one needs none."""

    @property
    def is_acting_for_a_shop(self) -> bool:
        return self.user_id != self.person_id

    @property
    def mandate(self) -> Mandate:
        """How far this actor may go with the money of `user_id`."""
        return self.shop_mandate if self.is_acting_for_a_shop else Mandate.SPEND


SYSTEM = Actor(UserId(UUID(int=0)), UserId(UUID(int=0)), "system")
"""Kirana itself: jobs, timers and the command line."""
