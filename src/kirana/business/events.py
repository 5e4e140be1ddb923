"""What the room announces."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import BusinessId, UserId


@dataclass(frozen=True, slots=True)
class BusinessOpened(Event):
    """A new shop, and the person who owns it. Its user exists."""

    name: ClassVar[str] = "business.opened"
    business_id: BusinessId
    owner_id: UserId
    currency: str


@dataclass(frozen=True, slots=True)
class BusinessChanged(Event):
    """The profile or place is another one."""

    name: ClassVar[str] = "business.changed"
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class HoursChanged(Event):
    """The week or a closure is another one."""

    name: ClassVar[str] = "hours.changed"
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class BusinessShut(Event):
    """The shop has closed for good: its last owner is gone."""

    name: ClassVar[str] = "business.shut"
    business_id: BusinessId


@dataclass(frozen=True, slots=True)
class TeamJoined(Event):
    """Somebody is in the team now, or has another role."""

    name: ClassVar[str] = "team.joined"
    business_id: BusinessId
    person_id: UserId
    role: str


@dataclass(frozen=True, slots=True)
class TeamLeft(Event):
    name: ClassVar[str] = "team.left"
    business_id: BusinessId
    person_id: UserId
