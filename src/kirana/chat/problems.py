"""What this room refuses."""

from typing import ClassVar
from uuid import UUID

from kirana.platform.problems import InvalidInput
from kirana.values import Problem


class NotReachable(Problem):
    """You cannot write to this person."""

    status: ClassVar[int] = 403


class NeedsEncryption(Problem):
    """What people write to each other here is encrypted on their devices. Plain text is refused."""

    status: ClassVar[int] = 422


class NoDevices(Problem):
    """A private conversation needs two people who have devices of their own."""


class NeedsBusiness(Problem):
    """A conversation of this kind needs a shop on one side."""


class ConversationExists(Problem):
    """The two of you have this conversation already."""


class TooLateToEdit(Problem):
    """A message can be changed for one day."""


class NotEditable(Problem):
    """Only the words of an own text or caption can be changed."""


class UnknownMedia(Problem):
    """A file of this message was not uploaded, or is not yours to send."""

    status: ClassVar[int] = 422


class VoiceUnreadable(Problem):
    """This is no sound that can be played. Send Ogg, WebM, MP4, MP3, AAC or WAV."""

    status: ClassVar[int] = 422


def invalid(field: str, message: str) -> InvalidInput:
    """One field has a wrong value."""
    return InvalidInput(errors=[{"field": field, "message": message}])


def require_own_id(id: UUID) -> None:
    """What a client names has version 7; the others are for the server. Raises: InvalidInput."""
    if id.version != 7:
        raise invalid("id", "An id must be a UUID of version 7.")
