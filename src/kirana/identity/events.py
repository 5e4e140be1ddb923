"""What the room announces."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import DeviceId, UserId


@dataclass(frozen=True, slots=True)
class UserJoined(Event):
    """A person has an account now. A guest who became one kept their id."""

    name: ClassVar[str] = "user.joined"
    user_id: UserId


@dataclass(frozen=True, slots=True)
class GuestJoined(Event):
    """A guest turned out to be `user_id`: what is the guest's becomes theirs."""

    name: ClassVar[str] = "guest.joined"
    guest_id: UserId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class DeviceLinked(Event):
    name: ClassVar[str] = "device.linked"
    user_id: UserId
    device_id: DeviceId


@dataclass(frozen=True, slots=True)
class DeviceRevoked(Event):
    name: ClassVar[str] = "device.revoked"
    user_id: UserId
    device_id: DeviceId


@dataclass(frozen=True, slots=True)
class UserDeleted(Event):
    name: ClassVar[str] = "user.deleted"
    user_id: UserId


@dataclass(frozen=True, slots=True)
class ProfileChanged(Event):
    """The name, handle or photo that others see is another one."""

    name: ClassVar[str] = "profile.changed"
    user_id: UserId


@dataclass(frozen=True, slots=True)
class ZoneChanged(Event):
    """Where somebody's days begin."""

    name: ClassVar[str] = "zone.changed"
    user_id: UserId
    zone: str


@dataclass(frozen=True, slots=True)
class DeviceKeysChanged(Event):
    """Whoever encrypts for this user should fetch their keys again.

    `is_new_identity`: the master key is another one, so what was verified is verified no more.
    """

    name: ClassVar[str] = "device_keys.changed"
    user_id: UserId
    devices_rev: int
    is_new_identity: bool = False
