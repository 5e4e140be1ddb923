"""What this room refuses."""

from typing import ClassVar

from kirana.values import Problem


class HoursInvalid(Problem):
    """These opening hours cannot be read."""

    status: ClassVar[int] = 422


class LocationNotUnderstood(Problem):
    """No coordinates were found in this. Paste "lat, lon", a full Plus Code, or a long map link."""

    status: ClassVar[int] = 422


class LastOwner(Problem):
    """A shop keeps at least one owner."""


class TooManyClosures(Problem):
    """There are too many closures. Remove old ones first."""


class BusinessSuspended(Problem):
    """The people who run this server have suspended this shop."""


class BusinessClosed(Problem):
    """This shop has closed for good."""

    status: ClassVar[int] = 410
