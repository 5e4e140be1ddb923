"""What can go wrong for a client, by what it can do about it."""

from typing import Any


class ClientProblem(Exception):
    """Something did not work. The text is a sentence for people."""


class Refused(ClientProblem):
    """The server said no. `slug` is a name of docs/problems.md, `facts` what came with it."""

    def __init__(self, status: int, slug: str, title: str, facts: dict[str, Any]) -> None:
        super().__init__(f"{title} ({slug})")
        self.status, self.slug, self.title, self.facts = status, slug, title, facts


class Unreachable(ClientProblem):
    """No answer came. What was asked may have been done, or not: ask again."""


class Malformed(ClientProblem):
    """What came is not what was agreed on."""


class StoreInUse(ClientProblem):
    """Another process has this device's file open: two would break each other's keys."""


class NotConfirmed(ClientProblem):
    """This device was not confirmed by its owner yet: it can read and write nothing private."""


class IdentityChanged(ClientProblem):
    """Somebody who had been verified has other keys now. Verify again, or take that back."""

    def __init__(self, user_id: str) -> None:
        super().__init__("The keys of a verified person changed. Verify again, or take that back.")
        self.user_id = user_id


class NobodyCanRead(ClientProblem):
    """Those who should read it have no confirmed device yet: it waits until they do."""


class WrongRecoveryKey(ClientProblem):
    """This recovery key does not open what is kept."""


class Unreadable(ClientProblem):
    """An entry cannot be shown as a message. `why` is one of the names below."""

    MISSING_KEY = "missing-key"
    """Its key has not come. It is tried again whenever keys come."""
    UNTRUSTED = "untrusted"
    """Its sender's device was not confirmed by its owner. Tried again when that changes."""
    REFUSED = "refused"
    """It is forged, replayed, moved or broken. It will never be shown."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why, self.detail = why, detail
