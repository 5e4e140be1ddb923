"""Who is acting."""

from dataclasses import dataclass
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

    @property
    def is_acting_for_a_shop(self) -> bool:
        return self.user_id != self.person_id


SYSTEM = Actor(UserId(UUID(int=0)), UserId(UUID(int=0)), "system")
"""Kirana itself: jobs, timers and the command line."""
