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


class NotEncrypted(Problem):
    """A shop reads what is written to it. It cannot be encrypted for a few devices."""

    status: ClassVar[int] = 422


class StaleAudience(Problem):
    """Who reads this conversation has changed. Encrypt again for all of them, and send again."""


class StaleSettings(Problem):
    """Somebody else changed the settings meanwhile. Read them, and change them again."""


class OnlyAdminsWrite(Problem):
    """Only admins write in this group."""

    status: ClassVar[int] = 403


class RequestPending(Problem):
    """They have not accepted yet. Until then you can send three messages, without files."""


class NoDevices(Problem):
    """A private conversation is between people who have devices of their own."""


class NotAGroup(Problem):
    """This can only be done in a group."""


class GroupFull(Problem):
    """A group has at most 256 people."""


class LastAdmin(Problem):
    """A group needs an admin. Make somebody else one first."""


class TooManyPinned(Problem):
    """Five conversations are pinned already. Unpin one first."""


class NotProven(Problem):
    """This is not what that person sent to you."""

    status: ClassVar[int] = 422


class UploadIncomplete(Problem):
    """Parts of this file have not arrived yet."""


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


class VideoUnreadable(Problem):
    """This is no video that browsers play. Send MP4 or WebM."""

    status: ClassVar[int] = 422


class BackupReplaced(Problem):
    """There is another backup of your keys now."""


class SecretChanged(Problem):
    """Another of your devices has changed this meanwhile. Read it again first."""

    status: ClassVar[int] = 412


def invalid(field: str, message: str) -> InvalidInput:
    """One field has a wrong value."""
    return InvalidInput(errors=[{"field": field, "message": message}])


def require_own_id(id: UUID) -> None:
    """What a client names has version 7; the others are for the server. Raises: InvalidInput."""
    if id.version != 7:
        raise invalid("id", "An id must be a UUID of version 7.")
